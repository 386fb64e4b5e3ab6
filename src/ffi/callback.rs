//! What all callbacks have in common: the caller's own pointer, and its end.

use std::ffi::c_void;

use super::guard::outside;

/// Goes with a callback that outlives the call that set it. It is called
/// exactly once, on any thread, when the library will never call that callback
/// again; also when setting the callback failed. It is not called in a forked
/// child.
pub type ossmpu_drop_fn = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// The caller's pointer, which is given back to each callback and let go of once.
#[derive(Debug)]
pub(super) struct User {
    pointer: *mut c_void,
    drop: ossmpu_drop_fn,
    process: u32,
}

impl User {
    pub(super) fn new(pointer: *mut c_void, drop: ossmpu_drop_fn) -> Self {
        Self { pointer, drop, process: std::process::id() }
    }

    /// One that nobody has to be told of.
    pub(super) fn borrowed(pointer: *mut c_void) -> Self {
        Self::new(pointer, None)
    }

    pub(super) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // What the pointer leads to belongs to the parent of a forked process.
        if let Some(drop) = self.drop.filter(|_| self.process == std::process::id()) {
            // SAFETY: the contract of `ffi`: the function can be called with the pointer that came
            // with it, on any thread. Dropping happens once.
            outside(|| unsafe { drop(self.pointer) });
        }
    }
}

// SAFETY: the pointer is only handed back to functions of the caller's, who was told that they may
// run on any thread or, for those that run on the calling thread, gave it to every thread that uses
// the handle.
unsafe impl Send for User {}
// SAFETY: as for `Send`; the value itself never changes.
unsafe impl Sync for User {}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn count(user: *mut c_void) {
        // SAFETY: the test passes a pointer to a live number, which nobody else uses.
        unsafe { *user.cast::<u32>() += 1 };
    }

    #[test]
    fn a_pointer_is_let_go_of_exactly_once() {
        let mut count_of_drops = 0u32;
        let user = User::new((&raw mut count_of_drops).cast(), Some(count));
        let other = std::thread::spawn(move || drop(user));
        other.join().unwrap();
        assert_eq!(count_of_drops, 1);
    }

    #[test]
    fn a_forked_child_does_not_let_go() {
        let mut count_of_drops = 0u32;
        let mut user = User::new((&raw mut count_of_drops).cast(), Some(count));
        user.process = user.process.wrapping_add(1);
        drop(user);
        assert_eq!(count_of_drops, 0);
    }
}
