//! Takes back an upload that will not be completed, within a budget of time of its own.

use std::time::Duration;

use super::destination::Destination;
use crate::client::{CallContext, Caller, Defeat};
use crate::error::{Error, Result};
use crate::limits;
use crate::ops::{AbortMultipartUpload, ListParts};
use crate::runtime::{Cancel, Deadline};

/// Aborts until OSS says that the upload is gone: a part that was still arriving when the first
/// Abort came stays behind and needs another. Nothing must be sending parts any more.
///
/// Ignores cancel tokens, and is bounded in time and number instead.
///
/// # Errors
///
/// Why the upload may still be there.
pub(super) fn abort(caller: &Caller, destination: &Destination, budget: Duration) -> Result<()> {
    let cancel = Cancel::never();
    let deadline = Deadline::after(budget);
    let context = CallContext { deadline, asks_whether: true, ..CallContext::new(&cancel) };
    let mut pause = FIRST_PAUSE;
    for _ in 0..limits::ABORT_TRIES_MAX {
        if !send_abort(caller, destination, &context)? || !has_parts(caller, destination, &context)?
        {
            return Ok(());
        }
        if context.deadline.left().is_some_and(|left| left <= pause) {
            break;
        }
        cancel.wait(Deadline::after(pause));
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
    Err(Error::new(
        crate::error::ErrorKind::Timeout,
        "the upload is still there after it was aborted",
    ))
}

/// The error of an upload that failed, after its parts were taken back or not.
pub(super) fn clean_up(
    caller: &Caller,
    destination: &Destination,
    budget: Duration,
    error: Error,
) -> Error {
    let error = error.with_upload_id(destination.upload_id.as_str());
    match abort(caller, destination, budget) {
        Ok(()) => error,
        Err(cause) => {
            caller.logger().warn(|| format!("clean-up failed: {cause}"));
            error.with_parts_left(true)
        }
    }
}

/// False if the upload was gone already.
fn send_abort(
    caller: &Caller,
    destination: &Destination,
    context: &CallContext<'_>,
) -> Result<bool> {
    let Destination { bucket, key, upload_id, headers, .. } = destination;
    let request = AbortMultipartUpload::new(bucket, key, upload_id).with_headers(headers);
    match caller.call(&request, context) {
        Ok(_) => Ok(true),
        Err(defeat) if is_gone(&defeat) => Ok(false),
        Err(defeat) => Err(defeat.error),
    }
}

fn has_parts(
    caller: &Caller,
    destination: &Destination,
    context: &CallContext<'_>,
) -> Result<bool> {
    let Destination { bucket, key, upload_id, headers, .. } = destination;
    let request = ListParts::new(bucket, key, upload_id).with_headers(headers).with_max_parts(1);
    match caller.call(&request, context) {
        Ok(answer) => Ok(!answer.reply.parts.is_empty()),
        Err(defeat) if is_gone(&defeat) => Ok(false),
        Err(defeat) => Err(defeat.error),
    }
}

/// OSS says NoSuchUpload; other stores of its kind answer any 404.
pub(super) fn is_gone(defeat: &Defeat) -> bool {
    defeat.error.http_status() == Some(404) && defeat.error.oss_code() != "NoSuchBucket"
}

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
