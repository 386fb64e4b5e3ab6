//! What one thread at a time may change, and what a panic in the middle of a change does to it.

use crate::{Error, Result};

/// A value that refuses further work once a change to it has panicked.
#[derive(Debug, Default)]
pub(super) struct Exclusive<T> {
    value: T,
    changing: bool,
}

impl<T> Exclusive<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value, changing: false }
    }

    pub(super) fn read(&self) -> Result<&T> {
        self.check_whole()?;
        Ok(&self.value)
    }

    pub(super) fn change<R>(&mut self, change: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        self.check_whole()?;
        self.changing = true;
        let outcome = change(&mut self.value);
        self.changing = false;
        outcome
    }

    fn check_whole(&self) -> Result<()> {
        if self.changing {
            return Err(Error::internal("the library panicked while it changed this handle"));
        }
        Ok(())
    }
}

/// A builder: its setters may be called unchecked, because it remembers their first failure.
#[derive(Debug, Default)]
pub(super) struct Builder<T> {
    settings: Exclusive<T>,
    failure: Option<Error>,
}

impl<T> Builder<T> {
    pub(super) fn set(&mut self, set: impl FnOnce(&mut T) -> Result<()>) -> Result<()> {
        self.settings.change(set).inspect_err(|error| {
            self.failure.get_or_insert_with(|| error.clone());
        })
    }

    /// What was set, or the first failure of a setter.
    pub(super) fn read(&self) -> Result<&T> {
        let settings = self.settings.read()?;
        match &self.failure {
            Some(error) => Err(error.clone()),
            None => Ok(settings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn the_first_failure_is_remembered() {
        let mut builder = Builder::<u32>::default();
        builder
            .set(|value| {
                *value = 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(builder.read().unwrap(), &1);
        for name in ["first", "second"] {
            assert!(builder.set(|_| Err(Error::invalid(name, "bad"))).is_err());
        }
        assert!(
            builder
                .set(|value| {
                    *value = 2;
                    Ok(())
                })
                .is_ok()
        );
        assert_eq!(builder.read().unwrap_err().argument(), Some("first"));
    }

    #[test]
    fn after_a_panic_nothing_works_any_more() {
        let mut builder = Builder::<u32>::default();
        let panics = AssertUnwindSafe(|| builder.set(|_| panic!("told to")));
        assert!(catch_unwind(panics).is_err());
        assert_eq!(builder.read().unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(builder.set(|_| Ok(())).unwrap_err().kind(), ErrorKind::Internal);
    }
}
