//! The status of a call: the numbers, their words, and the map from the kinds of the Rust error.

use std::ffi::{CStr, c_char, c_int};

use crate::ErrorKind;

/// Success.
pub const OSSMPU_OK: c_int = 0;
/// The iterator has no more entries. Not an error.
pub const OSSMPU_DONE: c_int = 1;
/// The object is stored, but the upload callback of OSS failed (HTTP status
/// 203). Result and error are both filled. Do not send the object again.
pub const OSSMPU_STORED_CALLBACK_FAILED: c_int = 2;
/// The value asked for is not known. Not an error.
pub const OSSMPU_ABSENT: c_int = 3;
/// A bad argument, option or combination: OSSMPU_ERROR_ARGUMENT names it.
pub const OSSMPU_EINVAL: c_int = -1;
/// No room for part buffers, or no thread could be started.
pub const OSSMPU_ENOMEM: c_int = -2;
/// No source gave usable credentials.
pub const OSSMPU_ECREDENTIALS: c_int = -3;
/// A local file: OSSMPU_ERROR_OS_ERRNO says more.
pub const OSSMPU_EFILE: c_int = -4;
/// The source changed while it was being read.
pub const OSSMPU_ECHANGED: c_int = -5;
/// Another process is at the same upload.
pub const OSSMPU_EBUSY: c_int = -6;
/// A callback of yours asked to stop: OSSMPU_ERROR_CALLBACK_VALUE is what it
/// returned.
pub const OSSMPU_ESTOPPED: c_int = -7;
/// The cancel token was triggered.
pub const OSSMPU_ECANCELED: c_int = -8;
/// The host name could not be looked up.
pub const OSSMPU_ERESOLVE: c_int = -9;
/// No connection could be made.
pub const OSSMPU_ECONNECT: c_int = -10;
/// The TLS handshake failed.
pub const OSSMPU_ETLS: c_int = -11;
/// A limit of time has passed: OSSMPU_ERROR_PHASE says of what.
pub const OSSMPU_ETIMEOUT: c_int = -12;
/// The connection was lost after it was made.
pub const OSSMPU_ENETWORK: c_int = -13;
/// The answer was not what OSS should send.
pub const OSSMPU_EPROTOCOL: c_int = -14;
/// A CRC-64 or an MD5 does not match.
pub const OSSMPU_EINTEGRITY: c_int = -15;
/// OSS refused: OSSMPU_ERROR_OSS_CODE says why.
pub const OSSMPU_ESERVICE: c_int = -16;
/// The request that makes the object was sent, and its outcome could not be
/// learned: look for the object before you send it again.
pub const OSSMPU_EUNKNOWN: c_int = -17;
/// The handle is completed, aborted, failed or busy.
pub const OSSMPU_ESTATE: c_int = -18;
/// The handle belongs to the parent of this forked process.
pub const OSSMPU_EFORKED: c_int = -19;
/// The loaded library or this machine lacks it.
pub const OSSMPU_EUNSUPPORTED: c_int = -20;
/// A bug in the library; please report it.
pub const OSSMPU_EINTERNAL: c_int = -21;

/// Gives one sentence for a status, also for one that this library does not
/// know. The text is static. What happened in a particular call is said by
/// ossmpu_error_message.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_strerror(status: c_int) -> *const c_char {
    words(status).as_ptr()
}

/// The status of a call that failed. There is no other arm: a new kind needs a new status.
pub(super) fn of(kind: ErrorKind) -> c_int {
    match kind {
        ErrorKind::Invalid => OSSMPU_EINVAL,
        ErrorKind::Memory => OSSMPU_ENOMEM,
        ErrorKind::Credentials => OSSMPU_ECREDENTIALS,
        ErrorKind::File => OSSMPU_EFILE,
        ErrorKind::Changed => OSSMPU_ECHANGED,
        ErrorKind::Busy => OSSMPU_EBUSY,
        ErrorKind::Callback => OSSMPU_ESTOPPED,
        ErrorKind::Canceled => OSSMPU_ECANCELED,
        ErrorKind::Resolve => OSSMPU_ERESOLVE,
        ErrorKind::Connect => OSSMPU_ECONNECT,
        ErrorKind::Tls => OSSMPU_ETLS,
        ErrorKind::Timeout => OSSMPU_ETIMEOUT,
        ErrorKind::Network => OSSMPU_ENETWORK,
        ErrorKind::Protocol => OSSMPU_EPROTOCOL,
        ErrorKind::Integrity => OSSMPU_EINTEGRITY,
        ErrorKind::Service => OSSMPU_ESERVICE,
        ErrorKind::Indeterminate => OSSMPU_EUNKNOWN,
        ErrorKind::State => OSSMPU_ESTATE,
        ErrorKind::Forked => OSSMPU_EFORKED,
        ErrorKind::Unsupported => OSSMPU_EUNSUPPORTED,
        ErrorKind::Internal => OSSMPU_EINTERNAL,
    }
}

fn words(status: c_int) -> &'static CStr {
    match status {
        OSSMPU_OK => c"success",
        OSSMPU_DONE => c"no more entries",
        OSSMPU_STORED_CALLBACK_FAILED => c"the object is stored, but its upload callback failed",
        OSSMPU_ABSENT => c"the value is not known",
        OSSMPU_EINVAL => c"bad argument, option or combination",
        OSSMPU_ENOMEM => c"no room for part buffers or threads",
        OSSMPU_ECREDENTIALS => c"no usable credentials",
        OSSMPU_EFILE => c"local file error",
        OSSMPU_ECHANGED => c"the source changed while it was being read",
        OSSMPU_EBUSY => c"another process is at the same upload",
        OSSMPU_ESTOPPED => c"stopped by a callback",
        OSSMPU_ECANCELED => c"canceled",
        OSSMPU_ERESOLVE => c"the host name could not be looked up",
        OSSMPU_ECONNECT => c"no connection could be made",
        OSSMPU_ETLS => c"the TLS handshake failed",
        OSSMPU_ETIMEOUT => c"a limit of time has passed",
        OSSMPU_ENETWORK => c"the connection was lost",
        OSSMPU_EPROTOCOL => c"the answer was not what OSS should send",
        OSSMPU_EINTEGRITY => c"a check sum does not match",
        OSSMPU_ESERVICE => c"OSS refused the request",
        OSSMPU_EUNKNOWN => c"it could not be learned whether the object was made",
        OSSMPU_ESTATE => c"the handle is completed, aborted, failed or busy",
        OSSMPU_EFORKED => c"the handle belongs to the parent of this forked process",
        OSSMPU_EUNSUPPORTED => c"the library or the machine lacks it",
        OSSMPU_EINTERNAL => c"a bug in the library; please report it",
        _ => c"unknown status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_status_has_its_own_words() {
        let known: HashSet<_> = (OSSMPU_EINTERNAL..=OSSMPU_ABSENT).map(words).collect();
        assert_eq!(known.len(), 25);
        for unknown in [OSSMPU_ABSENT + 1, OSSMPU_EINTERNAL - 1, c_int::MIN, c_int::MAX] {
            assert!(!known.contains(words(unknown)));
        }
    }
}
