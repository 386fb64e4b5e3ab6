//! The panic boundary: nothing unwinds into C, and nothing is printed on the way.
//!
//! A panic is a bug. It becomes `OSSMPU_EINTERNAL`, never a value that could be a result.

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use super::error::{ErrorObject, ossmpu_error};
use super::ptr::Slot;
use super::status::{
    OSSMPU_ABSENT, OSSMPU_DONE, OSSMPU_EINTERNAL, OSSMPU_OK, OSSMPU_STORED_CALLBACK_FAILED,
};
use crate::{Error, Result};

/// What a call that succeeded tells its caller.
#[derive(Debug)]
pub(super) enum Success {
    Ok,
    /// An iterator has no more entries.
    Done,
    /// The value asked for is not known.
    Absent,
    /// The object is stored, but its callback failed.
    StoredCallbackFailed(Error),
}

/// Runs the body of a function that can fail; fills the error slot and gives the status.
pub(super) fn guard(
    err: Slot<'_, *mut ossmpu_error>,
    body: impl FnOnce() -> Result<Success>,
) -> c_int {
    let outcome = contained(|| match body() {
        Ok(Success::Ok) => (OSSMPU_OK, None),
        Ok(Success::Done) => (OSSMPU_DONE, None),
        Ok(Success::Absent) => (OSSMPU_ABSENT, None),
        Ok(Success::StoredCallbackFailed(error)) => {
            let status = OSSMPU_STORED_CALLBACK_FAILED;
            (status, Some(ErrorObject::with_status(status, &error)))
        }
        Err(error) => {
            let object = ErrorObject::new(&error);
            (object.status(), Some(object))
        }
    });
    let (status, error) = outcome.unwrap_or_else(|panic| {
        // Should even this panic, the status alone has to do.
        let object = contained(|| ErrorObject::new(&panic.into_error()));
        (OSSMPU_EINTERNAL, object.ok())
    });
    if let Some(error) = error {
        err.fill(error);
    }
    status
}

/// Runs the body of a function that can fail but has no error slot.
pub(super) fn guard_status(body: impl FnOnce() -> Result<()>) -> c_int {
    guard(Slot::unwanted(), || body().map(|()| Success::Ok))
}

/// Runs the body of a function that cannot fail; a panic gives the other value.
pub(super) fn guard_value<T>(after_panic: T, body: impl FnOnce() -> T) -> T {
    contained(body).unwrap_or(after_panic)
}

/// Runs the caller's code: should it panic, that is its business and its message.
pub(super) fn outside<T>(callback: impl FnOnce() -> T) -> T {
    let _entered = Entered::new(Place::Callback);
    callback()
}

/// A panic that was caught, in words.
#[derive(Debug)]
struct Caught(String);

impl Caught {
    fn new(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self(text.unwrap_or_default())
    }

    fn into_error(self) -> Error {
        Error::internal("the library panicked; please report this bug").with_cause(self.0)
    }
}

fn contained<T>(body: impl FnOnce() -> T) -> Result<T, Caught> {
    install_hook();
    let _entered = Entered::new(Place::Inside);
    // What is shared survives a panic by the rules of the Rust interface, and what was taken for
    // one thread alone is marked as broken by `Exclusive`.
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| Caught::new(&*payload))
}

/// Where this thread is, as far as the panic hook is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Inside,
    Callback,
}

thread_local! {
    static PLACE: Cell<Place> = const { Cell::new(Place::Outside) };
}

/// This thread is at a place until this is dropped.
struct Entered {
    before: Place,
}

impl Entered {
    fn new(place: Place) -> Self {
        Self { before: PLACE.replace(place) }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        PLACE.set(self.before);
    }
}

/// Makes the panics of this library silent and leaves all others to the hook of before.
fn install_hook() {
    // The hook cannot be changed meanwhile; the next call will do it.
    if HOOK.is_completed() || std::thread::panicking() {
        return;
    }
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !is_silent() {
                previous(panic);
            }
        }));
    });
}

fn is_silent() -> bool {
    match PLACE.get() {
        Place::Inside => true,
        Place::Callback => false,
        Place::Outside => {
            std::thread::current().name().is_some_and(|name| name.starts_with(WORKER_NAME))
        }
    }
}

static HOOK: Once = Once::new();

/// What the names of the library's threads begin with.
const WORKER_NAME: &str = "ossmpu";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::ffi::ptr;
    use crate::ffi::status::OSSMPU_EINVAL;

    fn run(body: impl FnOnce() -> Result<Success>) -> (c_int, Option<Box<ErrorObject>>) {
        let call = ();
        let mut place = std::ptr::dangling_mut();
        // SAFETY: the place is a local variable.
        let slot = unsafe { Slot::open(&raw mut place, &call) };
        let status = guard(slot, body);
        // SAFETY: the slot holds NULL or an object that `guard` has just made.
        (status, unsafe { ptr::take(place) })
    }

    #[test]
    fn a_panic_becomes_an_internal_error_with_its_words() {
        let (status, object) = run(|| panic!("seven is {}", 7));
        assert_eq!(status, OSSMPU_EINTERNAL);
        let message = object.unwrap().message().to_owned();
        assert!(message.contains("please report"), "{message}");
        let (status, object) = run(|| std::panic::panic_any(3));
        assert_eq!((status, object.unwrap().status()), (OSSMPU_EINTERNAL, OSSMPU_EINTERNAL));
    }

    #[test]
    fn an_error_fills_the_slot_and_success_empties_it() {
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
    fn panics_are_silent_inside_and_on_workers_but_not_in_callbacks() {
        assert!(!is_silent());
        let seen = guard_value((false, true), || (is_silent(), outside(is_silent)));
        assert_eq!(seen, (true, false));
        assert!(!is_silent());
        let worker = std::thread::Builder::new().name("ossmpu-3".to_owned());
        assert!(worker.spawn(is_silent).unwrap().join().unwrap());
        assert_eq!(guard_value(7, || panic!("told to")), 7);
        assert!(!is_silent(), "a panic leaves the place as well");
    }
}
