//! Iterates over the parts of an upload.

use std::ffi::{CString, c_char, c_int};
use std::mem::MaybeUninit;

use super::arg_check;
use super::cancel::{self, ossmpu_cancel};
use super::client::{self, ossmpu_client};
use super::entry_point::{Success, guard};
use super::error::ossmpu_error;
use super::handle::{self, OutParam};
use super::options::{self, ossmpu_options};
use super::panic_boundary::guard_value;
use super::try_lock::TryLocked;

use super::text;
use super::text::Text;
use crate::{
    ListParts, ListedPart, MultipartUpload, PartsIter, Result, SentPart, UploadId, rfc3339,
};

/// An iterator over the parts of an upload. One thread at a time may use it.
#[derive(Debug)]
pub struct ossmpu_part_iter(pub(super) TryLocked<PartIter>);

const _: () = handle::assert_sized::<ossmpu_part_iter>();

/// `ossmpu_part_iter *` in C; the same rule as for `ConfigMut`.
///
/// cbindgen:ignore
pub type PartIterMut<'call> = Option<&'call ossmpu_part_iter>;

/// A part of an upload. Owned by the library and valid until the next call on
/// its iterator. Never copy it by its size, and test struct_size before
/// reading a field that was added after version 1.0.
#[derive(Debug)]
#[repr(C)]
pub struct ossmpu_part_info {
    /// Bytes of this struct that the library has filled.
    pub struct_size: u32,
    /// The part number, 1 to 10000.
    pub number: i32,
    /// Bytes of the part.
    pub size: i64,
    /// The ETag, with its quotes.
    pub etag: *const c_char,
    /// The time at which OSS received it, such as "2025-01-15T10:30:00Z"
    /// (RFC 3339); "" if the iterator is from ossmpu_upload_sent_parts.
    pub last_modified: *const c_char,
    /// The CRC-64 of the part, if has_crc64 is 1.
    pub crc64: u64,
    /// 1 if crc64 is known, else 0.
    pub has_crc64: i32,
    /// Always 0.
    pub reserved: i32,
}

/// Lists the parts that OSS has of an upload, in the order of their numbers.
/// Sends nothing: ossmpu_part_iter_next fetches pages as they are needed.
///
/// Of options only OSSMPU_OPTION_PAGE_SIZE, OSSMPU_OPTION_PART_NUMBER_MARKER
/// and the header x-oss-request-payer are used. options and cancel may be NULL;
/// the iterator keeps the cancel token. out is required.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_list_parts(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    upload_id: Text<'_>,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_part_iter>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let client = client::of_call(client)?;
        client.check_process()?;
        let (bucket, key) = arg_check::bucket_and_key(bucket, key)?;
        let upload_id = UploadId::parse(upload_id.required("upload_id")?)?;
        let mut options = options::of_call(options)?;
        let cancel = cancel::or_never(cancel);
        let mut request =
            ListParts::new(&bucket, &key, &upload_id).with_headers(options.upload.headers_mut());
        if let Some(count) = options.page_size {
            request = request.with_max_parts(count);
        }
        if let Some(marker) = options.part_number_marker {
            request = request.with_part_number_marker(marker);
        }
        out.set(ossmpu_part_iter(PartIter::listed(client.parts_iter(request, cancel))));
        Ok(Success::Ok)
    })
}

/// Returns the next part. Blocks while it fetches a page.
///
/// Returns OSSMPU_OK and sets out to an entry that is valid until the next call
/// on the iterator; OSSMPU_DONE and NULL after the last entry; or an error,
/// after which there are no more entries. out is required.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_part_iter_next(
    iter: PartIterMut<'_>,
    out: Option<&mut MaybeUninit<*const ossmpu_part_info>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let iter = &handle::required(iter, "iter")?.0;
        let found = iter.change(PartIter::advance)?;
        match &iter.read()?.entry {
            Some(entry) if found => {
                out.set_borrowed(&entry.info);
                Ok(Success::Ok)
            }
            _ => Ok(Success::Done),
        }
    })
}

/// Frees an iterator and its entry. NULL is a no-op.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_part_iter_free(iter: Option<Box<ossmpu_part_iter>>) {
    guard_value((), || drop(iter));
}

/// The parts that are still to be returned, and the current entry.
#[derive(Debug)]
pub(super) struct PartIter {
    parts: RemainingParts,
    entry: Option<Box<CurrentPart>>,
}

#[derive(Debug)]
enum RemainingParts {
    /// Those that the handle of an upload knows of.
    Known(MultipartUpload, std::vec::IntoIter<SentPart>),
    Listed(Box<PartsIter>),
}

/// An entry and the texts that it points to.
#[derive(Debug)]
struct CurrentPart {
    info: ossmpu_part_info,
    _etag: CString,
    _last_modified: CString,
}

impl PartIter {
    pub(super) fn known(upload: &MultipartUpload) -> TryLocked<Self> {
        let parts = upload.sent_parts().into_iter();
        TryLocked::new(Self { parts: RemainingParts::Known(upload.clone(), parts), entry: None })
    }

    fn listed(parts: PartsIter) -> TryLocked<Self> {
        TryLocked::new(Self { parts: RemainingParts::Listed(Box::new(parts)), entry: None })
    }

    /// Moves to the next entry; returns false after the last.
    fn advance(&mut self) -> Result<bool> {
        self.entry = None;
        self.entry = match &mut self.parts {
            RemainingParts::Known(upload, parts) => {
                upload.check_process()?;
                parts.next().map(|part| CurrentPart::of_sent(&part))
            }
            RemainingParts::Listed(parts) => {
                parts.next().transpose()?.map(|part| CurrentPart::of_listed(&part))
            }
        };
        Ok(self.entry.is_some())
    }
}

impl CurrentPart {
    fn of_sent(part: &SentPart) -> Box<Self> {
        Self::new(part.number.get(), part.size, part.etag.as_str(), "", part.crc64)
    }

    fn of_listed(part: &ListedPart) -> Box<Self> {
        let last_modified = part.last_modified.map(rfc3339).unwrap_or_default();
        Self::new(part.number.get(), part.size, part.etag.as_str(), &last_modified, part.crc64)
    }

    fn new(
        number: u16,
        size: u64,
        etag: &str,
        last_modified: &str,
        crc64: Option<u64>,
    ) -> Box<Self> {
        let (etag, last_modified) = (text::to_c_string(etag), text::to_c_string(last_modified));
        let info = ossmpu_part_info {
            struct_size: SIZE,
            number: number.into(),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            // The texts are on the heap: moving their owners does not move them.
            etag: etag.as_ptr(),
            last_modified: last_modified.as_ptr(),
            crc64: crc64.unwrap_or_default(),
            has_crc64: crc64.is_some().into(),
            reserved: 0,
        };
        Box::new(Self { info, _etag: etag, _last_modified: last_modified })
    }
}

const SIZE: u32 = size_of::<ossmpu_part_info>() as u32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BucketName, Client, Config, ETag, ObjectKey, PartNumber, UploadOptions};

    fn attached() -> MultipartUpload {
        let mut config = Config::new();
        config.set_region("cn-hangzhou").unwrap().set_keys("id", "secret", None).unwrap();
        let client = Client::new(&config).unwrap();
        let (bucket, key) = (BucketName::parse("abc").unwrap(), ObjectKey::parse("k").unwrap());
        let id = UploadId::parse("ID").unwrap();
        MultipartUpload::attach(&client, &bucket, &key, &id, &UploadOptions::new()).unwrap()
    }

    #[test]
    fn known_parts_are_returned_in_order_and_then_none() {
        let part = |number, crc64| SentPart {
            number: PartNumber::new(number).unwrap(),
            size: 5,
            etag: ETag::parse("AB").unwrap(),
            crc64,
        };
        let upload = attached();
        upload.add_part(part(2, None)).unwrap();
        upload.add_part(part(1, Some(0))).unwrap();
        let parts = PartIter::known(&upload);
        let mut seen = Vec::new();
        while parts.change(PartIter::advance).unwrap() {
            let parts = parts.read().unwrap();
            let info = &parts.entry.as_ref().unwrap().info;
            seen.push((info.number, info.size, info.has_crc64, info.struct_size));
        }
        assert_eq!(seen, [(1, 5, 1, SIZE), (2, 5, 0, SIZE)]);
        assert!(!parts.change(PartIter::advance).unwrap());
    }
}
