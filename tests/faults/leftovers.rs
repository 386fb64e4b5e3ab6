//! Checks a bucket after a call: all objects and uploads in it must have been reported.

use oss_emulator::Emulator;
use ossmpu::{Error, ErrorKind, ObjectExists, Result, UploadResult};

use crate::fixture::BUCKET;

/// A bucket after a call for a key that no other call uses.
pub struct Leftovers<'a> {
    pub emulator: &'a Emulator,
    pub key: &'a str,
    /// The bytes of the source.
    pub content: &'a [u8],
    /// The log lines of the client.
    pub log: &'a [String],
}

impl Leftovers<'_> {
    /// Returns how many uploads were left behind; the error describes what is wrong.
    pub fn check(&self, outcome: &Result<UploadResult>) -> Result<usize, String> {
        let stored = self.emulator.object(BUCKET, self.key);
        let stored = stored.map(|object| object.bytes().unwrap());
        self.check_object(outcome, stored.as_deref())?;
        self.check_uploads(outcome)
    }

    /// The object equals the source, and exists only if the outcome allows it.
    fn check_object(
        &self,
        outcome: &Result<UploadResult>,
        stored: Option<&[u8]>,
    ) -> Result<(), String> {
        let is_right = stored.map(|stored| stored == self.content);
        let reported = outcome.as_ref().map_or_else(Error::object_exists, |_| ObjectExists::Yes);
        match (is_right, reported) {
            (None, ObjectExists::Yes) => Err(format!("the object does not exist: {outcome:?}")),
            (Some(_), ObjectExists::No) => Err(format!("the object exists: {outcome:?}")),
            (Some(false), _) if !is_reported_mismatch(outcome) => {
                Err(format!("the object differs from the source: {outcome:?}"))
            }
            _ => Ok(()),
        }
    }

    /// Each upload left behind is reported: by the error, or after a success in the log.
    fn check_uploads(&self, outcome: &Result<UploadResult>) -> Result<usize, String> {
        let uploads = self.emulator.uploads(BUCKET);
        let left: Vec<_> = uploads.iter().filter(|upload| upload.key == self.key).collect();
        for upload in &left {
            let is_reported = match outcome {
                Ok(_) => self.log.iter().any(|line| line.contains("another may exist")),
                Err(error) if error.upload_id() == Some(&*upload.upload_id) => error.parts_left(),
                Err(error) => error.upload_may_exist(),
            };
            if !is_reported {
                return Err(format!(
                    "upload {} was left behind unreported: {outcome:?}",
                    upload.upload_id
                ));
            }
        }
        Ok(left.len())
    }
}

/// A PutObject without Content-MD5 whose body is changed in transit creates an object with the
/// changed bytes; the checksum in the response reveals it.
fn is_reported_mismatch(outcome: &Result<UploadResult>) -> bool {
    outcome.as_ref().is_err_and(|error| {
        error.operation() == Some("PutObject") && error.kind() == ErrorKind::Integrity
    })
}
