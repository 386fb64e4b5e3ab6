//! An event that `WSAPoll` can wait for: a datagram socket that is connected to itself.
//!
//! It needs one handle, no thread, and leaves no connection behind, as a pair of TCP sockets would.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::windows::io::AsRawSocket;

use super::RawDescriptor;

#[derive(Debug)]
pub(crate) struct Event(UdpSocket);

impl Event {
    pub(crate) fn new() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        // It receives nothing from other sockets then.
        socket.connect(socket.local_addr()?)?;
        socket.set_nonblocking(true)?;
        Ok(Self(socket))
    }

    /// Wakes the threads that poll the descriptor, now or later.
    pub(crate) fn set(&self) {
        // It fails only if the buffer is full, and then the event is already set.
        let _ = self.0.send(&[1]);
    }

    /// Resets the event.
    pub(crate) fn clear(&self) {
        while self.0.recv(&mut [0]).is_ok() {}
    }

    pub(crate) fn descriptor(&self) -> RawDescriptor {
        self.0.as_raw_socket()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::platform::{Interest, Polled, poll};

    #[test]
    fn it_is_ready_from_set_to_clear() {
        let event = Event::new().unwrap();
        let is_ready = || {
            let mut polled = [Polled::new(event.descriptor(), Interest::Read)];
            poll(&mut polled, Some(Duration::from_millis(20))).unwrap();
            polled[0].is_ready()
        };
        assert!(!is_ready());
        event.set();
        event.set();
        assert!(is_ready() && is_ready());
        event.clear();
        assert!(!is_ready());
    }
}
