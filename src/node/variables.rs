//! Reads variables of `process.env` while a call goes on: JavaScript's thread is asked, and does not live for it.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};
use tokio::sync::oneshot;

use crate::input::environment::EnvironmentReader;

/// `readVariable` of `bridge.js`. `true`: weak, so that it keeps no process alive.
type ReadVariable = ThreadsafeFunction<String, String, FnArgs<(String,)>, Status, false, true>;

/// The variables of one environment of JavaScript (main thread, worker).
pub(super) struct JsVariables(Mutex<ReadVariable>);

impl JsVariables {
    /// Makes the reader from `readVariable`.
    pub(super) fn new(read_variable: &Function<'_, FnArgs<(String,)>, String>) -> Result<Self> {
        let read_variable = read_variable
            .build_threadsafe_function::<String>()
            .weak::<true>()
            .build_callback(|context| Ok(FnArgs::from((context.value,))))?;
        Ok(Self(Mutex::new(read_variable)))
    }
}

#[async_trait]
impl EnvironmentReader for JsVariables {
    async fn variable(&self, name: &'static str) -> Option<String> {
        let (sender, answer) = oneshot::channel();
        let status = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .call_with_return_value(
                name.to_owned(),
                ThreadsafeFunctionCallMode::NonBlocking,
                move |value, _| {
                    let _ = sender.send(value.ok());
                    Ok(())
                },
            );
        if status != Status::Ok {
            return None;
        }
        answer.await.ok()?
    }
}
