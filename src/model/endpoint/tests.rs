//! Valid and invalid endpoints, and the targets of `addressing.json`.

use serde_json::Value;

use super::*;
use crate::error::ErrorKind;

fn vectors(list: &str) -> Vec<Value> {
    let text = include_str!("../../../tests/vectors/addressing.json");
    let file: Value = serde_json::from_str(text).unwrap();
    file[list].as_array().unwrap().clone()
}

fn bucket(name: &str) -> BucketName {
    BucketName::parse(name).unwrap()
}

#[test]
fn hosts_and_paths_match_the_vectors() {
    let vectors = vectors("urls");
    assert_eq!(vectors.len(), 29);
    for vector in vectors {
        let endpoint = Endpoint::parse(vector["endpoint"].as_str().unwrap()).unwrap();
        let addressing = match vector["style"].as_str().unwrap() {
            "virtual" => Addressing::VirtualHost,
            "path" => Addressing::Path,
            "cname" => Addressing::Cname,
            other => panic!("{other}"),
        };
        let (bucket, key) = (vector["bucket"].as_str(), vector["key"].as_str());
        let target = endpoint.target_of(addressing, bucket, key).unwrap();
        assert_eq!(target.host, vector["host"].as_str().unwrap(), "{vector}");
        assert_eq!(target.path, vector["path"].as_str().unwrap(), "{vector}");
        assert_eq!(target.to_string(), vector["url"].as_str().unwrap(), "{vector}");
    }
}

#[test]
fn endpoints_of_regions_match_the_vectors() {
    let vectors = vectors("region_endpoints");
    assert_eq!(vectors.len(), 30);
    for vector in vectors {
        let region = Region::parse(vector["region"].as_str().unwrap()).unwrap();
        let expected = vector["endpoint"].as_str().unwrap();
        let kind = match vector["type"].as_str().unwrap() {
            "public" => Some(EndpointKind::Public),
            "internal" => Some(EndpointKind::Internal),
            "accelerate" => Some(EndpointKind::Accelerate),
            "dual-stack" => Some(EndpointKind::DualStack),
            _ => None,
        };
        // Plain HTTP and the overseas accelerator have no setting; callers give a URL.
        let endpoint = match kind.filter(|_| vector["tls"] == true) {
            Some(kind) => Endpoint::from_region(&region, kind),
            None => Endpoint::parse(expected).unwrap(),
        };
        assert_eq!(endpoint.to_string(), expected, "{vector}");
    }
}

#[test]
fn the_default_scheme_is_https() {
    let vectors = vectors("scheme_defaulting");
    assert_eq!(vectors.len(), 5);
    for vector in vectors {
        let (text, expected) =
            (vector["endpoint"].as_str().unwrap(), vector["result"].as_str().unwrap());
        if text.is_empty() {
            assert_eq!(Endpoint::parse(text).unwrap_err().argument(), Some("endpoint"));
            continue;
        }
        // Only a scheme selects plain HTTP; there is no setting for it.
        let bare_and_plain = vector["tls"] == false && !text.contains("://");
        let text = if bare_and_plain { expected } else { text };
        assert_eq!(Endpoint::parse(text).unwrap().to_string(), expected, "{vector}");
    }
}

#[test]
fn bucket_names_match_the_vectors() {
    let vectors = vectors("bucket_names_client_check");
    assert_eq!(vectors.len(), 12);
    for vector in vectors {
        let parsed = BucketName::parse(vector["name"].as_str().unwrap());
        assert_eq!(parsed.is_ok(), vector["valid"] == true, "{vector}");
    }
}

#[test]
fn an_invalid_endpoint_is_refused_by_name() {
    for bad in [
        "",
        "https://",
        "http:///",
        "ftp://oss.example.com",
        "://oss.example.com",
        "https://oss.example.com/bucket",
        "oss.example.com/a/",
        "oss.example.com//",
        "https://oss.example.com/?a=b",
        "https://oss.example.com#a",
        "https://id:secret@oss.example.com",
        "oss.example.com:",
        "oss.example.com:0",
        "oss.example.com:65536",
        "oss.example.com:+80",
        "oss.example.com:80a",
        ":80",
        " oss.example.com",
        "oss.example.com\n",
        "oss example.com",
        "oss.exämple.com",
        "oss..example.com",
        ".example.com",
        "oss.example.com.",
        "oss\\example.com",
        "999.1.1.1",
        "1.2.3",
        "127.0.0.1.5",
        "2001:db8::1",
        "[2001:db8::1",
        "[2001:db8::1]80",
        "[2001:db8::1]:",
        "[127.0.0.1]",
        "[fe80::1%eth0]",
        "[]",
        &"a".repeat(64),
        &"a.".repeat(127),
    ] {
        let error = Endpoint::parse(bad).unwrap_err();
        assert_eq!(
            (error.kind(), error.argument()),
            (ErrorKind::Invalid, Some("endpoint")),
            "{bad}"
        );
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn host_and_port_are_kept_as_given() {
    for (text, url, host) in [
        ("HTTP://Oss.Example.com/", "http://Oss.Example.com", "Oss.Example.com"),
        ("https://a_b-c.example:443", "https://a_b-c.example:443", "a_b-c.example:443"),
        ("localhost:9000", "https://localhost:9000", "localhost:9000"),
        ("http://[::1]:80/", "http://[::1]:80", "[::1]:80"),
        ("[::1]", "https://[::1]", "[::1]"),
    ] {
        let endpoint = Endpoint::parse(text).unwrap();
        assert_eq!((endpoint.to_string().as_str(), endpoint.host()), (url, host));
        assert_eq!(endpoint.is_https(), url.starts_with("https:"));
    }
}

#[test]
fn an_ip_address_always_uses_path_style() {
    for text in ["192.0.2.10", "http://192.0.2.10:8080", "[2001:db8::1]", "[2001:db8::1]:80"] {
        let endpoint = Endpoint::parse(text).unwrap();
        for addressing in [Addressing::VirtualHost, Addressing::Path, Addressing::Cname] {
            let target = endpoint.target(addressing, Some(&bucket("abc")), None).unwrap();
            assert_eq!((target.host.as_str(), target.path.as_str()), (endpoint.host(), "/abc/"));
        }
    }
}

#[test]
fn a_bucket_in_the_endpoint_is_refused_with_advice() {
    let endpoint = Endpoint::parse("examplebucket.oss-cn-hangzhou.aliyuncs.com").unwrap();
    let name = bucket("examplebucket");
    let error = endpoint.target(Addressing::VirtualHost, Some(&name), None).unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("endpoint")));
    assert!(error.to_string().contains("use oss-cn-hangzhou.aliyuncs.com"), "{error}");
    assert!(endpoint.target(Addressing::Cname, Some(&name), None).is_ok());
    assert!(endpoint.target(Addressing::VirtualHost, Some(&bucket("example")), None).is_ok());
}

#[test]
fn a_bucket_may_have_the_name_of_an_endpoint_label() {
    for (text, name) in [
        ("oss-cn-hangzhou.aliyuncs.com", "oss-cn-hangzhou"),
        ("cn-hangzhou.oss.aliyuncs.com", "cn-hangzhou"),
    ] {
        let endpoint = Endpoint::parse(text).unwrap();
        let target = endpoint.target(Addressing::VirtualHost, Some(&bucket(name)), None);
        assert_eq!(target.unwrap().host, format!("{name}.{text}"));
    }
}

#[test]
fn a_cloud_box_is_known_by_its_five_labels() {
    for (text, id) in [
        ("cb-f8z7yvzgwfkl9q0h.cn-hangzhou.oss-cloudbox.aliyuncs.com", "cb-f8z7yvzgwfkl9q0h"),
        ("http://cb-1.cn-beijing.oss-cloudbox-control.aliyuncs.com:8080", "cb-1"),
    ] {
        assert_eq!(Endpoint::parse(text).unwrap().cloud_box(), Some(id));
    }
    for text in [
        "oss-cn-hangzhou.aliyuncs.com",
        "cb-1.oss-cloudbox.aliyuncs.com",
        "a.cb-1.cn-hangzhou.oss-cloudbox.aliyuncs.com",
        "cb-1.cn.hangzhou.oss-cloudbox.aliyuncs.com",
        "bc-1.cn-hangzhou.oss-cloudbox.aliyuncs.com",
        "cb-1.cn-hangzhou.oss-cloudbox.example.com",
        "[::1]:80",
    ] {
        assert_eq!(Endpoint::parse(text).unwrap().cloud_box(), None, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn what_is_printed_is_parsed_to_the_same(
        scheme in "(HTTP://|https://|)",
        host in r"([a-z0-9_-]{1,9}\.){0,3}[a-z][a-z0-9]{0,5}|[1-9]{1,2}(\.[1-9]{1,2}){3}|\[::[1-9]\]",
        port in "(:[1-9][0-9]{0,3}|)",
    ) {
        let endpoint = Endpoint::parse(&format!("{scheme}{host}{port}")).unwrap();
        proptest::prop_assert_eq!(Endpoint::parse(&endpoint.to_string()).unwrap(), endpoint);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        let _ = Endpoint::parse(&text);
    }
}
