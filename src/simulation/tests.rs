use super::*;
use crate::codec::crc64::crc64;
use crate::{
    BucketName, Client, Config, CredentialsSource, ObjectExists, ObjectKey, PartNumber,
    UploadOptions,
};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

const PART: usize = 100 * 1024;

#[derive(Clone)]
struct Scene {
    name: &'static str,
    config: Config,
    bucket: BucketName,
    key: ObjectKey,
    data: Arc<[u8]>,
    crc64: u64,
    options: UploadOptions,
    script: fn(&Stage<'_>) -> Vec<Outcome>,
    fates: u16,
}

/// What a script works with.
struct Stage<'a> {
    scene: &'a Scene,
    world: &'a Arc<World>,
    cancel: &'a Cancel,
    folder: &'a Path,
}

type Outcome = Result<(), Error>;

#[derive(Clone)]
struct Data(Arc<[u8]>);
impl AsRef<[u8]> for Data {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Stage<'_> {
    fn client(&self) -> Client {
        Client::simulated(&self.scene.config, Arc::clone(self.world) as Arc<dyn Peer>).unwrap()
    }

    fn note(&self, outcome: &Outcome) {
        self.world.lock().tell(|| match outcome {
            Ok(_) => "client: OK".to_owned(),
            Err(error) => format!(
                "client: {:?}, exists {:?}, parts left {}, upload may exist {}: {error}",
                error.kind(),
                error.object_exists(),
                error.parts_left(),
                error.upload_may_exist()
            ),
        });
    }
}

fn put_data(stage: &Stage<'_>) -> Vec<Outcome> {
    let Scene { bucket, key, options, data, .. } = stage.scene;
    let outcome = stage
        .client()
        .put_data(bucket, key, Data(Arc::clone(data)), options, stage.cancel)
        .map(|_| ());
    stage.note(&outcome);
    vec![outcome]
}

/// A file with a checkpoint; once more if the process was killed.
fn resumed(stage: &Stage<'_>) -> Vec<Outcome> {
    let Scene { bucket, key, options, .. } = stage.scene;
    let mut options = options.clone();
    options.set_checkpoint_dir(stage.folder);
    let file = stage.folder.join("source");
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        let outcome =
            stage.client().put_file(bucket, key, &file, &options, stage.cancel).map(|_| ());
        let mut world = stage.world.lock();
        if !std::mem::take(&mut world.dead) {
            drop(world);
            stage.note(&outcome);
            outcomes.push(outcome);
            break;
        }
        world.tell(|| "the process is killed, and started again".to_owned());
    }
    outcomes
}

/// Step by step; completed again once after an unknown outcome, as the header advises.
fn steps(stage: &Stage<'_>) -> Vec<Outcome> {
    let Scene { bucket, key, options, data, .. } = stage.scene;
    let run = || {
        let upload = stage.client().start_upload(bucket, key, options, stage.cancel)?;
        for (number, bytes) in [(1, &data[..PART]), (2, &data[PART..])] {
            upload.upload_part(PartNumber::new(number).unwrap(), bytes.to_vec(), stage.cancel)?;
        }
        match upload.complete(stage.cancel) {
            Err(error) if error.object_exists() == ObjectExists::Unknown => {
                stage.note(&Err(error));
                upload.complete(&Cancel::never()).map(|_| ())
            }
            outcome => outcome.map(|_| ()),
        }
    };
    let outcome = run();
    stage.note(&outcome);
    vec![outcome]
}

fn scene(name: &'static str, size: usize, script: fn(&Stage<'_>) -> Vec<Outcome>) -> Scene {
    let mut config = Config::new();
    config.set_endpoint("http://oss.test").unwrap().set_credentials(CredentialsSource::Anonymous);
    config.set_threads(1).unwrap().set_region("cn-hangzhou").unwrap();
    let data: Arc<[u8]> = (0..size).map(|i| (i * 7 % 251) as u8).collect();
    let mut options = UploadOptions::new();
    options.set_part_size(PART as u64).unwrap().set_single_below(PART as u64).unwrap();
    options.set_parallelism(1).unwrap().headers_mut().set_metadata("owner", "me").unwrap();
    Scene {
        name,
        config,
        bucket: BucketName::parse("bucket").unwrap(),
        key: ObjectKey::parse("key").unwrap(),
        crc64: crc64(&data),
        data,
        options,
        script,
        fates: SURVIVED,
    }
}

fn scenes() -> Vec<Scene> {
    let two = PART + 1000;
    let mut protected = scene("one protected PutObject", 1000, put_data);
    protected.options.headers_mut().set_forbid_overwrite(true);
    let mut killed = scene("a file with a checkpoint, killed", two, resumed);
    killed.fates = FATES.len() as u16;
    vec![
        scene("two parts", two, put_data),
        scene("one PutObject", 1000, put_data),
        protected,
        scene("step by step, two parts, completed again if unknown", two, steps),
        killed,
    ]
}

struct Truth {
    made: bool,
    uploads: usize,
}

fn is_ours(object: &service::Object) -> bool {
    object.call == 1
}

/// What is wrong with the end of a run, in words.
fn violations(
    scene: &Scene,
    world: &State,
    before: &Truth,
    outcome: &Outcome,
) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    let ours: Vec<_> = world.service.made.iter().filter(|o| is_ours(o)).collect();
    match outcome {
        Ok(_) if !before.made => wrong.push("OK, and this call made no object"),
        Ok(_) => {
            if ours.iter().any(|o| (o.size, o.crc64) != (scene.data.len() as u64, scene.crc64)) {
                wrong.push("OK, and the object has other bytes");
            }
            if ours.iter().any(|o| o.attributes.is_empty()) {
                wrong.push("OK, and the object has other metadata");
            }
        }
        Err(error) => {
            match error.object_exists() {
                ObjectExists::No if before.made => wrong.push("No, and the object was made"),
                ObjectExists::No if !ours.is_empty() => {
                    wrong.push("No, and the object comes later")
                }
                ObjectExists::Yes if !before.made => wrong.push("Yes, and the object was not made"),
                _ => {}
            }
            let told = error.parts_left() || error.upload_may_exist();
            if before.uploads > 0 && !told {
                wrong.push("an upload is left untold");
            } else if !world.service.uploads.is_empty() && !told {
                wrong.push("an upload comes later, untold");
            }
        }
    }
    wrong
}

#[derive(Default)]
struct Tally {
    runs: u64,
    requests: u64,
    longest: u32,
    outcomes: BTreeMap<String, u64>,
    wrong: BTreeMap<&'static str, (u64, Vec<u16>)>,
    /// By what the client saw: runs in which the object was made, runs in which it was not, and
    /// whether it was called unknown.
    groups: HashMap<u64, [u64; 3]>,
    /// Of those called unknown after fewer faults than the budget, one in each group.
    unknowns: HashMap<u64, Vec<u16>>,
    budget: u8,
    slowest: Duration,
}

fn run(
    scene: &Scene,
    folder: &Path,
    explorer: Explorer,
    tells: bool,
    tally: &mut Tally,
) -> (Explorer, Vec<String>) {
    simulated::set(Some(*START));
    fastrand::seed(7);
    let cancel = Cancel::new().unwrap();
    let world = Arc::new(World::new(explorer, cancel.clone()));
    {
        let mut world = world.lock();
        world.fates = scene.fates;
        (world.size, world.crc64) = (scene.data.len() as u64, scene.crc64);
        if tells {
            world.story = Some(Vec::new());
        }
    }
    let stage = Stage { scene, world: &world, cancel: &cancel, folder };
    let outcomes = (scene.script)(&stage);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("source") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let mut state = world.lock();
    tally.slowest = tally.slowest.max(now() - state.begun);
    let before = Truth {
        made: state.service.made.iter().any(is_ours),
        uploads: state.service.uploads.len(),
    };
    state.settle();
    tally.runs += 1;
    tally.requests += u64::from(state.requests);
    tally.longest = tally.longest.max(state.requests);
    let choices = state.explorer.choices();
    let made = state.service.made.iter().any(is_ours);
    let group = tally.groups.entry(state.seen.finish()).or_default();
    group[usize::from(!made)] += 1;
    for outcome in &outcomes {
        let word = match outcome {
            Ok(_) => "OK".to_owned(),
            Err(error) => format!("{:?}/{:?}", error.kind(), error.object_exists()),
        };
        *tally.outcomes.entry(word).or_default() += 1;
        for what in violations(scene, &state, &before, outcome) {
            let entry = tally.wrong.entry(what).or_insert((0, choices.clone()));
            entry.0 += 1;
            if (faults(&choices), choices.len()) < (faults(&entry.1), entry.1.len()) {
                entry.1 = choices.clone();
            }
        }
        if outcome.as_ref().err().is_some_and(|e| e.object_exists() == ObjectExists::Unknown) {
            group[2] += 1;
            if faults(&choices) < usize::from(tally.budget) {
                tally.unknowns.entry(state.seen.finish()).or_insert(choices.clone());
            }
        }
    }
    let story = state.story.take().unwrap_or_default();
    let explorer = state.explorer.clone();
    drop(state);
    simulated::set(None);
    (explorer, story)
}

fn faults(choices: &[u16]) -> usize {
    choices.iter().filter(|c| **c > 0).count()
}

fn folder(scene: &Scene) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().tempdir_in("/dev/shm").unwrap();
    std::fs::write(folder.path().join("source"), &scene.data).unwrap();
    folder
}

fn explore(scene: &Scene, budget: u8) {
    let folder = folder(scene);
    let begun = Instant::now();
    let mut tally = Tally { budget, ..Tally::default() };
    let mut explorer = Explorer::new(budget);
    loop {
        let (mut after, _) = run(scene, folder.path(), explorer, false, &mut tally);
        if !after.advance() {
            break;
        }
        explorer = after;
    }
    report(scene, folder.path(), budget, &tally, begun.elapsed());
}

fn report(scene: &Scene, folder: &Path, budget: u8, tally: &Tally, took: Duration) {
    println!(
        "== {}, up to {budget} faults: {} runs, {} requests (longest {}), {:.2} s, {:.1} us a run, {:.1} us a request; slowest {:?} of its own time",
        scene.name,
        tally.runs,
        tally.requests,
        tally.longest,
        took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / tally.runs as f64,
        took.as_secs_f64() * 1e6 / tally.requests as f64,
        tally.slowest
    );
    println!("   outcomes {:?}", tally.outcomes);
    let mixed = tally.groups.values().filter(|g| g[0] > 0 && g[1] > 0).count();
    let unknown: u64 = tally.groups.values().map(|g| g[2]).sum();
    let needless: u64 =
        tally.groups.values().filter(|g| g[0] == 0 || g[1] == 0).map(|g| g[2]).sum();
    println!(
        "   {} groups by what was seen, {mixed} with both truths; unknown {unknown}, of them in a group with one truth {needless}",
        tally.groups.len()
    );
    let needless: Vec<_> = tally
        .unknowns
        .iter()
        .filter(|(seen, _)| tally.groups[*seen][0] == 0 || tally.groups[*seen][1] == 0)
        .collect();
    println!(
        "   unknown after fewer faults than the budget: {} groups, {} of them with one truth",
        tally.unknowns.len(),
        needless.len()
    );
    if let Some((seen, choices)) = needless.iter().min_by_key(|(_, c)| (faults(c), c.len())) {
        println!("   one of them, {:?}: {choices:?}", tally.groups[*seen]);
        let (_, story) = run(scene, folder, Explorer::replay(choices), true, &mut Tally::default());
        for line in story {
            println!("        {line}");
        }
    }
    for (what, (count, choices)) in &tally.wrong {
        println!("   {count:>7} x {what}; the shortest: {choices:?}");
        let (_, story) = run(scene, folder, Explorer::replay(choices), true, &mut Tally::default());
        for line in story {
            println!("        {line}");
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

#[test]
fn every_order_of_a_few_faults() {
    let only = std::env::var("SCENE").ok();
    for scene in scenes() {
        if only.as_ref().is_none_or(|only| scene.name.contains(only.as_str())) {
            explore(&scene, number("FAULTS", 2) as u8);
        }
    }
}

#[test]
fn random_orders() {
    for scene in scenes() {
        let folder = folder(&scene);
        let begun = Instant::now();
        let mut tally = Tally::default();
        for seed in 0..number("RUNS", 1000) {
            run(&scene, folder.path(), Explorer::random(seed, 8), false, &mut tally);
        }
        report(&scene, folder.path(), 8, &tally, begun.elapsed());
    }
}

/// Complete is cancelled while it runs, ListParts still shows the upload, Complete takes effect
/// before Abort arrives, and Abort answers NoSuchUpload.
#[test]
fn a_complete_that_takes_effect_between_the_look_and_the_abort() {
    let scene = &scenes()[0];
    let folder = folder(scene);
    let late = FATES.iter().position(|f| *f == Fate::CancelLate(0)).unwrap() as u16;
    // Initiate, two parts, Complete; ListParts before it arrives, Abort after it.
    let choices = [0, 0, 0, late, 0, 0, 1];
    let mut tally = Tally::default();
    let (_, story) = run(scene, folder.path(), Explorer::replay(&choices), true, &mut tally);
    let wrong: Vec<_> = tally.wrong.keys().collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{}", story.join("\n"));
}
