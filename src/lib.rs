//! Multipart upload to Alibaba Cloud OSS: blocking, verified, resumable, callable from C.

mod error;
pub mod limits;
#[allow(dead_code, unused_imports, unreachable_pub, reason = "being built")]
mod codec;
#[allow(dead_code, unused_imports, unreachable_pub, reason = "being built")]
mod runtime;
#[allow(dead_code, unused_imports, unreachable_pub, reason = "being built")]
mod model;
#[allow(dead_code, unused_imports, unreachable_pub, reason = "being built")]
mod wire;
