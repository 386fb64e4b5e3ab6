//! Buckets and who may use them.

use oss_emulator::AccessKey;

use crate::client::*;

fn bucket(method: &'static str) -> Ask {
    Ask::new(method, "")
}

#[test]
fn buckets_come_and_go() {
    let emulator = start();
    assert_eq!(bucket("PUT").bucket("new-bucket").send(&emulator).status, 200);
    let again = bucket("PUT").bucket("new-bucket");
    assert_eq!(again.send(&emulator).code(), (409, "BucketAlreadyExists".into()));
    emulator.set_option("put-own-bucket").unwrap();
    assert_eq!(again.send(&emulator).status, 200);
    let all = bucket("GET").bucket("").send(&emulator);
    assert_eq!(all.elements("Name"), ["new-bucket", BUCKET]);
    let id = Ask::new("POST", "k").bucket("new-bucket").query("uploads").send(&emulator);
    let delete = bucket("DELETE").bucket("new-bucket");
    assert_eq!(delete.send(&emulator).code(), (409, "BucketNotEmpty".into()));
    let id = id.element("UploadId").unwrap();
    abort("k", &id).bucket("new-bucket").send(&emulator);
    assert_eq!(delete.send(&emulator).status, 204);
    assert_eq!(delete.send(&emulator).code(), (404, "NoSuchBucket".into()));
}

#[test]
fn buckets_describe_themselves() {
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
fn acls_open_a_bucket_to_strangers() {
    let emulator = builder().key(AccessKey::new("other", "s").foreign()).start().unwrap();
    let stranger = |ask: Ask| ask.signed_by(AccessKey::new("other", "s")).send(&emulator).status;
    Ask::new("PUT", "k").body("x").send(&emulator);
    assert_eq!(stranger(Ask::new("GET", "k")), 403);
    emulator.set_bucket_acl(BUCKET, "public-read").unwrap();
    assert_eq!(stranger(Ask::new("GET", "k")), 200);
    assert_eq!(stranger(Ask::new("PUT", "k")), 403);
    emulator.set_bucket_acl(BUCKET, "public-read-write").unwrap();
    assert_eq!(stranger(Ask::new("PUT", "k")), 200);
    assert_eq!(stranger(bucket("DELETE")), 403);
}

#[test]
fn requesters_have_to_say_that_they_pay() {
    let emulator = builder().key(AccessKey::new("other", "s").foreign()).start().unwrap();
    emulator.set_requester_pays(BUCKET, true).unwrap();
    let ask = Ask::new("POST", "k").query("uploads").signed_by(AccessKey::new("other", "s"));
    assert_eq!(ask.send(&emulator).code(), (403, "AccessDenied".into()));
    let paying = ask.header("x-oss-request-payer", "requester");
    assert_eq!(paying.send(&emulator).status, 200);
    assert_eq!(Ask::new("POST", "k").query("uploads").send(&emulator).status, 200);
}
