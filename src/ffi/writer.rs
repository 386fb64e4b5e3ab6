//! A writer that creates an object.

use std::ffi::{c_int, c_void};
use std::io::Write;
use std::mem::MaybeUninit;

use super::arg_check;
use super::bytes::Bytes;
use super::cancel::{self, ossmpu_cancel};
use super::client::{self, ossmpu_client};
use super::entry_point::{Success, guard};
use super::error::ossmpu_error;
use super::handle::{self, OutParam};
use super::options::{self, ossmpu_options};
use super::panic_boundary::guard_value;
use super::result::{ossmpu_result, set_result};
use super::text::Text;
use super::try_lock::TryLocked;
use crate::{Error, ErrorKind, Result, Writer};

/// A writer that creates an object whose size need not be known in advance. One
/// thread at a time may use it. OSSMPU_ESTATE while another call is using it,
/// also from a callback of that call.
#[derive(Debug)]
pub struct ossmpu_writer(pub(super) TryLocked<Option<Writer>>);

const _: () = handle::assert_sized::<ossmpu_writer>();

/// `ossmpu_writer *` in C; the same rule as for `ConfigMut`.
///
/// cbindgen:ignore
pub type WriterMut<'call> = Option<&'call ossmpu_writer>;

/// Opens a writer. Sends nothing and does not block.
///
/// options and cancel apply to all calls on the writer and may be NULL; out is
/// required. OSSMPU_EINVAL if two parts of OSSMPU_OPTION_PART_SIZE exceed
/// OSSMPU_CONFIG_MEMORY_LIMIT.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_writer_open(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_writer>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let client = client::of_call(client)?;
        let (bucket, key) = arg_check::bucket_and_key(bucket, key)?;
        let options = options::or_default(options)?;
        let cancel = cancel::or_never(cancel);
        let writer = client.open_writer(&bucket, &key, &options, cancel)?;
        out.set(ossmpu_writer(TryLocked::new(Some(writer))));
        Ok(Success::Ok)
    })
}

/// Appends bytes to the object. Copies them; blocks while the buffers are full.
/// data may be NULL if len is 0.
///
/// Returns the first error of the upload, which has been aborted by then. After
/// an error all calls but ossmpu_writer_free return OSSMPU_ESTATE.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_writer_write(
    writer: WriterMut<'_>,
    data: *const c_void,
    len: usize,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    guard(err, || {
        let writer = &handle::required(writer, "writer")?.0;
        // SAFETY: NULL or that many bytes (contract of `ffi`); `write` copies them.
        let data = unsafe { Bytes::borrow(data, len, "data") }?;
        writer.change(|writer| {
            // `write` takes all bytes; `write_all` would skip an empty slice.
            let written = writer.as_mut().ok_or_else(closed)?.write(data.as_ref());
            written.map(drop).map_err(Error::from)
        })?;
        Ok(Success::Ok)
    })
}

/// Sends the remaining bytes, creates the object, and returns when OSS has
/// acknowledged it. Blocks. out may be NULL.
///
/// On failure as ossmpu_put_file; the writer cannot be used afterwards.
/// OSSMPU_ESTATE after a write that failed, and after finish or abort.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_writer_finish(
    writer: WriterMut<'_>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_result>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let writer = &handle::required(writer, "writer")?.0;
        Ok(set_result(writer.change(|writer| take(writer)?.finish())?, out))
    })
}

/// Aborts the upload: no object is created, and the parts are removed from OSS.
/// Blocks for at most OSSMPU_CONFIG_ABORT_TIMEOUT_MS and ignores the cancel
/// token.
///
/// OSSMPU_ECANCELED with OSSMPU_ERRINFO_PARTS_LEFT if parts may be left.
/// OSSMPU_ESTATE after a write that failed, and after finish or abort.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_writer_abort(
    writer: WriterMut<'_>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    guard(err, || {
        let writer = &handle::required(writer, "writer")?.0;
        writer.change(|writer| take(writer)?.abort())?;
        Ok(Success::Ok)
    })
}

/// Frees a writer. NULL is a no-op. Unless it was finished or aborted, the
/// upload is canceled: no object is created, nothing more is sent, and the
/// parts that OSS has stay there and are billed.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_writer_free(writer: Option<Box<ossmpu_writer>>) {
    guard_value((), || drop(writer));
}

/// Takes the writer, unless the call is refused, which leaves it as it is.
fn take(writer: &mut Option<Writer>) -> Result<Writer> {
    writer.as_ref().map_or(Ok(()), Writer::check_call)?;
    writer.take().ok_or_else(closed)
}

fn closed() -> Error {
    Error::new(ErrorKind::State, "the writer is finished or aborted")
}
