//! What the program does: one function for each way of uploading.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::fault::{Fault, KILLS, NO_CRC, REPLACED, SOURCE_CHANGES};
use super::network::Network;
use super::pass;
use super::service::{COPY_SOURCE, TARGET, is_attribute};
use super::source_bytes::SourceBytes;
use crate::codec::crc64::crc64;
use crate::error::Error;
use crate::runtime::Cancel;
use crate::transport::SimulatedPeer;
use crate::{
    BucketName, Client, Config, CopySource, CredentialsSource, MultipartUpload, ObjectExists,
    ObjectKey, PartNumber, ReaderSource, Result, UploadId, UploadOptions, UploadResult,
};

/// One way of uploading.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) size: usize,
    pub(crate) options: UploadOptions,
    pub(crate) script: fn(&RunContext<'_>) -> Vec<CallResult>,
    /// Faults besides those of every scenario.
    pub(crate) faults: Vec<Fault>,
    pub(crate) is_versioned: bool,
    pub(crate) lacks_crc64: bool,
    pub(crate) is_write_once: bool,
    /// Workers of the client.
    pub(crate) threads: usize,
    /// Of the client, in bytes.
    pub(crate) memory_limit: Option<u64>,
}

/// What a script works with.
pub(crate) struct RunContext<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) network: &'a Arc<Network>,
    pub(crate) cancel: &'a Cancel,
    /// For the source file and the checkpoint.
    pub(crate) folder: &'a Path,
    pub(crate) data: &'a SourceBytes,
}

/// How a call has ended, and what the program knows besides.
#[derive(Debug)]
pub(crate) struct CallResult {
    pub(crate) outcome: Result<UploadResult>,
    /// The upload that the program has a handle of, or whose ID it knows.
    pub(crate) known_upload: Option<String>,
    /// The handle says that another upload may exist.
    pub(crate) upload_may_exist: bool,
}

pub(crate) const PART: usize = 100 * 1024;

impl Scenario {
    /// A scenario with one worker, whose object has metadata.
    pub(crate) fn new(
        name: &'static str,
        size: usize,
        mut options: UploadOptions,
        script: fn(&RunContext<'_>) -> Vec<CallResult>,
    ) -> Self {
        options.headers_mut().set_metadata("owner", "me").unwrap();
        Self {
            name,
            size,
            options,
            script,
            faults: Vec::new(),
            is_versioned: false,
            lacks_crc64: false,
            is_write_once: false,
            threads: 1,
            memory_limit: None,
        }
    }
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let two = PART + 1000;
    let base = |name, size, script: fn(&RunContext<'_>) -> Vec<CallResult>| {
        let mut options = UploadOptions::new();
        options.set_part_size(PART as u64).unwrap().set_parallelism(1).unwrap();
        Scenario::new(name, size, options, script)
    };
    let scenario = |name, script| {
        let mut scenario = base(name, two, script);
        scenario.options.set_single_below(0).unwrap();
        scenario
    };
    let mut protected = base("one protected PutObject", 1000, put_data);
    protected.options.headers_mut().set_forbid_overwrite(true);
    let mut two_parts = scenario("two parts", put_data);
    two_parts.faults = [&NO_CRC[..], &SOURCE_CHANGES[..]].concat();
    let mut protected_parts = scenario("two protected parts", put_data);
    protected_parts.options.headers_mut().set_forbid_overwrite(true);
    let mut kept = scenario("kept parts", put_data);
    kept.options.set_keep_parts(true);
    let mut checkpoint = scenario("checkpoint, killed and restarted", with_checkpoint);
    checkpoint.faults = KILLS.to_vec();
    let mut all = scenario("complete all", put_data);
    all.options.set_complete_all(true);
    let mut versioned = scenario("versioned bucket", put_data);
    versioned.is_versioned = true;
    let mut without_crc64 = scenario("responses without CRC-64", put_data);
    without_crc64.lacks_crc64 = true;
    without_crc64.faults = REPLACED.to_vec();
    let mut put_without_crc64 = base("one PutObject without CRC-64", 1000, put_data);
    put_without_crc64.lacks_crc64 = true;
    let mut required = scenario("verification required, without CRC-64", put_data);
    required.lacks_crc64 = true;
    required.options.set_require_verified(true);
    let mut copy_without_crc64 = scenario("copy without CRC-64", copy);
    copy_without_crc64.lacks_crc64 = true;
    copy_without_crc64.faults = REPLACED.to_vec();
    let mut one_copy_without_crc64 = base("one CopyObject without CRC-64", 1000, copy);
    one_copy_without_crc64.lacks_crc64 = true;
    let mut one_put = base("one PutObject", 1000, put_data);
    one_put.faults = NO_CRC.to_vec();
    let mut write_once = base("one PutObject, bucket without overwriting", 1000, put_data);
    write_once.is_write_once = true;
    let mut write_once_parts = scenario("two parts, bucket without overwriting", put_data);
    write_once_parts.is_write_once = true;
    let mut delta_base = scenario("delta", delta);
    delta_base.options.set_delta_base(Some(copy_source()));
    let mut delta_without_crc64 = delta_base.clone();
    delta_without_crc64.name = "delta, complete all, without CRC-64";
    delta_without_crc64.lacks_crc64 = true;
    delta_without_crc64.options.set_complete_all(true);
    let mut delta_checkpoint = scenario("delta, killed and restarted", delta_with_checkpoint);
    delta_checkpoint.options.set_delta_base(Some(copy_source()));
    delta_checkpoint.faults = KILLS.to_vec();
    vec![
        two_parts,
        one_put,
        protected,
        protected_parts,
        scenario("step by step, completed again", complete_again),
        scenario("step by step, then aborted", abort_after),
        scenario("attach", attach),
        kept,
        checkpoint,
        scenario("upload ID", with_upload_id),
        all,
        scenario("copy", copy),
        base("one CopyObject", 1000, copy),
        scenario("stream", stream),
        without_crc64,
        put_without_crc64,
        required,
        copy_without_crc64,
        one_copy_without_crc64,
        write_once,
        write_once_parts,
        versioned,
        scenario("older identical object", after_identical_object),
        delta_base,
        delta_without_crc64,
        delta_checkpoint,
    ]
}

impl RunContext<'_> {
    pub(crate) fn client(&self) -> Client {
        let mut config = Config::new();
        config.set_endpoint("http://oss.test").unwrap();
        config.set_region("cn-hangzhou").unwrap();
        config.set_credentials(CredentialsSource::Anonymous);
        config.set_threads(self.scenario.threads).unwrap();
        if let Some(limit) = self.scenario.memory_limit {
            config.memory_limit = limit;
        }
        Client::simulated(&config, Arc::clone(self.network) as Arc<dyn SimulatedPeer>).unwrap()
    }

    /// Records how a call has ended.
    pub(crate) fn end(&self, outcome: Result<UploadResult>) -> CallResult {
        let mut network = self.network.lock();
        if Arc::strong_count(&network.source_in_use) > 1 {
            network.wrong.insert("the source is in use after the return");
        }
        network.record(|| format!("client: {}", described(&outcome)));
        drop(network);
        CallResult { outcome, known_upload: None, upload_may_exist: false }
    }
}

pub(crate) fn bucket() -> BucketName {
    BucketName::parse("bucket").unwrap()
}

pub(crate) fn key() -> ObjectKey {
    ObjectKey::parse(TARGET).unwrap()
}

pub(crate) fn described(outcome: &Result<UploadResult>) -> String {
    match outcome {
        Ok(result) if result.upload_may_exist => "OK, another upload may exist".to_owned(),
        Ok(_) => "OK".to_owned(),
        Err(error) => {
            let left = if error.parts_left() { ", parts left" } else { "" };
            let may_exist =
                if error.upload_may_exist() { ", another upload may exist" } else { "" };
            format!(
                "{:?}, object exists: {:?}{left}{may_exist}: {error}",
                error.kind(),
                error.object_exists()
            )
        }
    }
}

/// The bytes of the source as they are when they are read.
#[derive(Debug)]
struct Data {
    has_changed: Arc<AtomicBool>,
    bytes: Arc<[u8]>,
    changed: Arc<[u8]>,
    panics: Arc<AtomicBool>,
    _in_use: Arc<()>,
}

impl AsRef<[u8]> for Data {
    fn as_ref(&self) -> &[u8] {
        if self.panics.swap(false, Ordering::SeqCst) {
            // Without a message.
            std::panic::resume_unwind(Box::new("the source panics"));
        }
        if self.has_changed.load(Ordering::SeqCst) { &self.changed } else { &self.bytes }
    }
}

pub(crate) fn put_data(context: &RunContext<'_>) -> Vec<CallResult> {
    let network = context.network.lock();
    let data = Data {
        has_changed: Arc::clone(&network.has_source_changed),
        bytes: Arc::clone(&context.data.original),
        changed: Arc::clone(&context.data.changed),
        panics: Arc::clone(&network.source_panics),
        _in_use: Arc::clone(&network.source_in_use),
    };
    drop(network);
    let options = &context.scenario.options;
    let client = context.client();
    vec![context.end(client.put_data(&bucket(), &key(), data, options, context.cancel))]
}

/// An earlier program has made the same object with the same metadata, and the bucket's clock has
/// gone on since.
fn after_identical_object(context: &RunContext<'_>) -> Vec<CallResult> {
    let fields = context.scenario.options.headers.creation_fields(&key()).unwrap();
    let named = fields.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let attributes = named.filter(|(name, _)| is_attribute(name)).collect();
    let (size, sum) = (context.data.len() as u64, context.data.sums[0]);
    context.network.lock().service.store(TARGET, false, size, sum, attributes, true);
    pass(Duration::from_secs(2));
    put_data(context)
}

fn stream(context: &RunContext<'_>) -> Vec<CallResult> {
    put_stream(context, &**context.data)
}

pub(crate) fn put_stream(context: &RunContext<'_>, reader: impl Read) -> Vec<CallResult> {
    let reader = ReaderSource::new(reader);
    let options = &context.scenario.options;
    vec![context.end(context.client().put_stream(
        &bucket(),
        &key(),
        reader,
        options,
        context.cancel,
    ))]
}

pub(crate) fn copy(context: &RunContext<'_>) -> Vec<CallResult> {
    let (size, sum) = (context.data.len() as u64, context.data.sums[0]);
    context.network.lock().service.store(COPY_SOURCE, false, size, sum, Vec::new(), true);
    let options = &context.scenario.options;
    vec![context.end(context.client().copy_object(
        &bucket(),
        &key(),
        &copy_source(),
        options,
        context.cancel,
    ))]
}

fn copy_source() -> CopySource {
    CopySource::new(&bucket(), &ObjectKey::parse(COPY_SOURCE).unwrap())
}

/// The base has the bytes of the first part, and others in the second.
pub(crate) fn delta(context: &RunContext<'_>) -> Vec<CallResult> {
    store_base(context);
    put_data(context)
}

/// The same, restarted after each kill.
fn delta_with_checkpoint(context: &RunContext<'_>) -> Vec<CallResult> {
    store_base(context);
    with_checkpoint(context)
}

fn store_base(context: &RunContext<'_>) {
    let mut base = context.data.to_vec();
    base[PART..].iter_mut().for_each(|byte| *byte = !*byte);
    let mut network = context.network.lock();
    let (size, sum) = (base.len() as u64, crc64(&base));
    network.service.store(COPY_SOURCE, false, size, sum, Vec::new(), true);
    network.service.delta_base = Some(base.into());
}

/// Restarts the program after each kill; each is a fault, and a run has a limited number of them.
pub(crate) fn with_checkpoint(context: &RunContext<'_>) -> Vec<CallResult> {
    let mut options = context.scenario.options.clone();
    options.set_checkpoint_dir(context.folder);
    let file = context.folder.join("source");
    loop {
        let outcome = context.client().put_file(&bucket(), &key(), &file, &options, context.cancel);
        let mut network = context.network.lock();
        if !std::mem::take(&mut network.is_dead) {
            drop(network);
            return vec![context.end(outcome)];
        }
        network.record(|| "the process is killed, and started again".to_owned());
    }
}

/// The first part was sent by another program, which gives the upload ID.
fn with_upload_id(context: &RunContext<'_>) -> Vec<CallResult> {
    let Some(upload_id) = upload_of_another_program(context) else { return Vec::new() };
    let mut options = context.scenario.options.clone();
    options.set_upload_id(UploadId::parse(&upload_id).unwrap());
    let data = context.data.to_vec();
    let outcome = context.client().put_data(&bucket(), &key(), data, &options, context.cancel);
    vec![CallResult { known_upload: Some(upload_id), ..context.end(outcome) }]
}

/// Attaches to an upload whose parts another program has sent, and adds them.
fn attach(context: &RunContext<'_>) -> Vec<CallResult> {
    let Some(upload_id) = upload_of_another_program(context) else { return Vec::new() };
    let options = &context.scenario.options;
    let id = UploadId::parse(&upload_id).unwrap();
    let run = || {
        let upload = MultipartUpload::attach(&context.client(), &bucket(), &key(), &id, options)?;
        for (number, bytes) in [(1, &context.data[..PART]), (2, &context.data[PART..])] {
            upload.upload_part(part_number(number), bytes.to_vec(), context.cancel)?;
        }
        upload.complete(context.cancel)
    };
    vec![CallResult { known_upload: Some(upload_id), ..context.end(run()) }]
}

/// An upload with the attributes of the scenario and its first part, made without faults.
fn upload_of_another_program(context: &RunContext<'_>) -> Option<String> {
    let faults = std::mem::replace(&mut context.network.lock().faults, vec![Fault::None]);
    let mut options = context.scenario.options.clone();
    (options.timeout, options.progress) = (None, None);
    let never = Cancel::never();
    let upload =
        MultipartUpload::initiate(&context.client(), &bucket(), &key(), &options, &never).unwrap();
    upload.upload_part(part_number(1), context.data[..PART].to_vec(), &never).unwrap();
    context.network.lock().faults = faults;
    Some(upload.upload_id().as_str().to_owned())
}

/// Step by step; a Complete with an unknown outcome is sent again, as the documentation says.
fn complete_again(context: &RunContext<'_>) -> Vec<CallResult> {
    step_by_step(context, |context, upload, error| {
        if error.object_exists() != ObjectExists::Unknown {
            return Err(error);
        }
        context.network.lock().record(|| "client: completes again".to_owned());
        upload.complete(&Cancel::never())
    })
}

/// Step by step; after a Complete that failed the program aborts.
fn abort_after(context: &RunContext<'_>) -> Vec<CallResult> {
    step_by_step(context, |context, upload, error| {
        context.network.lock().record(|| format!("client: aborts after {error}"));
        match upload.abort() {
            // A successful Abort says that the object does not exist.
            Ok(()) => Err(error.with_object_exists(ObjectExists::No).with_parts_left(false)),
            Err(error) => Err(error),
        }
    })
}

fn step_by_step(
    context: &RunContext<'_>,
    after_failure: fn(&RunContext<'_>, &MultipartUpload, Error) -> Result<UploadResult>,
) -> Vec<CallResult> {
    let options = &context.scenario.options;
    let client = context.client();
    let upload =
        match MultipartUpload::initiate(&client, &bucket(), &key(), options, context.cancel) {
            Ok(upload) => upload,
            Err(error) => return vec![context.end(Err(error))],
        };
    let run = || {
        for (number, bytes) in [(1, &context.data[..PART]), (2, &context.data[PART..])] {
            upload.upload_part(part_number(number), bytes.to_vec(), context.cancel)?;
        }
        upload.complete(context.cancel).or_else(|error| after_failure(context, &upload, error))
    };
    let upload_may_exist = upload.upload_may_exist();
    let known_upload = Some(upload.upload_id().as_str().to_owned());
    vec![CallResult { known_upload, upload_may_exist, ..context.end(run()) }]
}

pub(crate) fn part_number(number: u16) -> PartNumber {
    PartNumber::new(number).unwrap()
}
