//! HTTP messages and OSS XML as plain values: no sockets, no keys.

mod body;
mod excerpt;
mod headers;
mod query;
mod request;
mod response;
mod service_error;
mod service_remedy;
mod xml_read;
mod xml_write;

pub(crate) use body::{Body, BodyReader, Content, Sent, bytes_at, copy_at};
pub(crate) use headers::Headers;
pub(crate) use query::{encode as encode_query, encode_sorted as encode_query_sorted};
pub(crate) use request::{Method, Request};
pub(crate) use response::Response;
pub(crate) use service_error::ServiceError;
pub(crate) use xml_read::Element;
pub(crate) use xml_write::XmlWriter;
