//! The error numbers of the system: those that the library compares with, and the names of all.

pub(crate) use libc::{
    EACCES, EADDRNOTAVAIL, EALREADY, EBADF, ECONNREFUSED, EEXIST, EHOSTUNREACH, EINPROGRESS, EINTR,
    EINVAL, EISCONN, EISDIR, EMFILE, ENETUNREACH, ENFILE, ENOBUFS, ENOENT, ENOMEM, ENOSYS,
    ENOTSOCK, EPERM, ETIMEDOUT, EWOULDBLOCK,
};

/// Lists the error numbers with their names.
macro_rules! texts {
    ($($name:ident $text:literal)*) => {
        &[$((libc::$name, stringify!($name), $text)),*]
    };
}

/// The errors with their names, and texts in English.
pub(crate) const TEXTS: &[(i32, &str, &str)] = texts! {
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
