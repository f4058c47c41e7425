//! The Tokio runtime and the state of the process, made at the first call: requiring the addon and making a provider start no
//! thread.

use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Runtime};

use crate::context::clock::SharedClock;
use crate::context::random::SystemRandom;
use crate::error::{Error, Result};
use crate::http::process_transport::ProcessTransport;
use crate::process::ProcessState;

/// Threads that work. The work is short: reading JSON and moving bytes.
const WORKERS: usize = 2;

/// Threads that may block. Only the lookup of host names does.
const BLOCKING: usize = 4;

/// Both live as long as the process: environments (workers, reloads) come and go, and a request that one of them has started
/// is finished or cleaned up all the same. They keep nothing of an environment.
static PROCESS: OnceLock<Arc<ProcessState>> = OnceLock::new();
static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();

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

/// Returns the runtime.
pub(super) fn runtime() -> Result<&'static Runtime> {
    RUNTIME
        .get_or_init(|| {
            // Our threads run code of this addon and may outlive the environment that loaded it.
            napi::bindgen_prelude::retain_current_module_for_unload_safety();
            Builder::new_multi_thread()
                .worker_threads(WORKERS)
                .max_blocking_threads(BLOCKING)
                .thread_name("computesdk-gateway")
                .enable_all()
                .build()
                .ok()
        })
        .as_ref()
        .ok_or_else(|| Error::internal("The threads that do the work could not be started."))
}
