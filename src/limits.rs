//! The limits of OSS, and the defaults of this library.
//!
//! Sizes are in bytes unless the name says otherwise.

// The source of a limit of OSS is its manual. A default is ours; `docs/architecture.md` has the
// reasons. What is not `pub` may change in any version.

use std::time::Duration;

/// The highest part number, and so the most parts of an upload.
pub const PART_NUMBER_MAX: u16 = 10_000;
/// The smallest size of a part that is not the last.
pub const PART_SIZE_MIN: u64 = 100 * KIB;
/// The largest size of a part.
pub const PART_SIZE_MAX: u64 = 5 * GIB;
/// The largest object that one PutObject can make.
pub const PUT_OBJECT_MAX: u64 = 5 * GIB;
/// The most entries of one page of a list.
pub const PAGE_SIZE_MAX: u16 = 1000;
/// The number of worker threads of a client, unless its configuration sets another.
pub const THREADS_DEFAULT: usize = 16;

/// The lowest part number.
pub(crate) const PART_NUMBER_MIN: u16 = 1;
/// The shortest and the longest bucket name.
pub(crate) const BUCKET_NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=63;
/// The longest object key, in bytes of UTF-8.
pub(crate) const KEY_LENGTH_MAX: usize = 1023;
/// The names and values of all user metadata of an object together.
pub(crate) const METADATA_MAX: usize = 8 * 1024;
/// The most tags of an object.
pub(crate) const TAGS_MAX: usize = 10;
/// The longest name of a tag.
pub(crate) const TAG_NAME_MAX: usize = 128;
/// The longest value of a tag.
pub(crate) const TAG_VALUE_MAX: usize = 256;
/// The longest `x-oss-callback` or `x-oss-callback-var`, in base64.
pub(crate) const CALLBACK_MAX: usize = 5 * 1024;
/// The range of `x-oss-traffic-limit`, in bits per second.
pub(crate) const TRAFFIC_LIMIT_BITS_PER_SEC: std::ops::RangeInclusive<u64> = 245_760..=838_860_800;
/// The longest validity of a presigned V4 URL.
pub(crate) const PRESIGN_EXPIRES_MAX: Duration = Duration::from_secs(604_800);

/// The part size that the planner starts from.
pub(crate) const PART_SIZE_DEFAULT: u64 = 8 * MIB;
/// The largest object that one CopyObject can copy.
pub(crate) const COPY_OBJECT_MAX: u64 = GIB;
/// The part size of a server-side copy. Its bytes do not pass through this machine.
pub(crate) const COPY_PART_SIZE_DEFAULT: u64 = 64 * MIB;
/// The part size of a delta upload: the smaller, the less is sent.
pub(crate) const DELTA_PART_SIZE_DEFAULT: u64 = MIB;
/// The smallest part size that the planner chooses by itself.
pub(crate) const PART_SIZE_SMALLEST_PLANNED: u64 = MIB;
/// Objects smaller than this are uploaded with one PutObject.
pub(crate) const SINGLE_BELOW_DEFAULT: u64 = 8 * MIB;
/// Parts of one upload that are in flight at once.
pub(crate) const PARALLELISM_DEFAULT: usize = 8;
/// The largest parallelism that may be set.
pub(crate) const PARALLELISM_MAX: usize = 256;
/// The most worker threads of a client.
pub(crate) const THREADS_MAX: usize = 1024;
/// The memory limit for the part buffers of all streams of a client.
pub(crate) const MEMORY_LIMIT_DEFAULT: u64 = 256 * MIB;
/// Attempts of one request, the first included.
pub(crate) const ATTEMPTS_DEFAULT: u32 = 5;
/// The most attempts that may be set.
pub(crate) const ATTEMPTS_MAX: u32 = 100;
/// Half of the upper bound of the first back-off. The bound doubles with each one.
pub(crate) const BACKOFF_BASE: Duration = Duration::from_millis(200);
/// The longest back-off.
pub(crate) const BACKOFF_CAP: Duration = Duration::from_secs(20);
/// The longest `Retry-After` that is honored; a longer one is shortened to this.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);
/// Tokens in the retry budget of a client.
pub(crate) const RETRY_BUDGET: u32 = 500;
/// Tokens that one retry takes from the budget.
pub(crate) const RETRY_COST: u32 = 5;
/// The most attempts of one call that are not counted because a kept-alive connection was dead.
pub(crate) const STALE_CONNECTION_RETRIES_MAX: u32 = 4;

/// How far the server's clock may be from the local one to be signed with.
pub(crate) const MAX_CLOCK_OFFSET: Duration = Duration::from_secs(24 * 3600);
/// Clocks that differ by less are equal: a request takes time.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_secs(10);
/// The timeout to resolve a host name.
pub(crate) const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a resolved address is reused.
pub(crate) const RESOLVE_TTL: Duration = Duration::from_secs(60);
/// The timeout to connect, with the handshakes of proxy and TLS.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The delay until the next address of a host is tried while the earlier ones do not respond, as
/// RFC 8305 recommends.
pub(crate) const CONNECT_STAGGER: Duration = Duration::from_millis(250);
/// How long an address that failed is tried after the others of its host.
pub(crate) const FAILED_ADDRESS_TTL: Duration = Duration::from_secs(60);
/// An attempt that moves fewer than `STALL_BYTES` in this time has stalled.
pub(crate) const STALL_TIMEOUT: Duration = Duration::from_secs(20);
/// See `STALL_TIMEOUT`.
pub(crate) const STALL_BYTES: u64 = KIB;
/// The timeout from the last byte of a request to the end of its response.
pub(crate) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// The same for CompleteMultipartUpload, which OSS executes before it responds.
pub(crate) const COMPLETE_TIMEOUT: Duration = Duration::from_secs(300);
/// The timeout to abort a failed or canceled upload.
pub(crate) const ABORT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest back-off between attempts of a request that ends an upload.
pub(crate) const ABORT_DELAY_MAX: Duration = Duration::from_secs(1);
/// The most Abort requests for one upload.
pub(crate) const ABORT_ATTEMPTS_MAX: u32 = 16;
/// The longest timeout that may be set.
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// A TCP connection that receives nothing for this time is probed at this interval. It is lost when
/// no probe is acknowledged.
pub(crate) const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
pub(crate) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
pub(crate) const KEEPALIVE_PROBES: u32 = 8;
/// A connection that was idle for longer is not reused.
pub(crate) const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(15);

/// The timeout to fetch credentials, all steps of a source together.
pub(crate) const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(60);
/// The timeout to connect to STS or to a credentials URI.
pub(crate) const CREDENTIALS_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The timeout for the response of STS or of a credentials URI.
pub(crate) const CREDENTIALS_RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts to get one set of credentials from STS.
pub(crate) const CREDENTIALS_ATTEMPTS: u32 = 3;
/// The timeout of each step of a request to the metadata service of an instance.
pub(crate) const METADATA_STEP_TIMEOUT: Duration = Duration::from_secs(1);
/// The largest response of a source of credentials.
pub(crate) const CREDENTIALS_RESPONSE_MAX: usize = 64 * 1024;
/// Credentials are refreshed this long before their expiry, or in the last fifth of a shorter life.
pub(crate) const CREDENTIALS_REFRESH_AHEAD: Duration = Duration::from_secs(180);
/// The first back-off after a failed refresh while the old credentials are valid; it doubles.
pub(crate) const CREDENTIALS_BACKOFF_BASE: Duration = Duration::from_secs(1);
/// The longest back-off after a failed refresh.
pub(crate) const CREDENTIALS_BACKOFF_CAP: Duration = Duration::from_secs(30);
/// How long a role is assumed unless a profile says otherwise.
pub(crate) const ROLE_DURATION_DEFAULT: Duration = Duration::from_secs(3600);
/// The shortest time for which STS lets a role be assumed.
pub(crate) const ROLE_DURATION_MIN: Duration = Duration::from_secs(900);

/// The largest response body that is read; a larger one is a protocol error.
pub(crate) const RESPONSE_BODY_MAX: u64 = 16 * MIB;
/// How much of a response body an error quotes.
pub(crate) const RESPONSE_EXCERPT_MAX: usize = 256;
/// The shortest time between two calls of a progress callback.
pub(crate) const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
/// The names of the library's threads begin with this.
pub(crate) const THREAD_NAME_PREFIX: &str = "ossmpu";
/// The stack size of a worker thread.
pub(crate) const WORKER_STACK_SIZE: usize = 512 * 1024;
/// How much of a source is read, hashed and sent in one step. It fits the second-level cache and
/// two of the largest packets, of 64 KiB less their headers: a few bytes more cost a third.
pub(crate) const IO_STEP: usize = 112 * 1024;

/// 1024 bytes.
pub(crate) const KIB: u64 = 1024;
/// 1024 KiB.
pub(crate) const MIB: u64 = 1024 * KIB;
/// 1024 MiB.
pub(crate) const GIB: u64 = 1024 * MIB;
