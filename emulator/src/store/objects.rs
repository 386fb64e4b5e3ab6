//! Objects and their versions.

use std::io;
use std::sync::Arc;

use super::record::{VersionRecord, Versioning};
use super::state::{State, Version};
use super::{Store, disk};
use crate::ids;

/// Result of storing a version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PutOutcome {
    /// Stored; with a version ID if the bucket is versioned.
    Stored(Option<String>),
    Exists,
    NoBucket,
}

/// Result of a deletion.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Deleted {
    /// `None` in an unversioned bucket.
    pub(crate) version_id: Option<String>,
    pub(crate) is_marker: bool,
}

impl Store {
    /// Returns the latest version, which can be a delete marker.
    pub(crate) fn current(&self, bucket: &str, key: &str) -> Option<Arc<Version>> {
        self.lock().buckets.get(bucket)?.objects.get(key)?.last().cloned()
    }

    pub(crate) fn version(&self, bucket: &str, key: &str, id: &str) -> Option<Arc<Version>> {
        let state = self.lock();
        let versions = state.buckets.get(bucket)?.objects.get(key)?;
        versions.iter().find(|version| version.record.id == id).cloned()
    }

    /// Returns all keys of a bucket in byte order, each with its versions, oldest first.
    pub(crate) fn objects(&self, bucket: &str) -> Vec<(String, Vec<Arc<Version>>)> {
        let state = self.lock();
        let Some(bucket) = state.buckets.get(bucket) else { return Vec::new() };
        bucket.objects.iter().map(|(key, versions)| (key.clone(), versions.clone())).collect()
    }

    /// Returns whether an object can be created without overwriting.
    pub(crate) fn is_free(&self, bucket: &str, key: &str) -> bool {
        self.lock().is_free(bucket, key)
    }

    /// Stores a version; `forbid` rejects overwriting an object in an unversioned bucket.
    pub(crate) fn put_version(
        &self,
        bucket: &str,
        key: &str,
        version: Version,
        forbid: bool,
    ) -> io::Result<PutOutcome> {
        let mut state = self.lock();
        if forbid && !state.is_free(bucket, key) {
            return Ok(PutOutcome::Exists);
        }
        self.insert(&mut state, bucket, key, version)
    }

    pub(super) fn insert(
        &self,
        state: &mut State,
        bucket: &str,
        key: &str,
        mut version: Version,
    ) -> io::Result<PutOutcome> {
        let Some(entry) = state.buckets.get_mut(bucket) else { return Ok(PutOutcome::NoBucket) };
        let versioning = entry.record.versioning;
        version.record.id = match versioning {
            Versioning::Enabled => ids::hex32(),
            Versioning::Unset | Versioning::Suspended => "null".to_owned(),
        };
        let id = version.record.id.clone();
        let old = entry.objects.get(key).cloned().unwrap_or_default();
        let (dropped, mut kept): (Vec<_>, Vec<_>) =
            old.into_iter().partition(|other| other.record.id == id);
        let blobs = version.blobs.clone();
        kept.push(Arc::new(version));
        disk::write_key(&self.root, bucket, key, &kept)?;
        blobs.iter().for_each(|blob| blob.keep());
        entry.objects.insert(key.to_owned(), kept);
        delete_on_drop(&dropped);
        Ok(PutOutcome::Stored((versioning != Versioning::Unset).then_some(id)))
    }

    /// Deletes an object, adds a delete marker, or deletes one version.
    pub(crate) fn delete(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
        now: i64,
    ) -> io::Result<Deleted> {
        let mut state = self.lock();
        let Some(entry) = state.buckets.get_mut(bucket) else { return Ok(Deleted::default()) };
        if version_id.is_none() && entry.record.versioning != Versioning::Unset {
            let marker = Version { record: VersionRecord::marker(now), blobs: Vec::new() };
            let PutOutcome::Stored(version_id) = self.insert(&mut state, bucket, key, marker)?
            else {
                return Ok(Deleted::default());
            };
            return Ok(Deleted { version_id, is_marker: true });
        }
        let wanted = version_id.unwrap_or("null");
        let old = entry.objects.get(key).cloned().unwrap_or_default();
        let (dropped, kept): (Vec<_>, Vec<_>) =
            old.into_iter().partition(|version| version.record.id == wanted);
        if !dropped.is_empty() {
            disk::write_key(&self.root, bucket, key, &kept)?;
            if kept.is_empty() {
                entry.objects.remove(key);
            } else {
                entry.objects.insert(key.to_owned(), kept);
            }
            delete_on_drop(&dropped);
        }
        let is_marker = dropped.iter().any(|version| version.record.is_marker);
        let version_id = version_id.filter(|_| entry.record.versioning != Versioning::Unset);
        Ok(Deleted { version_id: version_id.map(str::to_owned), is_marker })
    }
}

impl VersionRecord {
    fn marker(now: i64) -> Self {
        Self {
            id: String::new(),
            is_marker: true,
            is_multipart: false,
            size: 0,
            crc64: 0,
            etag: String::new(),
            content_md5: None,
            modified: now,
            attributes: super::Attributes::default(),
            blobs: Vec::new(),
        }
    }
}

fn delete_on_drop(versions: &[Arc<Version>]) {
    versions.iter().flat_map(|version| &version.blobs).for_each(|blob| blob.delete_on_drop());
}
