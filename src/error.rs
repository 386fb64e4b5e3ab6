//! The one error type: what failed, in which step, and what is left behind.
//!
//! A value is one pointer. Every field but the kind is optional, nothing in it is secret, and the
//! line that `Display` prints is made from the fields, so text and fields cannot disagree.

mod context;
mod names;

use std::fmt;

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed; the C constants use the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A bad argument, option or combination; [`Error::argument`] names it.
    Invalid,
    /// No room for part buffers.
    Memory,
    /// No source gave usable credentials.
    Credentials,
    /// A local file; [`Error::os_errno`] says more.
    File,
    /// The source changed while it was being read.
    Changed,
    /// Another process uses the checkpoint.
    Busy,
    /// A callback of the caller's asked to stop.
    Stopped,
    /// The cancel token was triggered.
    Canceled,
    /// The host name could not be looked up.
    Resolve,
    /// No connection could be made.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// A limit of time has passed; [`Error::phase`] says of what.
    Timeout,
    /// The connection was lost after it was made.
    Network,
    /// The answer was not what OSS should send.
    Protocol,
    /// A CRC-64 or MD5 does not match.
    Integrity,
    /// OSS refused; [`Error::oss_code`] says why.
    Service,
    /// Complete was sent, and its outcome could not be learned.
    Unknown,
    /// The handle is already completed, aborted or failed, or busy.
    State,
    /// The handle belongs to the parent of this forked process.
    Forked,
    /// This library or this machine lacks it.
    Unsupported,
    /// A bug in this library.
    Internal,
}

/// The step of an exchange in which it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Looking up the host name.
    Resolve,
    /// Connecting, to a proxy or the host.
    Connect,
    /// Negotiating TLS.
    Tls,
    /// Sending the request.
    Send,
    /// Waiting for the first byte of the answer.
    Wait,
    /// Reading the answer.
    Receive,
}

/// What is known about an object after a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ObjectExists {
    /// This call did not make the object.
    #[default]
    No,
    /// This call made the object.
    Yes,
    /// It could not be learned.
    Unknown,
}

/// Why a call failed.
///
/// `Display` gives one loggable line without secrets.
#[derive(Clone)]
pub struct Error(Box<Fields>);

#[derive(Debug, Clone)]
struct Fields {
    kind: ErrorKind,
    text: String,
    operation: Option<&'static str>,
    phase: Option<Phase>,
    host: String,
    oss_code: String,
    oss_message: String,
    ec: String,
    request_id: String,
    upload_id: String,
    argument: String,
    cause: String,
    http_status: u16,
    part_number: u16,
    os_errno: i32,
    attempts: u32,
    bytes_sent: u64,
    retryable: bool,
    callback_value: i64,
    parts_left: bool,
    object_exists: ObjectExists,
    upload_may_exist: bool,
    is_delete_marker: bool,
}

impl Error {
    /// An error of a kind, with the sentence that says what happened.
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self(Box::new(Fields {
            kind,
            text: text.into(),
            operation: None,
            phase: None,
            host: String::new(),
            oss_code: String::new(),
            oss_message: String::new(),
            ec: String::new(),
            request_id: String::new(),
            upload_id: String::new(),
            argument: String::new(),
            cause: String::new(),
            http_status: 0,
            part_number: 0,
            os_errno: 0,
            attempts: 0,
            bytes_sent: 0,
            retryable: false,
            callback_value: 0,
            parts_left: false,
            object_exists: ObjectExists::No,
            upload_may_exist: false,
            is_delete_marker: false,
        }))
    }

    /// A bad argument, by its name.
    pub(crate) fn invalid(argument: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, text).with_argument(argument)
    }

    /// A broken invariant, in words.
    pub(crate) fn internal(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, text)
    }

    /// What the operating system said of a local file.
    pub(crate) fn file(what: impl fmt::Display, cause: &std::io::Error) -> Self {
        Self::new(ErrorKind::File, format!("{what}: {cause}")).with_io(cause)
    }

    /// A cancelled call.
    pub(crate) fn canceled() -> Self {
        Self::new(ErrorKind::Canceled, "canceled")
    }

    /// Why the call failed.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The name of the operation: `UploadPart` and so on.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The step in which the exchange failed.
    pub fn phase(&self) -> Option<Phase> {
        self.0.phase
    }

    /// The host that the request went to; empty if there was none.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// The code of the service, `NoSuchUpload` and so on; empty if it gave none.
    pub fn oss_code(&self) -> &str {
        &self.0.oss_code
    }

    /// The service's own sentence.
    pub fn oss_message(&self) -> &str {
        &self.0.oss_message
    }

    /// The service's fine-grained code, `x-oss-ec`.
    pub fn ec(&self) -> &str {
        &self.0.ec
    }

    /// `x-oss-request-id`, to be given to the vendor's support.
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// The upload to resume or abort; empty if none was made.
    pub fn upload_id(&self) -> &str {
        &self.0.upload_id
    }

    /// The name of the bad argument, option or header.
    pub fn argument(&self) -> &str {
        &self.0.argument
    }

    /// What the lower layers said.
    pub fn cause(&self) -> &str {
        &self.0.cause
    }

    /// The HTTP status; `None` if no response came.
    pub fn http_status(&self) -> Option<u16> {
        (self.0.http_status != 0).then_some(self.0.http_status)
    }

    /// The part it is about.
    pub fn part_number(&self) -> Option<u16> {
        (self.0.part_number != 0).then_some(self.0.part_number)
    }

    /// The `errno` of a failed system call; 0 if there was none.
    pub fn os_errno(&self) -> i32 {
        self.0.os_errno
    }

    /// Requests that were made, retries included.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Bytes of the body that the failed request had sent.
    pub fn bytes_sent(&self) -> u64 {
        self.0.bytes_sent
    }

    /// True if the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// What the caller's callback returned when it asked to stop.
    pub fn callback_value(&self) -> i64 {
        self.0.callback_value
    }

    /// True if parts may remain under [`Error::upload_id`], where they are billed.
    pub fn parts_left(&self) -> bool {
        self.0.parts_left
    }

    /// Whether this call made the object all the same.
    pub fn object_exists(&self) -> ObjectExists {
        self.0.object_exists
    }

    /// True if the answer to Initiate was lost, and with it the ID of an upload that may exist.
    pub fn upload_may_exist(&self) -> bool {
        self.0.upload_may_exist
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = &*self.0;
        if let Some(operation) = fields.operation {
            write!(f, "{operation}")?;
            if fields.part_number != 0 {
                write!(f, " part {}", fields.part_number)?;
            }
            f.write_str(": ")?;
        } else if fields.part_number != 0 {
            write!(f, "part {}: ", fields.part_number)?;
        }
        if !fields.argument.is_empty() {
            write!(f, "{}: ", one_line(&fields.argument))?;
        }
        f.write_str(&one_line(&fields.text))?;
        if fields.http_status != 0 {
            write!(f, "; status {}", fields.http_status)?;
        }
        for (name, value) in [
            ("code", &fields.oss_code),
            ("message", &fields.oss_message),
            ("ec", &fields.ec),
            ("request id", &fields.request_id),
            ("host", &fields.host),
        ] {
            if !value.is_empty() {
                write!(f, "; {name} {}", one_line(value))?;
            }
        }
        if fields.attempts > 1 {
            write!(f, "; after {} attempts", fields.attempts)?;
        }
        if !fields.upload_id.is_empty() {
            let left = if fields.parts_left { "parts are left in " } else { "" };
            write!(f, "; {left}upload {}", one_line(&fields.upload_id))?;
        }
        if fields.upload_may_exist {
            f.write_str("; an upload whose id was lost may exist")?;
        }
        match fields.object_exists {
            ObjectExists::No => Ok(()),
            ObjectExists::Yes => f.write_str("; the object exists"),
            ObjectExists::Unknown => f.write_str("; the object may exist"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn the_line_names_operation_part_cause_and_service() {
        let error = Error::new(ErrorKind::Service, "refused")
            .with_operation("UploadPart")
            .with_part(7)
            .with_status(403)
            .with_service("AccessDenied", "no\nway", "0003-00000001")
            .with_request_id("5C3D9175B6FC201293AD4890")
            .with_attempts(3);
        assert_eq!(
            error.to_string(),
            "UploadPart part 7: refused; status 403; code AccessDenied; message no way; \
             ec 0003-00000001; request id 5C3D9175B6FC201293AD4890; after 3 attempts"
        );
    }

    #[test]
    fn neither_a_header_of_the_caller_nor_a_word_of_the_service_makes_a_second_line() {
        let error = Error::invalid("x\r\ny", "the reply is a b\nc").with_cause("d\ne");
        assert_eq!(error.to_string(), "x  y: the reply is a b c");
    }

    #[test]
    fn what_is_left_behind_is_said() {
        let error = Error::canceled().with_upload_id("ABC").with_parts_left(true);
        assert_eq!(error.to_string(), "canceled; parts are left in upload ABC");
        let error = Error::canceled().with_upload_id("ABC");
        assert_eq!(error.to_string(), "canceled; upload ABC");
    }
}
