//! Runs one case, and says what is wrong with what came of it.

use std::io::Write;
use std::time::{Duration, Instant};

use oss_emulator::{Action, Commit, Emulator, Rule};
use ossmpu::{
    BucketName, Cancel, Client, Config, Integrity, LogLevel, ObjectKey, Result, UploadOptions,
    UploadResult,
};

use crate::bad_responses::LARGE;
use crate::cases::{Case, Expect, Strike};
use crate::fault::{Fault, Op};
use crate::fixture::{BUCKET, Lines, MIB, PART, bytes, config, number, small_parts};
use crate::leftovers::Remains;
use crate::proxy::Proxy;

/// The limit of each wait where the fault is that nothing comes.
const LIMIT: Duration = Duration::from_secs(1);
/// The limit where it is something else, and the machine may be busy.
const LONG: Duration = Duration::from_secs(5);
const CLEAN_UP: Duration = Duration::from_secs(2);
/// No call outlives its limits by more.
const SLACK: Duration = Duration::from_secs(1);

/// A case with a client of its own, before an emulator that others have used and will use.
struct Trial<'a> {
    case: &'a Case,
    emulator: &'a Emulator,
    client: Client,
    bucket: BucketName,
    key: ObjectKey,
    lines: Lines,
}

/// Runs the case; an error says what is wrong.
pub fn run(case: &Case, index: usize, emulator: &Emulator) -> Result<(), String> {
    emulator.clear_rules();
    emulator.clear_requests();
    let faults: Vec<Fault> = match &case.strike {
        Strike::Wire(fault) => vec![*fault],
        _ => Vec::new(),
    };
    let proxy = Proxy::start(emulator.addr(), faults);
    let place = match &case.strike {
        Strike::Peer(peer) => Some(peer.stand()),
        _ => None,
    };
    let lines = Lines::default();
    let mut config = limited(config(emulator), case);
    lines.listen(&mut config, LogLevel::Warn);
    config.set_endpoint(place.as_ref().map_or(&proxy.url(), |place| &place.endpoint)).unwrap();
    if let Some(file) = place.as_ref().and_then(|place| place.ca_file.as_ref()) {
        config.set_ca_file(file);
    }
    let trial = Trial {
        case,
        emulator,
        client: Client::new(&config).unwrap(),
        bucket: BucketName::parse(BUCKET).unwrap(),
        key: ObjectKey::parse(&format!("case-{index}")).unwrap(),
        lines,
    };
    let begun = Instant::now();
    let outcome = trial.call();
    let took = begun.elapsed();
    let struck = proxy.end();
    if matches!(case.strike, Strike::Wire(_)) && struck == 0 {
        return Err("the fault did not strike".to_owned());
    }
    if took > trial.time_allowed() {
        return Err(format!("it took {took:?}"));
    }
    trial.judge(&outcome)
}

fn limited(mut config: Config, case: &Case) -> Config {
    let attempts = if case.lasts() { 2 } else { 3 };
    let limit = if case.is_silence() { LIMIT } else { LONG };
    config
        .set_stall_timeout(limit)
        .and_then(|c| c.set_response_timeout(limit))
        .and_then(|c| c.set_complete_timeout(limit))
        .and_then(|c| c.set_abort_timeout(CLEAN_UP))
        .and_then(|c| c.set_max_attempts(attempts))
        .and_then(|c| c.set_threads(2))
        .unwrap();
    config
}

impl Trial<'_> {
    fn content(&self) -> Vec<u8> {
        bytes(if self.case.fault == LARGE { 8 * MIB } else { 2 * PART + 1 })
    }

    /// A call in which the operation comes up.
    fn call(&self) -> Result<UploadResult> {
        let mut options = small_parts();
        options.set_parallelism(2).unwrap();
        options.set_hedging(true);
        if self.case.verified {
            options.set_integrity(Integrity::CRC64 | Integrity::MD5);
        }
        if self.case.fault == LARGE {
            options.set_part_size(4 * MIB).unwrap();
        }
        if self.case.expect == Expect::CallbackFailed {
            let callback = r#"{"callbackUrl":"http://127.0.0.1:9/","callbackBody":"a"}"#;
            options.headers_mut().set_callback(callback).unwrap();
        }
        if let Strike::Server(rule) = &self.case.strike {
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

    /// Goes on with an upload of which the first part is there.
    fn resume(&self, mut options: UploadOptions) -> Result<UploadResult> {
        let Self { client, bucket, key, .. } = self;
        let (content, cancel) = (self.content(), Cancel::never());
        let upload = client.start_upload(bucket, key, &options, &cancel)?;
        let part = usize::try_from(PART).unwrap();
        upload.upload_part(number(1), content[..part].to_vec(), &cancel)?;
        options.set_upload_id(upload.upload_id().clone());
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&content).unwrap();
        client.put_file(bucket, key, file.path(), &options, &cancel)
    }

    /// The limits of all waits that the fault can cause, and the longest back-offs between them.
    fn time_allowed(&self) -> Duration {
        let attempts = if self.case.lasts() { 2 } else { 3 };
        let back_off = Duration::from_millis(400 + 800);
        let waits = if self.case.is_silence() { 2 * LIMIT * attempts } else { Duration::ZERO };
        waits + back_off + 2 * CLEAN_UP + SLACK
    }

    fn judge(&self, outcome: &Result<UploadResult>) -> Result<(), String> {
        self.judge_kind(outcome)?;
        let (emulator, key) = (self.emulator, self.key.as_str());
        let (content, log) = (&self.content(), &self.lines.all());
        let left = Remains { emulator, key, content, log }.judge(outcome)?;
        match left {
            0 => Ok(()),
            _ if self.case.is_passing_loss() => Err("an upload is left".to_owned()),
            _ => Ok(()),
        }
    }

    fn judge_kind(&self, outcome: &Result<UploadResult>) -> Result<(), String> {
        let is_expected = match (outcome, self.case.expect) {
            (Ok(uploaded), Expect::Success) => uploaded.callback_error.is_none(),
            (Ok(uploaded), Expect::CallbackFailed) => uploaded.callback_error.is_some(),
            (Err(error), Expect::Failure(kind)) => error.kind() == kind,
            _ => false,
        };
        let seen = || match outcome {
            Ok(_) => "success".to_owned(),
            Err(error) => {
                format!("{:?}: {error} ({})", error.kind(), error.cause().unwrap_or_default())
            }
        };
        match (outcome, self.case.attempts) {
            _ if !is_expected => Err(seen()),
            (Err(error), Some(attempts)) if error.attempts() != attempts => {
                Err(format!("{} attempts: {}", error.attempts(), seen()))
            }
            _ => Ok(()),
        }
    }
}
