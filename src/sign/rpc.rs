//! The signature of Alibaba Cloud RPC APIs, version 1.0, which STS uses.
//!
//! It covers the parameters of query and form together, so each may be sent in either place.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::codec::percent;
use crate::error::{Error, Result};
use crate::runtime::Secret;
use crate::wire::Method;

/// Returns the base64 HMAC of method and parameters, which do not include `Signature`.
pub(crate) fn rpc_signature(
    method: Method,
    parameters: &[(&str, &str)],
    secret: &Secret,
) -> Result<String> {
    let key = Zeroizing::new(format!("{}&", secret.expose()));
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes())
        .map_err(|_| Error::internal("an HMAC takes a key of any length"))?;
    mac.update(string_to_sign(method, parameters).as_bytes());
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

/// Encodes the parameters of a query or form: sorted, and with `=` also after a name without value.
pub(crate) fn encode_rpc(parameters: &[(&str, &str)]) -> Zeroizing<String> {
    let escape = |text: &str| Zeroizing::new(percent::escape(text));
    let mut escaped: Vec<_> =
        parameters.iter().map(|(name, value)| (escape(name), escape(value))).collect();
    escaped
        .sort_unstable_by(|a, b| (a.0.as_str(), a.1.as_str()).cmp(&(b.0.as_str(), b.1.as_str())));
    let length = escaped.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for (name, value) in &escaped {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

fn string_to_sign(method: Method, parameters: &[(&str, &str)]) -> Zeroizing<String> {
    let canonical = Zeroizing::new(percent::escape(&encode_rpc(parameters)));
    Zeroizing::new(format!("{}&%2F&{}", method.as_str(), *canonical))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn pairs(list: &Value) -> Vec<(&str, &str)> {
        let pairs = list.as_array().unwrap().iter();
        pairs.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect()
    }

    /// Uses the list `vectors` of `sts.json`. Its list `acs3_vectors` is about another signature,
    /// which this library does not send.
    #[test]
    fn every_step_of_each_rpc_vector_matches() {
        let file: Value =
            serde_json::from_str(include_str!("../../tests/vectors/sts.json")).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 5);
        for vector in vectors {
            let (input, expected) = (&vector["input"], &vector["expected"]);
            let method = match input["method"].as_str().unwrap() {
                "GET" => Method::Get,
                "POST" => Method::Post,
                other => panic!("a vector with method {other}"),
            };
            let (query, form) = (pairs(&input["query"]), pairs(&input["form"]));
            let all = [query.clone(), form.clone()].concat();
            let name = &vector["name"];
            assert_eq!(encode_rpc(&all).as_str(), expected["canonical_query"], "{name}");
            assert_eq!(string_to_sign(method, &all).as_str(), expected["string_to_sign"], "{name}");
            let secret = Secret::new(input["access_key_secret"].as_str().unwrap());
            let signature = rpc_signature(method, &all, &secret).unwrap();
            assert_eq!(signature, expected["signature"], "{name}");
            let signed = [query, vec![("Signature", signature.as_str())]].concat();
            assert_eq!(encode_rpc(&signed).as_str(), expected["sorted_final_query"], "{name}");
            assert_eq!(encode_rpc(&form).as_str(), expected["form_body"], "{name}");
        }
    }

    #[test]
    fn a_name_without_a_value_keeps_its_equals_sign() {
        assert_eq!(encode_rpc(&[("b", ""), ("a", "1 *")]).as_str(), "a=1%20%2A&b=");
    }
}
