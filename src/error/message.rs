//! The message of an error, one line, built from its fields.

use std::fmt;

use super::{Error, ObjectExists};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = &*self.0;
        if let Some(operation) = fields.operation {
            write!(f, "{operation}")?;
            if let Some(number) = fields.part_number {
                write!(f, " part {number}")?;
            }
            f.write_str(": ")?;
        } else if let Some(number) = fields.part_number {
            write!(f, "part {number}: ")?;
        }
        if let Some(argument) = &fields.argument {
            write!(f, "{}: ", one_line(argument))?;
        }
        f.write_str(&one_line(&fields.text))?;
        if let Some(status) = fields.http_status {
            write!(f, "; status {status}")?;
        }
        for (name, value) in [
            ("code", &fields.oss_code),
            ("message", &fields.oss_message),
            ("ec", &fields.ec),
            ("request id", &fields.request_id),
            ("host", &fields.host),
        ] {
            if let Some(value) = value {
                write!(f, "; {name} {}", one_line(value))?;
            }
        }
        if fields.attempts > 1 {
            write!(f, "; after {} attempts", fields.attempts)?;
        }
        if let Some(upload_id) = &fields.upload_id {
            let left = if fields.parts_left { "parts may be left in " } else { "" };
            let aborted =
                if fields.upload_aborted && !fields.parts_left { " was aborted" } else { "" };
            write!(f, "; {left}upload {}{aborted}", one_line(upload_id))?;
        }
        if fields.upload_may_exist {
            f.write_str("; an orphaned upload may exist")?;
        }
        match fields.object_exists {
            ObjectExists::No => Ok(()),
            ObjectExists::Yes => f.write_str("; the object exists"),
            ObjectExists::Unknown => f.write_str("; the object may exist"),
        }
    }
}

/// Replaces the characters that move a terminal's cursor, or reverse or hide its text.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_format(c) { ' ' } else { c }).collect()
}

/// True for line separators, directional marks and other characters without a glyph.
fn is_format(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn the_line_names_operation_part_cause_and_service() {
        let error = Error::new(ErrorKind::Service, "refused")
            .with_operation("UploadPart")
            .with_part(7)
            .with_status(403)
            .with_service("AccessDenied", "no\nway", "0003-00000001")
            .with_request_id("5C3D9175B6FC201293AD4890")
            .with_attempts(3);
        assert_eq!(
            error.to_string(),
            "UploadPart part 7: refused; status 403; code AccessDenied; message no way; \
             ec 0003-00000001; request id 5C3D9175B6FC201293AD4890; after 3 attempts"
        );
    }

    #[test]
    fn control_characters_do_not_break_the_line() {
        let error = Error::invalid("x\r\ny", "the response is a b\nc").with_cause("d\ne");
        assert_eq!(error.to_string(), "x  y: the response is a b c");
        let error = Error::new(ErrorKind::Service, "a\u{202e}b\u{2028}c\u{85}d\te\u{2066}f");
        assert_eq!(error.to_string(), "a b c d e f");
    }

    #[test]
    fn the_line_says_what_is_left_at_oss() {
        let error = Error::canceled().with_upload_id("ABC").with_parts_left(true);
        assert_eq!(error.to_string(), "canceled; parts may be left in upload ABC");
        let error = Error::canceled().with_upload_id("ABC");
        assert_eq!(error.to_string(), "canceled; upload ABC");
        let error = error.with_upload_aborted();
        assert_eq!(error.to_string(), "canceled; upload ABC was aborted");
        let error = error.with_parts_left(true);
        assert_eq!(error.to_string(), "canceled; parts may be left in upload ABC");
    }
}
