//! What a user of the Rust API sees, against the emulator, with faults injected.

mod fixture;
mod whole_objects;
