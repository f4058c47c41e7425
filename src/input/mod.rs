//! Reading a caller's values: options, configuration, environment.
//!
//! The core knows neither JavaScript nor its objects. The owner of the values implements
//! [`Fields`](value::Fields) and [`Environment`](environment::Environment).

pub(crate) mod environment;
pub(crate) mod reader;
pub(crate) mod value;
