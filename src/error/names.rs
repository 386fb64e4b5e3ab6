//! The words for kinds, phases and what became of an object, for logs and for programs that read
//! what others print. They are lower case and never change.

use super::{ErrorKind, ObjectExists, Phase};

impl ErrorKind {
    /// The word for it, in lower case: `invalid`, `service` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Memory => "memory",
            Self::Credentials => "credentials",
            Self::File => "file",
            Self::Changed => "changed",
            Self::Busy => "busy",
            Self::Stopped => "stopped",
            Self::Canceled => "canceled",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Protocol => "protocol",
            Self::Integrity => "integrity",
            Self::Service => "service",
            Self::Unknown => "unknown",
            Self::State => "state",
            Self::Forked => "forked",
            Self::Unsupported => "unsupported",
            Self::Internal => "internal",
        }
    }
}

impl Phase {
    /// The word for it, as in the C interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Send => "send",
            Self::Wait => "wait",
            Self::Receive => "receive",
        }
    }
}

impl ObjectExists {
    /// The word for it: `no`, `yes` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_kind_is_its_name_in_lower_case() {
        for kind in [ErrorKind::Invalid, ErrorKind::Tls, ErrorKind::Canceled, ErrorKind::Internal] {
            assert_eq!(kind.as_str(), format!("{kind:?}").to_lowercase());
        }
    }
}
