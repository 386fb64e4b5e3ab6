//! On-disk layout: paths, writing records, and loading the store.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::blob::Blob;
use super::record::{BlobRecord, BucketRecord, KeyRecord, PartRecord, UploadRecord};
use super::state::{Bucket, Part, State, Upload, Version};

pub(super) fn create_folders(root: &Path) -> io::Result<()> {
    for folder in ["blobs", "buckets", "uploads"] {
        fs::create_dir_all(root.join(folder))?;
    }
    Ok(())
}

pub(super) fn blob_path(root: &Path, name: &str) -> PathBuf {
    root.join("blobs").join(name)
}

fn bucket_path(root: &Path, bucket: &str) -> PathBuf {
    root.join("buckets").join(bucket)
}

/// Hashes the key, which can exceed file name limits and contain any character.
fn key_path(root: &Path, bucket: &str, key: &str) -> PathBuf {
    let name = format!("{}.json", hex::encode(Sha256::digest(key)));
    bucket_path(root, bucket).join("objects").join(name)
}

/// Hex-encodes the upload ID, which can contain slashes.
fn upload_path(root: &Path, id: &str) -> PathBuf {
    root.join("uploads").join(hex::encode(id))
}

pub(super) fn write_bucket(root: &Path, bucket: &str, record: &BucketRecord) -> io::Result<()> {
    let folder = bucket_path(root, bucket);
    fs::create_dir_all(folder.join("objects"))?;
    write(&folder.join("bucket.json"), record)
}

pub(super) fn remove_bucket(root: &Path, bucket: &str) -> io::Result<()> {
    fs::remove_dir_all(bucket_path(root, bucket))
}

/// Writes the versions of a key, or removes its record if there are none.
pub(super) fn write_key(
    root: &Path,
    bucket: &str,
    key: &str,
    versions: &[Arc<Version>],
) -> io::Result<()> {
    let path = key_path(root, bucket, key);
    if versions.is_empty() {
        return fs::remove_file(path);
    }
    let versions = versions.iter().map(|version| version.record.clone()).collect();
    write(&path, &KeyRecord { key: key.to_owned(), versions })
}

pub(super) fn write_upload(root: &Path, record: &UploadRecord) -> io::Result<()> {
    let folder = upload_path(root, &record.id);
    fs::create_dir_all(&folder)?;
    write(&folder.join("upload.json"), record)
}

pub(super) fn write_part(root: &Path, id: &str, part: &PartRecord) -> io::Result<()> {
    write(&upload_path(root, id).join(format!("part-{:05}.json", part.number)), part)
}

pub(super) fn remove_upload(root: &Path, id: &str) -> io::Result<()> {
    fs::remove_dir_all(upload_path(root, id))
}

/// Replaces a file atomically. The caller holds the store's lock, so the temporary name is free.
fn write<T: Serialize>(path: &Path, record: &T) -> io::Result<()> {
    let fresh = path.with_extension("new");
    fs::write(&fresh, serde_json::to_vec(record)?)?;
    fs::rename(fresh, path)
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    serde_json::from_slice(&fs::read(path)?)
        .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))
}

/// Loads all records and removes unreferenced blobs.
pub(super) fn load(root: &Path) -> io::Result<State> {
    let mut state = State::default();
    let mut used = BTreeSet::new();
    let mut blob = |record: &BlobRecord| {
        used.insert(record.name.clone());
        Arc::new(Blob::at(blob_path(root, &record.name), record.name.clone(), record.size))
    };
    for folder in entries(&root.join("buckets"))? {
        let mut bucket =
            Bucket { record: read(&folder.join("bucket.json"))?, objects: Default::default() };
        for path in json_files(&folder.join("objects"))? {
            let found: KeyRecord = read(&path)?;
            let versions = found.versions.into_iter().map(|record| {
                let blobs = record.blobs.iter().map(&mut blob).collect();
                Arc::new(Version { record, blobs })
            });
            bucket.objects.insert(found.key, versions.collect());
        }
        state.buckets.insert(file_name(&folder), bucket);
    }
    for folder in entries(&root.join("uploads"))? {
        // A crash before the record was written; the upload ID was never returned.
        let Ok(record) = read::<UploadRecord>(&folder.join("upload.json")) else {
            fs::remove_dir_all(&folder)?;
            continue;
        };
        let mut upload = Upload::new(record);
        for path in json_files(&folder)?.into_iter().filter(|p| file_name(p).starts_with("part-")) {
            let record: PartRecord = read(&path)?;
            let blob = blob(&record.blob);
            upload.parts.insert(record.number, Part { record, blob });
        }
        state.uploads.insert(upload.record.id.clone(), upload);
    }
    for path in entries(&root.join("blobs"))? {
        if !used.contains(&file_name(&path)) {
            fs::remove_file(path)?;
        }
    }
    Ok(state)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn json_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = entries(folder)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    Ok(files)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
