//! The account that owns all buckets.

use crate::xml_writer::Document;

const ID: &str = "1305433850000000";

pub(super) fn element(document: &mut Document) {
    document.open("Owner");
    document.element("ID", ID);
    document.element("DisplayName", ID);
    document.close();
}
