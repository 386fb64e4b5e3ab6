//! What every exported function does around its body: status, error object, panics.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use super::error::ossmpu_error;
use super::handle::{OutParam, required};
use super::panic_boundary::catch_panic;
use super::status::{
    OSSMPU_ABSENT, OSSMPU_DONE, OSSMPU_EINTERNAL, OSSMPU_OK, OSSMPU_STORED_CALLBACK_FAILED,
};
use crate::{Error, ErrorKind, ForkGuard, Result};

/// The status of a call that did not fail.
#[derive(Debug)]
pub(super) enum Success {
    Ok,
    /// The iterator has no more entries.
    Done,
    /// The value is unknown.
    Absent,
    /// The object is stored, but its upload callback failed.
    StoredCallbackFailed(Error),
}

/// Runs the body of a function that can fail; sets the error object and returns the status.
pub(super) fn guard(
    err: OutParam<'_, Option<Box<ossmpu_error>>>,
    body: impl FnOnce() -> Result<Success>,
) -> c_int {
    let process = ForkGuard::current();
    let outcome = catch_panic(|| match body().map_err(|error| in_process(process, error)) {
        Ok(Success::Ok) => (OSSMPU_OK, None),
        Ok(Success::Done) => (OSSMPU_DONE, None),
        Ok(Success::Absent) => (OSSMPU_ABSENT, None),
        Ok(Success::StoredCallbackFailed(error)) => {
            let status = OSSMPU_STORED_CALLBACK_FAILED;
            (status, Some(ossmpu_error::with_status(status, &error)))
        }
        Err(error) => {
            let object = ossmpu_error::new(&error);
            (object.status(), Some(object))
        }
    });
    let (status, error) = outcome.unwrap_or_else(|panic| {
        // If this panics too, there is a status without an error object.
        (OSSMPU_EINTERNAL, catch_panic(|| ossmpu_error::new(&panic)).ok())
    });
    if let Some(error) = error {
        err.set(error);
    }
    status
}

/// In a child that a callback has forked, every error is a consequence of that.
fn in_process(process: ForkGuard, error: Error) -> Error {
    if process.is_current() {
        return error;
    }
    let text = "a callback has forked, and the child has returned into the call";
    error.with_kind(ErrorKind::Forked).with_text(text)
}

/// Runs the body of a function that can fail and has no place for an error object.
pub(super) fn guard_status(body: impl FnOnce() -> Result<()>) -> c_int {
    guard(OutParam::discard(), || body().map(|()| Success::Ok))
}

/// Writes a number, if it is known, to the caller's place.
pub(super) fn write_number(
    out: Option<&mut MaybeUninit<u64>>,
    number: Option<u64>,
) -> Result<Success> {
    let out = required(out, "out")?;
    let Some(number) = number else { return Ok(Success::Absent) };
    out.write(number);
    Ok(Success::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::ffi::status::OSSMPU_EINVAL;

    fn run(body: impl FnOnce() -> Result<Success>) -> (c_int, Option<Box<ossmpu_error>>) {
        let mut place = MaybeUninit::uninit();
        let status = guard(OutParam::init(Some(&mut place)), body);
        // SAFETY: `init` has written it.
        (status, unsafe { place.assume_init() })
    }

    #[test]
    fn a_panic_becomes_an_internal_error_with_its_message() {
        let (status, object) = run(|| panic!("seven is {}", 7));
        assert_eq!(status, OSSMPU_EINTERNAL);
        let message = object.unwrap().message().to_owned();
        assert!(message.contains("please report"), "{message}");
        let (status, object) = run(|| std::panic::panic_any(3));
        assert_eq!((status, object.unwrap().status()), (OSSMPU_EINTERNAL, OSSMPU_EINTERNAL));
    }

    #[test]
    fn an_error_sets_the_error_object_and_success_leaves_null() {
        let (status, object) = run(|| Err(Error::invalid("key", "bad")));
        assert_eq!((status, object.unwrap().status()), (OSSMPU_EINVAL, OSSMPU_EINVAL));
        let (status, object) = run(|| Ok(Success::Ok));
        assert_eq!((status, object.is_none()), (OSSMPU_OK, true));
        let (status, object) = run(|| Ok(Success::Done));
        assert_eq!((status, object.is_none()), (OSSMPU_DONE, true));
    }

    #[test]
    fn a_stored_object_with_a_failed_callback_has_an_error_of_that_status() {
        let refused = Error::new(ErrorKind::Service, "refused");
        let (status, object) = run(|| Ok(Success::StoredCallbackFailed(refused)));
        assert_eq!(status, OSSMPU_STORED_CALLBACK_FAILED);
        assert_eq!(object.unwrap().status(), status);
    }

    #[test]
    fn a_number_needs_a_place() {
        assert_eq!(write_number(None, Some(1)).unwrap_err().argument(), Some("out"));
    }
}
