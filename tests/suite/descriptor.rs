//! What a call takes for an open file: its descriptor, or its handle on Windows.

#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd as Borrowed};
#[cfg(windows)]
use std::os::windows::io::{AsHandle, BorrowedHandle as Borrowed};

pub trait AsDescriptor {
    fn as_descriptor(&self) -> Borrowed<'_>;
}

#[cfg(unix)]
impl<T: AsFd> AsDescriptor for T {
    fn as_descriptor(&self) -> Borrowed<'_> {
        self.as_fd()
    }
}

#[cfg(windows)]
impl<T: AsHandle> AsDescriptor for T {
    fn as_descriptor(&self) -> Borrowed<'_> {
        self.as_handle()
    }
}
