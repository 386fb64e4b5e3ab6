//! Command lines of the form `--name value` and `--switch`.

use std::collections::HashMap;
use std::str::FromStr;

use crate::Result;

/// The flags of one program.
#[derive(Debug, Default)]
pub struct Flags(HashMap<String, String>);

impl Flags {
    /// Reads the command line. Flags in `switches` take no value; all others in `valued` do.
    ///
    /// # Errors
    ///
    /// A flag that is in neither list, or lacks its value.
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

    /// Whether it was given.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Its value, if it was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Its value.
    ///
    /// # Errors
    ///
    /// It was not given.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.text(name).ok_or_else(|| format!("--{name} is needed").into())
    }

    /// Its value as a number, or `default`.
    ///
    /// # Errors
    ///
    /// It is not such a number.
    pub fn number<N: FromStr>(&self, name: &str, default: N) -> Result<N> {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse().map_err(|_| format!("--{name}: {text} is not such a number").into())
    }
}
