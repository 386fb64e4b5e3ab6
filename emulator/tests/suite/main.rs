//! Tests of the emulator over real sockets.

#[cfg(test)]
mod auth;
#[cfg(test)]
mod binary;
#[cfg(test)]
mod buckets;
#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod client;
#[cfg(test)]
mod complete;
#[cfg(test)]
mod copy;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod in_flight;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod multipart;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod persistence;
#[cfg(test)]
mod sequential;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod traffic_limit;
#[cfg(test)]
mod vectors;
