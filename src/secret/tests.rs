#![expect(clippy::format_collect, reason = "how fast a test encodes does not matter")]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::copies::{BUDGET, decode_all};
use super::excerpt::LIMIT;
use super::*;

const MASK: &str = "[redacted]";

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn values(secrets: &[&str]) -> Redactor {
    let mut redactor = Redactor::default();
    for text in secrets {
        redactor.add_value(&secret(text));
    }
    redactor
}

fn credential(text: &str) -> Redactor {
    let mut redactor = Redactor::default();
    redactor.add_credential(&secret(text));
    redactor
}

fn masked(secrets: &[&str], text: &str) -> String {
    values(secrets).mask(&Excerpt::beginning(text))
}

/// What JavaScript, Go, Python, PHP and others make of a text, each once.
type Encoder = fn(&str) -> String;

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

fn escape_units(text: &str, is_plain: fn(char) -> bool) -> String {
    let escape = |character: char| {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units).iter();
        units.map(|unit| format!("\\u{unit:04x}")).collect::<String>()
    };
    let encode = |character| {
        if is_plain(character) {
            String::from(character)
        } else {
            escape(character)
        }
    };
    text.chars().map(encode).collect()
}

fn percent(text: &str, is_plain: fn(u8) -> bool) -> String {
    let encode = |byte| {
        if is_plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}

const ENCODERS: &[(&str, Encoder)] = &[
    ("as it is", str::to_owned),
    ("JSON", json),
    ("JSON of Go", |text| {
        json(text)
            .replace('&', "\\u0026")
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
    }),
    ("JSON of Python", |text| {
        escape_units(&json(text), |character| character.is_ascii())
    }),
    ("JSON of PHP", |text| {
        escape_units(&json(text).replace('/', "\\/"), |character| character.is_ascii())
    }),
    ("only escapes", |text| escape_units(text, |_| false)),
    ("JSON within JSON", |text| json(&json(text))),
    ("encodeURIComponent", |text| {
        percent(text, |byte| {
            byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)
        })
    }),
    ("RFC 3986", |text| {
        percent(text, |byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    }),
    ("lower-case percent", |text| {
        percent(text, |byte| byte.is_ascii_alphanumeric()).to_lowercase_escapes()
    }),
    ("only percent", |text| percent(text, |_| false)),
    ("form", |text| {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }),
    ("HTML", |text| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;")
    }),
    ("HTML in numbers", |text| {
        text.chars()
            .map(|character| format!("&#x{:x};", u32::from(character)))
            .collect()
    }),
    ("bytes", |text| {
        text.replace('\\', "\\\\")
            .bytes()
            .map(|byte| {
                if byte.is_ascii() {
                    char::from(byte).to_string()
                } else {
                    format!("\\x{byte:02x}")
                }
            })
            .collect()
    }),
    ("octal", |text| {
        text.replace('\\', "\\\\")
            .bytes()
            .map(|byte| {
                if byte.is_ascii() {
                    char::from(byte).to_string()
                } else {
                    format!("\\{byte:03o}")
                }
            })
            .collect()
    }),
    ("base64", |text| STANDARD.encode(text)),
    ("base64 for URLs", |text| URL_SAFE_NO_PAD.encode(text)),
    ("user and password in base64", |text| {
        STANDARD.encode(format!("u:{text}"))
    }),
    ("hexadecimal", |text| {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }),
    ("one line", |text| text.split_whitespace().collect::<Vec<_>>().join(" ")),
    ("with invisible characters", |text| {
        text.chars().flat_map(|character| [character, '\u{200B}']).collect()
    }),
];

trait LowerCaseEscapes {
    fn to_lowercase_escapes(&self) -> String;
}

impl LowerCaseEscapes for String {
    fn to_lowercase_escapes(&self) -> String {
        let mut parts = self.split('%');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            format!("{text}%{}{}", part[..2].to_lowercase(), &part[2..])
        })
    }
}

/// Asserts that of a secret only the padding, and what was encoded along with it, is left: at most a third of the text.
fn assert_gone(secret: &str, encoded: &str, what: &str) {
    let text = masked(&[secret], &format!("value is <{encoded}>, bad"));
    let rest = text.replace(MASK, "").chars().count() - "value is <>, bad".len();
    assert!(
        text.contains(MASK) && rest <= 8 + encoded.chars().count() / 3,
        "{what}: {encoded} of {secret:?} leaves {text}"
    );
}

#[test]
fn no_encoding_of_a_secret_survives() {
    for text in [
        "rw_key_1234567",
        "p&q =r+\"s\"\\t<u>'v'/w!(x)~y*",
        "pässwörd für ünser Größtes",
        "emoji 😀 and 漢字",
        "-----BEGIN KEY-----\nAb+/cd==\n-----END KEY-----",
        "C:\\new\\table\\%41\\u0041 100%25",
        "a%2541b%4cafe%",
        "{\"key\":\"va\\\"lue\",\"n\":[1,2]}",
        "https://user:p%40ss@example.com/?a=1&b=2#c",
    ] {
        for (name, encode) in ENCODERS {
            assert_gone(text, &encode(text), name);
            for (outer, encode_again) in ENCODERS {
                assert_gone(text, &encode_again(&encode(text)), &format!("{outer} of {name}"));
            }
        }
    }
}

proptest! {
    #[test]
    fn no_chain_of_encodings_survives(
        text in "[ -~äß漢😀\n\t]{14,60}",
        chain in prop::collection::vec(0..ENCODERS.len(), 1..=3),
    ) {
        prop_assume!(characters::fold(&text).len() >= 14);
        let encoded = chain.iter().fold(text.trim().to_owned(), |text, at| ENCODERS[*at].1(&text));
        // Of what is longer than all that is looked at, a piece has to fit into the room (SECURITY.md).
        prop_assume!(encoded.len() + 20 <= LIMIT);
        let names: Vec<&str> = chain.iter().map(|at| ENCODERS[*at].0).collect();
        assert_gone(&text, &encoded, &names.join(", then "));
    }

    #[test]
    fn nothing_of_a_long_secret_survives(secret in "[a-zA-Z0-9+/=_-]{8,40}", before in ".{0,40}", after in ".{0,40}") {
        let text = masked(&[&secret], &format!("{before}{secret}{after}"));
        prop_assert!(!text.contains(&secret));
    }

    #[test]
    fn never_panics(text in r"([\\%&+u0-9a-fA-F{};#x=]|.){0,80}", secret in ".{0,20}") {
        let _ = masked(&[&secret], &text);
        let _ = credential(&secret).mask(&Excerpt::end(&text));
        credential(&secret).fields().mask(&mut text.clone());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_secret_across_the_cut_leaves_nothing(length in 100_usize..6_000, at in 2_000_usize..4_000) {
        let secret: String = (0..length).map(|at| char::from(LETTERS[at * at / 7 % LETTERS.len()])).collect();
        let head = &secret[..12];
        let tail = &secret[secret.len() - 12..];
        let text = format!("{}{secret}{}", ".".repeat(at), ".".repeat(9_000));
        let shown = values(&[&secret]).mask(&Excerpt::beginning(&text));
        prop_assert!(!shown.contains(head) && !shown.contains(tail) && shown.ends_with('…'));
        let text = format!("{}{secret}{}", ".".repeat(9_000), ".".repeat(at));
        let shown = values(&[&secret]).mask(&Excerpt::end(&text));
        prop_assert!(!shown.contains(head) && !shown.contains(tail) && shown.starts_with('…'));
    }
}

#[test]
fn a_secret_that_is_longer_than_all_that_is_looked_at_leaves_nothing() {
    let secret: String = (0..100_000_u64).map(|at| format!("{:x}", at * at)).collect();
    for part in [&secret[..50_000], &secret[1_234..60_000], &secret[30_000..]] {
        assert_eq!(masked(&[&secret], &format!("got {part}")), "got [redacted]…");
    }
    let shown = values(&[&secret]).mask(&Excerpt::end(&format!("{secret} was got")));
    assert_eq!(shown, "…[redacted] was got");
}

#[test]
fn the_work_is_bounded_whatever_the_text() {
    // Everything that could be an encoding, 15 MB of it.
    let text = "%2541\\u0026&amp;QWxhZGRpbjpvcGVu+68656c6c6f20776f726c64 ".repeat(270_000);
    let excerpt = Excerpt::beginning(&text);
    assert!(excerpt.text().len() <= LIMIT);
    let (copies, ends) = decode_all(excerpt.text());
    assert!(copies.len() <= BUDGET + ends.len(), "{} characters", copies.len());
    let variables: Vec<String> = (0..400).map(|at| format!("value-{at}-").repeat(2_000)).collect();
    let variables: Vec<&str> = variables.iter().map(String::as_str).collect();
    // The rest of the text does not matter.
    assert_eq!(masked(&variables, &text), masked(&variables, &text[..2 * LIMIT]));
}

#[test]
fn many_equal_and_nested_secrets_are_looked_up_once() {
    let nested: Vec<String> = (6..2_000).map(|length| "a".repeat(length)).collect();
    let secrets: Vec<&str> = nested.iter().map(String::as_str).cycle().take(6_000).collect();
    assert_eq!(masked(&secrets, &"a".repeat(15_000_000)), "[redacted]…");
}

#[test]
fn a_longer_secret_wins_over_one_inside_it() {
    assert_eq!(
        masked(&["token1", "token1-of-tenant"], "token1-of-tenant, token1"),
        "[redacted], [redacted]"
    );
}

#[test]
fn a_credential_that_a_call_learns_late_is_masked_too() {
    let mut redactor = Redactor::default();
    let late = redactor.begin_call();
    late.add(&secret("renewed-token"));
    assert_eq!(
        redactor.mask(&Excerpt::beginning("bad token renewed-token")),
        "bad token [redacted]"
    );
    let mut name = "x-renewed-token".to_owned();
    redactor.fields().mask(&mut name);
    assert_eq!(name, "x-[redacted]");
}

#[test]
fn a_short_value_is_masked_only_where_it_stands_as_a_value() {
    for (text, expected) in [
        ("HTTP 401 in 1 of 1.1 s, v1", "HTTP 401 in 1 of 1.1 s, v1"),
        ("A=1, B=12, C=1.5, 1=2", "A=[redacted], B=12, C=1.5, 1=2"),
        ("{\"A\":1,\"B\": \"1\"}", "{\"A\":[redacted],\"B\": \"[redacted]\"}"),
        (
            "value '1' or `1` is not “1”.",
            "value '[redacted]' or `[redacted]` is not “[redacted]”.",
        ),
        ("A%3D%221%22", "A%3D%22[redacted]%22"),
        ("{\\\"A\\\":\\\"1\\\"}", "{\\\"A\\\":\\\"[redacted]\\\"}"),
        ("the value is: 1.", "the value is: [redacted]."),
        ("1", "[redacted]"),
        ("\"1 project per 30 seconds\"", "\"1 project per 30 seconds\""),
    ] {
        assert_eq!(masked(&["1", "", " "], text), expected, "{text}");
    }
    assert_eq!(
        masked(&["true"], "A=true; untrue: truest"),
        "A=[redacted]; untrue: truest"
    );
    assert_eq!(masked(&["äöüßé"], "äöüßé: äöüßé"), "äöüßé: [redacted]");
    assert_eq!(masked(&["äöüßéx"], "an äöüßéxy"), "an [redacted]y");
}

#[test]
fn a_credential_is_masked_everywhere_whatever_its_length() {
    let redactor = credential("k1");
    assert_eq!(redactor.mask(&Excerpt::beginning("bad ak1b")), "bad a[redacted]b");
    assert_eq!(redactor.mask_identifier("ak1b"), "a[redacted]b");
    // An id has to remain one.
    let mut id = "srv-ak1b".to_owned();
    redactor.fields().mask(&mut id);
    assert_eq!(id, "srv-ak1b");
    let mut id = "srv-k1".to_owned();
    redactor.fields().mask(&mut id);
    assert_eq!(id, "srv-[redacted]");
}

#[test]
fn a_field_shows_no_credential_and_keeps_values() {
    let mut redactor = credential("rw_key_1234567");
    redactor.add_value(&secret("my-service"));
    let mask = redactor.fields();
    for (field, expected) in [
        ("my-service", "my-service"),
        ("rw_key_1234567", "[redacted]"),
        ("https://rw_key_1234567.example.com/", "https://[redacted].example.com/"),
        (
            "https://x.example/?k=rw%5Fkey%5F1234567",
            "https://x.example/?k=[redacted]",
        ),
        ("https://x.example/cndfa2V5XzEyMzQ1Njc", "https://x.example/[redacted]"),
    ] {
        let mut text = field.to_owned();
        mask.mask(&mut text);
        assert_eq!(text, expected);
    }
}

#[test]
fn an_identifier_keeps_short_values() {
    let redactor = values(&["1", "true", "long-value"]);
    assert_eq!(redactor.mask_identifier("iad1::1-true:1"), "iad1::1-true:1");
    assert_eq!(redactor.mask_identifier("x:long-value"), "x:[redacted]");
}
