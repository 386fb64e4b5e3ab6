//! The parts of an upload, one after another.

use std::ffi::{CString, c_char, c_int};

use super::cancel::{self, ossmpu_cancel};
use super::client::ossmpu_client;
use super::error::ossmpu_error;
use super::exclusive::Exclusive;
use super::guard::{Success, guard, guard_value};
use super::options::{self, ossmpu_options};
use super::ptr::{self, Handle, Slot};
use super::put::place;
use super::text;
use crate::{ListParts, ListedPart, PartsIter, Result, SentPart, UploadId, rfc3339};

/// The parts of an upload, one after another. One thread at a time may use it.
pub struct ossmpu_part_iter {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_part_iter {
    type Inner = Exclusive<PartIter>;
}

/// A part of an upload. The library owns it, and it is valid until the next
/// call on its iterator: never copy it by its size, and test struct_size
/// before reading a field that was added after version 1.0.
#[derive(Debug)]
#[repr(C)]
pub struct ossmpu_part_info {
    /// Bytes of this struct that the library has filled.
    pub struct_size: u32,
    /// The number of the part, 1 to 10000.
    pub number: i32,
    /// Bytes of the part.
    pub size: i64,
    /// Its ETag, with the quotes.
    pub etag: *const c_char,
    /// When it arrived, as in "2025-01-15T10:30:00Z" (RFC 3339); "" if
    /// this is from ossmpu_upload_parts.
    pub last_modified: *const c_char,
    /// The CRC-64 of the part, if has_crc64 is 1.
    pub crc64: u64,
    /// 0: crc64 is meaningless.
    pub has_crc64: i32,
    /// Always 0.
    pub reserved: i32,
}

/// Lists the parts that OSS has of an upload, by ascending number. Sends
/// nothing by itself: pages are fetched by ossmpu_part_iter_next as they are
/// needed.
///
/// options, of which only OSSMPU_OPTION_PAGE_SIZE,
/// OSSMPU_OPTION_PART_NUMBER_MARKER and the payer matter, and cancel may be
/// NULL; the iterator retains the token. out is required.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_list_parts(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
    upload_id: *const c_char,
    options: *const ossmpu_options,
    cancel: *const ossmpu_cancel,
    out: *mut *mut ossmpu_part_iter,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let out = unsafe { Slot::open(out, &call) };
    guard(err, || {
        let out = out.required("out")?;
        // SAFETY: NULL or a live client (contract of `ffi`).
        let client = unsafe { ptr::borrow(client, &call, "client") }?;
        client.check_process()?;
        // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
        let (bucket, key) = unsafe { place(bucket, key, &call) }?;
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let upload_id = UploadId::parse(unsafe { text::required(upload_id, &call, "upload_id") }?)?;
        // SAFETY: NULL or live options (contract of `ffi`).
        let mut options = unsafe { options::of_call(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let mut request =
            ListParts::new(&bucket, &key, &upload_id).with_headers(options.upload.headers_mut());
        if let Some(count) = options.page_size {
            request = request.with_max_parts(count);
        }
        if let Some(marker) = options.part_number_marker {
            request = request.with_part_number_marker(marker);
        }
        out.fill(PartIter::listed(client.parts_iter(request, cancel)));
        Ok(Success::Ok)
    })
}

/// Gives the next part. Blocks when it has to fetch a page.
///
/// Returns OSSMPU_OK and an entry that is valid until the next call on the
/// iterator, OSSMPU_DONE and NULL after the last, or an error; after an error
/// there is nothing more. out is required.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_part_iter_next(
    iter: *mut ossmpu_part_iter,
    out: *mut *const ossmpu_part_info,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let out = unsafe { Slot::open_entry(out, &call) };
    guard(err, || {
        let out = out.required("out")?;
        // SAFETY: NULL or a live iterator of this thread alone (contract of `ffi`).
        let iter = unsafe { ptr::borrow_mut(iter, &call, "iter") }?;
        let there = iter.change(PartIter::advance)?;
        match &iter.read()?.entry {
            Some(entry) if there => {
                out.show(&entry.info);
                Ok(Success::Ok)
            }
            _ => Ok(Success::Done),
        }
    })
}

/// Frees an iterator and its entry. NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_part_iter_free(iter: *mut ossmpu_part_iter) {
    // SAFETY: NULL or an iterator that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(iter) }));
}

/// Where the parts come from, and the one that C looks at.
#[derive(Debug)]
pub(super) struct PartIter {
    source: Source,
    entry: Option<Box<Entry>>,
}

#[derive(Debug)]
enum Source {
    Known(std::vec::IntoIter<SentPart>),
    Listed(Box<PartsIter>),
}

/// An entry, and the texts that it points to.
#[derive(Debug)]
struct Entry {
    info: ossmpu_part_info,
    _etag: CString,
    _last_modified: CString,
}

impl PartIter {
    pub(super) fn known(parts: Vec<SentPart>) -> Exclusive<Self> {
        Exclusive::new(Self { source: Source::Known(parts.into_iter()), entry: None })
    }

    fn listed(parts: PartsIter) -> Exclusive<Self> {
        Exclusive::new(Self { source: Source::Listed(Box::new(parts)), entry: None })
    }

    /// Goes to the next entry; false after the last.
    fn advance(&mut self) -> Result<bool> {
        self.entry = None;
        self.entry = match &mut self.source {
            Source::Known(parts) => parts.next().map(|part| Entry::of_sent(&part)),
            Source::Listed(parts) => parts.next().transpose()?.map(|part| Entry::of_listed(&part)),
        };
        Ok(self.entry.is_some())
    }
}

impl Entry {
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
        let (etag, last_modified) = (text::owned(etag), text::owned(last_modified));
        let info = ossmpu_part_info {
            struct_size: SIZE,
            number: number.into(),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            // The texts are on the heap, so moving their owners does not move them.
            etag: etag.as_ptr(),
            last_modified: last_modified.as_ptr(),
            crc64: crc64.unwrap_or_default(),
            has_crc64: crc64.is_some().into(),
            reserved: 0,
        };
        Box::new(Self { info, _etag: etag, _last_modified: last_modified })
    }
}

/// The struct is far smaller than the type of its size.
const SIZE: u32 = size_of::<ossmpu_part_info>() as u32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ETag, PartNumber};

    #[test]
    fn known_parts_come_in_order_and_then_it_is_done() {
        let part = |number, crc64| SentPart {
            number: PartNumber::new(number).unwrap(),
            size: 5,
            etag: ETag::parse("AB").unwrap(),
            crc64,
        };
        let mut parts = PartIter::known(vec![part(1, Some(0)), part(2, None)]);
        let mut seen = Vec::new();
        while parts.change(PartIter::advance).unwrap() {
            let info = &parts.read().unwrap().entry.as_ref().unwrap().info;
            seen.push((info.number, info.size, info.has_crc64, info.struct_size));
        }
        assert_eq!(seen, [(1, 5, 1, 48), (2, 5, 0, 48)]);
        assert!(!parts.change(PartIter::advance).unwrap());
    }
}
