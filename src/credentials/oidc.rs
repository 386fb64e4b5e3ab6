//! AssumeRoleWithOIDC with a token file, as in Kubernetes pods.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::fetch_context::{Fetch, FetchContext, of_source, unusable};
use super::role::Role;
use super::sts::Sts;
use super::{Credentials, secret_file};
use crate::error::{Error, Result};

/// Reads the token file in each fetch, because the token is rotated.
#[derive(Debug)]
pub(super) struct Oidc {
    pub(super) role: Role,
    pub(super) provider_arn: String,
    pub(super) token_file: PathBuf,
    pub(super) sts: Sts,
}

impl Fetch for Oidc {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        let token = read(&self.token_file).map_err(|error| of_source("the OIDC token", error))?;
        self.sts
            .assume_role_with_oidc(&self.role, &self.provider_arn, token.trim(), context)
            .map_err(|error| of_source("the role was not assumed with the OIDC token", error))
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>> {
    let text = secret_file::read(path, FILE_SIZE_MAX);
    let text = text.map_err(|cause| Error::file(path.display(), &cause))?;
    if !TOKEN_LENGTH.contains(&text.trim().len()) {
        let text = format!("{} has no token of 4 to 20000 characters", path.display());
        return Err(unusable(text));
    }
    Ok(text)
}

const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 4..=20_000;
/// Leaves room for white space around the token.
const FILE_SIZE_MAX: usize = 32 * 1024;
