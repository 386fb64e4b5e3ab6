//! Iterates over the unfinished uploads of a bucket.

use std::ffi::{CString, c_char, c_int};
use std::mem::MaybeUninit;
use std::time::Duration;

use super::cancel::{self, ossmpu_cancel};
use super::client::{self, ossmpu_client};
use super::entry_point::{Success, guard};
use super::error::ossmpu_error;
use super::handle::{self, OutParam};
use super::option_keys::CallOptions;
use super::options::{self, ossmpu_options};
use super::panic_boundary::guard_value;
use super::text;
use super::text::Text;
use super::try_lock::TryLocked;
use crate::{
    BucketName, ListMultipartUploads, ListedUpload, Result, UploadsEntry, UploadsIter, rfc3339,
};

/// An iterator over the unfinished uploads of a bucket. One thread at a time
/// may use it.
#[derive(Debug)]
pub struct ossmpu_upload_iter(pub(super) TryLocked<UploadIter>);

const _: () = handle::assert_sized::<ossmpu_upload_iter>();

/// `ossmpu_upload_iter *` in C; the same rule as for `ConfigMut`.
///
/// cbindgen:ignore
pub type UploadIterMut<'call> = Option<&'call ossmpu_upload_iter>;

/// An unfinished upload or a common prefix. Owned by the library and valid
/// until the next call on its iterator. Never copy it by its size, and test
/// struct_size before reading a field that was added after version 1.0.
#[derive(Debug)]
#[repr(C)]
pub struct ossmpu_upload_info {
    /// Bytes of this struct that the library has filled.
    pub struct_size: u32,
    /// 1 if key is a common prefix and the other texts are "", else 0.
    pub is_prefix: i32,
    /// The key of the object that the upload would create.
    pub key: *const c_char,
    /// The upload ID.
    pub upload_id: *const c_char,
    /// The time of its initiation, such as "2025-01-15T10:30:00Z" (RFC 3339).
    pub initiated: *const c_char,
    /// The storage class of the object that the upload would create.
    pub storage_class: *const c_char,
    /// Milliseconds since its initiation by the clock of OSS, since the local
    /// one may be wrong; -1 if OSS did not tell, and of a prefix.
    pub age_ms: i64,
}

/// Lists the uploads of a bucket that are neither completed nor aborted, by key
/// and then by upload ID. Sends nothing: ossmpu_upload_iter_next fetches pages
/// as they are needed.
///
/// prefix selects the keys that begin with it. delimiter groups the keys that
/// are equal from the prefix to the next delimiter: one entry with is_prefix
/// stands for the group. Both may be NULL. Of options only
/// OSSMPU_OPTION_PAGE_SIZE, OSSMPU_OPTION_KEY_MARKER,
/// OSSMPU_OPTION_UPLOAD_ID_MARKER and the header x-oss-request-payer are used.
/// options and cancel may be NULL; the iterator keeps the cancel token. out is
/// required.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_list_uploads(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    prefix: Text<'_>,
    delimiter: Text<'_>,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_upload_iter>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let client = client::of_call(client)?;
        client.check_process()?;
        let bucket = BucketName::parse(bucket.required("bucket")?)?;
        let prefix = prefix.optional("prefix")?;
        let delimiter = delimiter.optional("delimiter")?;
        let mut options = options::of_call(options)?;
        let cancel = cancel::or_never(cancel);
        let request = ListMultipartUploads::new(&bucket)
            .with_prefix(prefix.unwrap_or_default())
            .with_delimiter(delimiter.unwrap_or_default());
        let uploads = client.uploads_iter(with_options(request, &mut options), cancel);
        out.set(ossmpu_upload_iter(TryLocked::new(UploadIter { uploads, entry: None })));
        Ok(Success::Ok)
    })
}

/// Returns the next entry. Blocks while it fetches a page.
///
/// Returns OSSMPU_OK and sets out to an entry that is valid until the next call
/// on the iterator; OSSMPU_DONE and NULL after the last entry; or an error,
/// after which there are no more entries. out is required.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_iter_next(
    iter: UploadIterMut<'_>,
    out: Option<&mut MaybeUninit<*const ossmpu_upload_info>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let iter = &handle::required(iter, "iter")?.0;
        let found = iter.change(UploadIter::advance)?;
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
pub extern "C" fn ossmpu_upload_iter_free(iter: Option<Box<ossmpu_upload_iter>>) {
    guard_value((), || drop(iter));
}

/// The source of the uploads and the current entry.
#[derive(Debug)]
pub(super) struct UploadIter {
    uploads: UploadsIter,
    entry: Option<Box<CurrentUpload>>,
}

/// An entry and the texts that it points to.
#[derive(Debug)]
struct CurrentUpload {
    info: ossmpu_upload_info,
    _texts: [CString; 4],
}

impl UploadIter {
    /// Moves to the next entry; returns false after the last.
    fn advance(&mut self) -> Result<bool> {
        self.entry = None;
        self.entry = self.uploads.next().transpose()?.map(|entry| match entry {
            UploadsEntry::Upload(upload) => CurrentUpload::of_upload(&upload),
            UploadsEntry::Prefix(prefix) => CurrentUpload::new(1, [&prefix, "", "", ""], None),
        });
        Ok(self.entry.is_some())
    }
}

impl CurrentUpload {
    fn of_upload(upload: &ListedUpload) -> Box<Self> {
        let initiated = upload.initiated.map(rfc3339).unwrap_or_default();
        let id = upload.upload_id.as_str();
        let storage_class = upload.storage_class.as_deref().unwrap_or_default();
        Self::new(0, [&upload.key, id, &initiated, storage_class], upload.age)
    }

    fn new(is_prefix: i32, texts: [&str; 4], age: Option<Duration>) -> Box<Self> {
        let texts = texts.map(text::to_c_string);
        // The texts are on the heap: moving their owners does not move them.
        let [key, upload_id, initiated, storage_class] = texts.each_ref().map(|text| text.as_ptr());
        let info = ossmpu_upload_info {
            struct_size: SIZE,
            is_prefix,
            key,
            upload_id,
            initiated,
            storage_class,
            age_ms: age.map_or(-1, |age| age.as_millis().try_into().unwrap_or(i64::MAX)),
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

const SIZE: u32 = size_of::<ossmpu_upload_info>() as u32;
