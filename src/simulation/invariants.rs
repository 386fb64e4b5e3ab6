//! What must be true whenever a call has ended, seen from outside.

use std::path::Path;

use super::network::NetworkState;
use super::scenarios::{CallResult, RunContext};
use crate::ObjectExists;

/// What the service had when the call returned, before delayed requests arrived.
pub(crate) struct AtReturn {
    pub(crate) is_made: bool,
}

impl AtReturn {
    pub(crate) fn of(state: &NetworkState) -> Self {
        Self { is_made: is_made(state) }
    }
}

/// True if the program's calls have made the object.
pub(crate) fn is_made(state: &NetworkState) -> bool {
    state.service.made.iter().any(|object| object.is_ours)
}

/// What is wrong with the end of a run, once everything that was delayed has arrived.
pub(crate) fn violations(
    context: &RunContext<'_>,
    state: &NetworkState,
    at_return: &AtReturn,
    result: &CallResult,
) -> Vec<&'static str> {
    let mut wrong: Vec<&'static str> = state.wrong.iter().copied().collect();
    match &result.outcome {
        Ok(result) if result.verified && state.service.lacks_crc64 => {
            wrong.push("verified, and OSS has reported no CRC-64");
        }
        Ok(result) if !result.verified && context.scenario.options.require_verified => {
            wrong.push("OK, and the object was not verified as required");
        }
        Ok(_) => wrong.extend(wrong_success(context, state, at_return)),
        Err(error) => wrong.extend(match error.object_exists() {
            ObjectExists::No if state.is_put_duplicated => None,
            ObjectExists::No if at_return.is_made => Some("\"No\", and the object was made"),
            ObjectExists::No if is_made(state) => Some("\"No\", and the object is made later"),
            ObjectExists::Yes if !at_return.is_made => Some("\"Yes\", and the object was not made"),
            _ => None,
        }),
    }
    wrong.extend(unreported(state, result));
    wrong.extend(left_on_disk(context, result));
    wrong
}

fn wrong_success(
    context: &RunContext<'_>,
    state: &NetworkState,
    at_return: &AtReturn,
) -> Option<&'static str> {
    if !at_return.is_made {
        return Some("OK, and no object was made");
    }
    // A source that changed before its first byte was read is another source.
    let expected = context.data.sums.map(|sum| (context.data.len() as u64, sum));
    let mut ours = state.service.made.iter().filter(|object| object.is_ours);
    if ours.clone().any(|object| !expected.contains(&(object.size, object.crc64))) {
        return Some("OK, and the object has other bytes");
    }
    let owner = ("x-oss-meta-owner".to_owned(), "me".to_owned());
    ours.any(|object| !object.attributes.contains(&owner))
        .then_some("OK, and the object has other metadata")
}

/// Every upload that is left is one that the program knows, or may expect.
fn unreported(state: &NetworkState, result: &CallResult) -> Option<&'static str> {
    let (parts_left, may_exist, named) = match &result.outcome {
        Ok(result) => (false, result.upload_may_exist, None),
        Err(error) => (error.parts_left(), error.upload_may_exist(), error.upload_id()),
    };
    let known = result.known_upload.as_deref().or(named.filter(|_| parts_left));
    let others = state.service.uploads.keys().filter(|id| Some(id.as_str()) != known).count();
    if others > state.lost_with_process && !may_exist && !result.upload_may_exist {
        return Some("an upload is left unreported");
    }
    let is_gone = state.is_abort_confirmed && state.service.uploads.is_empty();
    (parts_left && is_gone && result.known_upload.is_none())
        .then_some("parts are said to be left after a confirmed Abort")
}

/// After a success no file is left but the manifest of a delta upload; after a failure besides a
/// checkpoint and its lock at most.
fn left_on_disk(context: &RunContext<'_>, result: &CallResult) -> Option<&'static str> {
    let names = std::fs::read_dir(context.folder).unwrap().map(|entry| entry.unwrap().file_name());
    let is_kept = |name: &std::ffi::OsString| {
        name == "source" || Path::new(name).extension().is_some_and(|suffix| suffix == "manifest")
    };
    let left = names.filter(|name| !is_kept(name)).count();
    match &result.outcome {
        Ok(_) if left > 0 => Some("OK, and a checkpoint is left"),
        Err(_) if left > 2 => Some("more than a checkpoint and its lock is left"),
        _ => None,
    }
}
