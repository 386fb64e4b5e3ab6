//! Every number of the service and every default of the library, each in one place.
//!
//! Sizes are bytes unless the name says otherwise. The source of a service limit is the OSS manual;
//! a default is ours, and its reason stands in `docs/architecture.md`.

use std::time::Duration;

/// The lowest part number.
pub const PART_NUMBER_MIN: u16 = 1;
/// The highest part number, and so the most parts an upload can have.
pub const PART_NUMBER_MAX: u16 = 10_000;
/// The smallest part that is not the last one.
pub const PART_SIZE_MIN: u64 = 100 * KIB;
/// The largest part.
pub const PART_SIZE_MAX: u64 = 5 * GIB;
/// The largest object that one PutObject may carry.
pub const PUT_OBJECT_MAX: u64 = 5 * GIB;
/// The shortest and longest bucket name.
pub const BUCKET_NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=63;
/// The longest object key, in bytes of UTF-8.
pub const KEY_LENGTH_MAX: usize = 1023;
/// The most entries that one page of a list may have.
pub const PAGE_SIZE_MAX: u16 = 1000;
/// All user metadata of an object together.
pub const METADATA_MAX: usize = 8 * 1024;
/// The most tags of an object.
pub const TAGS_MAX: usize = 10;
/// The longest name of a tag.
pub const TAG_NAME_MAX: usize = 128;
/// The longest value of a tag.
pub const TAG_VALUE_MAX: usize = 256;
/// The longest `x-oss-callback` or `x-oss-callback-var`, after base64.
pub const CALLBACK_MAX: usize = 5 * 1024;
/// The range of `x-oss-traffic-limit`, in bits per second.
pub const TRAFFIC_LIMIT_BITS_PER_SEC: std::ops::RangeInclusive<u64> = 245_760..=838_860_800;
/// The longest validity of a presigned V4 URL.
pub const PRESIGN_EXPIRES_MAX: Duration = Duration::from_secs(604_800);
/// The server refuses a signature whose date is further off than this.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(15 * 60);

/// The part size that the planner starts from.
pub const PART_SIZE_DEFAULT: u64 = 8 * MIB;
/// The size of a copied part; its bytes do not come here, so it may be large.
pub const COPY_PART_SIZE_DEFAULT: u64 = 64 * MIB;
/// The planner never makes parts smaller than this on its own account.
pub const PART_SIZE_SMALLEST_PLANNED: u64 = MIB;
/// Objects below this go in one PutObject.
pub const SINGLE_BELOW_DEFAULT: u64 = 8 * MIB;
/// Parts of one upload that are in flight at once.
pub const PARALLELISM_DEFAULT: usize = 8;
/// The most parts of one upload that may be in flight at once.
pub const PARALLELISM_MAX: usize = 256;
/// Worker threads of a client.
pub const THREADS_DEFAULT: usize = 16;
/// The most worker threads of a client.
pub const THREADS_MAX: usize = 1024;
/// Part buffers of all streams of a client together.
pub const MEMORY_LIMIT_DEFAULT: u64 = 256 * MIB;
/// Requests sent for one call, retries included.
pub const ATTEMPTS_DEFAULT: u32 = 5;
/// The most attempts that may be asked for.
pub const ATTEMPTS_MAX: u32 = 100;
/// The first step of the back-off.
pub const BACKOFF_BASE: Duration = Duration::from_millis(200);
/// The longest back-off.
pub const BACKOFF_CAP: Duration = Duration::from_secs(20);
/// The longest `Retry-After` that is obeyed; a server that asks for more gets this.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);
/// Tokens of a client's retry budget.
pub const RETRY_BUDGET: u32 = 500;
/// Tokens that one retry takes from the budget.
pub const RETRY_COST: u32 = 5;
/// The most requests that go out for free because a kept-alive connection had died.
pub const FREE_RETRIES_MAX: u32 = 4;

/// Time for a name look-up.
pub const RESOLVE: Duration = Duration::from_secs(5);
/// How long a looked-up address is used again.
pub const RESOLVE_TTL: Duration = Duration::from_secs(60);
/// Time to connect, proxy and TLS handshakes included.
pub const CONNECT: Duration = Duration::from_secs(10);
/// A window in which less than `STALL_BYTES` move is a stall.
pub const STALL: Duration = Duration::from_secs(20);
/// See `STALL`.
pub const STALL_BYTES: u64 = KIB;
/// Time from the last byte of a request to the end of its answer.
pub const RESPONSE: Duration = Duration::from_secs(30);
/// The same for CompleteMultipartUpload, which works before it answers.
pub const COMPLETE_RESPONSE: Duration = Duration::from_secs(300);
/// Time for the clean-up after a failed or cancelled upload.
pub const ABORT: Duration = Duration::from_secs(5);
/// The longest back-off between attempts of a request that ends an upload.
pub const ABORT_DELAY_MAX: Duration = Duration::from_secs(1);
/// How often an upload is aborted at most, until ListParts shows no part.
pub const ABORT_TRIES_MAX: u32 = 16;
/// The longest time that any limit may be set to.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// An idle connection is not used again after this.
pub const IDLE_CONNECTION: Duration = Duration::from_secs(15);

/// Time to fetch credentials, all steps of a source together.
pub const CREDENTIALS: Duration = Duration::from_secs(60);
/// Time to connect to the vendor's STS or to a credentials URI.
pub const CREDENTIALS_CONNECT: Duration = Duration::from_secs(5);
/// Time for the answer of the vendor's STS or of a credentials URI.
pub const CREDENTIALS_RESPONSE: Duration = Duration::from_secs(10);
/// How often the vendor's STS is asked for one set of credentials.
pub const CREDENTIALS_ATTEMPTS: u32 = 3;
/// Time for each step of a request to the metadata service of an instance.
pub const METADATA_STEP: Duration = Duration::from_secs(1);
/// What a source of credentials may answer, in bytes.
pub const CREDENTIALS_REPLY_MAX: usize = 64 * 1024;
/// Credentials are renewed so long before they end, or in the last fifth of a short life.
pub const CREDENTIALS_STALE: Duration = Duration::from_secs(180);
/// The first pause after a renewal that failed while the old set is still good; each is twice the
/// one before.
pub const CREDENTIALS_PAUSE: Duration = Duration::from_secs(1);
/// The longest such pause.
pub const CREDENTIALS_PAUSE_MAX: Duration = Duration::from_secs(30);
/// How long a role is assumed, unless a profile says otherwise.
pub const ROLE_DURATION_DEFAULT: Duration = Duration::from_secs(3600);
/// The shortest time for which STS lets a role be assumed.
pub const ROLE_DURATION_MIN: Duration = Duration::from_secs(900);

/// The largest reply body that is read; a longer one is a protocol error.
pub const REPLY_BODY_MAX: u64 = 16 * MIB;
/// How much of a reply body an error keeps.
pub const REPLY_EXCERPT_MAX: usize = 256;
/// Progress is reported at most once in this time.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
/// Stack of a worker thread.
pub const WORKER_STACK: usize = 512 * 1024;
/// Bytes that are read from a source, hashed and sent in one step. They fit the second-level cache,
/// and two of the largest packets, of 64 KiB less their headers: a few bytes more cost a third.
pub const IO_STEP: usize = 112 * 1024;

/// 1024 bytes.
pub const KIB: u64 = 1024;
/// 1024 KiB.
pub const MIB: u64 = 1024 * KIB;
/// 1024 MiB.
pub const GIB: u64 = 1024 * MIB;
