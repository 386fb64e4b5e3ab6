//! Paginated lists of parts and uploads, and HeadObject.

use oss_emulator::Action;
use ossmpu::{
    CompleteMultipartUpload, CompletedPart, ErrorKind, HeadObject, ListMultipartUploads, ListParts,
    MultipartUpload, ObjectKey, PutObject, Result, UploadOptions, UploadsEntry,
};

use crate::fixture::{BUCKET, Fixture, PART, bytes, five_parts, number, small_parts};

#[test]
fn parts_are_listed_page_by_page() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    for part in [1, 2, 5] {
        upload.upload_part(number(part), bytes(PART + 1), &fixture.cancel).unwrap();
    }
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let request = ListParts::new(bucket, key, upload.upload_id()).with_max_parts(1);
    let listed: Vec<_> = client.parts_iter(request, cancel).collect::<Result<_>>().unwrap();
    let sent = upload.sent_parts();
    assert_eq!(listed.len(), 3);
    for (listed, sent) in listed.iter().zip(&sent) {
        assert_eq!((listed.number, listed.size), (sent.number, sent.size));
        assert_eq!((&listed.etag, listed.crc64), (&sent.etag, sent.crc64));
    }
    assert_eq!(fixture.count("ListParts"), 3);
}

#[test]
fn a_list_sends_no_request_before_it_is_read_and_ends_after_an_error() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    for part in 1..4 {
        upload.upload_part(number(part), bytes(1), &fixture.cancel).unwrap();
    }
    fixture.emulator.add_rule(
        oss_emulator::Rule::on("ListParts", Action::status(403, "AccessDenied")).nth(2).times(0),
    );
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let request = ListParts::new(bucket, key, upload.upload_id()).with_max_parts(2);
    let mut parts = client.parts_iter(request, cancel);
    assert_eq!(fixture.count("ListParts"), 0);
    assert!(parts.next().unwrap().is_ok() && parts.next().unwrap().is_ok());
    assert_eq!(parts.next().unwrap().unwrap_err().oss_code(), Some("AccessDenied"));
    assert!(parts.next().is_none());
    assert_eq!(fixture.count("ListParts"), 2);
}

#[test]
fn a_triggered_token_ends_a_list_within_a_page() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    for part in 1..4 {
        upload.upload_part(number(part), bytes(1), &fixture.cancel).unwrap();
    }
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut parts = client.parts_iter(ListParts::new(bucket, key, upload.upload_id()), cancel);
    assert!(parts.next().unwrap().is_ok());
    cancel.trigger();
    assert_eq!(parts.next().unwrap().unwrap_err().kind(), ErrorKind::Canceled);
    assert!(parts.next().is_none());
}

#[test]
fn page_sizes_outside_1_to_1000_are_invalid_and_send_no_request() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    fixture.emulator.clear_requests();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    for size in [0, 1001] {
        let parts = ListParts::new(bucket, key, upload.upload_id()).with_max_parts(size);
        let error = client.list_parts(&parts, cancel).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("max_parts")));
        let uploads = ListMultipartUploads::new(bucket).with_max_uploads(size);
        let error = client.list_multipart_uploads(&uploads, cancel).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("max_uploads")));
    }
    assert_eq!(fixture.operations(), [""; 0]);
}

#[test]
fn uploads_are_listed_by_prefix_and_delimiter_page_by_page() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, cancel, .. } = &fixture;
    let keys = ["a/1 +%", "a/2", "a/b/3", "a/b/4", "c&<中>"];
    for key in keys {
        let key = ObjectKey::parse(key).unwrap();
        MultipartUpload::initiate(client, bucket, &key, &UploadOptions::new(), cancel).unwrap();
    }
    let listed = |request: ListMultipartUploads| -> Vec<String> {
        client.uploads_iter(request, cancel).map(|entry| entry.unwrap().key().to_owned()).collect()
    };
    let all = ListMultipartUploads::new(bucket);
    assert_eq!(listed(all.clone()), keys);
    for size in 1..4 {
        assert_eq!(listed(all.clone().with_max_uploads(size)), keys);
    }
    assert_eq!(listed(all.clone().with_prefix("a/b/")), ["a/b/3", "a/b/4"]);
    let folder = all.with_prefix("a/").with_delimiter("/");
    let page = client.list_multipart_uploads(&folder, cancel).unwrap();
    assert_eq!(page.common_prefixes, ["a/b/"]);
    assert_eq!((page.prefix.as_deref(), page.delimiter.as_deref()), (Some("a/"), Some("/")));
    assert_eq!(listed(folder.clone()), ["a/1 +%", "a/2", "a/b/"]);
    for size in 1..4 {
        let entries = client.uploads_iter(folder.clone().with_max_uploads(size), cancel);
        let entries: Vec<_> = entries.collect::<Result<_>>().unwrap();
        assert_eq!(entries.last(), Some(&UploadsEntry::Prefix("a/b/".to_owned())));
        assert_eq!(entries.into_iter().filter_map(UploadsEntry::into_upload).count(), 2);
    }
}

#[test]
fn head_object_returns_the_attributes_of_the_upload() {
    let fixture = Fixture::new();
    let mut options = small_parts();
    options
        .headers_mut()
        .set_content_type("text/x-test")
        .and_then(|h| h.set_metadata("color", "blue"))
        .unwrap();
    let uploaded = fixture.put(&five_parts(), &options).unwrap();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let head = client.head_object(&HeadObject::new(bucket, key), cancel).unwrap();
    assert_eq!((head.size, head.crc64), (uploaded.size, uploaded.crc64));
    assert_eq!(Some(&head.etag), uploaded.etag.as_ref());
    assert_eq!(head.content_type.as_deref(), Some("text/x-test"));
    assert_eq!(head.object_type.as_deref(), Some("Multipart"));
    assert_eq!(head.metadata, [("color".to_owned(), "blue".to_owned())]);
    assert!(head.last_modified.is_some());
}

#[test]
fn head_object_reports_a_missing_object_without_a_response_body() {
    for switch in ["bare_head_errors=false", "bare_head_errors=true"] {
        let fixture = Fixture::new();
        fixture.emulator.set_option(switch).unwrap();
        let Fixture { client, bucket, key, cancel, .. } = &fixture;
        let error = client.head_object(&HeadObject::new(bucket, key), cancel).unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (ErrorKind::Service, Some(404)));
        assert_eq!(error.oss_code() == Some("NoSuchKey"), switch.ends_with("false"), "{error}");
        assert!(error.request_id().is_some());
        assert_eq!(error.attempts(), 1);
    }
}

#[test]
fn single_operations_create_an_object() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let put = PutObject::new(bucket, key).with_bytes(bytes(10));
    let put = client.put_object(&put, cancel).unwrap();
    assert!(put.etag.is_some() && put.crc64.is_some());
    let upload = fixture.initiate();
    let sent = upload.upload_part(number(1), bytes(20), cancel).unwrap();
    let list = vec![CompletedPart { number: sent.number, etag: sent.etag }];
    let complete = CompleteMultipartUpload::new(bucket, key, upload.upload_id(), list);
    let completed = client.complete_multipart_upload(&complete, cancel).unwrap();
    assert_eq!(completed.crc64, sent.crc64);
    assert!(completed.location.unwrap().contains(BUCKET));
    assert_eq!(fixture.stored().unwrap(), bytes(20));
}
