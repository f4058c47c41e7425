//! The texts of a response: owned, or borrowed from its body.
//!
//! The wire types are generic over their texts. A response about one resource is read into `String`s, which outlive it. A page
//! of a listing is read into [`Borrowed`] texts: most of them go straight into the result, and none has to be kept.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A text of a response.
pub(crate) trait Text<'de>: Deserialize<'de> + Deref<Target = str> + From<String> {
    /// Whether an entry that cannot be read leaves the others of its list readable, which costs a second pass over each
    /// entry. If not, the list cannot be read either, and has to be read again.
    const ISOLATES_ENTRIES: bool;

    /// Takes a text that stands in the body as it is.
    fn from_borrowed(text: &'de str) -> Self;
}

impl<'de> Text<'de> for String {
    const ISOLATES_ENTRIES: bool = true;

    fn from_borrowed(text: &'de str) -> Self {
        text.to_owned()
    }
}

/// A text that is borrowed from the body of a response, unless it has escapes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Borrowed<'a>(Cow<'a, str>);

impl<'de> Text<'de> for Borrowed<'de> {
    const ISOLATES_ENTRIES: bool = false;

    fn from_borrowed(text: &'de str) -> Self {
        Self(Cow::Borrowed(text))
    }
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
        Ok(value.to_owned().into())
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed::from_borrowed(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
