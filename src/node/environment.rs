//! `process.env` as JavaScript sees it at the call. In a worker that is the worker's copy, and a variable set in
//! JavaScript is there too; the C environment knows neither.

use std::fs;
use std::io::{self, Read};

use napi::{Env, Result};

use super::bridge::Border;
use crate::input::environment::Environment;

/// The most that is read of a file, in bytes.
const FILE_LIMIT: u64 = 64 * 1024;

pub(super) struct JsEnvironment<'a> {
    env: &'a Env,
    border: &'static Border,
}

impl<'a> JsEnvironment<'a> {
    pub(super) fn of(env: &'a Env) -> Result<Self> {
        let border = Border::of(env)?;
        Ok(Self { env, border })
    }
}

impl Environment for JsEnvironment<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let variable = self.border.variable.borrow_back(self.env).ok()?;
        let value = variable.call((name.to_owned(),).into()).ok()?;
        Some(value).filter(|text| !text.trim().is_empty())
    }

    /// On JavaScript's thread, as everything that a call needs before it is sent: token files are small and local.
    fn file(&self, path: &str) -> io::Result<String> {
        // A pipe or a device could keep the thread waiting, or never end.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let mut text = String::new();
        fs::File::open(path)?.take(FILE_LIMIT + 1).read_to_string(&mut text)?;
        if text.len() as u64 > FILE_LIMIT {
            return Err(io::Error::other("longer than 64 KiB"));
        }
        Ok(text)
    }
}
