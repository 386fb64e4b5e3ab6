//! English texts for the errors of the operating system.
//!
//! Those of the C library are in the language of the locale that the program has set, and in its
//! encoding.

use std::io;

use crate::platform::errno;

/// The text of an error; for one of the operating system, with the name of its `errno`.
pub(crate) fn io_text(cause: &io::Error) -> String {
    match cause.raw_os_error() {
        None => cause.to_string(),
        Some(errno) => match TEXTS.iter().find(|(known, ..)| *known == errno) {
            Some((_, name, text)) => format!("{text} ({name})"),
            None => format!("error {errno} of the operating system"),
        },
    }
}

/// Lists the error numbers with their names.
macro_rules! texts {
    ($($name:ident $text:literal)*) => {
        &[$((errno::$name, stringify!($name), $text)),*]
    };
}

const TEXTS: &[(i32, &str, &str)] = texts! {
    EPERM "operation not permitted"
    ENOENT "no such file or directory"
    ESRCH "no such process"
    EINTR "interrupted system call"
    EIO "input/output error"
    ENXIO "no such device or address"
    E2BIG "argument list too long"
    ENOEXEC "not an executable file"
    EBADF "bad file descriptor"
    ECHILD "no child process"
    EAGAIN "resource temporarily unavailable"
    ENOMEM "out of memory"
    EACCES "permission denied"
    EFAULT "bad address"
    EBUSY "device or resource busy"
    EEXIST "file exists"
    EXDEV "not on the same file system"
    ENODEV "no such device"
    ENOTDIR "not a directory"
    EISDIR "is a directory"
    EINVAL "invalid argument"
    ENFILE "too many open files in the system"
    EMFILE "too many open files in the process"
    ENOTTY "not supported by the device"
    ETXTBSY "executable file is in use"
    EFBIG "file too large"
    ENOSPC "no space left on the device"
    ESPIPE "not seekable"
    EROFS "read-only file system"
    EMLINK "too many links"
    EPIPE "broken pipe"
    EDEADLK "deadlock would occur"
    ENAMETOOLONG "file name too long"
    ENOLCK "no locks available"
    ENOSYS "system call not available"
    ENOTEMPTY "directory not empty"
    ELOOP "too many symbolic links"
    EOVERFLOW "value too large"
    EILSEQ "invalid byte sequence"
    ENOTSOCK "not a socket"
    EDESTADDRREQ "destination address required"
    EMSGSIZE "message too long"
    EPROTOTYPE "wrong protocol type"
    ENOPROTOOPT "protocol option not available"
    EPROTONOSUPPORT "protocol not supported"
    EPROTO "protocol error"
    EOPNOTSUPP "operation not supported"
    EPFNOSUPPORT "protocol family not supported"
    EAFNOSUPPORT "address family not supported"
    EADDRINUSE "address in use"
    EADDRNOTAVAIL "address not available"
    ENETDOWN "network is down"
    ENETUNREACH "network unreachable"
    ENETRESET "connection reset by the network"
    ECONNABORTED "connection aborted"
    ECONNRESET "connection reset by the peer"
    ENOBUFS "no buffer space available"
    EISCONN "already connected"
    ENOTCONN "not connected"
    ESHUTDOWN "connection is shut down"
    ETIMEDOUT "connection timed out"
    ECONNREFUSED "connection refused"
    EHOSTDOWN "host is down"
    EHOSTUNREACH "host unreachable"
    EALREADY "operation already in progress"
    EINPROGRESS "operation in progress"
    ESTALE "stale file handle"
    EDQUOT "disk quota exceeded"
    ECANCELED "operation canceled"
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_text_is_ours_and_has_the_name_of_the_errno() {
        let refused = io::Error::from_raw_os_error(libc::ECONNREFUSED);
        assert_eq!(io_text(&refused), "connection refused (ECONNREFUSED)");
        let unknown = io::Error::from_raw_os_error(9999);
        assert_eq!(io_text(&unknown), "error 9999 of the operating system");
        assert_eq!(io_text(&io::Error::other("words")), "words");
    }

    #[test]
    fn each_errno_is_listed_once() {
        let numbers: HashSet<i32> = TEXTS.iter().map(|(errno, ..)| *errno).collect();
        assert_eq!(numbers.len(), TEXTS.len());
    }
}
