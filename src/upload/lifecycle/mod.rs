//! One multipart upload from Initiate to Complete or Abort.

pub(super) mod abort;
pub(super) mod checkpoint;
mod checkpoint_lock;
pub(super) mod complete;
pub(super) mod delta;
pub(super) mod multipart_upload;
pub(super) mod object_attributes;
pub(super) mod resume;
pub(super) mod stored_object;
pub(super) mod upload_lifecycle;
pub(super) mod upload_target;
pub(super) mod verify;
