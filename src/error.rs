//! The one error type: what failed, in which step, and what is left at OSS.
//!
//! A value is one pointer. Every field but the kind is optional, none holds a secret, and `Display`
//! is built from the fields, so text and fields cannot disagree.

mod context;
mod message;
mod names;
mod os_error;

use std::fmt;
use std::sync::Arc;

pub(crate) use message::one_line;
pub(crate) use os_error::io_text;

use crate::platform::errno;

/// The result of a fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. The C status codes use the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument, option or combination of them is invalid; [`Error::argument`] names it.
    Invalid,
    /// There is no memory, thread or file descriptor for the upload.
    Memory,
    /// No source gave usable credentials.
    Credentials,
    /// A local file cannot be used; [`Error::os_errno`] has the system's reason.
    File,
    /// The source changed while it was being read.
    Changed,
    /// Another upload of this file and object is using the checkpoint.
    Busy,
    /// A read callback canceled the call; [`Error::callback_value`] is what it returned.
    Callback,
    /// The cancel token was triggered, or the progress callback canceled the call; then
    /// [`Error::callback_value`] is what it returned.
    Canceled,
    /// The host name could not be resolved.
    Resolve,
    /// No connection could be established.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// A timeout or deadline passed; [`Error::phase`] says in which phase.
    Timeout,
    /// The connection was lost after it was established.
    Network,
    /// The response is not valid HTTP, or not what OSS documents.
    Protocol,
    /// A CRC-64 or MD5 does not match.
    Integrity,
    /// OSS refused the request; [`Error::oss_code`] says why.
    Service,
    /// CompleteMultipartUpload was sent and its outcome is unknown: the object may exist.
    Unknown,
    /// The handle is completed, aborted, failed or in use by another call.
    State,
    /// The handle belongs to the parent of this forked process.
    Forked,
    /// This version of the library or this machine does not support it.
    Unsupported,
    /// A bug in this library.
    Internal,
}

/// The phase of a request in which it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Resolving the host name.
    Resolve,
    /// Connecting to the host or a proxy.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Sending the request.
    Send,
    /// Waiting for the first byte of the response.
    Wait,
    /// Receiving the response.
    Receive,
}

/// Whether the object exists after a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ObjectExists {
    /// This call has created no object and never will.
    #[default]
    No,
    /// This call has created the object.
    Yes,
    /// It cannot be known: an attempt may have taken effect, or may still do so.
    Unknown,
}

/// Why a call failed, and what it left at OSS.
///
/// `Display` gives one line for a log, without secrets.
/// [`source`](std::error::Error::source) gives the cause: a [`std::io::Error`], another `Error`, or
/// an error that has only a text. An accessor returns `None` when the value is not known or does
/// not apply.
#[derive(Clone)]
pub struct Error(Box<Fields>);

#[derive(Debug, Clone)]
struct Fields {
    kind: ErrorKind,
    text: String,
    operation: Option<&'static str>,
    phase: Option<Phase>,
    host: Option<String>,
    oss_code: Option<String>,
    oss_message: Option<String>,
    ec: Option<String>,
    request_id: Option<String>,
    upload_id: Option<String>,
    argument: Option<String>,
    cause: Option<Cause>,
    http_status: Option<u16>,
    part_number: Option<u16>,
    os_errno: Option<i32>,
    attempts: u32,
    bytes_sent: u64,
    throttled_ms: u64,
    retryable: bool,
    callback_value: Option<i64>,
    parts_left: bool,
    object_exists: ObjectExists,
    upload_may_exist: bool,
    upload_aborted: bool,
    is_delete_marker: bool,
    is_permanent: bool,
}

/// The error of a lower layer, and its text, which [`Error::cause`] lends out.
#[derive(Clone)]
struct Cause {
    text: String,
    error: Arc<dyn std::error::Error + Send + Sync>,
}

impl Error {
    /// Creates an error of a kind, with the sentence that says what happened.
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self(Box::new(Fields {
            kind,
            text: text.into(),
            operation: None,
            phase: None,
            host: None,
            oss_code: None,
            oss_message: None,
            ec: None,
            request_id: None,
            upload_id: None,
            argument: None,
            cause: None,
            http_status: None,
            part_number: None,
            os_errno: None,
            attempts: 0,
            bytes_sent: 0,
            throttled_ms: 0,
            retryable: false,
            callback_value: None,
            parts_left: false,
            object_exists: ObjectExists::No,
            upload_may_exist: false,
            upload_aborted: false,
            is_delete_marker: false,
            is_permanent: false,
        }))
    }

    /// Creates an error of kind `Invalid` that names the argument.
    pub(crate) fn invalid(argument: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, text).with_argument(argument)
    }

    /// Creates an error of kind `Internal`; the text says which invariant is broken.
    pub(crate) fn internal(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, text)
    }

    /// Creates an error of kind `File` from the system's error.
    pub(crate) fn file(what: impl fmt::Display, cause: &std::io::Error) -> Self {
        Self::new(ErrorKind::File, format!("{what}: {}", io_text(cause))).with_io(cause)
    }

    /// Creates an error of kind `Memory` for an event that cannot be created.
    pub(crate) fn no_descriptor(cause: &std::io::Error) -> Self {
        let text = match cause.raw_os_error() {
            Some(errno::EBADF) => return Self::wait_failed(errno::EBADF),
            Some(errno::EMFILE) => {
                "no file descriptor is left in this process; raise its limit of open files, or \
                 use fewer threads"
            }
            Some(errno::ENFILE) => "no file descriptor is left on this system",
            Some(errno::EPERM | errno::EACCES | errno::ENOSYS) => {
                "an event cannot be created; a sandbox of this process forbids it"
            }
            _ => "an event cannot be created",
        };
        Self::new(ErrorKind::Memory, text).with_io(cause).with_cause_in_text()
    }

    /// Creates the error of a descriptor that cannot be used or waited for.
    pub(crate) fn wait_failed(errno: i32) -> Self {
        let error = match errno {
            errno::EBADF | errno::ENOTSOCK => {
                Self::new(ErrorKind::File, "the program has closed a descriptor of the library")
            }
            _ => Self::new(ErrorKind::Unsupported, "the system refuses poll, which waits need"),
        };
        error.with_io(&std::io::Error::from_raw_os_error(errno))
    }

    /// Creates an error of kind `Canceled`.
    pub(crate) fn canceled() -> Self {
        Self::new(ErrorKind::Canceled, "canceled")
    }

    pub(crate) fn deadline_passed() -> Self {
        Self::new(ErrorKind::Timeout, "the deadline of the call has passed")
    }

    /// Why the call failed.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The OSS operation that failed, such as `UploadPart`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The phase in which the request failed.
    pub fn phase(&self) -> Option<Phase> {
        self.0.phase
    }

    /// The host that the request was sent to, with its port if that was given.
    pub fn host(&self) -> Option<&str> {
        self.0.host.as_deref()
    }

    /// The error code of OSS, such as `NoSuchUpload`.
    pub fn oss_code(&self) -> Option<&str> {
        self.0.oss_code.as_deref()
    }

    /// The error message of OSS.
    pub fn oss_message(&self) -> Option<&str> {
        self.0.oss_message.as_deref()
    }

    /// The detailed error code of OSS, `x-oss-ec`.
    pub fn ec(&self) -> Option<&str> {
        self.0.ec.as_deref()
    }

    /// The request ID, `x-oss-request-id`, which Alibaba Cloud support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The ID of the upload that the call used or initiated.
    pub fn upload_id(&self) -> Option<&str> {
        self.0.upload_id.as_deref()
    }

    /// The argument, option or setting that is invalid.
    pub fn argument(&self) -> Option<&str> {
        self.0.argument.as_deref()
    }

    /// The text of the cause that [`source`](std::error::Error::source) gives.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_ref().map(|cause| cause.text.as_str())
    }

    /// The HTTP status of the response.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The number of the part that failed, 1 to 10,000.
    pub fn part_number(&self) -> Option<u16> {
        self.0.part_number
    }

    /// The `errno` of the system call that failed.
    pub fn os_errno(&self) -> Option<i32> {
        self.0.os_errno
    }

    /// The attempts that were made, retries included; 0 if the error is not of a request.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How many bytes of its body the last attempt sent.
    pub fn bytes_sent(&self) -> u64 {
        self.0.bytes_sent
    }

    /// True if the same call may succeed later. Of `Busy` and `Timeout` it always may.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable || matches!(self.0.kind, ErrorKind::Busy | ErrorKind::Timeout)
    }

    /// The value that a callback returned to cancel the call.
    pub fn callback_value(&self) -> Option<i64> {
        self.0.callback_value
    }

    /// The milliseconds for which OSS delayed the requests of the call because of its bandwidth
    /// limits (`x-oss-qos-delay-time`). Delays of concurrent requests add up.
    pub fn throttled_ms(&self) -> u64 {
        self.0.throttled_ms
    }

    /// True if parts may be left under [`Error::upload_id`]; OSS bills them until the upload is
    /// aborted.
    pub fn parts_left(&self) -> bool {
        self.0.parts_left
    }

    /// Whether this call created the object although it failed.
    pub fn object_exists(&self) -> ObjectExists {
        self.0.object_exists
    }

    /// True if the response to InitiateMultipartUpload was lost: an orphaned upload, whose ID is
    /// not known, may exist.
    pub fn upload_may_exist(&self) -> bool {
        self.0.upload_may_exist
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Some(cause) => Some(&*cause.error),
            None => None,
        }
    }
}

/// Returns the `Error` inside the [`std::io::Error`] of a [`Writer`](crate::Writer) or a reader;
/// makes any other one an error of kind `File`.
impl From<std::io::Error> for Error {
    fn from(cause: std::io::Error) -> Self {
        cause.downcast().unwrap_or_else(|cause| Self::file("I/O error", &cause))
    }
}

/// Puts the error inside a [`std::io::Error`], from which [`Error::from`] returns it.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}

/// Shows the text alone: the error of another crate may show more of a request in its `Debug`.
impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_the_program_closes_is_a_file_error() {
        for (errno, kind) in [(errno::EBADF, ErrorKind::File), (errno::EMFILE, ErrorKind::Memory)] {
            let error = Error::no_descriptor(&std::io::Error::from_raw_os_error(errno));
            assert_eq!((error.kind(), error.os_errno()), (kind, Some(errno)));
        }
    }

    #[test]
    fn a_value_is_one_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn the_source_is_the_error_of_the_lower_layer() {
        let io = std::io::Error::from_raw_os_error(errno::ENOENT);
        let error = Error::file("a.txt", &io);
        let source = std::error::Error::source(&error).unwrap();
        let source = source.downcast_ref::<std::io::Error>().unwrap();
        assert_eq!(source.raw_os_error(), Some(errno::ENOENT));
        assert_eq!(error.os_errno(), Some(errno::ENOENT));
        assert_eq!(error.cause().unwrap(), io_text(&io));

        let error = error.into_unknown();
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.downcast_ref::<Error>().unwrap().kind(), ErrorKind::File);
        let error = Error::canceled().with_cause("words");
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "words");
        assert!(std::error::Error::source(&Error::canceled()).is_none());
    }

    #[test]
    fn an_io_error_gives_the_error_inside_back() {
        let inside = std::io::Error::from(Error::canceled());
        assert_eq!(Error::from(inside).kind(), ErrorKind::Canceled);
        let error = Error::from(std::io::Error::from_raw_os_error(errno::EINVAL));
        assert_eq!((error.kind(), error.os_errno()), (ErrorKind::File, Some(errno::EINVAL)));
    }

    #[test]
    fn an_empty_text_and_a_zero_are_nothing() {
        let error = Error::canceled()
            .with_host("")
            .with_service("", "", "")
            .with_request_id("")
            .with_upload_id("")
            .with_argument("")
            .with_cause("")
            .with_part(0);
        let texts = [error.host(), error.oss_code(), error.oss_message(), error.ec()];
        assert_eq!(texts, [None; 4]);
        let texts = [error.request_id(), error.upload_id(), error.argument(), error.cause()];
        assert_eq!(texts, [None; 4]);
        assert_eq!((error.part_number(), error.http_status()), (None, None));
        assert_eq!((error.os_errno(), error.callback_value()), (None, None));
        assert!(std::error::Error::source(&error).is_none());
    }
}
