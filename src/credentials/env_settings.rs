//! Settings from environment variables, read once when a source is made.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::ecs_role::{EcsRole, Tokenless};
use super::fetch_context::{Unavailable, of_source, unusable};
use super::oidc::Oidc;
use super::role::Role;
use super::sts::Sts;
use crate::error::Result;
use crate::platform::{HOME_UNSET, HOME_VARIABLE, is_secure};

/// Returns the value of an environment variable.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Settings that several sources share.
#[derive(Debug, Clone)]
pub(super) struct EnvSettings {
    pub(super) profile: Option<String>,
    /// The file of the Alibaba Cloud CLI; the error says why it is not used.
    pub(super) aliyun_cli_file: Result<PathBuf, &'static str>,
    /// In search order.
    pub(super) ini_files: Vec<PathBuf>,
    pub(super) ossutil_file: Option<PathBuf>,
    pub(super) sts: Sts,
    session_name: String,
    external_id: Option<String>,
    ecs_role: Option<EcsRole>,
}

impl EnvSettings {
    pub(super) fn read(variables: Variables<'_>) -> Result<Self> {
        let value = |name: &str| variables(name).filter(|value| !value.is_empty());
        let flag = |name: &str| value(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let home = value(HOME_VARIABLE).map(PathBuf::from);
        let at_home = |path: &str| home.as_ref().map(|home| home.join(path));

        let aliyun_cli_file = match value("ALIBABA_CLOUD_CONFIG_FILE") {
            _ if flag("ALIBABA_CLOUD_CLI_PROFILE_DISABLED") => {
                Err("ALIBABA_CLOUD_CLI_PROFILE_DISABLED is set")
            }
            Some(path) => Ok(path.into()),
            None => at_home(".aliyun/config.json").ok_or(home_reason()),
        };
        let ini_files = match value("ALIBABA_CLOUD_CREDENTIALS_FILE") {
            Some(path) => vec![path.into()],
            None => INI_FILES.iter().copied().filter_map(at_home).collect(),
        };
        let (endpoint, region) = (value(STS_ENDPOINT), value("ALIBABA_CLOUD_STS_REGION"));
        let vpc = flag("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED");
        let tokenless = match flag("ALIBABA_CLOUD_IMDSV1_DISABLED") {
            true => Tokenless::Refused,
            false => Tokenless::Allowed,
        };
        let ecs_role = (!flag(ECS_DISABLED))
            .then(|| EcsRole::new(value("ALIBABA_CLOUD_ECS_METADATA"), tokenless));
        Ok(Self {
            profile: value("ALIBABA_CLOUD_PROFILE"),
            aliyun_cli_file,
            ini_files,
            ossutil_file: at_home(".ossutilconfig"),
            sts: Sts::new(endpoint.as_deref(), region.as_deref(), vpc)?,
            session_name: value("ALIBABA_CLOUD_ROLE_SESSION_NAME").unwrap_or_else(session_name),
            external_id: value("ALIBABA_CLOUD_EXTERNAL_ID"),
            ecs_role,
        })
    }

    /// Creates a role; the default session name is that of the environment.
    pub(super) fn role(&self, arn: &str, session_name: Option<&str>) -> Result<Role> {
        Role::new(arn, session_name.unwrap_or(&self.session_name))
    }

    /// Creates a role with the session name and the external ID of the environment.
    pub(super) fn role_with_external_id(&self, arn: &str) -> Result<Role> {
        Ok(Role { external_id: self.external_id.clone(), ..self.role(arn, None)? })
    }

    /// Creates the source for the role of the instance. `role` takes precedence over the
    /// environment.
    pub(super) fn ecs_role(&self, role: Option<&str>) -> Result<EcsRole> {
        let disabled = || unusable(format!("{ECS_DISABLED} is set"));
        let mut ecs_role = self.ecs_role.clone().ok_or_else(disabled)?;
        if let Some(role) = role {
            ecs_role.role = Some(role.to_owned());
        }
        Ok(ecs_role)
    }

    /// Creates the OIDC source; `Absent` names the missing variable.
    pub(super) fn oidc(&self, variables: Variables<'_>) -> Result<Oidc, Unavailable> {
        let value = |name: &str| {
            let value = variables(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| Unavailable::Absent(format!("{name} is not set")))
        };
        let arn = value(ROLE_ARN)?;
        let provider_arn = value("ALIBABA_CLOUD_OIDC_PROVIDER_ARN")?;
        let token_file = value("ALIBABA_CLOUD_OIDC_TOKEN_FILE")?.into();
        let role = self
            .role(&arn, None)
            .map_err(|error| Unavailable::Broken(of_source(ROLE_ARN, error)))?;
        Ok(Oidc { role, provider_arn, token_file, sts: self.sts.clone() })
    }

    /// Replaces the address and the timeout of the metadata service.
    #[cfg(test)]
    pub(super) fn with_metadata(mut self, host: &str, step_timeout: std::time::Duration) -> Self {
        if let Some(ecs_role) = &mut self.ecs_role {
            host.clone_into(&mut ecs_role.host);
            ecs_role.step_timeout = step_timeout;
        }
        self
    }
}

fn home_reason() -> &'static str {
    match is_secure() {
        true => "HOME is not read in a set-user-ID program",
        false => HOME_UNSET,
    }
}

/// Returns the default session name, which audit logs show.
fn session_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("ossmpu-{}", now.as_secs())
}

const INI_FILES: [&str; 2] = [".alibabacloud/credentials", ".alibabacloud/credentials.ini"];
const ROLE_ARN: &str = "ALIBABA_CLOUD_ROLE_ARN";
const STS_ENDPOINT: &str = "ALIBABA_CLOUD_STS_ENDPOINT";
const ECS_DISABLED: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
