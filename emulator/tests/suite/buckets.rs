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

fn configured(class: &str, redundancy: &str) -> String {
    format!(
        "<CreateBucketConfiguration><StorageClass>{class}</StorageClass>\
         <DataRedundancyType>{redundancy}</DataRedundancyType></CreateBucketConfiguration>"
    )
}

#[test]
fn an_owned_bucket_can_be_put_again() {
    let emulator = builder().key(AccessKey::new("other", "s").foreign()).start().unwrap();
    Request::new("PUT", "k").body("x").send(&emulator);
    let grant = || bucket("GET").query("acl").send(&emulator).element("Grant").unwrap();
    let public =
        bucket("PUT").header("x-oss-acl", "public-read").body(configured("Standard", "LRS"));
    assert_eq!(public.send(&emulator).status, 200);
    assert_eq!(grant(), "public-read");
    assert_eq!(bucket("PUT").send(&emulator).status, 200);
    assert_eq!(grant(), "public-read");
    for body in [configured("IA", "LRS"), configured("Standard", "ZRS")] {
        let request = bucket("PUT").header("x-oss-acl", "private").body(body);
        assert_eq!(request.send(&emulator).code(), (409, "BucketAlreadyExists".into()));
    }
    let foreign = bucket("PUT").signed_by(AccessKey::new("other", "s"));
    assert_eq!(foreign.send(&emulator).code(), (409, "BucketAlreadyExists".into()));
    assert_eq!(grant(), "public-read");
    assert_eq!(emulator.keys(BUCKET), ["k"]);
}

#[test]
fn bucket_sub_resources_neither_create_nor_delete_a_bucket() {
    let emulator = start();
    let put = |query: &str, acl: &str| {
        let request = bucket("PUT").bucket("new-bucket").query(query);
        request.header("x-oss-acl", acl).send(&emulator).code()
    };
    assert_eq!(put("acl", "private"), (404, "NoSuchBucket".into()));
    for query in ["qos", "transferAcceleration", "style&styleName=a"] {
        assert_eq!(put(query, "private"), (400, "NotImplemented".into()), "{query}");
        let delete = bucket("DELETE").query(query).send(&emulator);
        assert_eq!(delete.code(), (400, "NotImplemented".into()), "{query}");
    }
    assert_eq!(bucket("PUT").bucket("new-bucket").send(&emulator).status, 200);
    assert_eq!(put("acl", "public-read").0, 200);
    assert_eq!(put("acl", "everyone"), (400, "InvalidArgument".into()));
    let acl = bucket("GET").bucket("new-bucket").query("acl").send(&emulator);
    assert_eq!(acl.element("Grant").as_deref(), Some("public-read"));
}

#[test]
fn a_bucket_can_be_probed_with_head() {
    let emulator = start();
    assert_eq!(bucket("HEAD").send(&emulator).status, 200);
    assert_eq!(bucket("HEAD").host("test-bucket.oss.localhost").send(&emulator).status, 200);
    let missing = bucket("HEAD").bucket("missing").send(&emulator);
    assert_eq!((missing.status, missing.header("x-oss-ec")), (404, Some("0015-00000101")));
    assert_eq!(bucket("HEAD").unsigned().send(&emulator).status, 403);
    emulator.set_bucket_acl(BUCKET, "public-read").unwrap();
    assert_eq!(bucket("HEAD").unsigned().send(&emulator).status, 200);
}

#[test]
fn objects_inherit_the_storage_class_of_the_bucket() {
    let emulator = start();
    bucket("PUT").bucket("cold-bucket").body(configured("IA", "LRS")).send(&emulator);
    let request = |method, key| Request::new(method, key).bucket("cold-bucket");
    let class = |key| {
        let head = request("HEAD", key).send(&emulator);
        head.header("x-oss-storage-class").unwrap().to_owned()
    };
    request("PUT", "put").send(&emulator);
    request("PUT", "own").header("x-oss-storage-class", "Archive").send(&emulator);
    let id = request("POST", "parts").query("uploads").send(&emulator).element("UploadId").unwrap();
    let listed = request("GET", "").query("uploads").send(&emulator);
    assert_eq!(listed.elements("StorageClass"), ["IA"]);
    complete("parts", &id, &[]).bucket("cold-bucket").send(&emulator);
    assert_eq!([class("put"), class("own"), class("parts")], ["IA", "Archive", "IA"]);
    let objects = request("GET", "").query("list-type=2").send(&emulator);
    assert_eq!(objects.elements("StorageClass"), ["Archive", "IA", "IA"]);
    Request::new("PUT", "k").send(&emulator);
    let standard = Request::new("HEAD", "k").send(&emulator);
    assert_eq!(standard.header("x-oss-storage-class"), Some("Standard"));
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
