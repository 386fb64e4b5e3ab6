//! What a file upload leaves on disk so that another process can go on with it.
//!
//! One small text file for each endpoint, bucket, key and path, in a directory that the caller
//! names: written atomically, with its own checksum, and locked while an upload uses it. It
//! holds no part: which parts there are is for OSS to say.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::codec::crc64::Crc64;
use crate::codec::md5::md5;
use crate::codec::percent::{escape, unescape};
use crate::error::{Error, ErrorKind, Result};
use crate::upload::source::watched_file::Identity;

/// What an upload is of, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) endpoint: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// Absolute.
    pub(crate) path: String,
}

/// What has to be the same for an upload to be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) binding: Binding,
    pub(crate) file: Identity,
    pub(crate) part_size: u64,
    pub(crate) upload_id: String,
    /// Of everything that Initiate was asked for.
    pub(crate) attributes: u64,
    /// The service's clock at Initiate, in seconds since 1970; 0 if it is not known.
    pub(crate) initiated: u64,
    /// A response to Initiate was lost, so that another upload may exist.
    pub(crate) may_have_orphan: bool,
    /// Complete is about to be sent, or was.
    pub(crate) is_completing: bool,
}

/// What is on disk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    Record(Record),
    /// In words.
    Damaged(String),
}

/// The place of one checkpoint, which this process alone may use while it has this.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    folder: PathBuf,
    file: PathBuf,
    lock_file: PathBuf,
    _lock: File,
}

impl Checkpoint {
    /// Locks the checkpoint of an upload.
    ///
    /// # Errors
    ///
    /// `Busy`, when another upload uses it; `File`, when the directory cannot be used.
    pub(crate) fn lock(folder: &Path, binding: &Binding) -> Result<Self> {
        let name = md5(binding.text().as_bytes()).to_hex_upper();
        let lock_file = folder.join(format!("{name}.lock"));
        Ok(Self {
            folder: folder.to_path_buf(),
            file: folder.join(format!("{name}.ossmpu")),
            _lock: lock(&lock_file)?,
            lock_file,
        })
    }

    pub(crate) fn load(&self) -> Result<Found> {
        let mut text = String::new();
        let read =
            File::open(&self.file).and_then(|file| file.take(SIZE_MAX).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(Record::parse(&text).map_or_else(Found::Damaged, Found::Record)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
            Err(cause) if cause.kind() == io::ErrorKind::InvalidData => {
                Ok(Found::Damaged("it is not text".to_owned()))
            }
            Err(cause) => Err(failed(&self.file, &cause)),
        }
    }

    /// Writes the record; it is on disk when this returns.
    pub(crate) fn save(&self, record: &Record) -> Result<()> {
        let write = || {
            // Its name is the same each time, so that one whose writer was killed is not left.
            let _ = std::fs::remove_file(self.file.with_extension(NEW));
            // Opened and written here and not by the crate, whose errors have no errno.
            let file = tempfile::Builder::new()
                .prefix(self.file.file_stem().unwrap_or_default())
                .suffix(&format!(".{NEW}"))
                .rand_bytes(0)
                .make_in(&self.folder, |path| {
                    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
                })?;
            file.as_file().write_all(record.text().as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.file)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|cause: io::Error| failed(&self.file, &cause))
    }

    /// Forgets the upload. What cannot be removed is found to be of no use next time.
    pub(crate) fn remove(self) {
        for file in [&self.file, &self.lock_file] {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Takes the lock; again if its last owner has removed the file meanwhile.
fn lock(path: &Path) -> Result<File> {
    for _ in 0..LOCK_TRIES {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|cause| failed(path, &cause))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(cause)) => return Err(failed(path, &cause)),
        }
        let locked = file.metadata().map_err(|cause| failed(path, &cause))?.ino();
        if std::fs::metadata(path).is_ok_and(|there| there.ino() == locked) {
            return Ok(file);
        }
    }
    Err(busy())
}

fn busy() -> Error {
    Error::new(ErrorKind::Busy, "another upload uses the checkpoint of this file and object")
}

fn failed(path: &Path, cause: &io::Error) -> Error {
    Error::file(format!("checkpoint {}", path.display()), cause).with_argument("checkpoint_dir")
}

impl Binding {
    fn text(&self) -> String {
        let Self { endpoint, bucket, key, path } = self;
        format!(
            "endpoint {}\nbucket {}\nkey {}\npath {}\n",
            escape(endpoint),
            escape(bucket),
            escape(key),
            escape(path)
        )
    }
}

impl Record {
    fn text(&self) -> String {
        let Self {
            binding,
            file,
            part_size,
            upload_id,
            attributes,
            initiated,
            may_have_orphan,
            is_completing,
        } = self;
        let body = format!(
            "{HEADING}\n{}size {}\nmodified {} {}\ninode {}\npart_size {part_size}\n\
             upload_id {}\nattributes {attributes}\ninitiated {initiated}\norphan {}\ncompleting {}\n",
            binding.text(),
            file.size,
            file.modified.0,
            file.modified.1,
            file.inode,
            escape(upload_id),
            u8::from(*may_have_orphan),
            u8::from(*is_completing),
        );
        format!("{body}crc64 {}\n", crc64(&body))
    }

    /// The inverse of [`Record::text`]; what is wrong with the text otherwise.
    fn parse(text: &str) -> Result<Self, String> {
        let damaged = |what: &str| format!("its {what} cannot be read");
        let (body, sum) = text.split_at(text.rfind("crc64 ").ok_or_else(|| damaged("check sum"))?);
        if sum != format!("crc64 {}\n", crc64(body)) {
            return Err("its check sum is wrong".to_owned());
        }
        let mut lines = body.lines();
        if lines.next() != Some(HEADING) {
            return Err(damaged("version"));
        }
        let mut line = |name: &str| {
            let rest = lines.next().and_then(|line| line.strip_prefix(name));
            rest.and_then(|rest| rest.strip_prefix(' ')).ok_or_else(|| damaged(name))
        };
        let text = |name: &str, value: &str| unescape(value).ok_or_else(|| damaged(name));
        let flag = |name: &str, value: &str| match value {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(damaged(name)),
        };
        let binding = Binding {
            endpoint: text("endpoint", line("endpoint")?)?,
            bucket: text("bucket", line("bucket")?)?,
            key: text("key", line("key")?)?,
            path: text("path", line("path")?)?,
        };
        let size = line("size")?.parse().map_err(|_| damaged("size"))?;
        let (seconds, nanos) =
            line("modified")?.split_once(' ').ok_or_else(|| damaged("modified"))?;
        let modified = (
            seconds.parse().map_err(|_| damaged("modified"))?,
            nanos.parse().map_err(|_| damaged("modified"))?,
        );
        let inode = line("inode")?.parse().map_err(|_| damaged("inode"))?;
        Ok(Self {
            binding,
            file: Identity { size, modified, inode },
            part_size: line("part_size")?.parse().map_err(|_| damaged("part_size"))?,
            upload_id: text("upload_id", line("upload_id")?)?,
            attributes: line("attributes")?.parse().map_err(|_| damaged("attributes"))?,
            initiated: line("initiated")?.parse().map_err(|_| damaged("initiated"))?,
            may_have_orphan: flag("orphan", line("orphan")?)?,
            is_completing: flag("completing", line("completing")?)?,
        })
    }
}

/// Reads a checkpoint; one that can be read is written as it was. The checksum is corrected
/// first, because nothing that is fuzzed would have the right one.
#[cfg(fuzzing)]
pub fn fuzz(text: &str) {
    let whole = format!("{text}crc64 {}\n", crc64(text));
    if let Ok(record) = Record::parse(&whole) {
        assert_eq!(Record::parse(&record.text()), Ok(record));
    }
    let _ = Record::parse(text);
}

fn crc64(text: &str) -> u64 {
    let mut crc64 = Crc64::new();
    crc64.update(text.as_bytes());
    crc64.value()
}

const HEADING: &str = "ossmpu-checkpoint 1";
/// A longer file is not a checkpoint.
const SIZE_MAX: u64 = 64 * 1024;
/// What a checkpoint is called until it is whole.
const NEW: &str = "new";
const LOCK_TRIES: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record() -> Record {
        Record {
            binding: Binding {
                endpoint: "https://h:1".to_owned(),
                bucket: "b".to_owned(),
                key: "k \n中".to_owned(),
                path: "/a b/c".to_owned(),
            },
            file: Identity { size: 7, modified: (-1, 999_999_999), inode: u64::MAX },
            attributes: 12,
            initiated: 1_700_000_000,
            may_have_orphan: true,
            is_completing: true,
            part_size: 102_400,
            upload_id: "A+/=".to_owned(),
        }
    }

    #[test]
    fn what_was_saved_is_found_again_and_gone_after_removal() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::lock(folder.path(), &record().binding).unwrap();
        assert_eq!(checkpoint.load().unwrap(), Found::Nothing);
        checkpoint.save(&record()).unwrap();
        assert_eq!(checkpoint.load().unwrap(), Found::Record(record()));
        checkpoint.remove();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_whose_writer_was_killed_is_not_left() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::lock(folder.path(), &record().binding).unwrap();
        std::fs::write(checkpoint.file.with_extension(NEW), "ossmpu-chec").unwrap();
        checkpoint.save(&record()).unwrap();
        assert_eq!(checkpoint.load().unwrap(), Found::Record(record()));
        checkpoint.remove();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_second_user_is_refused_and_another_object_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let first = Checkpoint::lock(folder.path(), &record().binding).unwrap();
        let second = Checkpoint::lock(folder.path(), &record().binding).unwrap_err();
        assert_eq!(second.kind(), ErrorKind::Busy);
        let other = Binding { key: "other".to_owned(), ..record().binding };
        assert!(Checkpoint::lock(folder.path(), &other).is_ok());
        drop(first);
        assert!(Checkpoint::lock(folder.path(), &record().binding).is_ok());
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_noticed() {
        let text = record().text();
        for end in 0..text.len() {
            if let Some(cut) = text.get(..end) {
                assert!(Record::parse(cut).is_err(), "cut at {end}");
            }
        }
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8_lossy(&bytes);
            assert!(Record::parse(&changed).is_err(), "changed at {at}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error = Checkpoint::lock(Path::new("/nonexistent/x"), &record().binding).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::File, Some("checkpoint_dir")));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = Record::parse(&text);
        }

        #[test]
        fn parse_undoes_text(key in ".*", path in ".*", upload_id in ".*", size: u64, inode: u64) {
            let mut record = record();
            record.binding.key = key;
            record.binding.path = path;
            record.upload_id = upload_id;
            record.file.size = size;
            record.file.inode = inode;
            prop_assert_eq!(Record::parse(&record.text()), Ok(record));
        }
    }
}
