//! The texts of a response: owned, or borrowed from its body.
//!
//! The wire types are generic over their texts. A response about one resource is read into `String`s, which outlive it. A page
//! of a listing is read into [`Borrowed`] texts: most of them go straight into the result, and none has to be kept.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::lenient::Lenient;

/// A text of a response.
pub(crate) trait Text<'de>: Deserialize<'de> + Lenient<'de> + Deref<Target = str> + From<String> {
    /// Whether an entry that cannot be read leaves the others of its list readable, which costs a second pass over each
    /// entry. If not, the list cannot be read either, and has to be read again.
    const ISOLATES_ENTRIES: bool;
}

impl Text<'_> for String {
    const ISOLATES_ENTRIES: bool = true;
}

/// A text that is borrowed from the body of a response, unless it has escapes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Borrowed<'a>(Cow<'a, str>);

impl<'de> Text<'de> for Borrowed<'de> {
    const ISOLATES_ENTRIES: bool = false;
}

impl Deref for Borrowed<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Borrowed<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl<'de> Lenient<'de> for Borrowed<'de> {
    fn from_text(value: &str) -> Option<Self> {
        Some(Self(Cow::Owned(value.to_owned())))
    }

    fn from_borrowed_text(value: &'de str) -> Option<Self> {
        Some(Self(Cow::Borrowed(value)))
    }
}

impl<'de> Deserialize<'de> for Borrowed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(BorrowedVisitor)
    }
}

struct BorrowedVisitor;

impl<'de> Visitor<'de> for BorrowedVisitor {
    type Value = Borrowed<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed(Cow::Borrowed(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::Info;

    #[test]
    fn a_text_without_escapes_is_borrowed() {
        let read = |json| serde_json::from_str::<Borrowed<'_>>(json);
        assert!(matches!(read(r#""plain ä""#), Ok(Borrowed(Cow::Borrowed("plain ä")))));
        assert_eq!(&*read(r#""\u00e4\n\"\\""#).unwrap(), "ä\n\"\\");
        assert_eq!(&*read(r#""""#).unwrap(), "");
        for other in ["null", "7", "true", "[]", "{}", r#""\ud800""#] {
            assert!(read(other).is_err(), "{other}");
        }
    }

    #[test]
    fn information_is_borrowed_too() {
        let read = |json| serde_json::from_str::<Info<Borrowed<'_>>>(json).map(|info| info.0);
        assert!(matches!(read(r#""x""#), Ok(Some(Borrowed(Cow::Borrowed("x"))))));
        assert!(matches!(read(r#""\t""#), Ok(Some(Borrowed(Cow::Owned(text)))) if text == "\t"));
        assert!(matches!(read("7"), Ok(None)));
    }
}
