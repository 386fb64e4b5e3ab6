//! Parser for command lines of the form `--name value` and `--switch`.

use std::collections::HashMap;
use std::str::FromStr;

use crate::Result;

/// The flags given on the command line.
#[derive(Debug, Default)]
pub struct Flags(HashMap<String, String>);

impl Flags {
    /// Parses the command line. Flags in `valued` take a value, flags in `switches` do not.
    ///
    /// # Errors
    ///
    /// A flag is in neither list, or its value is missing.
    pub fn read(valued: &[&str], switches: &[&str]) -> Result<Self> {
        let mut flags = HashMap::new();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let name = argument.strip_prefix("--").unwrap_or_default();
            let value = if switches.contains(&name) {
                String::new()
            } else if valued.contains(&name) {
                arguments.next().ok_or_else(|| format!("--{name} needs a value"))?
            } else {
                return Err(
                    format!("unknown flag {argument}; known are {valued:?} {switches:?}").into()
                );
            };
            flags.insert(name.to_owned(), value);
        }
        Ok(Self(flags))
    }

    /// Returns whether a flag was given.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the value of a flag, if it was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns the value of a flag.
    ///
    /// # Errors
    ///
    /// The flag was not given.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.text(name).ok_or_else(|| format!("--{name} is required").into())
    }

    /// Returns the value of a flag as a number, or `default`.
    ///
    /// # Errors
    ///
    /// The value is not a number of this type.
    pub fn number<N: FromStr>(&self, name: &str, default: N) -> Result<N> {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse().map_err(|_| format!("--{name}: {text} is not a valid number").into())
    }
}
