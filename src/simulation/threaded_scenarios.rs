//! Uploads with several workers, which `threaded_run` runs in random schedules.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use shuttle::thread;

use super::fault::{KILLS, NO_CRC, SOURCE_CHANGES, SOURCE_PANICS};
use super::scenarios::{
    CallResult, PART as TWO_PARTS_PART, RunContext, Scenario, bucket, copy, key, part_number,
    put_data, put_stream, scenarios, with_checkpoint,
};
use crate::codec::md5::Kernel;
use crate::runtime::{Cancel, Deadline};
use crate::{Integrity, MultipartUpload, Result, UploadOptions};

/// A scenario with several parts at once.
pub(crate) struct ThreadedScenario {
    pub(crate) scenario: Scenario,
    pub(crate) part_size: usize,
}

pub(crate) fn threaded_scenarios() -> Vec<ThreadedScenario> {
    let many = 18 * PART + 100;
    let mut in_memory = threaded("parts", 6 * PART + 100, put_data);
    in_memory.scenario.faults = NO_CRC.to_vec();
    let mut panics = threaded("source that panics", 6 * PART + 100, put_data_that_panics);
    panics.scenario.faults = vec![SOURCE_PANICS[0]; 20];
    let mut kept = threaded("kept parts", 4 * PART, put_data);
    kept.scenario.options.set_keep_parts(true);
    let mut checkpoint = threaded("checkpoint", 5 * PART + 1, with_checkpoint);
    checkpoint.scenario.faults = KILLS.to_vec();
    let mut by_step = threaded("step by step", 3 * STEP_PART, step_by_step);
    by_step.part_size = STEP_PART;
    let mut short_of_memory = threaded("stream and little memory", 7 * PART, stream);
    short_of_memory.scenario.memory_limit = Some(2 * PART as u64);
    let mut all = vec![
        in_memory,
        panics,
        with_md5(threaded("parts with Content-MD5", 5 * PART + 1, put_data), Kernel::Scalar),
        with_md5(threaded("parts with MD5s in groups", many, put_data), Kernel::best()),
        kept,
        checkpoint,
        threaded("copy", 5 * PART + 7, copy),
        by_step,
        threaded("stream", 6 * PART + 1, stream),
        short_of_memory,
        with_md5(threaded("stream with Content-MD5", 6 * PART + 1, stream), Kernel::Scalar),
        with_md5(threaded("stream with MD5s in groups", 9 * PART + 1, stream), Kernel::best()),
    ];
    all.extend(
        scenarios().into_iter().filter(|scenario| OF_TWO_PARTS.contains(&scenario.name)).map(
            |mut scenario| {
                scenario.options.set_parallelism(2).unwrap();
                scenario.threads = 2;
                // A hedged request reads the changed bytes as if they were the first.
                scenario.faults.retain(|fault| !SOURCE_CHANGES.contains(fault));
                ThreadedScenario { scenario, part_size: TWO_PARTS_PART }
            },
        ),
    );
    all
}

fn threaded(
    name: &'static str,
    size: usize,
    script: fn(&RunContext<'_>) -> Vec<CallResult>,
) -> ThreadedScenario {
    let mut options = UploadOptions::new();
    // Smaller than OSS allows, so that a run is short.
    options.part_size = Some(PART as u64);
    options.set_parallelism(THREADS).unwrap().set_single_below(0).unwrap();
    let scenario = Scenario {
        threads: THREADS,
        memory_limit: Some(20 * PART as u64),
        ..Scenario::new(name, size, options, script)
    };
    ThreadedScenario { scenario, part_size: PART }
}

fn with_md5(mut scenario: ThreadedScenario, kernel: Kernel) -> ThreadedScenario {
    let options = &mut scenario.scenario.options;
    options.set_integrity(Integrity::MD5);
    options.md5_kernel = kernel;
    scenario
}

/// A panic on the thread of the caller leaves the upload to the program.
fn put_data_that_panics(context: &RunContext<'_>) -> Vec<CallResult> {
    catch_unwind(AssertUnwindSafe(|| put_data(context))).unwrap_or_default()
}

/// A reader that gives a few bytes at a time, and takes its time.
struct SlowReader<'a> {
    bytes: &'a [u8],
    random: fastrand::Rng,
}

impl Read for SlowReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.random.u8(..8) == 0 {
            let time = [Duration::ZERO, Duration::from_millis(10), SLOWEST_READ];
            let time = time[self.random.usize(..time.len())];
            Cancel::never().wait(Deadline::after(time));
        }
        let most = self.random.usize(1..3 * PART).min(buffer.len());
        self.bytes.read(&mut buffer[..most])
    }
}

fn stream(context: &RunContext<'_>) -> Vec<CallResult> {
    let seed = context.network.lock().concurrency.random.u64(..);
    let random = fastrand::Rng::with_seed(seed);
    put_stream(context, SlowReader { bytes: context.data, random })
}

/// Sends each part from a thread of its own. If one fails, the program aborts, at times while
/// others are under way.
fn step_by_step(context: &RunContext<'_>) -> Vec<CallResult> {
    let options = &context.scenario.options;
    let client = context.client();
    let upload =
        match MultipartUpload::initiate(&client, &bucket(), &key(), options, context.cancel) {
            Ok(upload) => upload,
            Err(error) => return vec![context.end(Err(error))],
        };
    let run = || {
        let parts = context.data.chunks(STEP_PART).enumerate();
        let threads: Vec<_> = parts
            .map(|(index, bytes)| {
                let (upload, bytes, cancel) =
                    (upload.clone(), bytes.to_vec(), context.cancel.clone());
                let number = part_number(u16::try_from(index + 1).unwrap());
                thread::spawn(move || upload.upload_part(number, bytes, &cancel).map(|_| ()))
            })
            .collect();
        let aborts_at_once = context.network.lock().concurrency.random.u8(..8) == 0;
        let aborted = if aborts_at_once { upload.abort() } else { Ok(()) };
        let sent: Result<()> = threads.into_iter().map(|part| part.join().unwrap()).collect();
        aborted?;
        sent?;
        upload.complete(context.cancel)
    };
    let outcome = run().or_else(|error| match upload.abort() {
        Ok(()) => Err(error.with_object_exists(crate::ObjectExists::No).with_parts_left(false)),
        Err(error) => Err(error),
    });
    let upload_may_exist = upload.upload_may_exist();
    let known_upload = Some(upload.upload_id().as_str().to_owned());
    vec![CallResult { known_upload, upload_may_exist, ..context.end(outcome) }]
}

pub(crate) const SLOWEST_READ: Duration = Duration::from_millis(50);
const PART: usize = 64 * 1024;
/// A handle completes no smaller parts.
const STEP_PART: usize = 100 * 1024;
const THREADS: usize = 3;
/// Scenarios of the exhaustive simulation that run with two workers too.
const OF_TWO_PARTS: [&str; 8] = [
    "two parts",
    "two protected parts",
    "step by step, completed again",
    "attach",
    "upload ID",
    "complete all",
    "responses without CRC-64",
    "versioned bucket",
];
