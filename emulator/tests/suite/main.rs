//! The emulator over real sockets.

mod client;
mod multipart;
mod persistence;
mod vectors;
