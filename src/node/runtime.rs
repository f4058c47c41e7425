//! The worker thread and the state of the process, made at the first call: requiring the addon and making a provider start no
//! thread.

use std::sync::{Arc, OnceLock};
use std::thread;

use tokio::runtime::{Builder, Handle};

use super::completions;
use crate::context::clock::SharedClock;
use crate::context::random::SystemRandom;
use crate::error::{Error, Result};
use crate::http::process_transport::ProcessTransport;
use crate::process::ProcessState;

/// The name of our threads.
const THREAD_NAME: &str = "computesdk-gateway";

/// Threads that may block. Only the lookup of host names and the renewal of credentials do.
const BLOCKING: usize = 4;

/// Both live as long as the process: environments (workers, reloads) come and go, and a request that one of them has started
/// is still finished or cleaned up. They keep nothing of an environment.
static PROCESS: OnceLock<Arc<ProcessState>> = OnceLock::new();
static WORKER: OnceLock<Option<Handle>> = OnceLock::new();

/// Returns the state of the process.
pub(super) fn process() -> &'static Arc<ProcessState> {
    PROCESS.get_or_init(|| {
        Arc::new(ProcessState::new(
            clock(),
            Arc::new(SystemRandom),
            Arc::new(ProcessTransport::default()),
        ))
    })
}

#[cfg(not(feature = "test-hooks"))]
fn clock() -> SharedClock {
    Arc::new(crate::context::clock::SystemClock)
}

/// How fast time runs in a test build. The first call fixes it.
#[cfg(feature = "test-hooks")]
pub(super) static CLOCK_SPEED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);

#[cfg(feature = "test-hooks")]
fn clock() -> SharedClock {
    match CLOCK_SPEED.load(std::sync::atomic::Ordering::Relaxed) {
        1 => Arc::new(crate::context::clock::SystemClock),
        speed => Arc::new(crate::context::clock::FastClock::new(speed)),
    }
}

/// Returns the worker, which does the work of all calls. The work is short: reading JSON and moving bytes. One thread needs a
/// third less processor time for it than two, which wake each other (docs/contributing/performance.md).
pub(super) fn worker() -> Result<&'static Handle> {
    WORKER
        .get_or_init(start)
        .as_ref()
        .ok_or_else(|| Error::internal("The thread that does the work could not be started."))
}

fn start() -> Option<Handle> {
    // Our threads run code of this addon and may outlive the environment that loaded it.
    napi::bindgen_prelude::retain_current_module_for_unload_safety();
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(BLOCKING)
        .thread_name(THREAD_NAME)
        .on_thread_park(completions::announce_deferred)
        .enable_all()
        .build()
        .ok()?;
    let handle = runtime.handle().clone();
    let work = move || {
        completions::defer_on_this_thread();
        runtime.block_on(std::future::pending::<()>());
    };
    thread::Builder::new().name(THREAD_NAME.to_owned()).spawn(work).ok()?;
    Some(handle)
}
