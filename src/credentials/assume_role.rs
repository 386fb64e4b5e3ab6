//! AssumeRole with the key of another source.

use super::Credentials;
use super::fetch_context::{Fetch, FetchContext, of_source};
use super::role::Role;
use super::sts::Sts;
use crate::error::Result;
use crate::sign::AccessKey;

/// Fetches a key from the inner source and assumes the role with it.
pub(super) struct AssumeRole {
    pub(super) identity: Box<dyn Fetch>,
    pub(super) role: Role,
    pub(super) sts: Sts,
}

impl Fetch for AssumeRole {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        let identity = self.identity.fetch(context)?;
        self.sts
            .assume_role(&self.role, &identity.access_key, context)
            .map_err(|error| of_source("the role was not assumed", error))
    }
}

/// A static key as a source.
impl Fetch for AccessKey {
    fn fetch(&self, _context: &FetchContext<'_>) -> Result<Credentials> {
        Ok(Credentials { access_key: self.clone(), expires: None })
    }
}
