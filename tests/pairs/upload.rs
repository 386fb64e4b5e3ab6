//! One upload with two settings.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;

use md5::{Digest, Md5};
use ossmpu::{
    BucketName, ByteRange, Cancel, Client, CopySource, Crc64, FdRange, FileRange, MultipartUpload,
    ObjectKey, Result, UploadId, UploadOptions, UploadResult,
};

use crate::fixture::{BUCKET, RefusedPort, bytes, five_parts, number, small_parts};
use crate::setting::Setting;

/// The object that copies are made of.
pub const COPIED: &str = "copied";
/// What stands in the file before and after the range that is sent.
const AROUND: u64 = 10;

/// Everything that an upload depends on besides its settings.
pub struct Upload<'a> {
    pub client: &'a Client,
    pub settings: [Setting; 2],
    /// Has the file and the checkpoints.
    pub folder: &'a Path,
    /// The upload to resume with [`Setting::UploadId`].
    pub upload_id: Option<UploadId>,
}

impl Upload<'_> {
    fn has(&self, setting: Setting) -> bool {
        self.settings.contains(&setting)
    }

    /// Writes the file and the copied object, and initiates the upload to resume.
    pub fn prepare(&mut self) {
        let around = if self.has(Setting::Range) { bytes(AROUND) } else { Vec::new() };
        let content = [&around[..], &five_parts(), &around].concat();
        std::fs::write(self.folder.join("source"), content).unwrap();
        std::fs::create_dir(self.folder.join("checkpoints")).unwrap();
        let (bucket, cancel) = (bucket(), Cancel::never());
        let copied = ObjectKey::parse(COPIED).unwrap();
        let options = UploadOptions::new();
        self.client.put_data(&bucket, &copied, five_parts(), &options, &cancel).unwrap();
        if self.has(Setting::UploadId) {
            let mut options = small_parts();
            self.settings.iter().for_each(|setting| setting.apply(&mut options));
            let initiated =
                MultipartUpload::initiate(self.client, &bucket, &key(), &options, &cancel).unwrap();
            self.upload_id = Some(initiated.upload_id().clone());
        }
    }

    /// Makes the upload.
    pub fn run(&self) -> Result<UploadResult> {
        let refused = RefusedPort::new();
        let options = self.options(&refused);
        let (client, bucket, key, cancel) = (self.client, bucket(), key(), Cancel::never());
        let path = self.folder.join("source");
        let source = self.settings.into_iter().find(|setting| setting.is_source());
        match source {
            Some(Setting::Range) => {
                let length = five_parts().len() as u64;
                let range = FileRange::new(&path, ByteRange::new(AROUND, Some(length)));
                client.put_range(&bucket, &key, &range, &options, &cancel)
            }
            Some(Setting::Descriptor) => {
                let file = File::open(&path).unwrap();
                client.put_fd(&bucket, &key, FdRange::new(file.as_fd(), ..), &options, &cancel)
            }
            Some(Setting::Memory) => {
                client.put_data(&bucket, &key, five_parts(), &options, &cancel)
            }
            Some(Setting::Stream) => {
                let file = File::open(&path).unwrap();
                client.put_stream(&bucket, &key, file, &options, &cancel)
            }
            Some(Setting::Writer) => {
                let mut writer = client.open_writer(&bucket, &key, &options, &cancel)?;
                writer.write_all(&five_parts()).unwrap();
                writer.finish()
            }
            Some(Setting::Copy) => {
                let copied = CopySource::new(&bucket, &ObjectKey::parse(COPIED).unwrap());
                client.copy_object(&bucket, &key, &copied, &options, &cancel)
            }
            Some(Setting::StepByStep) => {
                let upload = MultipartUpload::initiate(client, &bucket, &key, &options, &cancel)?;
                for (index, part) in five_parts().chunks(100 * 1024).enumerate() {
                    let number = number(u16::try_from(index).unwrap() + 1);
                    match self.has(Setting::Delta) {
                        true => {
                            let offset = index as u64 * 100 * 1024;
                            upload.upload_part_delta(number, part.to_vec(), offset, &cancel)?
                        }
                        false => upload.upload_part(number, part.to_vec(), &cancel)?,
                    };
                }
                upload.complete(&cancel)
            }
            _ => client.put_file(&bucket, &key, &path, &options, &cancel),
        }
    }

    fn options(&self, refused: &RefusedPort) -> UploadOptions {
        let mut options = small_parts();
        for setting in self.settings {
            setting.apply(&mut options);
            match setting {
                Setting::CheckpointDir => {
                    options.set_checkpoint_dir(self.folder.join("checkpoints"));
                }
                Setting::Delta => {
                    let copied = ObjectKey::parse(COPIED).unwrap();
                    options.set_delta_base(Some(CopySource::new(&bucket(), &copied)));
                }
                Setting::UploadId => {
                    options.set_upload_id(self.upload_id.clone().unwrap());
                }
                Setting::ExpectedCrc64 => {
                    let mut crc64 = Crc64::new();
                    crc64.update(&five_parts());
                    options.set_expected_crc64(crc64.value());
                }
                Setting::ExpectedMd5 => {
                    options.set_expected_md5(Md5::digest(five_parts()).into());
                }
                Setting::Callback => {
                    let url = format!("http://{}/", refused.address());
                    let callback = format!(r#"{{"callbackUrl":"{url}","callbackBody":"a"}}"#);
                    options.headers_mut().set_callback(&callback).unwrap();
                }
                _ => {}
            }
        }
        options
    }
}

pub fn bucket() -> BucketName {
    BucketName::parse(BUCKET).unwrap()
}

pub fn key() -> ObjectKey {
    ObjectKey::parse("object.bin").unwrap()
}
