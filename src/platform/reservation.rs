//! Names of files that one owner in this process has at a time.
//!
//! A forked child starts with none, so the table belongs to the process that made it: the child
//! cannot wait for a lock that a thread of its parent held.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{FileIdentity, ForkGuard};

/// The right to open a file, until dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    name: ReservedName,
    process: ForkGuard,
}

/// A directory, and the name of a file in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ReservedName {
    directory: FileIdentity,
    file: String,
}

struct Table {
    process: ForkGuard,
    names: Mutex<Vec<ReservedName>>,
}

impl Table {
    fn lock(&self) -> MutexGuard<'_, Vec<ReservedName>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Reserves a file of a directory; `None` if it is reserved already.
    pub(crate) fn new(directory: &Path, file: &str) -> io::Result<Option<Self>> {
        let directory = FileIdentity::of_directory(directory)?;
        let name = ReservedName { directory, file: file.to_owned() };
        let table = table();
        let mut names = table.lock();
        if names.contains(&name) {
            return Ok(None);
        }
        names.push(name.clone());
        Ok(Some(Self { name, process: table.process }))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.process.is_current() {
            table().lock().retain(|name| *name != self.name);
        }
    }
}

/// Returns the table of this process. A child leaves that of its parent as it is.
fn table() -> &'static Table {
    let mut found = TABLE.load(Ordering::Acquire);
    loop {
        // SAFETY: NULL, or a table that was published below and is never freed.
        if let Some(table) = unsafe { found.as_ref() }.filter(|table| table.process.is_current()) {
            return table;
        }
        let table = Box::new(Table { process: ForkGuard::current(), names: Mutex::default() });
        let made = Box::into_raw(table);
        match TABLE.compare_exchange(found, made, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => found = made,
            Err(other) => {
                found = other;
                // SAFETY: it came from `into_raw` and was not published.
                drop(unsafe { Box::from_raw(made) });
            }
        }
    }
}

static TABLE: AtomicPtr<Table> = AtomicPtr::new(std::ptr::null_mut());
