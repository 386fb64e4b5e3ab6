//! Runs one case and checks its outcome.

use std::io::Write;
use std::time::{Duration, Instant};

use oss_emulator::{Action, Commit, Emulator, Rule};
use ossmpu::{
    BucketName, Cancel, Client, Config, Integrity, LogLevel, MultipartUpload, ObjectKey, Result,
    UploadOptions, UploadResult,
};

use crate::bad_responses::LARGE;
use crate::cases::{Case, Expect, FaultInjection};
use crate::fault::{Fault, Op};
use crate::fixture::{BUCKET, Lines, MIB, PART, bytes, config, number, small_parts};
use crate::leftovers::Leftovers;
use crate::proxy::Proxy;

/// The timeout of each wait in a case that stalls.
const STALL_TIMEOUT: Duration = Duration::from_secs(1);
/// The timeout in other cases, where the machine may be busy.
const OTHER_TIMEOUT: Duration = Duration::from_secs(5);
const ABORT_TIMEOUT: Duration = Duration::from_secs(6);
/// No call exceeds its timeouts by more.
const SLACK: Duration = Duration::from_secs(1);

/// A case with its own client; the emulator is shared with other cases, one at a time.
struct CaseRun<'a> {
    case: &'a Case,
    emulator: &'a Emulator,
    client: Client,
    bucket: BucketName,
    key: ObjectKey,
    lines: Lines,
}

/// Runs the case; the error describes what is wrong.
pub fn run(case: &Case, index: usize, emulator: &Emulator) -> Result<(), String> {
    emulator.clear_rules();
    emulator.clear_requests();
    let faults: Vec<Fault> = match &case.injection {
        FaultInjection::Network(fault) => vec![*fault],
        _ => Vec::new(),
    };
    let proxy = Proxy::start(emulator.addr(), faults);
    let peer = match &case.injection {
        FaultInjection::WrongPeer(wrong) => Some(wrong.start()),
        _ => None,
    };
    let lines = Lines::default();
    let mut config = with_timeouts(config(emulator), case);
    lines.listen(&mut config, LogLevel::Warn);
    config.set_endpoint(peer.as_ref().map_or(&proxy.url(), |peer| &peer.endpoint)).unwrap();
    if let Some(file) = peer.as_ref().and_then(|peer| peer.ca_file.as_ref()) {
        config.set_ca_file(file);
    }
    let run = CaseRun {
        case,
        emulator,
        client: Client::new(&config).unwrap(),
        bucket: BucketName::parse(BUCKET).unwrap(),
        key: ObjectKey::parse(&format!("case-{index}")).unwrap(),
        lines,
    };
    let started = Instant::now();
    let outcome = run.call();
    let took = started.elapsed();
    let injected = proxy.end();
    if matches!(case.injection, FaultInjection::Network(_)) && injected == 0 {
        return Err("the fault was not injected".to_owned());
    }
    if took > run.time_allowed() {
        return Err(format!("it took {took:?}"));
    }
    run.check(&outcome)
}

fn with_timeouts(mut config: Config, case: &Case) -> Config {
    let attempts = if case.is_persistent() { 2 } else { 3 };
    let timeout = if case.is_stall() { STALL_TIMEOUT } else { OTHER_TIMEOUT };
    config
        .set_stall_timeout(timeout)
        .and_then(|c| c.set_response_timeout(timeout))
        .and_then(|c| c.set_complete_timeout(timeout))
        .and_then(|c| c.set_abort_timeout(ABORT_TIMEOUT))
        .and_then(|c| c.set_max_attempts(attempts))
        .and_then(|c| c.set_threads(2))
        .unwrap();
    config
}

impl CaseRun<'_> {
    fn content(&self) -> Vec<u8> {
        bytes(if self.case.fault == LARGE { 8 * MIB } else { 2 * PART + 1 })
    }

    /// Makes a call that sends the operation.
    fn call(&self) -> Result<UploadResult> {
        let mut options = small_parts();
        options.set_parallelism(2).unwrap();
        options.set_hedging(true);
        if self.case.content_md5 {
            options.set_integrity(Integrity::CRC64 | Integrity::MD5);
        }
        if self.case.fault == LARGE {
            options.set_part_size(4 * MIB).unwrap();
        }
        if self.case.expect == Expect::CallbackFailed {
            let callback = r#"{"callbackUrl":"http://127.0.0.1:9/","callbackBody":"a"}"#;
            self.emulator.change_options(|options| options.private_callbacks = true);
            options.headers_mut().set_callback(callback).unwrap();
        }
        if let FaultInjection::Server(rule) = &self.case.injection {
            self.emulator.add_rule((**rule).clone());
        }
        match self.case.op {
            Op::PutObject => {
                options.set_single_below(100 * MIB).unwrap();
            }
            Op::Abort => {
                let denied = Action::status(403, "AccessDenied");
                self.emulator.add_rule(Rule::on("UploadPart", denied).part(2).always());
            }
            Op::HeadObject => {
                let lost = Action::lose_response(Commit::After);
                self.emulator.add_rule(Rule::on("CompleteMultipartUpload", lost));
            }
            Op::ListParts => return self.resume(options),
            _ => {}
        }
        let cancel = Cancel::never();
        self.client.put_data(&self.bucket, &self.key, self.content(), &options, &cancel)
    }

    /// Resumes an upload whose first part is stored.
    fn resume(&self, mut options: UploadOptions) -> Result<UploadResult> {
        let Self { client, bucket, key, .. } = self;
        let (content, cancel) = (self.content(), Cancel::never());
        let upload = MultipartUpload::initiate(client, bucket, key, &options, &cancel)?;
        let part = usize::try_from(PART).unwrap();
        upload.upload_part(number(1), content[..part].to_vec(), &cancel)?;
        options.set_upload_id(upload.upload_id().clone());
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&content).unwrap();
        client.put_file(bucket, key, file.path(), &options, &cancel)
    }

    /// The timeouts of all waits that the fault can cause, plus the longest back-offs.
    fn time_allowed(&self) -> Duration {
        let attempts = if self.case.is_persistent() { 2 } else { 3 };
        let back_off = Duration::from_millis(400 + 800);
        let waits =
            if self.case.is_stall() { 2 * STALL_TIMEOUT * attempts } else { Duration::ZERO };
        waits + back_off + 2 * ABORT_TIMEOUT + SLACK
    }

    fn check(&self, outcome: &Result<UploadResult>) -> Result<(), String> {
        self.check_kind(outcome)?;
        let (emulator, key) = (self.emulator, self.key.as_str());
        let (content, log) = (&self.content(), &self.lines.all());
        let left = Leftovers { emulator, key, content, log }.check(outcome)?;
        // No transient loss is one of Initiate: on a busy machine it has timed out.
        let has_orphan = log.iter().any(|line| line.contains("another may exist"));
        match left {
            0 => Ok(()),
            _ if self.case.is_transient_loss() && !has_orphan => {
                Err("an upload was left behind".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn check_kind(&self, outcome: &Result<UploadResult>) -> Result<(), String> {
        let is_expected = match (outcome, self.case.expect) {
            (Ok(uploaded), Expect::Success) => uploaded.callback_error.is_none(),
            (Ok(uploaded), Expect::CallbackFailed) => uploaded.callback_error.is_some(),
            (Err(error), Expect::Failure(kind)) => error.kind() == kind,
            _ => false,
        };
        let actual = || match outcome {
            Ok(_) => "success".to_owned(),
            Err(error) => {
                format!("{:?}: {error} ({})", error.kind(), error.cause().unwrap_or_default())
            }
        };
        match (outcome, self.case.attempts) {
            _ if !is_expected => Err(actual()),
            (Err(error), Some(attempts)) if error.attempts() != attempts => {
                Err(format!("{} attempts: {}", error.attempts(), actual()))
            }
            _ => Ok(()),
        }
    }
}
