//! Builders whose setters need no check after each call.

use super::try_lock::TryLocked;
use crate::{Error, Result};

/// Settings and the first error of a setter, which the call that uses the settings returns.
#[derive(Debug, Default)]
pub(super) struct Builder<T>(TryLocked<BuilderState<T>>);

#[derive(Debug, Default)]
struct BuilderState<T> {
    settings: T,
    first_error: Option<Error>,
}

impl<T> Builder<T> {
    pub(super) fn set(&self, set: impl FnOnce(&mut T) -> Result<()>) -> Result<()> {
        self.0.change(|state| {
            set(&mut state.settings).inspect_err(|error| {
                state.first_error.get_or_insert_with(|| error.clone());
            })
        })
    }

    /// Passes the settings to `read`, or returns the first error of a setter.
    pub(super) fn read<R>(&self, read: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        let state = self.0.read()?;
        match &state.first_error {
            Some(error) => Err(error.clone()),
            None => read(&state.settings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_is_kept() {
        let builder = Builder::<u32>::default();
        let assign = |number: u32| {
            builder.set(|value| {
                *value = number;
                Ok(())
            })
        };
        assign(1).unwrap();
        assert_eq!(builder.read(|value| Ok(*value)).unwrap(), 1);
        for name in ["first", "second"] {
            assert!(builder.set(|_| Err(Error::invalid(name, "bad"))).is_err());
        }
        assign(2).unwrap();
        assert_eq!(builder.read(|_| Ok(())).unwrap_err().argument(), Some("first"));
    }
}
