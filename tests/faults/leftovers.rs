//! What must hold of a bucket after any call: nothing in it that was not told.

use oss_emulator::Emulator;
use ossmpu::{Error, ErrorKind, ObjectExists, Result, UploadResult};

use crate::fixture::BUCKET;

/// A bucket after a call for a key that nobody else uses.
pub struct Remains<'a> {
    pub emulator: &'a Emulator,
    pub key: &'a str,
    /// What was uploaded.
    pub content: &'a [u8],
    /// What the client has logged.
    pub log: &'a [String],
}

impl Remains<'_> {
    /// How many uploads are left; an error says what is wrong.
    pub fn judge(&self, outcome: &Result<UploadResult>) -> Result<usize, String> {
        let stored = self.emulator.object(BUCKET, self.key);
        let stored = stored.map(|object| object.bytes().unwrap());
        self.judge_object(outcome, stored.as_deref())?;
        self.judge_uploads(outcome)
    }

    /// The object is the source, and is there if the call says so and not if it says so.
    fn judge_object(
        &self,
        outcome: &Result<UploadResult>,
        stored: Option<&[u8]>,
    ) -> Result<(), String> {
        let is_right = stored.map(|stored| stored == self.content);
        let told = outcome.as_ref().map_or_else(Error::object_exists, |_| ObjectExists::Yes);
        match (is_right, told) {
            (None, ObjectExists::Yes) => Err(format!("there is no object: {outcome:?}")),
            (Some(_), ObjectExists::No) => Err(format!("there is an object: {outcome:?}")),
            (Some(false), _) if !is_told_damage(outcome) => {
                Err(format!("the object is another: {outcome:?}"))
            }
            _ => Ok(()),
        }
    }

    /// Each upload that is left is told of: by the error, or after a success in the log.
    fn judge_uploads(&self, outcome: &Result<UploadResult>) -> Result<usize, String> {
        let uploads = self.emulator.uploads(BUCKET);
        let ours: Vec<_> = uploads.iter().filter(|upload| upload.key == self.key).collect();
        for upload in &ours {
            let is_told = match outcome {
                Ok(_) => self.log.iter().any(|line| line.contains("another may exist")),
                Err(error) if error.upload_id() == Some(&*upload.upload_id) => error.parts_left(),
                Err(error) => error.upload_may_exist(),
            };
            if !is_told {
                return Err(format!("upload {} is left: {outcome:?}", upload.upload_id));
            }
        }
        Ok(ours.len())
    }
}

/// One PutObject without Content-MD5 cannot be kept from making an object of bytes that were
/// changed on their way; the check sum of the answer tells.
fn is_told_damage(outcome: &Result<UploadResult>) -> bool {
    outcome.as_ref().is_err_and(|error| {
        error.operation() == Some("PutObject") && error.kind() == ErrorKind::Integrity
    })
}
