//! Client options that every command takes.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ossmpu::{
    Addressing, Config, CredentialsSource, EndpointKind, ObjectHeaders, ProxySetting,
    SignatureVersion, UploadOptions,
};

use crate::failure::Failure;

/// Endpoint, credentials and retries. Options take precedence over environment variables.
#[derive(Debug, Args)]
#[command(next_help_heading = "Client")]
pub struct ClientOptions {
    /// Region of the bucket, such as cn-hangzhou [env: OSS_REGION]
    #[arg(long, global = true)]
    region: Option<String>,
    /// URL of the service, instead of the region's endpoint [env: OSS_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    endpoint: Option<String>,
    /// Kind of the region's endpoint, if --endpoint is not given
    #[arg(long, global = true, value_enum, value_name = "KIND")]
    endpoint_kind: Option<Kind>,
    /// Place of the bucket name in URLs: in the host name, in the path, or in neither because the
    /// endpoint is a custom domain bound to the bucket
    #[arg(long, global = true, value_enum, value_name = "STYLE")]
    addressing: Option<Style>,
    /// Signature version; v1 only for servers that do not support v4
    #[arg(long, global = true, value_enum, value_name = "VERSION")]
    signature: Option<Version>,
    /// URL of a proxy, http://, socks5:// or others; `env` reads ALL_PROXY, HTTPS_PROXY,
    /// HTTP_PROXY and NO_PROXY, `none` is the default
    #[arg(long, global = true, value_name = "URL")]
    proxy: Option<String>,
    /// Local IP address from which connections are made
    #[arg(long, global = true, value_name = "ADDRESS")]
    bind_address: Option<IpAddr>,
    /// PEM file of CA certificates to trust instead of the system's
    #[arg(long, global = true, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Source of the credentials: env, default, profile:NAME, ecs:ROLE, oidc,
    /// assume-role:ARN, process:COMMAND, uri:URL or anonymous [default: env]
    #[arg(long, global = true, value_name = "SOURCE")]
    credentials: Option<String>,
    /// Accept the charges of a requester-pays bucket
    #[arg(long, global = true)]
    request_payer: bool,
    /// Maximum number of attempts per request, 1 to 100 [default: 5]
    #[arg(long, global = true, value_name = "COUNT")]
    max_attempts: Option<u32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Public,
    Internal,
    Accelerate,
    DualStack,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Style {
    VirtualHost,
    Path,
    Cname,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Version {
    V4,
    V1,
}

impl ClientOptions {
    /// The headers that every request carries.
    pub fn headers(&self) -> ObjectHeaders {
        let mut headers = ObjectHeaders::new();
        if self.request_payer {
            headers.set_request_payer(true);
        }
        headers
    }

    /// Default upload options with these headers.
    pub fn upload_options(&self) -> UploadOptions {
        let mut options = UploadOptions::new();
        *options.headers_mut() = self.headers();
        options
    }

    /// Builds the configuration of a client from the options, and from the environment where no
    /// option is given.
    ///
    /// # Errors
    ///
    /// `Library`, for the first option or variable that is invalid.
    pub fn config(&self) -> Result<Config, Failure> {
        let mut config = Config::new();
        config.set_user_agent(concat!("ossmpu-cli/", env!("CARGO_PKG_VERSION")))?;
        if let Some(region) = &self.region {
            config.set_region(region)?;
        }
        if let Some(endpoint) = &self.endpoint {
            config.set_endpoint(endpoint)?;
        }
        if let Some(kind) = self.endpoint_kind {
            config.set_endpoint_kind(kind.into());
        }
        if let Some(style) = self.addressing {
            config.set_addressing(style.into());
        }
        if let Some(version) = self.signature {
            config.set_signature(version.into());
        }
        if let Some(proxy) = &self.proxy {
            config.set_proxy(match proxy.as_str() {
                "none" => ProxySetting::None,
                "env" => ProxySetting::Environment,
                url => ProxySetting::Url(url.to_owned()),
            });
        }
        if let Some(address) = self.bind_address {
            config.set_bind_address(address);
        }
        if let Some(file) = &self.ca_file {
            config.set_ca_file(file);
        }
        if let Some(source) = &self.credentials {
            config.set_credentials(CredentialsSource::parse(source)?);
        }
        if let Some(attempts) = self.max_attempts {
            config.set_max_attempts(attempts)?;
        }
        config.set_env_if_unset()?;
        Ok(config)
    }
}

impl From<Kind> for EndpointKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Public => Self::Public,
            Kind::Internal => Self::Internal,
            Kind::Accelerate => Self::Accelerate,
            Kind::DualStack => Self::DualStack,
        }
    }
}

impl From<Style> for Addressing {
    fn from(style: Style) -> Self {
        match style {
            Style::VirtualHost => Self::VirtualHost,
            Style::Path => Self::Path,
            Style::Cname => Self::Cname,
        }
    }
}

impl From<Version> for SignatureVersion {
    fn from(version: Version) -> Self {
        match version {
            Version::V4 => Self::V4,
            Version::V1 => Self::V1,
        }
    }
}
