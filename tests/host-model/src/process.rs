//! What all VMs of one Envoy share.

use crate::{HeaderMap, metrics::Metrics, shared_data::SharedData, turns::await_turn};
use std::{
    any::TypeId,
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

/// A log line that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Its level; the ABI's "critical" is an error here.
    pub level: log::Level,
    /// The VM that wrote it: `canary`, `main` or `worker N`.
    pub vm: String,
    /// The text.
    pub text: String,
}

/// One Envoy process.
pub(crate) struct Process {
    pub(crate) clocks: Clocks,
    pub(crate) log_level: AtomicU32,
    /// How many workers there were so far.
    pub(crate) workers: AtomicU32,
    shared: Mutex<SharedData>,
    metrics: Mutex<Metrics>,
    lines: Mutex<Vec<LogLine>>,
    properties: Mutex<BTreeMap<String, Vec<u8>>>,
    clusters: Mutex<BTreeSet<String>>,
    admitted: Mutex<Option<(TypeId, Vec<u8>)>>,
}

/// Virtual time, in nanoseconds.
pub(crate) struct Clocks {
    monotonic: AtomicU64,
    wall: AtomicU64,
}

/// Where the monotonic clock begins: no multiple of any window, since its zero means nothing.
const BOOT: u64 = 987_654_321_012_345;
/// Where the wall clock begins: 2024-01-20T07:04:00Z.
const EPOCH: u64 = 1_705_734_240_000_000_000;
/// The ABI's number of `info`.
const INFO: u32 = 2;

// === impl Process ===

impl Process {
    pub(crate) fn new() -> Self {
        let client = ("source.address".to_owned(), b"127.0.0.1:40000".to_vec());
        Self {
            clocks: Clocks {
                monotonic: AtomicU64::new(BOOT),
                wall: AtomicU64::new(EPOCH),
            },
            log_level: AtomicU32::new(INFO),
            workers: AtomicU32::new(0),
            shared: Mutex::default(),
            metrics: Mutex::default(),
            lines: Mutex::default(),
            properties: Mutex::new(BTreeMap::from([client])),
            clusters: Mutex::default(),
            admitted: Mutex::default(),
        }
    }

    pub(crate) fn shared(&self) -> MutexGuard<'_, SharedData> {
        await_turn();
        lock(&self.shared)
    }

    pub(crate) fn metrics(&self) -> MutexGuard<'_, Metrics> {
        lock(&self.metrics)
    }

    pub(crate) fn lines(&self) -> MutexGuard<'_, Vec<LogLine>> {
        lock(&self.lines)
    }

    pub(crate) fn properties(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        lock(&self.properties)
    }

    pub(crate) fn clusters(&self) -> MutexGuard<'_, BTreeSet<String>> {
        lock(&self.clusters)
    }

    /// The configuration that canary and main thread accepted last.
    pub(crate) fn admitted(&self) -> MutexGuard<'_, Option<(TypeId, Vec<u8>)>> {
        lock(&self.admitted)
    }

    pub(crate) fn write_line(&self, vm: &str, level: u32, text: &str) {
        if level < self.log_level.load(SeqCst) {
            return;
        }
        let level = match level {
            0 => log::Level::Trace,
            1 => log::Level::Debug,
            2 => log::Level::Info,
            3 => log::Level::Warn,
            _ => log::Level::Error,
        };
        self.lines().push(LogLine {
            level,
            vm: vm.to_owned(),
            text: text.to_owned(),
        });
    }
}

/// A test that failed on one thread must not turn the others' failures into "poisoned".
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Clocks ===

impl Clocks {
    pub(crate) fn monotonic(&self) -> u64 {
        self.monotonic.load(SeqCst)
    }

    pub(crate) fn wall(&self) -> u64 {
        self.wall.load(SeqCst)
    }

    pub(crate) fn advance(&self, span: Duration) {
        let nanos = u64::try_from(span.as_nanos()).expect("a span of centuries");
        self.monotonic.fetch_add(nanos, SeqCst);
        self.wall.fetch_add(nanos, SeqCst);
    }

    pub(crate) fn set_wall(&self, since_epoch: Duration) {
        let nanos = u64::try_from(since_epoch.as_nanos()).expect("a time after 2554");
        self.wall.store(nanos, SeqCst);
    }
}

/// The properties that Envoy derives from a request's headers.
pub(crate) fn request_property(path: &str, headers: &HeaderMap) -> Option<Vec<u8>> {
    let header = |name: &str| headers.bytes(name).map(<[u8]>::to_vec);
    match path.strip_prefix("request.")? {
        "path" => header(":path"),
        "url_path" => header(":path").map(|mut path| {
            path.truncate(
                path.iter()
                    .position(|byte| *byte == b'?')
                    .unwrap_or(path.len()),
            );
            path
        }),
        "method" => header(":method"),
        "host" => header(":authority"),
        "scheme" => header(":scheme"),
        "id" => header("x-request-id"),
        other => {
            let values: Vec<_> = headers.all(other.strip_prefix("headers.")?).collect();
            (!values.is_empty()).then(|| values.join(&b','))
        }
    }
}
