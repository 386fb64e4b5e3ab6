//! Calls for sockets that `socket2` does not have.

use std::os::fd::RawFd;

/// Lets connections to different servers share a local port after `bind`, as without it.
pub(crate) fn choose_port_on_connect(socket: RawFd) {
    let (on, length) = (1, size_of::<libc::c_int>() as libc::socklen_t);
    let level = libc::IPPROTO_IP;
    let option = libc::IP_BIND_ADDRESS_NO_PORT;
    // SAFETY: the kernel reads one `c_int` from `on`. If it fails, each connection has its port.
    unsafe { libc::setsockopt(socket, level, option, (&raw const on).cast(), length) };
}

/// Resets the connection for all descriptors of it, on Linux. Elsewhere, closing the last one does.
pub(crate) fn reset_connection(socket: RawFd) {
    let nowhere = libc::sockaddr { sa_family: libc::AF_UNSPEC as _, sa_data: [0; 14] };
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the address is as long as it says, and the kernel copies it. If it fails, closing
    // the last descriptor resets the connection.
    unsafe { libc::connect(socket, &raw const nowhere, length) };
}
