//! Bucket operations and access control.

use oss_emulator::AccessKey;

use crate::client::*;

fn bucket(method: &'static str) -> Request {
    Request::new(method, "")
}

#[test]
fn buckets_can_be_created_and_deleted() {
    let emulator = start();
    assert_eq!(bucket("PUT").bucket("new-bucket").send(&emulator).status, 200);
    let again = bucket("PUT").bucket("new-bucket");
    assert_eq!(again.send(&emulator).code(), (409, "BucketAlreadyExists".into()));
    emulator.set_option("put-own-bucket").unwrap();
    assert_eq!(again.send(&emulator).status, 200);
    let all = bucket("GET").bucket("").send(&emulator);
    assert_eq!(all.elements("Name"), ["new-bucket", BUCKET]);
    let id = Request::new("POST", "k").bucket("new-bucket").query("uploads").send(&emulator);
    let delete = bucket("DELETE").bucket("new-bucket");
    assert_eq!(delete.send(&emulator).code(), (409, "BucketNotEmpty".into()));
    let id = id.element("UploadId").unwrap();
    abort("k", &id).bucket("new-bucket").send(&emulator);
    assert_eq!(delete.send(&emulator).status, 204);
    assert_eq!(delete.send(&emulator).code(), (404, "NoSuchBucket".into()));
}

#[test]
fn bucket_info_acl_location_and_versioning_are_reported() {
    let emulator = start();
    let get = |query: &str| bucket("GET").query(query).send(&emulator);
    let info = get("bucketInfo");
    assert_eq!(info.element("Name").as_deref(), Some(BUCKET));
    assert_eq!(info.element("Location").as_deref(), Some("oss-cn-hangzhou"));
    assert_eq!(info.element("Grant").as_deref(), Some("private"));
    assert_eq!(info.element("BlockPublicAccess").as_deref(), Some("true"));
    assert_eq!(get("acl").element("Grant").as_deref(), Some("private"));
    assert_eq!(get("location").element("LocationConstraint").as_deref(), Some("oss-cn-hangzhou"));
    let body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(bucket("PUT").query("versioning").body(body).send(&emulator).status, 200);
    assert_eq!(get("versioning").element("Status").as_deref(), Some("Enabled"));
    assert_eq!(get("bucketInfo").element("Versioning").as_deref(), Some("Enabled"));
}

#[test]
fn acls_grant_access_to_other_accounts() {
    let emulator = builder().key(AccessKey::new("other", "s").foreign()).start().unwrap();
    let other_account =
        |request: Request| request.signed_by(AccessKey::new("other", "s")).send(&emulator).status;
    Request::new("PUT", "k").body("x").send(&emulator);
    assert_eq!(other_account(Request::new("GET", "k")), 403);
    emulator.set_bucket_acl(BUCKET, "public-read").unwrap();
    assert_eq!(other_account(Request::new("GET", "k")), 200);
    assert_eq!(other_account(Request::new("PUT", "k")), 403);
    emulator.set_bucket_acl(BUCKET, "public-read-write").unwrap();
    assert_eq!(other_account(Request::new("PUT", "k")), 200);
    assert_eq!(other_account(bucket("DELETE")), 403);
}

#[test]
fn requester_pays_requires_the_header() {
    let emulator = builder().key(AccessKey::new("other", "s").foreign()).start().unwrap();
    emulator.set_requester_pays(BUCKET, true).unwrap();
    let request =
        Request::new("POST", "k").query("uploads").signed_by(AccessKey::new("other", "s"));
    assert_eq!(request.send(&emulator).code(), (403, "AccessDenied".into()));
    let paying = request.header("x-oss-request-payer", "requester");
    assert_eq!(paying.send(&emulator).status, 200);
    assert_eq!(Request::new("POST", "k").query("uploads").send(&emulator).status, 200);
}
