//! Where OSS is and how it is reached: the options that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ossmpu::{
    Addressing, Config, CredentialsSource, EndpointKind, ObjectHeaders, ProxySetting,
    SignatureVersion, UploadOptions,
};

use crate::failure::Failure;

/// How OSS is reached. What is not said here is read from the environment.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    /// Region of the bucket, cn-hangzhou and so on [env: OSS_REGION]
    #[arg(long, global = true)]
    region: Option<String>,
    /// Base URL of the service, in place of the region's [env: OSS_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    endpoint: Option<String>,
    /// Which of the region's endpoints, when none is given
    #[arg(long, global = true, value_enum, value_name = "KIND")]
    endpoint_kind: Option<Kind>,
    /// The bucket stands in the path, not in the host name
    #[arg(long, global = true, conflicts_with = "cname")]
    path_style: bool,
    /// The endpoint is a domain bound to the bucket
    #[arg(long, global = true)]
    cname: bool,
    /// How requests are signed; v1 for servers that know nothing else
    #[arg(long, global = true, value_enum, value_name = "VERSION")]
    signature: Option<Version>,
    /// Proxy, http:// or socks5:// and so on; `env` reads HTTPS_PROXY and its like
    #[arg(long, global = true, value_name = "URL")]
    proxy: Option<String>,
    /// PEM file of certificates to trust in place of the system's
    #[arg(long, global = true, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Where the credentials come from: env, default, profile:NAME, ecs:ROLE, oidc,
    /// assume-role:ARN, process:COMMAND, uri:URL or anonymous [default: env]
    #[arg(long, global = true, value_name = "SOURCE")]
    credentials: Option<String>,
    /// Say that the sender of the requests pays for them, as a requester-pays bucket demands
    #[arg(long, global = true)]
    request_payer: bool,
    /// How often a request is sent at the most, 1 to 100 [default: 5]
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
enum Version {
    V4,
    V1,
}

impl Connection {
    /// What every request carries.
    pub fn headers(&self) -> ObjectHeaders {
        let mut headers = ObjectHeaders::new();
        if self.request_payer {
            headers.request_payer();
        }
        headers
    }

    /// Upload options that say nothing but that.
    pub fn upload_options(&self) -> UploadOptions {
        let mut options = UploadOptions::new();
        *options.headers_mut() = self.headers();
        options
    }

    /// The configuration of a client.
    ///
    /// # Errors
    ///
    /// The library's, of the first option or variable that cannot be used.
    pub fn config(&self) -> Result<Config, Failure> {
        let mut config = Config::new();
        config.set_env()?;
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
        if self.path_style {
            config.set_addressing(Addressing::Path);
        }
        if self.cname {
            config.set_addressing(Addressing::Cname);
        }
        if let Some(version) = self.signature {
            config.set_signature(version.into());
        }
        if let Some(proxy) = &self.proxy {
            config.set_proxy(match proxy.as_str() {
                "env" => ProxySetting::Environment,
                url => ProxySetting::Url(url.to_owned()),
            });
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

impl From<Version> for SignatureVersion {
    fn from(version: Version) -> Self {
        match version {
            Version::V4 => Self::V4,
            Version::V1 => Self::V1,
        }
    }
}
