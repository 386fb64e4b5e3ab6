//! The error numbers of the system: those that the library compares with, under the names that other
//! systems have for them, and the names of the frequent ones.

use windows_sys::Win32::Foundation as files;
use windows_sys::Win32::Networking::WinSock as sockets;

pub(crate) const EBADF: i32 = files::ERROR_INVALID_HANDLE.cast_signed();
pub(crate) const EEXIST: i32 = files::ERROR_FILE_EXISTS.cast_signed();
pub(crate) const EINVAL: i32 = files::ERROR_INVALID_PARAMETER.cast_signed();
pub(crate) const EISDIR: i32 = files::ERROR_DIRECTORY_NOT_SUPPORTED.cast_signed();
pub(crate) const ENFILE: i32 = files::ERROR_TOO_MANY_OPEN_FILES.cast_signed();
pub(crate) const ENOENT: i32 = files::ERROR_FILE_NOT_FOUND.cast_signed();
pub(crate) const ENOMEM: i32 = files::ERROR_NOT_ENOUGH_MEMORY.cast_signed();
pub(crate) const ENOSYS: i32 = files::ERROR_CALL_NOT_IMPLEMENTED.cast_signed();
pub(crate) const EPERM: i32 = files::ERROR_ACCESS_DENIED.cast_signed();

pub(crate) const EACCES: i32 = sockets::WSAEACCES;
pub(crate) const EADDRNOTAVAIL: i32 = sockets::WSAEADDRNOTAVAIL;
pub(crate) const EALREADY: i32 = sockets::WSAEALREADY;
pub(crate) const ECONNREFUSED: i32 = sockets::WSAECONNREFUSED;
pub(crate) const EHOSTUNREACH: i32 = sockets::WSAEHOSTUNREACH;
pub(crate) const EINPROGRESS: i32 = sockets::WSAEINPROGRESS;
pub(crate) const EINTR: i32 = sockets::WSAEINTR;
pub(crate) const EISCONN: i32 = sockets::WSAEISCONN;
pub(crate) const EMFILE: i32 = sockets::WSAEMFILE;
pub(crate) const ENETUNREACH: i32 = sockets::WSAENETUNREACH;
pub(crate) const ENOBUFS: i32 = sockets::WSAENOBUFS;
pub(crate) const ENOTSOCK: i32 = sockets::WSAENOTSOCK;
pub(crate) const ETIMEDOUT: i32 = sockets::WSAETIMEDOUT;
pub(crate) const EWOULDBLOCK: i32 = sockets::WSAEWOULDBLOCK;

/// Lists the error numbers with their names.
macro_rules! texts {
    ($($module:ident::$name:ident $text:literal)*) => {
        &[$(($module::$name as i32, stringify!($name), $text)),*]
    };
}

/// The errors with their names, and texts in English.
pub(crate) const TEXTS: &[(i32, &str, &str)] = texts! {
    files::ERROR_INVALID_FUNCTION "operation not supported"
    files::ERROR_FILE_NOT_FOUND "no such file or directory"
    files::ERROR_PATH_NOT_FOUND "no such directory"
    files::ERROR_TOO_MANY_OPEN_FILES "too many open files"
    files::ERROR_ACCESS_DENIED "access denied"
    files::ERROR_INVALID_HANDLE "not an open handle"
    files::ERROR_NOT_ENOUGH_MEMORY "out of memory"
    files::ERROR_OUTOFMEMORY "out of memory"
    files::ERROR_NOT_SAME_DEVICE "not on the same file system"
    files::ERROR_WRITE_PROTECT "write-protected medium"
    files::ERROR_NOT_READY "the device is not ready"
    files::ERROR_CRC "data error of the device"
    files::ERROR_GEN_FAILURE "the device does not work"
    files::ERROR_SHARING_VIOLATION "used by another process"
    files::ERROR_LOCK_VIOLATION "a part is locked by another process"
    files::ERROR_HANDLE_EOF "end of file"
    files::ERROR_NOT_SUPPORTED "operation not supported"
    files::ERROR_BAD_NETPATH "network path not found"
    files::ERROR_NETNAME_DELETED "the network name is no longer available"
    files::ERROR_BAD_NET_NAME "network name not found"
    files::ERROR_FILE_EXISTS "file exists"
    files::ERROR_INVALID_PARAMETER "invalid argument"
    files::ERROR_BROKEN_PIPE "broken pipe"
    files::ERROR_DISK_FULL "no space left on the device"
    files::ERROR_CALL_NOT_IMPLEMENTED "system call not available"
    files::ERROR_SEM_TIMEOUT "timed out"
    files::ERROR_INVALID_NAME "invalid file name"
    files::ERROR_BAD_PATHNAME "invalid path"
    files::ERROR_BUSY "busy"
    files::ERROR_ALREADY_EXISTS "file exists"
    files::ERROR_BAD_EXE_FORMAT "not a program of this system"
    files::ERROR_FILENAME_EXCED_RANGE "file name too long"
    files::ERROR_NO_DATA "the pipe is being closed"
    files::ERROR_DIRECTORY "not a directory"
    files::ERROR_DELETE_PENDING "the file is being removed"
    files::ERROR_DIRECTORY_NOT_SUPPORTED "is a directory"
    files::ERROR_ELEVATION_REQUIRED "the program needs the rights of an administrator"
    files::ERROR_OPERATION_ABORTED "operation canceled"
    files::ERROR_NO_SYSTEM_RESOURCES "out of system resources"
    files::ERROR_COMMITMENT_LIMIT "out of memory"
    sockets::WSAEINTR "interrupted system call"
    sockets::WSAEBADF "not an open socket"
    sockets::WSAEACCES "permission denied"
    sockets::WSAEFAULT "bad address"
    sockets::WSAEINVAL "invalid argument"
    sockets::WSAEMFILE "too many open sockets"
    sockets::WSAEWOULDBLOCK "resource temporarily unavailable"
    sockets::WSAEINPROGRESS "operation in progress"
    sockets::WSAEALREADY "operation already in progress"
    sockets::WSAENOTSOCK "not a socket"
    sockets::WSAEMSGSIZE "message too long"
    sockets::WSAENOPROTOOPT "protocol option not available"
    sockets::WSAEPROTONOSUPPORT "protocol not supported"
    sockets::WSAEOPNOTSUPP "operation not supported"
    sockets::WSAEAFNOSUPPORT "address family not supported"
    sockets::WSAEADDRINUSE "address in use"
    sockets::WSAEADDRNOTAVAIL "address not available"
    sockets::WSAENETDOWN "network is down"
    sockets::WSAENETUNREACH "network unreachable"
    sockets::WSAENETRESET "connection reset by the network"
    sockets::WSAECONNABORTED "connection aborted"
    sockets::WSAECONNRESET "connection reset by the peer"
    sockets::WSAENOBUFS "no buffer space available"
    sockets::WSAEISCONN "already connected"
    sockets::WSAENOTCONN "not connected"
    sockets::WSAESHUTDOWN "connection is shut down"
    sockets::WSAETIMEDOUT "connection timed out"
    sockets::WSAECONNREFUSED "connection refused"
    sockets::WSAEHOSTDOWN "host is down"
    sockets::WSAEHOSTUNREACH "host unreachable"
    sockets::WSASYSNOTREADY "the network subsystem is not ready"
    sockets::WSAHOST_NOT_FOUND "the name is unknown"
    sockets::WSATRY_AGAIN "no name server responded"
    sockets::WSANO_RECOVERY "a name server reported a failure"
    sockets::WSANO_DATA "the name has no address"
};
