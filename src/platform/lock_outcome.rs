/// The outcome of an attempt to lock a file.
pub(super) enum LockOutcome {
    Locked,
    /// Another process, or another part of this one, has the lock.
    Held,
    /// Only a forked child of an owner that has ended still has the file. This process alone knows
    /// that until it closes the file.
    #[cfg_attr(windows, expect(dead_code, reason = "a child never has the lock of its parent"))]
    Inherited,
}
