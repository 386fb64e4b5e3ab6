//! The words for kinds, phases and object states, for logs and for programs that parse them. They
//! are lower case and never change.

use super::{ErrorKind, ObjectExists, Phase};

impl ErrorKind {
    /// The kind in lower case, such as `invalid` or `service`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Memory => "memory",
            Self::Credentials => "credentials",
            Self::File => "file",
            Self::Changed => "changed",
            Self::Busy => "busy",
            Self::Callback => "callback",
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
    /// The phase in lower case, such as `resolve`; the C interface uses the same words.
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
    /// `no`, `yes` or `unknown`.
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
