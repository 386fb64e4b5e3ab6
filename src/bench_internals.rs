//! Doors for the micro-benchmarks of `bench/` to what a user cannot call alone. Only builds with
//! the feature `bench-internals` have this module, and it promises nothing.

use std::time::{Duration, SystemTime};

use crate::SentPart;
use crate::codec::md5::Lanes;
use crate::error::{Error, Result};
use crate::model::{BucketName, ObjectKey, PartNumber, UploadId};
use crate::ops::{ListParts, ListPartsResult, Operation, UploadPart};
use crate::sign::{AccessKey, AdditionalHeaders, SignatureVersion, Signer};
use crate::wire::{Headers, Request, Response};

pub use crate::codec::md5::Kernel as Md5Kernel;

/// A request for one part that is signed again and again.
#[derive(Debug)]
pub struct Signing {
    signer: Signer,
    key: AccessKey,
    request: Request,
    time: SystemTime,
}

impl Signing {
    /// Of a part with a `Content-MD5`.
    pub fn upload_part(version: SignatureVersion) -> Result<Self> {
        let (bucket, key, upload_id) = upload()?;
        let part = UploadPart::new(&bucket, &key, &upload_id, PartNumber::new(7)?);
        Ok(Self {
            signer: Signer {
                version,
                region: "cn-hangzhou".to_owned(),
                product: "oss".to_owned(),
                additional_headers: AdditionalHeaders::default(),
            },
            key: AccessKey::new("test-id", "test-secret")?,
            request: part.with_content_md5([7; 16]).request()?,
            time: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        })
    }

    /// Signs it once more.
    pub fn sign(&mut self) -> Result<()> {
        self.signer.sign(&mut self.request, &self.key, &[("host", "localhost")], self.time)
    }
}

/// The MD5s of messages, as many at once as the kernel has lanes.
pub fn md5(kernel: Md5Kernel, messages: &[&[u8]]) -> Result<Vec<[u8; 16]>> {
    let mut lanes = Lanes::new(kernel, messages.len())
        .ok_or_else(|| Error::internal("this CPU lacks the kernel"))?;
    lanes.update(messages);
    Ok(lanes.finish().iter().map(|digest| *digest.as_bytes()).collect())
}

/// The CRC-64 of the whole.
pub fn combine(parts: &[SentPart]) -> Option<u64> {
    crate::upload::combined_crc64(parts)
}

/// A ListParts response that is parsed repeatedly.
#[derive(Debug)]
pub struct Listing {
    operation: ListParts,
    response: Response,
}

impl Listing {
    /// With that document.
    pub fn new(document: &str) -> Result<Self> {
        let (bucket, key, upload_id) = upload()?;
        let response = Response { status: 200, headers: Headers::default(), body: document.into() };
        Ok(Self { operation: ListParts::new(&bucket, &key, &upload_id), response })
    }

    /// Reads it once more.
    pub fn parse(&self) -> Result<ListPartsResult> {
        self.operation.parse(&self.response)
    }
}

fn upload() -> Result<(BucketName, ObjectKey, UploadId)> {
    let bucket = BucketName::parse("examplebucket")?;
    let key = ObjectKey::parse("backups/2026/database.tar.zst")?;
    Ok((bucket, key, UploadId::parse("0004B9894A22E5B1888A1E29F8236E2D")?))
}
