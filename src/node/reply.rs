//! Replies as `border.js` takes them: an outcome and a value. The worker thread writes JSON, the main thread lets V8 parse
//! it: that is faster than building objects property by property, the more so the longer a list is.

use serde::Serialize;

use super::error;
use crate::error::{Error, Result};
use crate::model::instance::Provisioned;
use crate::operations;

/// The room that the text of an instance takes, roughly.
const ROOM: usize = 512;

/// A reply that is ready to cross.
pub(super) struct Reply {
    /// 0: the value, 1: an error, 2: nothing.
    pub(super) outcome: u8,
    /// JSON.
    pub(super) value: String,
}

impl Reply {
    /// Runs on a worker thread.
    pub(super) fn of(outcome: Result<operations::Reply>) -> Self {
        outcome
            .and_then(|reply| Self::success(&reply))
            .unwrap_or_else(|error| Self {
                outcome: 1,
                value: error::to_json(&error),
            })
    }

    fn success(reply: &operations::Reply) -> Result<Self> {
        let (outcome, value) = match reply {
            operations::Reply::Instance(instance) | operations::Reply::Found(Some(instance)) => {
                (0, write(&Provisioned::from(instance), ROOM)?)
            }
            operations::Reply::Instances(instances) => {
                let list: Vec<_> = instances.iter().map(Provisioned::from).collect();
                (0, write(&list, ROOM * (list.len() + 1))?)
            }
            operations::Reply::Found(None) => (0, "null".to_owned()),
            operations::Reply::Nothing => (2, "0".to_owned()),
        };
        Ok(Self { outcome, value })
    }
}

fn write(value: &impl Serialize, room: usize) -> Result<String> {
    let mut text = Vec::with_capacity(room);
    let written = serde_json::to_writer(&mut text, value).ok();
    written
        .and_then(|()| String::from_utf8(text).ok())
        .ok_or_else(|| Error::internal("A result could not be written as JSON."))
}
