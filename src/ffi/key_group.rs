//! The groups of keys. Their numbers are disjoint, so a key of one group is refused by the others.

use std::ffi::c_int;

use crate::{Error, ErrorKind};

/// A group of keys; each has 1000 numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyGroup {
    Config = 1,
    Option = 2,
    Result = 3,
    Object = 4,
    Errinfo = 5,
}

/// The type of a value. In each group texts are 0 to 99, numbers 100 to 199, unsigned 200 to 299.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueType {
    Text,
    Number,
    Unsigned,
}

impl KeyGroup {
    /// The error for a key that a setter or getter of this group and type does not know.
    pub(super) fn unknown(self, wanted: ValueType, key: c_int) -> Error {
        let expected = self.prefix();
        match (Self::of(key), ValueType::of(key)) {
            (Some(group), _) if group != self => {
                let text = format!("key {key} is an {}, not an {expected}", group.prefix());
                unsupported(text)
            }
            (Some(_), Some(found)) if found != wanted => {
                let (found, wanted) = (found.name(), wanted.name());
                Error::invalid("key", format!("the value of key {key} is {found}, not {wanted}"))
            }
            _ => unsupported(format!("this version of the library has no {expected} {key}")),
        }
    }

    fn of(key: c_int) -> Option<Self> {
        let groups = [Self::Config, Self::Option, Self::Result, Self::Object, Self::Errinfo];
        groups.into_iter().find(|group| key.div_euclid(KEYS_PER_GROUP) == *group as c_int)
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Config => "OSSMPU_CONFIG_*",
            Self::Option => "OSSMPU_OPTION_*",
            Self::Result => "OSSMPU_RESULT_*",
            Self::Object => "OSSMPU_OBJECT_*",
            Self::Errinfo => "OSSMPU_ERRINFO_*",
        }
    }
}

impl ValueType {
    fn of(key: c_int) -> Option<Self> {
        match key.rem_euclid(KEYS_PER_GROUP) / KEYS_PER_TYPE {
            0 => Some(Self::Text),
            1 => Some(Self::Number),
            2 => Some(Self::Unsigned),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Unsigned => "an unsigned number",
        }
    }
}

fn unsupported(text: String) -> Error {
    Error::new(ErrorKind::Unsupported, text).with_argument("key")
}

const KEYS_PER_GROUP: c_int = 1000;
const KEYS_PER_TYPE: c_int = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_group_is_unsupported_and_the_error_names_both_groups() {
        let error = KeyGroup::Config.unknown(ValueType::Number, 2104);
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Unsupported, Some("key")));
        let text = error.to_string();
        assert!(text.contains("2104 is an OSSMPU_OPTION_*, not an OSSMPU_CONFIG_*"), "{text}");
    }

    #[test]
    fn a_key_of_another_type_is_invalid_and_an_unknown_one_is_unsupported() {
        let kind = |key| KeyGroup::Option.unknown(ValueType::Text, key).kind();
        assert_eq!(kind(2100), ErrorKind::Invalid);
        for key in [2099, 2300, 0, -1, 6000, c_int::MIN, c_int::MAX] {
            assert_eq!(kind(key), ErrorKind::Unsupported, "{key}");
        }
    }
}
