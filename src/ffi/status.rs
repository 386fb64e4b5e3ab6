//! The status of a call: the numbers, their descriptions, and the mapping from error kinds.

use std::ffi::{CStr, c_char, c_int};

use crate::ErrorKind;

/// Success.
pub const OSSMPU_OK: c_int = 0;
/// The iterator has no more entries. Not an error.
pub const OSSMPU_DONE: c_int = 1;
/// The object is stored, but its upload callback failed (HTTP status 203). Both
/// result and error are set. Do not upload the object again.
pub const OSSMPU_STORED_CALLBACK_FAILED: c_int = 2;
/// The value is unknown. Not an error.
pub const OSSMPU_ABSENT: c_int = 3;
/// An invalid argument, option or combination; OSSMPU_ERRINFO_ARGUMENT names
/// it.
pub const OSSMPU_EINVAL: c_int = -1;
/// No memory for part buffers, no thread can be started, or no file descriptor
/// is left.
pub const OSSMPU_ENOMEM: c_int = -2;
/// No usable credentials.
pub const OSSMPU_ECREDENTIALS: c_int = -3;
/// A local file or descriptor cannot be used; see OSSMPU_ERRINFO_OS_ERRNO.
pub const OSSMPU_EFILE: c_int = -4;
/// The source changed while it was being read.
pub const OSSMPU_ECHANGED: c_int = -5;
/// Another upload of this file and object is using the checkpoint. The message
/// names its lock file.
pub const OSSMPU_EBUSY: c_int = -6;
/// A read callback canceled the call; OSSMPU_ERRINFO_CALLBACK_VALUE is the
/// value it returned.
pub const OSSMPU_ECALLBACK: c_int = -7;
/// The cancel token was triggered, or the progress callback canceled the call;
/// then OSSMPU_ERRINFO_CALLBACK_VALUE is the value it returned.
pub const OSSMPU_ECANCELED: c_int = -8;
/// The host name cannot be resolved.
pub const OSSMPU_ERESOLVE: c_int = -9;
/// The connection cannot be established.
pub const OSSMPU_ECONNECT: c_int = -10;
/// The TLS handshake failed.
pub const OSSMPU_ETLS: c_int = -11;
/// Timed out; OSSMPU_ERRINFO_PHASE says in which phase.
pub const OSSMPU_ETIMEOUT: c_int = -12;
/// The connection was lost.
pub const OSSMPU_ENETWORK: c_int = -13;
/// The response is not what OSS sends.
pub const OSSMPU_EPROTOCOL: c_int = -14;
/// An integrity check failed: a CRC-64 or MD5 mismatch.
pub const OSSMPU_EINTEGRITY: c_int = -15;
/// OSS refused the request; OSSMPU_ERRINFO_OSS_CODE says why.
pub const OSSMPU_ESERVICE: c_int = -16;
/// Outcome unknown: CompleteMultipartUpload was sent and may have taken effect.
/// Check whether the object exists before you upload it again. An uncertain
/// PutObject keeps the status of its failure; OSSMPU_ERRINFO_OBJECT_EXISTS is
/// -1 then.
pub const OSSMPU_EUNKNOWN: c_int = -17;
/// The handle is completed, aborted, failed or in use.
pub const OSSMPU_ESTATE: c_int = -18;
/// The handle belongs to the parent process of this forked child.
pub const OSSMPU_EFORKED: c_int = -19;
/// Not supported by the loaded library or by this machine.
pub const OSSMPU_EUNSUPPORTED: c_int = -20;
/// A bug in the library; please report it.
pub const OSSMPU_EINTERNAL: c_int = -21;

/// Returns a short description of a status, also of an unknown one. The text is
/// static. ossmpu_error_message describes a particular failure.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_strerror(status: c_int) -> *const c_char {
    description(status).as_ptr()
}

/// Returns the status for an error kind. There is no wildcard arm: a new kind needs a status.
pub(super) fn from_kind(kind: ErrorKind) -> c_int {
    match kind {
        ErrorKind::Invalid => OSSMPU_EINVAL,
        ErrorKind::Memory => OSSMPU_ENOMEM,
        ErrorKind::Credentials => OSSMPU_ECREDENTIALS,
        ErrorKind::File => OSSMPU_EFILE,
        ErrorKind::Changed => OSSMPU_ECHANGED,
        ErrorKind::Busy => OSSMPU_EBUSY,
        ErrorKind::Callback => OSSMPU_ECALLBACK,
        ErrorKind::Canceled => OSSMPU_ECANCELED,
        ErrorKind::Resolve => OSSMPU_ERESOLVE,
        ErrorKind::Connect => OSSMPU_ECONNECT,
        ErrorKind::Tls => OSSMPU_ETLS,
        ErrorKind::Timeout => OSSMPU_ETIMEOUT,
        ErrorKind::Network => OSSMPU_ENETWORK,
        ErrorKind::Protocol => OSSMPU_EPROTOCOL,
        ErrorKind::Integrity => OSSMPU_EINTEGRITY,
        ErrorKind::Service => OSSMPU_ESERVICE,
        ErrorKind::Unknown => OSSMPU_EUNKNOWN,
        ErrorKind::State => OSSMPU_ESTATE,
        ErrorKind::Forked => OSSMPU_EFORKED,
        ErrorKind::Unsupported => OSSMPU_EUNSUPPORTED,
        ErrorKind::Internal => OSSMPU_EINTERNAL,
    }
}

fn description(status: c_int) -> &'static CStr {
    match status {
        OSSMPU_OK => c"success",
        OSSMPU_DONE => c"no more entries",
        OSSMPU_STORED_CALLBACK_FAILED => c"the object is stored, but its upload callback failed",
        OSSMPU_ABSENT => c"the value is unknown",
        OSSMPU_EINVAL => c"invalid argument, option or combination",
        OSSMPU_ENOMEM => c"no memory, thread or file descriptor for the upload",
        OSSMPU_ECREDENTIALS => c"no usable credentials",
        OSSMPU_EFILE => c"local file error",
        OSSMPU_ECHANGED => c"the source changed while it was being read",
        OSSMPU_EBUSY => c"another upload of this file and object is using the checkpoint",
        OSSMPU_ECALLBACK => c"canceled by a callback",
        OSSMPU_ECANCELED => c"canceled",
        OSSMPU_ERESOLVE => c"the host name cannot be resolved",
        OSSMPU_ECONNECT => c"the connection cannot be established",
        OSSMPU_ETLS => c"the TLS handshake failed",
        OSSMPU_ETIMEOUT => c"timed out",
        OSSMPU_ENETWORK => c"the connection was lost",
        OSSMPU_EPROTOCOL => c"the response is not what OSS sends",
        OSSMPU_EINTEGRITY => c"an integrity check failed",
        OSSMPU_ESERVICE => c"OSS refused the request",
        OSSMPU_EUNKNOWN => c"outcome unknown: the object may have been created",
        OSSMPU_ESTATE => c"the handle is completed, aborted, failed or in use",
        OSSMPU_EFORKED => c"the handle belongs to the parent process",
        OSSMPU_EUNSUPPORTED => c"not supported by the library or the machine",
        OSSMPU_EINTERNAL => c"a bug in the library; please report it",
        _ => c"unknown status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_status_has_its_own_description() {
        let known: HashSet<_> = (OSSMPU_EINTERNAL..=OSSMPU_ABSENT).map(description).collect();
        assert_eq!(known.len(), 25);
        for unknown in [OSSMPU_ABSENT + 1, OSSMPU_EINTERNAL - 1, c_int::MIN, c_int::MAX] {
            assert!(!known.contains(description(unknown)));
        }
    }
}
