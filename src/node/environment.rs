//! `process.env` as JavaScript sees it at the call. In a worker that is the worker's copy, and a variable set in
//! JavaScript is there too; the C environment knows neither.

use std::fs;
use std::io::{self, Read};

use napi::bindgen_prelude::FromNapiValue;
use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, Result, ValueType};

use super::scrub::Scrub;
use crate::options::Environment;

/// The most that is read of a file, in bytes.
const FILE_LIMIT: u64 = 64 * 1024;

pub(super) struct JsEnvironment<'a> {
    pub(super) env: &'a Env,
    pub(super) scrub: &'a Scrub<'a>,
}

impl JsEnvironment<'_> {
    fn read(&self, name: &str) -> Result<Option<String>> {
        let process: Object<'_> = self.env.get_global()?.get_named_property("process")?;
        let variables: Object<'_> = process.get_named_property("env")?;
        let value: Unknown<'_> = variables.get_named_property_unchecked(name)?;
        match value.get_type()? {
            ValueType::String => String::from_unknown(value).map(Some),
            _ => Ok(None),
        }
    }
}

impl Environment for JsEnvironment<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let found = self.read(name).unwrap_or_else(|_| {
            // No `process` (another runtime), or a proxy in its place that throws: as if nothing were set.
            self.scrub.clear();
            None
        });
        found.filter(|text| !text.trim().is_empty())
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
