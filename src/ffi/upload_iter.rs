//! The unfinished uploads of a bucket, one after another.

use std::ffi::{CString, c_char, c_int};

use super::cancel::{self, ossmpu_cancel};
use super::client::ossmpu_client;
use super::error::ossmpu_error;
use super::exclusive::Exclusive;
use super::guard::{Success, guard, guard_value};
use super::options::{self, CallOptions, ossmpu_options};
use super::ptr::{self, Handle, Slot};
use super::text;
use crate::{
    BucketName, ListMultipartUploads, ListedUpload, Result, UploadsEntry, UploadsIter, rfc3339,
};

/// The unfinished uploads of a bucket, one after another. One thread at a time
/// may use it.
pub struct ossmpu_upload_iter {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_upload_iter {
    type Inner = Exclusive<UploadIter>;
}

/// An unfinished upload, or a prefix that some have in common. The library
/// owns it, and it is valid until the next call on its iterator: never copy it
/// by its size, and test struct_size before reading a field that was added
/// after version 1.0.
#[derive(Debug)]
#[repr(C)]
pub struct ossmpu_upload_info {
    /// Bytes of this struct that the library has filled.
    pub struct_size: u32,
    /// 1: key is a common prefix, and the other texts are "".
    pub is_prefix: i32,
    /// The key of the object that the upload would make.
    pub key: *const c_char,
    /// Names the upload.
    pub upload_id: *const c_char,
    /// When it was begun, as in "2025-01-15T10:30:00Z" (RFC 3339).
    pub initiated: *const c_char,
    /// The storage class that the object would have.
    pub storage_class: *const c_char,
}

/// Lists the uploads of a bucket that are neither completed nor aborted, by
/// key and then by upload id. Sends nothing by itself: pages are fetched by
/// ossmpu_upload_iter_next as they are needed.
///
/// prefix, which may be NULL, is what the keys begin with. delimiter, which
/// may be NULL, puts together the keys that are the same up to it, after the
/// prefix: an entry with is_prefix stands for them. options, of which only
/// OSSMPU_OPTION_PAGE_SIZE, OSSMPU_OPTION_KEY_MARKER,
/// OSSMPU_OPTION_UPLOAD_ID_MARKER and the payer matter, and cancel may be NULL;
/// the iterator retains the token. out is required.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_list_uploads(
    client: *const ossmpu_client,
    bucket: *const c_char,
    prefix: *const c_char,
    delimiter: *const c_char,
    options: *const ossmpu_options,
    cancel: *const ossmpu_cancel,
    out: *mut *mut ossmpu_upload_iter,
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
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let bucket = BucketName::parse(unsafe { text::required(bucket, &call, "bucket") }?)?;
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let prefix = unsafe { text::optional(prefix, &call, "prefix") }?;
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let delimiter = unsafe { text::optional(delimiter, &call, "delimiter") }?;
        // SAFETY: NULL or live options (contract of `ffi`).
        let mut options = unsafe { options::of_call(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let request = ListMultipartUploads::new(&bucket)
            .with_prefix(prefix.unwrap_or_default())
            .with_delimiter(delimiter.unwrap_or_default());
        let uploads = client.uploads_iter(with_options(request, &mut options), cancel);
        out.fill(Exclusive::new(UploadIter { uploads, entry: None }));
        Ok(Success::Ok)
    })
}

/// Gives the next entry. Blocks when it has to fetch a page.
///
/// Returns OSSMPU_OK and an entry that is valid until the next call on the
/// iterator, OSSMPU_DONE and NULL after the last, or an error; after an error
/// there is nothing more. out is required.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_iter_next(
    iter: *mut ossmpu_upload_iter,
    out: *mut *const ossmpu_upload_info,
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
        let there = iter.change(UploadIter::advance)?;
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
pub unsafe extern "C" fn ossmpu_upload_iter_free(iter: *mut ossmpu_upload_iter) {
    // SAFETY: NULL or an iterator that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(iter) }));
}

/// The uploads, and the entry that C looks at.
#[derive(Debug)]
pub(super) struct UploadIter {
    uploads: UploadsIter,
    entry: Option<Box<Entry>>,
}

/// An entry, and the texts that it points to.
#[derive(Debug)]
struct Entry {
    info: ossmpu_upload_info,
    _texts: [CString; 4],
}

impl UploadIter {
    /// Goes to the next entry; false after the last.
    fn advance(&mut self) -> Result<bool> {
        self.entry = None;
        self.entry = self.uploads.next().transpose()?.map(|entry| match entry {
            UploadsEntry::Upload(upload) => Entry::of_upload(&upload),
            UploadsEntry::Prefix(prefix) => Entry::new(1, [&prefix, "", "", ""]),
        });
        Ok(self.entry.is_some())
    }
}

impl Entry {
    fn of_upload(upload: &ListedUpload) -> Box<Self> {
        let initiated = upload.initiated.map(rfc3339).unwrap_or_default();
        let id = upload.upload_id.as_str();
        let storage_class = upload.storage_class.as_deref().unwrap_or_default();
        Self::new(0, [&upload.key, id, &initiated, storage_class])
    }

    fn new(is_prefix: i32, texts: [&str; 4]) -> Box<Self> {
        let texts = texts.map(text::owned);
        // The texts are on the heap, so moving their owners does not move them.
        let [key, upload_id, initiated, storage_class] = texts.each_ref().map(|text| text.as_ptr());
        let info = ossmpu_upload_info {
            struct_size: SIZE,
            is_prefix,
            key,
            upload_id,
            initiated,
            storage_class,
        };
        Box::new(Self { info, _texts: texts })
    }
}

fn with_options(
    mut request: ListMultipartUploads,
    options: &mut CallOptions,
) -> ListMultipartUploads {
    if let Some(count) = options.page_size {
        request = request.with_max_uploads(count);
    }
    request
        .with_headers(options.upload.headers_mut())
        .with_key_marker(&options.key_marker)
        .with_upload_id_marker(&options.upload_id_marker)
}

/// The struct is far smaller than the type of its size.
const SIZE: u32 = size_of::<ossmpu_upload_info>() as u32;
