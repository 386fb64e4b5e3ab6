//! Handles that take one call at a time.

use std::sync::{RwLock, RwLockReadGuard, TryLockError};

use crate::{Error, ErrorKind, Result};

/// A value that one call at a time may change.
///
/// A call that finds the value in use, on another thread or further up its own stack in a callback,
/// fails with `State` instead of waiting. After a panic during a change all calls fail with
/// `Internal`.
#[derive(Debug, Default)]
pub(super) struct TryLocked<T>(RwLock<T>);

impl<T> TryLocked<T> {
    pub(super) fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    pub(super) fn read(&self) -> Result<RwLockReadGuard<'_, T>> {
        self.0.try_read().map_err(|cause| refusal(&cause))
    }

    pub(super) fn change<R>(&self, change: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        change(&mut *self.0.try_write().map_err(|cause| refusal(&cause))?)
    }
}

fn refusal<G>(cause: &TryLockError<G>) -> Error {
    match cause {
        TryLockError::WouldBlock => {
            Error::new(ErrorKind::State, "another call is using this handle")
        }
        TryLockError::Poisoned(_) => Error::internal("a panic interrupted a change of this handle"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_change_inside_a_change_is_refused() {
        let value = TryLocked::new(1);
        let inner = value.change(|outer| {
            *outer = 2;
            Ok((value.change(|_| Ok(())).unwrap_err(), value.read().unwrap_err()))
        });
        let (change, read) = inner.unwrap();
        assert_eq!((change.kind(), read.kind()), (ErrorKind::State, ErrorKind::State));
        assert_eq!(*value.read().unwrap(), 2);
    }

    #[test]
    fn readers_share_and_keep_writers_out() {
        let value = TryLocked::new(1);
        let first = value.read().unwrap();
        assert_eq!(*value.read().unwrap(), *first);
        assert_eq!(value.change(|_| Ok(())).unwrap_err().kind(), ErrorKind::State);
    }

    #[test]
    fn a_panic_during_a_change_poisons_the_handle() {
        let value = TryLocked::new(1);
        let panics = AssertUnwindSafe(|| value.change(|_| -> Result<()> { panic!("on purpose") }));
        assert!(catch_unwind(panics).is_err());
        assert_eq!(value.read().unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(value.change(|_| Ok(())).unwrap_err().kind(), ErrorKind::Internal);
    }
}
