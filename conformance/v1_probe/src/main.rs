//! Uploads in parts with V1 signatures to a server that verifies them, then with a wrong secret.
//!
//! Prints one line per case: its name, `ok` or `FAIL`, and the reason, separated by tabs.
//! Arguments: endpoint, bucket, access key ID, secret, and a file to which the uploaded bytes are
//! written.

use std::error::Error;
use std::fs;

use ossmpu::{
    AbortMultipartUpload, Addressing, BucketName, Cancel, Client, CompleteMultipartUpload,
    CompletedPart, Config, InitiateMultipartUpload, ListMultipartUploads, ListParts, ObjectKey,
    PartNumber, SignatureVersion, UploadId, UploadPart,
};

type CaseResult = Result<(), Box<dyn Error>>;

/// Swift requires at least 5 MiB for every part but the last.
const PART_BYTES: usize = 5 << 20;
const WRONG_SECRET: &str = "not-the-secret";

struct Probe {
    client: Client,
    bucket: BucketName,
    never: Cancel,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, bucket, id, secret, file] = arguments.as_slice() else {
        return Err("usage: v1-probe ENDPOINT BUCKET ID SECRET FILE".into());
    };
    let valid = Probe::new(endpoint, bucket, id, secret)?;
    let invalid = Probe::new(endpoint, bucket, id, WRONG_SECRET)?;
    let data: Vec<u8> = (0..2 * PART_BYTES + 77).map(|i| (i * 31 / 7 % 251) as u8).collect();
    fs::write(file, &data)?;

    report("initiate, parts, list, complete", valid.upload(&data));
    report("list uploads, abort", valid.abort());
    report("wrong secret", invalid.expect_refusal());
    Ok(())
}

impl Probe {
    fn new(endpoint: &str, bucket: &str, id: &str, secret: &str) -> Result<Self, Box<dyn Error>> {
        let mut config = Config::new();
        config
            .set_region("us-east-1")?
            .set_endpoint(endpoint)?
            .set_addressing(Addressing::Path)
            .set_signature(SignatureVersion::V1)
            .set_keys(id, secret, None)?;
        let client = Client::new(&config)?;
        Ok(Self { client, bucket: BucketName::parse(bucket)?, never: Cancel::never() })
    }

    fn initiate(&self, key: &ObjectKey) -> ossmpu::Result<UploadId> {
        let request = InitiateMultipartUpload::new(&self.bucket, key);
        Ok(self.client.initiate_multipart_upload(&request, &self.never)?.upload_id)
    }

    fn upload(&self, data: &[u8]) -> CaseResult {
        let key = ObjectKey::parse("parts/object.bin")?;
        let id = self.initiate(&key)?;
        let mut parts = Vec::new();
        for (number, bytes) in (1..).zip(data.chunks(PART_BYTES)) {
            let number = PartNumber::new(number)?;
            let request =
                UploadPart::new(&self.bucket, &key, &id, number).with_bytes(bytes.to_vec());
            let etag = self.client.upload_part(&request, &self.never)?.etag;
            parts.push(CompletedPart { number, etag });
        }
        let listed =
            self.client.list_parts(&ListParts::new(&self.bucket, &key, &id), &self.never)?;
        if listed.parts.len() != parts.len() {
            return Err(format!("{} parts were listed", listed.parts.len()).into());
        }
        let request = CompleteMultipartUpload::new(&self.bucket, &key, &id, parts);
        self.client.complete_multipart_upload(&request, &self.never)?;
        Ok(())
    }

    fn abort(&self) -> CaseResult {
        let key = ObjectKey::parse("parts/aborted.bin")?;
        let id = self.initiate(&key)?;
        let count = || -> ossmpu::Result<usize> {
            let request = ListMultipartUploads::new(&self.bucket);
            let page = self.client.list_multipart_uploads(&request, &self.never)?;
            Ok(page.uploads.iter().filter(|upload| upload.upload_id == id).count())
        };
        let before = count()?;
        let request = AbortMultipartUpload::new(&self.bucket, &key, &id);
        self.client.abort_multipart_upload(&request, &self.never)?;
        match (before, count()?) {
            (1, 0) => Ok(()),
            found => Err(format!("listed before and after: {found:?}").into()),
        }
    }

    fn expect_refusal(&self) -> CaseResult {
        match self.initiate(&ObjectKey::parse("refused")?) {
            Err(error) if error.oss_code() == Some("SignatureDoesNotMatch") => Ok(()),
            Err(error) => Err(error.into()),
            Ok(_) => Err("the upload was initiated".into()),
        }
    }
}

fn report(case: &str, result: CaseResult) {
    match result {
        Ok(()) => println!("{case}\tok"),
        Err(error) => println!("{case}\tFAIL\t{error}"),
    }
}
