//! What the Rust interface promises about its types: threads, conversions, errors.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::error::Error as _;
use std::fmt::{Debug, Display};
use std::io::{self, Write};
use std::str::FromStr;

use ossmpu::{
    AbortMultipartUpload, AbortMultipartUploadResult, AccessKey, Addressing, BucketName, ByteRange,
    Cancel, Client, CompleteMultipartUpload, CompleteMultipartUploadResult, CompletedPart, Config,
    CopySource, Crc64, Credentials, CredentialsSource, ETag, EndpointKind, Error, ErrorKind,
    FdRange, FileRange, HeadObject, HeadObjectResult, InitiateMultipartUpload,
    InitiateMultipartUploadResult, Integrity, ListMultipartUploads, ListMultipartUploadsResult,
    ListParts, ListPartsResult, ListedPart, ListedUpload, LogLevel, MultipartUpload, ObjectExists,
    ObjectHeaders, ObjectKey, PartNumber, PartsIter, Phase, PresignRequest, PresignedUrl, Progress,
    ProxySetting, PutObject, PutObjectResult, ReaderSource, ResponseHeaders, SentPart,
    SignatureVersion, UploadId, UploadOptions, UploadPart, UploadPartCopy, UploadPartCopyResult,
    UploadPartResult, UploadResult, UploadsEntry, UploadsIter, Verify, Writer,
};

/// Checks at compile time that types are `Send`, `Sync` and `Debug`.
macro_rules! send_and_sync {
    ($($type:ty),* $(,)?) => {
        $({
            fn check<T: Send + Sync + Debug>() {}
            check::<$type>();
        })*
    };
}

#[test]
fn every_type_is_send_sync_and_debug() {
    // Handles.
    send_and_sync!(Client, MultipartUpload, Writer, Cancel, PartsIter, UploadsIter);
    // Settings.
    send_and_sync!(
        Config,
        UploadOptions,
        ObjectHeaders,
        Addressing,
        EndpointKind,
        SignatureVersion,
        Verify,
        ProxySetting,
        LogLevel,
        Integrity,
        CredentialsSource,
        Credentials,
        AccessKey,
    );
    // Arguments.
    send_and_sync!(
        BucketName,
        ObjectKey,
        UploadId,
        ETag,
        PartNumber,
        ByteRange,
        FileRange,
        FdRange<'static>,
        ReaderSource<io::Stdin>,
        CopySource,
        PresignRequest,
    );
    // Requests.
    send_and_sync!(
        InitiateMultipartUpload,
        UploadPart,
        UploadPartCopy,
        CompleteMultipartUpload,
        AbortMultipartUpload,
        ListParts,
        ListMultipartUploads,
        PutObject,
        HeadObject,
        CompletedPart,
    );
    // Results.
    send_and_sync!(
        UploadResult,
        SentPart,
        Progress,
        PresignedUrl,
        ListedPart,
        ListedUpload,
        UploadsEntry,
        InitiateMultipartUploadResult,
        UploadPartResult,
        UploadPartCopyResult,
        CompleteMultipartUploadResult,
        AbortMultipartUploadResult,
        ListPartsResult,
        ListMultipartUploadsResult,
        PutObjectResult,
        HeadObjectResult,
        ResponseHeaders,
        Crc64,
    );
    // Errors.
    send_and_sync!(Error, ErrorKind, Phase, ObjectExists);
}

#[test]
fn handles_can_be_cloned() {
    fn check<T: Clone + 'static>() {}
    check::<Client>();
    check::<MultipartUpload>();
    check::<Cancel>();
}

fn converts<T>(text: &str, bad: &str)
where
    T: FromStr<Err = Error>
        + for<'a> TryFrom<&'a str, Error = Error>
        + TryFrom<String, Error = Error>
        + AsRef<str>
        + Display
        + Debug
        + PartialEq,
    String: From<T>,
{
    let value: T = text.parse().unwrap();
    assert_eq!(T::try_from(text).unwrap(), value);
    assert_eq!(T::try_from(text.to_owned()).unwrap(), value);
    assert_eq!((value.as_ref(), value.to_string().as_str()), (text, text));
    assert_eq!(String::from(value), text);
    assert_eq!(bad.parse::<T>().unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn values_convert_from_and_to_text() {
    converts::<BucketName>("my-bucket", "My_Bucket");
    converts::<ObjectKey>("a/b", "/a");
    converts::<UploadId>("0004B9894A22E5B1888A1E29F8236E2D", "");
    converts::<ETag>("\"AB\"", "\"\"");
}

#[test]
fn part_numbers_convert_from_and_to_integers() {
    assert_eq!(u16::from(PartNumber::new(7).unwrap()), 7);
    assert_eq!(PartNumber::try_from(10_000_u16).unwrap(), PartNumber::new(10_000).unwrap());
    assert_eq!(PartNumber::try_from(-1_i64).unwrap_err().argument(), Some("part_number"));
}

#[test]
fn an_error_has_a_source_and_no_empty_fields() {
    let mut config = Config::new();
    config.set_region("cn-hangzhou").unwrap().set_keys("id", "secret", None).unwrap();
    let client = Client::new(&config).unwrap();
    let (bucket, key) = (BucketName::parse("bucket").unwrap(), ObjectKey::parse("key").unwrap());
    let (options, cancel) = (UploadOptions::new(), Cancel::never());

    let error = client.put_file(&bucket, &key, "/nowhere", &options, &cancel).unwrap_err();
    let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.kind(), io::ErrorKind::NotFound);
    assert_eq!(error.os_errno(), source.raw_os_error());
    assert_eq!(error.cause(), Some("no such file or directory (ENOENT)"));
    assert_eq!([error.host(), error.oss_code(), error.oss_message(), error.ec()], [None; 4]);
    assert_eq!([error.request_id(), error.upload_id()], [None; 2]);
    assert_eq!((error.http_status(), error.part_number()), (None, None));
    assert_eq!((error.callback_value(), error.attempts()), (None, 0));
}

#[test]
fn a_writer_is_an_io_writer() {
    fn check(_: &mut dyn Write) {}
    let mut config = Config::new();
    config.set_region("cn-hangzhou").unwrap().set_keys("id", "secret", None).unwrap();
    let client = Client::new(&config).unwrap();
    let (bucket, key) = (BucketName::parse("bucket").unwrap(), ObjectKey::parse("key").unwrap());
    let mut writer =
        client.open_writer(&bucket, &key, &UploadOptions::new(), &Cancel::never()).unwrap();
    check(&mut writer);
    writer.write_all(b"buffered").unwrap();
    writer.flush().unwrap();
    // Nothing was sent, so there is nothing to abort.
    writer.abort().unwrap();
}
