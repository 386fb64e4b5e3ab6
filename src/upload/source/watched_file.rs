//! A regular file as the content of bodies: read by position, and watched for changes.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind as Io, Read};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::platform::{
    Descriptor, FileTimes, errno, is_fifo, open_file, read_at, read_options, uncached_ranges,
};
use crate::wire::Content;

#[derive(Debug)]
pub(crate) struct WatchedFile {
    file: Descriptor,
    /// For error messages.
    name: String,
    stamp: Stamp,
    has_true_size: bool,
    /// It was modified shortly before, so that a mapping may be written to unnoticed.
    is_recent: bool,
    /// The last page, if it was not in the page cache before its size was compared.
    probed: Option<Range<u64>>,
}

/// The state of a file at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    identity: Identity,
    /// When content, name, links or permissions changed last.
    changed: (i64, i64),
}

/// What must be the same for the content of a file to be that of an earlier time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) size: u64,
    /// Seconds and nanoseconds.
    pub(crate) modified: (i64, i64),
}

/// Reads a file from an offset to its end, whatever its size is said to be.
#[derive(Debug)]
pub(crate) struct FileReader {
    file: WatchedFile,
    start: u64,
    /// How many bytes there must be; `None` if any number.
    length: Option<u64>,
    done: u64,
}

impl WatchedFile {
    /// Opens a regular file. A FIFO is refused at once; opening one would wait for its writer.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = open_file(path, &read_options())
            .and_then(Descriptor::new)
            .map_err(|cause| Error::file(&name, &cause).with_argument("path"))?;
        Self::new(file, name).map_err(|error| error.with_argument("path"))
    }

    /// Watches an open regular file; the name is for error messages.
    pub(crate) fn new(file: Descriptor, name: String) -> Result<Self> {
        let metadata = file.metadata().map_err(|cause| Error::file(&name, &cause))?;
        let (what, errno) = match metadata.is_file() {
            true => {
                let stamp =
                    Stamp::of(&file, &metadata).map_err(|cause| Error::file(&name, &cause))?;
                let is_recent = is_recent(&metadata);
                let end = metadata.len();
                let last_byte = end.saturating_sub(1)..end;
                let probed = uncached_ranges(&file, last_byte, 1, || Ok::<_, Error>(()))?.pop();
                let watched = Self { file, name, stamp, has_true_size: true, is_recent, probed };
                return watched.with_probed_size();
            }
            false if metadata.is_dir() => ("a directory", errno::EISDIR),
            false => (special_file(&metadata), errno::EINVAL),
        };
        let error = Error::new(ErrorKind::File, format!("{name} is {what}"));
        Err(error.with_io(&io::Error::from_raw_os_error(errno)))
    }

    /// Compares the size with the content: for files of the kernel and of some FUSE file systems it
    /// is 0, or larger than the content.
    fn with_probed_size(mut self) -> Result<Self> {
        for _ in 0..PROBES {
            let size = self.stamp.identity.size;
            if self.ends_at(size)? {
                return Ok(self);
            }
            let now = self.stamp_now()?;
            if now.identity.size == size {
                return Ok(Self { has_true_size: false, ..self });
            }
            // Another process has appended or truncated since.
            self.stamp = now;
        }
        Ok(self)
    }

    fn ends_at(&self, size: u64) -> Result<bool> {
        let has_byte = |offset| self.read_some(offset, &mut [0]).map(|count| count > 0);
        let Some(last) = size.checked_sub(1) else { return has_byte(0).map(|is_there| !is_there) };
        // A failure is reported when the content is read.
        Ok(has_byte(last).unwrap_or(true) && !has_byte(size).unwrap_or(false))
    }

    /// False if the file can only be read as a stream: its content ends before or after its size.
    pub(crate) fn has_true_size(&self) -> bool {
        self.has_true_size
    }

    /// The error for a file that is to be read by position although its size is not true.
    pub(crate) fn size_error(&self) -> Error {
        let size = self.stamp.identity.size;
        let text = format!("the content of {} does not end at its size {size}", self.name);
        let error = Error::new(ErrorKind::File, format!("{text}; upload it as a stream"));
        error.with_io(&io::Error::from_raw_os_error(errno::EINVAL))
    }

    /// Returns a reader of that range; without a length, to the end of the content.
    pub(crate) fn into_reader(self, start: u64, length: Option<u64>) -> FileReader {
        FileReader { file: self, start, length, done: 0 }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The bytes at the end that were not in the page cache before the file was opened, but are now.
    pub(crate) fn probed(&self) -> Option<Range<u64>> {
        self.probed.clone()
    }

    pub(crate) fn as_file(&self) -> &File {
        &self.file
    }

    pub(crate) fn identity(&self) -> Identity {
        self.stamp.identity
    }

    /// An error of kind `Changed` if size or modification time are not those of the start.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let now = self.stamp_now()?.identity;
        let size = self.stamp.identity.size;
        if now == self.stamp.identity {
            return Ok(());
        }
        if now.size == size {
            return Err(self.modified());
        }
        let text = format!("had {size} bytes and has {}", now.size);
        Err(self.changed(&text))
    }

    /// An error of kind `Changed` if the file ends before `end`.
    pub(crate) fn check_reaches(&self, end: u64) -> Result<()> {
        let size = self.stamp_now()?.identity.size;
        if size >= end {
            return Ok(());
        }
        Err(self.changed(&format!("had at least {end} bytes and has {size}")))
    }

    /// True if only its content can show whether the file is as it was at the start: something was
    /// done to it since, or its modification time may be late.
    pub(crate) fn is_in_doubt(&self) -> Result<bool> {
        Ok(self.is_recent || self.stamp_now()? != self.stamp)
    }

    /// The error of a file whose bytes are not those that were sent.
    pub(crate) fn modified(&self) -> Error {
        self.changed("was modified")
    }

    fn changed(&self, what: &str) -> Error {
        let text = format!("{} {what} while it was being uploaded", self.name);
        Error::new(ErrorKind::Changed, text)
    }

    fn stamp_now(&self) -> Result<Stamp> {
        let stamp = self.file.metadata().and_then(|metadata| Stamp::of(&self.file, &metadata));
        stamp.map_err(|cause| Error::file(&self.name, &cause))
    }

    /// Reads by position; 0 is the end of the content.
    fn read_some(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match read_at(&self.file, buffer, offset) {
                Ok(count) => return Ok(count),
                Err(cause) if cause.kind() == Io::Interrupted => {}
                Err(cause) => return Err(read_error(&self.name, &cause)),
            }
        }
    }

    /// The error of a read before the end that found nothing.
    fn ended_at(&self, offset: u64) -> Error {
        let size = self.stamp.identity.size;
        let text = format!("{} ended after {offset} of its {size} bytes", self.name);
        let error = Error::new(ErrorKind::File, text);
        self.check_unchanged().err().unwrap_or(error)
    }
}

impl Content for WatchedFile {
    fn length(&self) -> u64 {
        self.stamp.identity.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        match self.read_some(offset, buffer)? {
            0 if !buffer.is_empty() => Err(self.ended_at(offset)),
            count => Ok(count),
        }
    }
}

impl FileReader {
    /// The error of a content that does not have the range.
    fn check_end(&self) -> Result<()> {
        let has_start =
            self.done > 0 || self.start == 0 || self.file.read_some(self.start - 1, &mut [0])? > 0;
        let missing = if !has_start {
            "offset"
        } else if self.length.is_some_and(|length| self.done < length) {
            "length"
        } else {
            return Ok(());
        };
        let rest = format!("{} bytes after the offset {}", self.done, self.start);
        Err(Error::invalid(missing, format!("{} has only {rest}", self.file.name)))
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let offset = self.start.saturating_add(self.done);
        let most = buffer.len().min(READ_MAX);
        let room = buffer.get_mut(..most).unwrap_or_default();
        let count = self.file.read_some(offset, room).map_err(io::Error::other)?;
        if count == 0 {
            self.check_end().map_err(io::Error::other)?;
        }
        self.done += count as u64;
        Ok(count)
    }
}

impl Stamp {
    fn of(file: &File, metadata: &Metadata) -> io::Result<Self> {
        let FileTimes { modified, changed } = FileTimes::of(file, metadata)?;
        Ok(Self { identity: Identity { size: metadata.len(), modified }, changed })
    }
}

/// A write to a mapping sets the modification time only if it is the first since the system has
/// written the page to the disk, which it does every half minute.
fn is_recent(metadata: &Metadata) -> bool {
    let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
    age.is_none_or(|age| age < RECENT)
}

const RECENT: Duration = Duration::from_secs(60);
/// How much is read at once of a file whose size is not true. Linux allocates as much for a file in
/// `/proc/sys`, and refuses 4 MiB.
const READ_MAX: usize = 1 << 20;
/// How often the size of a file is taken that changes meanwhile.
const PROBES: u32 = 4;

/// What a file is that cannot be read by position, and how to upload it.
fn special_file(metadata: &Metadata) -> &'static str {
    if is_fifo(metadata.file_type()) {
        return "a FIFO, not a regular file; open it and upload its descriptor (`ossmpu put - <FIFO`)";
    }
    "not a regular file; open it and upload its descriptor (`ossmpu put - <FILE`)"
}

fn read_error(name: &str, cause: &io::Error) -> Error {
    let error = Error::file(name, cause);
    match cause.raw_os_error() {
        Some(errno::EINVAL) => error.with_remedy(
            "if it was opened with O_DIRECT, open it without, because parts are not aligned",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn an_unaligned_read_points_to_o_direct() {
        let message = |errno| read_error("a.bin", &io::Error::from_raw_os_error(errno)).to_string();
        assert!(message(errno::EINVAL).contains("open it without"), "{}", message(errno::EINVAL));
        assert!(!message(errno::ENOSYS).contains("O_DIRECT"));
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let error = WatchedFile::open(directory.path()).unwrap_err();
        assert_eq!((error.kind(), error.os_errno()), (ErrorKind::File, Some(errno::EISDIR)));
        let missing = WatchedFile::open(&directory.path().join("none")).unwrap_err();
        assert_eq!((missing.kind(), missing.os_errno()), (ErrorKind::File, Some(errno::ENOENT)));
        assert_eq!(WatchedFile::open(Path::new("/dev/null")).unwrap_err().kind(), ErrorKind::File);
    }

    #[test]
    fn a_file_that_shrinks_or_is_written_to_has_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        std::fs::write(&path, [7; 100]).unwrap();
        let watched = WatchedFile::open(&path).unwrap();
        assert_eq!(watched.read_at(90, &mut [0; 20]).unwrap(), 10);
        assert_eq!(watched.read_at(100, &mut []).unwrap(), 0);
        watched.check_unchanged().unwrap();
        File::options().write(true).open(&path).unwrap().set_len(50).unwrap();
        let error = watched.check_unchanged().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Changed);
        assert!(error.to_string().contains("had 100 bytes and has 50"), "{error}");
        watched.check_reaches(50).unwrap();
        assert_eq!(watched.check_reaches(51).unwrap_err().kind(), ErrorKind::Changed);
        std::fs::write(&path, [7; 100]).unwrap();
        File::open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let error = watched.check_unchanged().unwrap_err();
        assert!(error.to_string().contains("was modified"), "{error}");
        std::fs::write(&path, [7; 50]).unwrap();
        assert_eq!(watched.read_at(60, &mut [0; 20]).unwrap_err().kind(), ErrorKind::Changed);
    }

    fn names(error: io::Error, argument: &str) -> bool {
        error.downcast::<Error>().unwrap().argument() == Some(argument)
    }

    #[test]
    fn a_reader_names_what_a_file_does_not_have() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |start, length| {
            let mut bytes = Vec::new();
            let mut reader = WatchedFile::open(file.path()).unwrap().into_reader(start, length);
            reader.read_to_end(&mut bytes).map(|_| bytes)
        };
        assert_eq!(read(0, None).unwrap(), b"");
        assert!(names(read(0, Some(1)).unwrap_err(), "length"));
        std::fs::write(file.path(), b"0123456789").unwrap();
        for length in [None, Some(6)] {
            assert_eq!(read(4, length).unwrap(), b"456789");
        }
        assert_eq!(read(10, None).unwrap(), b"");
        assert!(names(read(4, Some(7)).unwrap_err(), "length"));
        assert!(names(read(10, Some(1)).unwrap_err(), "length"));
        assert!(names(read(11, None).unwrap_err(), "offset"));
    }

    #[test]
    fn a_reader_that_has_found_its_start_never_names_the_offset() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [7; 100]).unwrap();
        let mut reader = WatchedFile::open(file.path()).unwrap().into_reader(50, Some(60));
        assert_eq!(reader.read(&mut [0; 100]).unwrap(), 50);
        file.as_file().set_len(10).unwrap();
        assert!(names(reader.read(&mut [0; 100]).unwrap_err(), "length"));
    }
}
