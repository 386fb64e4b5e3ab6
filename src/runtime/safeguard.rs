//! Marks the expressions that keep an outcome from being reported wrongly.
//!
//! Outside of unit tests `safeguard!(Name, expression)` is the expression. A unit test can switch
//! one off: it then has its default value, such as `false`. `simulation/safeguards.rs` checks that
//! the simulation notices each.

/// The value of an expression; the default of its type while a test has switched it off.
#[cfg(not(test))]
macro_rules! safeguard {
    ($name:ident, $value:expr) => {
        $value
    };
}

#[cfg(test)]
macro_rules! safeguard {
    ($name:ident, $value:expr) => {
        if $crate::runtime::Safeguard::$name.is_on() { $value } else { Default::default() }
    };
}

pub(crate) use safeguard;

/// What is marked.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Safeguard {
    /// Evidence of earlier attempts of a call is kept.
    EarlierAttempts,
    /// Evidence of earlier Completes of an upload is kept.
    EarlierCalls,
    /// Retried error responses prove nothing.
    RetriedRefusal,
    /// An error response that the effect of the request causes proves nothing.
    OwnEffect,
    /// Only a 404 of OSS itself says that an upload is gone.
    OwnDocument,
    /// HeadObject decides about Complete only after a fence.
    Fence,
    /// A retry of Abort that finds no upload does not prove that no Complete took effect.
    RetriedAbort,
    /// The object must have the CRC-64 of the parts, or their ETag.
    ObjectContent,
    /// The object must have the attributes that Initiate was asked for.
    ObjectAttributes,
    /// The object must not be older than the upload.
    ObjectTime,
    /// A retry must send the bytes of the first attempt.
    SameBytes,
    /// The checkpoint says that Complete is about to be sent.
    CompletionMark,
    /// Abort is sent again while parts are left.
    SecondAbort,
    /// An Initiate whose response was lost may have left an upload.
    OrphanedUpload,
    /// A copied part counts only if its ETag is the MD5 of the local bytes.
    CopiedBytes,
    /// Complete lists the parts of a delta upload.
    ListedParts,
}

#[cfg(test)]
impl Safeguard {
    pub(crate) const ALL: [Self; 16] = [
        Self::EarlierAttempts,
        Self::EarlierCalls,
        Self::RetriedRefusal,
        Self::OwnEffect,
        Self::OwnDocument,
        Self::Fence,
        Self::RetriedAbort,
        Self::ObjectContent,
        Self::ObjectAttributes,
        Self::ObjectTime,
        Self::SameBytes,
        Self::CompletionMark,
        Self::SecondAbort,
        Self::OrphanedUpload,
        Self::CopiedBytes,
        Self::ListedParts,
    ];

    pub(crate) fn is_on(self) -> bool {
        OFF.get() != Some(self)
    }

    /// Runs a function on this thread while the safeguard is off.
    pub(crate) fn without<T>(self, run: impl FnOnce() -> T) -> T {
        OFF.set(Some(self));
        let result = run();
        OFF.set(None);
        result
    }
}

#[cfg(test)]
thread_local! {
    static OFF: std::cell::Cell<Option<Safeguard>> = const { std::cell::Cell::new(None) };
}
