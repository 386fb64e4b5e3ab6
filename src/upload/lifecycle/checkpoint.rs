//! The checkpoint file of an upload, which lets another process resume the upload.
//!
//! One small text file for each endpoint, bucket, key and path, in a directory that the caller
//! names: written atomically, with its own checksum, and locked while an upload uses it. It
//! lists no parts; ListParts does. Other files of the upload stand beside it.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::checkpoint_lock::CheckpointLock;
use crate::codec::crc64::Crc64;
use crate::codec::md5::md5;
use crate::codec::percent::{escape, escape_bytes, unescape, unescape_bytes};
use crate::error::{Error, Result};
use crate::platform::{
    Access, errno, new_private_file_options, path_buf_of_bytes, path_bytes, replace_file,
    sync_directory, with_private_descriptors,
};
use crate::runtime::open_private;
use crate::upload::source::watched_file::Identity;

/// The endpoint, bucket, key and path of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckpointKey {
    pub(crate) endpoint: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// Absolute.
    pub(crate) path: PathBuf,
}

/// The content of a checkpoint: what has to be the same for the upload to be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckpointRecord {
    pub(crate) checkpoint_key: CheckpointKey,
    pub(crate) file: Identity,
    pub(crate) part_size: u64,
    pub(crate) upload_id: String,
    /// A checksum of everything that Initiate sent.
    pub(crate) attributes: u64,
    /// A checksum of the ACL and the callback, which Complete sends.
    pub(crate) completion: u64,
    /// The service's clock at Initiate, in seconds since 1970; 0 if it is not known.
    pub(crate) initiated: u64,
    /// A response to Initiate was lost, so that another upload may exist.
    pub(crate) may_have_orphan: bool,
    /// Complete is about to be sent, or was.
    pub(crate) is_completing: bool,
    /// An earlier upload, which is gone, may have created an object that was replaced.
    pub(crate) object_may_exist: bool,
}

/// The state of the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LoadedCheckpoint {
    Nothing,
    Record(CheckpointRecord),
    /// The reason.
    Corrupt(String),
}

/// A locked checkpoint. No other upload can use it until this is dropped.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    directory: PathBuf,
    file: PathBuf,
    _lock: CheckpointLock,
}

impl Checkpoint {
    /// Locks the checkpoint of an upload.
    ///
    /// # Errors
    ///
    /// `Busy`, when another upload uses it; `File`, when the directory cannot be used.
    pub(crate) fn lock(directory: &Path, checkpoint_key: &CheckpointKey) -> Result<Self> {
        let name = checkpoint_key.name();
        Ok(Self {
            directory: directory.to_path_buf(),
            file: file_of(directory, &name),
            _lock: CheckpointLock::take(directory, &format!("{name}.lock"))?,
        })
    }

    /// True if an upload has left a checkpoint.
    pub(crate) fn exists(directory: &Path, checkpoint_key: &CheckpointKey) -> bool {
        file_of(directory, &checkpoint_key.name()).exists()
    }

    pub(crate) fn load(&self) -> Result<LoadedCheckpoint> {
        Ok(match read(&self.file, SIZE_MAX)? {
            None => LoadedCheckpoint::Nothing,
            Some(text) => match String::from_utf8(text) {
                Ok(text) => CheckpointRecord::parse(&text)
                    .map_or_else(LoadedCheckpoint::Corrupt, LoadedCheckpoint::Record),
                Err(_) => LoadedCheckpoint::Corrupt("it is not text".to_owned()),
            },
        })
    }

    /// Writes the record; it is on disk when this returns.
    pub(crate) fn save(&self, record: &CheckpointRecord) -> Result<()> {
        self.write(&self.file, record.text())
    }

    /// Reads at most `most` bytes of another file of this upload; `None` if there is none.
    pub(crate) fn read_beside(&self, extension: &str, most: u64) -> Result<Option<Vec<u8>>> {
        read(&self.file.with_extension(extension), most)
    }

    /// Writes another file of this upload, which outlives it.
    pub(crate) fn write_beside(&self, extension: &str, text: String) -> Result<()> {
        self.write(&self.file.with_extension(extension), text)
    }

    fn write(&self, path: &Path, text: String) -> Result<()> {
        // It always has the same name, so that a killed writer leaves at most one.
        let temporary = self.file.with_extension(TEMPORARY_SUFFIX);
        let _ = std::fs::remove_file(&temporary);
        let paths = (temporary.clone(), path.to_path_buf(), self.directory.clone());
        let written = with_private_descriptors(move || {
            let (temporary, file, directory) = &paths;
            let mut writer = new_private_file_options().open(temporary)?;
            writer.write_all(text.as_bytes())?;
            writer.sync_all()?;
            replace_file(temporary, file)?;
            sync_directory(directory)
        });
        written.map_err(|cause: io::Error| {
            let _ = std::fs::remove_file(&temporary);
            match cause.raw_os_error() {
                Some(errno::EEXIST) => failed(&temporary, &cause),
                _ => failed(path, &cause),
            }
        })
    }

    /// Removes the checkpoint. If that fails, the stale one is detected when it is loaded.
    pub(crate) fn remove(self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn file_of(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.ossmpu"))
}

fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
    let file = match open_private(path, Access::Read) {
        Ok(file) => file,
        Err(error) if error.os_errno() == Some(errno::ENOENT) => return Ok(None),
        Err(error) => return Err(error.with_argument("checkpoint_dir")),
    };
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(|cause| failed(path, &cause))?;
    Ok(Some(bytes))
}

fn failed(path: &Path, cause: &io::Error) -> Error {
    Error::file(format!("checkpoint {}", path.display()), cause).with_argument("checkpoint_dir")
}

impl CheckpointKey {
    fn name(&self) -> String {
        md5(self.text().as_bytes()).to_hex_upper()
    }

    fn text(&self) -> String {
        let Self { endpoint, bucket, key, path } = self;
        format!(
            "endpoint {}\nbucket {}\nkey {}\npath {}\n",
            escape(endpoint),
            escape(bucket),
            escape(key),
            escape_bytes(path_bytes(path))
        )
    }
}

impl CheckpointRecord {
    fn text(&self) -> String {
        let Self {
            checkpoint_key,
            file,
            part_size,
            upload_id,
            attributes,
            completion,
            initiated,
            may_have_orphan,
            is_completing,
            object_may_exist,
        } = self;
        let body = format!(
            "{HEADING}\n{}size {}\nmodified {} {}\npart_size {part_size}\n\
             upload_id {}\nattributes {attributes}\ncompletion {completion}\ninitiated {initiated}\norphan {}\n\
             completing {}\nobject {}\n",
            checkpoint_key.text(),
            file.size,
            file.modified.0,
            file.modified.1,
            escape(upload_id),
            u8::from(*may_have_orphan),
            u8::from(*is_completing),
            u8::from(*object_may_exist),
        );
        format!("{body}crc64 {}\n", crc64(&body))
    }

    /// The inverse of [`CheckpointRecord::text`]. The error says what is wrong with the text.
    fn parse(text: &str) -> Result<Self, String> {
        let unreadable = |what: &str| format!("its {what} cannot be read");
        let (body, sum) =
            text.split_at(text.rfind("crc64 ").ok_or_else(|| unreadable("checksum"))?);
        if sum != format!("crc64 {}\n", crc64(body)) {
            return Err("its checksum is wrong".to_owned());
        }
        let mut lines = body.lines();
        if lines.next() != Some(HEADING) {
            return Err(unreadable("version"));
        }
        let mut line = |name: &str| {
            let rest = lines.next().and_then(|line| line.strip_prefix(name));
            rest.and_then(|rest| rest.strip_prefix(' ')).ok_or_else(|| unreadable(name))
        };
        let text = |name: &str, value: &str| unescape(value).ok_or_else(|| unreadable(name));
        let flag = |name: &str, value: &str| match value {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(unreadable(name)),
        };
        let checkpoint_key = CheckpointKey {
            endpoint: text("endpoint", line("endpoint")?)?,
            bucket: text("bucket", line("bucket")?)?,
            key: text("key", line("key")?)?,
            path: path_buf_of_bytes(unescape_bytes(line("path")?)),
        };
        let size = line("size")?.parse().map_err(|_| unreadable("size"))?;
        let (seconds, nanos) =
            line("modified")?.split_once(' ').ok_or_else(|| unreadable("modified"))?;
        let modified = (
            seconds.parse().map_err(|_| unreadable("modified"))?,
            nanos.parse().map_err(|_| unreadable("modified"))?,
        );
        Ok(Self {
            checkpoint_key,
            file: Identity { size, modified },
            part_size: line("part_size")?.parse().map_err(|_| unreadable("part_size"))?,
            upload_id: text("upload_id", line("upload_id")?)?,
            attributes: line("attributes")?.parse().map_err(|_| unreadable("attributes"))?,
            completion: line("completion")?.parse().map_err(|_| unreadable("completion"))?,
            initiated: line("initiated")?.parse().map_err(|_| unreadable("initiated"))?,
            may_have_orphan: flag("orphan", line("orphan")?)?,
            is_completing: flag("completing", line("completing")?)?,
            object_may_exist: flag("object", line("object")?)?,
        })
    }
}

/// Parses a checkpoint; one that parses is formatted to the same text. The checksum is corrected
/// first, because no fuzzed text would have the right one.
#[cfg(fuzzing)]
pub fn fuzz(text: &str) {
    let checksummed = format!("{text}crc64 {}\n", crc64(text));
    if let Ok(record) = CheckpointRecord::parse(&checksummed) {
        assert_eq!(CheckpointRecord::parse(&record.text()), Ok(record));
    }
    let _ = CheckpointRecord::parse(text);
}

fn crc64(text: &str) -> u64 {
    let mut crc64 = Crc64::new();
    crc64.update(text.as_bytes());
    crc64.value()
}

const HEADING: &str = "ossmpu-checkpoint 1";
/// A longer file is not a checkpoint.
const SIZE_MAX: u64 = 64 * 1024;
/// Suffix of the temporary file.
const TEMPORARY_SUFFIX: &str = "new";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    fn record() -> CheckpointRecord {
        CheckpointRecord {
            checkpoint_key: CheckpointKey {
                endpoint: "https://h:1".to_owned(),
                bucket: "b".to_owned(),
                key: "k \n中".to_owned(),
                path: path_buf_of_bytes(b"/a b+c/\xd6\xd0".to_vec()),
            },
            file: Identity { size: 7, modified: (-1, 999_999_999) },
            attributes: 12,
            completion: 13,
            initiated: 1_700_000_000,
            may_have_orphan: true,
            is_completing: true,
            object_may_exist: true,
            part_size: 102_400,
            upload_id: "A+/=".to_owned(),
        }
    }

    #[test]
    fn a_saved_record_is_loaded_and_gone_after_removal() {
        let directory = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::lock(directory.path(), &record().checkpoint_key).unwrap();
        assert_eq!(checkpoint.load().unwrap(), LoadedCheckpoint::Nothing);
        checkpoint.save(&record()).unwrap();
        assert_eq!(checkpoint.load().unwrap(), LoadedCheckpoint::Record(record()));
        checkpoint.remove();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_temporary_file_of_a_killed_writer_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::lock(directory.path(), &record().checkpoint_key).unwrap();
        std::fs::write(checkpoint.file.with_extension(TEMPORARY_SUFFIX), "ossmpu-chec").unwrap();
        checkpoint.save(&record()).unwrap();
        assert_eq!(checkpoint.load().unwrap(), LoadedCheckpoint::Record(record()));
        checkpoint.remove();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_second_user_is_refused_and_another_object_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let first = Checkpoint::lock(directory.path(), &record().checkpoint_key).unwrap();
        let second = Checkpoint::lock(directory.path(), &record().checkpoint_key).unwrap_err();
        assert_eq!(second.kind(), ErrorKind::Busy);
        let other = CheckpointKey { key: "other".to_owned(), ..record().checkpoint_key };
        assert!(Checkpoint::lock(directory.path(), &other).is_ok());
        drop(first);
        assert!(Checkpoint::lock(directory.path(), &record().checkpoint_key).is_ok());
    }

    #[test]
    fn a_lock_is_removed_with_its_upload_but_not_the_checkpoint() {
        let directory = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::lock(directory.path(), &record().checkpoint_key).unwrap();
        checkpoint.save(&record()).unwrap();
        let file = checkpoint.file.clone();
        drop(checkpoint);
        let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!((left.len(), file.exists()), (1, true), "{left:?}");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_a_file_in_the_place_of_a_checkpoint_is_refused_and_named() {
        let directory = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::lock(directory.path(), &record().checkpoint_key).unwrap();
        let check = |error: Error, name: &Path| {
            assert_eq!((error.kind(), error.argument()), (ErrorKind::File, Some("checkpoint_dir")));
            assert!(error.to_string().contains(&name.display().to_string()), "{error}");
        };
        let new = checkpoint.file.with_extension(TEMPORARY_SUFFIX);
        std::fs::create_dir(&new).unwrap();
        check(checkpoint.save(&record()).unwrap_err(), &new);
        std::fs::remove_dir(&new).unwrap();
        // A link of that name is replaced, not followed.
        std::os::unix::fs::symlink(directory.path().join("target"), &new).unwrap();
        checkpoint.save(&record()).unwrap();
        assert!(!directory.path().join("target").exists());
        std::fs::remove_file(&checkpoint.file).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&checkpoint.file).status().unwrap();
        assert!(made.success());
        check(checkpoint.load().unwrap_err(), &checkpoint.file);
    }

    #[cfg(unix)]
    #[test]
    fn paths_that_differ_only_in_bytes_that_are_not_utf_8_have_two_checkpoints() {
        let directory = tempfile::tempdir().unwrap();
        let key = |path: &[u8]| CheckpointKey {
            path: path_buf_of_bytes(path.to_vec()),
            ..record().checkpoint_key
        };
        let first = Checkpoint::lock(directory.path(), &key(b"/\xd6")).unwrap();
        let second = Checkpoint::lock(directory.path(), &key(b"/\xd7")).unwrap();
        assert_ne!(first.file, second.file);
    }

    #[test]
    fn every_truncation_and_every_changed_byte_is_detected() {
        let text = record().text();
        for end in 0..text.len() {
            if let Some(cut) = text.get(..end) {
                assert!(CheckpointRecord::parse(cut).is_err(), "truncated at {end}");
            }
        }
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8_lossy(&bytes);
            assert!(CheckpointRecord::parse(&changed).is_err(), "changed at {at}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error =
            Checkpoint::lock(Path::new("/nonexistent/x"), &record().checkpoint_key).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::File, Some("checkpoint_dir")));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = CheckpointRecord::parse(&text);
        }

        #[test]
        fn parse_undoes_text(key in ".*", path: Vec<u8>, upload_id in ".*", size: u64, time: i64) {
            let mut record = record();
            record.checkpoint_key.key = key;
            record.checkpoint_key.path = path_buf_of_bytes(path);
            record.upload_id = upload_id;
            record.file.size = size;
            record.file.modified.0 = time;
            prop_assert_eq!(CheckpointRecord::parse(&record.text()), Ok(record));
        }
    }
}
