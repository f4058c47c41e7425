//! The encodings in which a secret comes back. Each function undoes one of them once, wherever it occurs.

use super::copy::Copy;

/// The shortest text that is looked for in base64 and in hexadecimal digits, in characters.
const SHORTEST: usize = 6;

/// Stands between the parts of a copy that are not next to each other.
const GAP: char = '\u{FFFF}';

/// Every encoding.
pub(super) const DECODERS: [fn(&Copy) -> Option<Copy>; 6] = [backslashes, percent, form, entities, base64, hexadecimal];

/// What an escape stands for, and how many characters it takes.
type Escape = Option<(char, usize)>;

/// Undoes the backslashes of JSON, as any language writes it, and of string literals: `\/`, `\n`, `\u0026`, `\xe4`, `\303`.
fn backslashes(copy: &Copy) -> Option<Copy> {
    copy.replace('\\', |rest| {
        let escape = match *rest.get(1)? {
            'n' => ('\n', 2),
            'r' => ('\r', 2),
            't' => ('\t', 2),
            'a' | 'b' | 'f' | 'v' | 'e' => (' ', 2),
            'u' if rest.get(2) == Some(&'{') => braced(rest)?,
            'u' => units(rest, &['\\', 'u'])?,
            'U' => (char::from_u32(number(rest, 2, 8, 16)?)?, 10),
            'x' => bytes(rest, |at| {
                Some((number(at, 2, 2, 16).filter(|_| at.starts_with(&['\\', 'x']))?, 4))
            })?,
            '0'..='7' => bytes(rest, |at| {
                Some((number(at, 1, 3, 8).filter(|_| at.first() == Some(&'\\'))?, 4))
            })
            .or((rest[1] == '0').then_some((' ', 2)))?,
            other if other.is_ascii_punctuation() => (other, 2),
            _ => return None,
        };
        Some(escape)
    })
}

/// Undoes percent-encoding, in any case of digits.
fn percent(copy: &Copy) -> Option<Copy> {
    copy.replace('%', percent_escape)
}

/// Undoes the encoding of forms, in which `+` is a space.
fn form(copy: &Copy) -> Option<Copy> {
    let spaced = copy.replace('+', |_| Some((' ', 1)))?;
    Some(percent(&spaced).unwrap_or(spaced))
}

/// Undoes the entities of HTML and XML.
fn entities(copy: &Copy) -> Option<Copy> {
    copy.replace('&', |rest| {
        let end = rest.iter().take(12).position(|character| *character == ';')?;
        let name: String = rest[1..end].iter().collect();
        let character = match name.as_str() {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "nbsp" => ' ',
            _ => {
                let digits = name.strip_prefix('#')?;
                let number = match digits.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16),
                    None => digits.parse(),
                };
                char::from_u32(number.ok()?)?
            }
        };
        Some((character, end + 1))
    })
}

/// Undoes base64 in both alphabets. Where it begins is not known, so all four offsets are tried.
fn base64(copy: &Copy) -> Option<Copy> {
    digits(copy, base64_digit, 4, 6)
}

fn base64_digit(character: char) -> Option<u32> {
    match character {
        'A'..='Z' => Some(character as u32 - 'A' as u32),
        'a'..='z' => Some(character as u32 - 'a' as u32 + 26),
        '0'..='9' => Some(character as u32 - '0' as u32 + 52),
        '+' | '-' => Some(62),
        '/' | '_' => Some(63),
        _ => None,
    }
}

/// Undoes hexadecimal digits, in any case. Both offsets are tried.
fn hexadecimal(copy: &Copy) -> Option<Copy> {
    digits(copy, hexadecimal_digit, 2, 4)
}

fn hexadecimal_digit(character: char) -> Option<u32> {
    character.to_digit(16)
}

/// Returns whether a text without white space may hold a text of `shortest` characters in base64 or hexadecimal digits. Of
/// ids and URLs hardly any does, however long.
pub(super) fn may_hold_digits_of(text: &str, shortest: usize) -> bool {
    let holds = |digit: fn(char) -> Option<u32>, group: usize, bits: usize| {
        let runs = text.split(|character| digit(character).is_none());
        let mut long = runs.filter(|run| run.len() * bits >= shortest * 8);
        long.any(|run| {
            (0..group).any(|offset| count_text(run.chars().skip(offset).filter_map(digit), bits) >= shortest)
        })
    };
    holds(base64_digit, 4, 6) || holds(hexadecimal_digit, 2, 4)
}

/// Returns the most characters that stand next to each other in what digits stand for, or more: UTF-8 is not checked.
fn count_text(digits: impl Iterator<Item = u32>, bits: usize) -> usize {
    let (mut pending, mut count) = (0_u32, 0);
    let (mut characters, mut most) = (0, 0);
    for digit in digits {
        pending = (pending << bits) | digit;
        count += bits;
        if count < 8 {
            continue;
        }
        count -= 8;
        let [.., byte] = (pending >> count).to_be_bytes();
        match byte {
            // Goes on with a character.
            0x80..0xC0 => {}
            _ if byte.is_ascii_control() && !char::from(byte).is_whitespace() => characters = 0,
            _ => characters += 1,
        }
        most = most.max(characters);
    }
    most
}

/// Undoes an encoding in digits of `bits` bits, of which `group` make whole bytes. Line ends between digits do not count. Only
/// what is text is kept.
fn digits(copy: &Copy, digit: impl Fn(char) -> Option<u32>, group: usize, bits: u32) -> Option<Copy> {
    let mut decoded = Copy::default();
    let mut run: Vec<(u32, usize)> = Vec::new();
    for at in 0..=copy.len() {
        let character = copy.character(at);
        match character.and_then(&digit) {
            Some(value) => run.push((value, at)),
            None if matches!(character, Some('\r' | '\n')) && !run.is_empty() => {}
            None => {
                for offset in 0..group {
                    let digits = run.get(offset..).unwrap_or_default();
                    decoded.append_text(copy, &join_digits(digits, bits), SHORTEST, GAP);
                }
                run.clear();
            }
        }
    }
    (decoded.len() > 0).then_some(decoded)
}

/// Returns the bytes of digits, each with the positions of the first and the last digit that it is made of.
fn join_digits(digits: &[(u32, usize)], bits: u32) -> Vec<(u8, usize, usize)> {
    let mut bytes = Vec::new();
    let (mut pending, mut count, mut first) = (0_u32, 0, 0);
    for &(value, at) in digits {
        if count == 0 {
            first = at;
        }
        pending = (pending << bits) | value;
        count += bits;
        if count >= 8 {
            count -= 8;
            let [.., byte] = (pending >> count).to_be_bytes();
            bytes.push((byte, first, at));
            first = at;
        }
    }
    bytes
}

/// Reads `%41`, the bytes of a character as `%C3%A4`, and `%u00e4`.
fn percent_escape(rest: &[char]) -> Escape {
    if rest.get(1).is_some_and(|kind| matches!(kind, 'u' | 'U')) {
        return units(rest, &['%', rest[1]]);
    }
    bytes(rest, |at| {
        Some((number(at, 1, 2, 16).filter(|_| at.first() == Some(&'%'))?, 3))
    })
}

/// Reads `\u{e4}`.
fn braced(rest: &[char]) -> Escape {
    let end = rest.iter().take(11).position(|character| *character == '}')?;
    let value = number(rest, 3, end.checked_sub(3)?, 16)?;
    Some((char::from_u32(value)?, end + 1))
}

/// Reads a code unit of four hexadecimal digits behind `prefix`, or a surrogate pair.
fn units(rest: &[char], prefix: &[char]) -> Escape {
    let unit = |at: usize| {
        let here = rest.get(at..).filter(|here| here.starts_with(prefix))?;
        number(here, prefix.len(), 4, 16)
    };
    let length = prefix.len() + 4;
    let first = unit(0)?;
    let pair = match (first, unit(length)) {
        (0xD800..0xDC00, Some(second @ 0xDC00..0xE000)) => {
            char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        }
        _ => None,
    };
    match pair {
        Some(character) => Some((character, 2 * length)),
        None => Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), length)),
    }
}

/// Reads the bytes of one character in UTF-8, each of them escaped. What is no UTF-8 is read as Latin-1.
fn bytes(rest: &[char], read: impl Fn(&[char]) -> Option<(u32, usize)>) -> Escape {
    let (mut encoded, mut lengths, mut end) = ([0_u8; 4], [0; 4], 0);
    let mut count = 0;
    while count < 4 {
        let Some((byte, length)) = rest.get(end..).and_then(&read) else {
            break;
        };
        let Ok(byte) = u8::try_from(byte) else {
            break;
        };
        end += length;
        (encoded[count], lengths[count]) = (byte, end);
        count += 1;
    }
    let first = encoded.first().filter(|_| count > 0)?;
    let whole = (1..=count).find_map(|length| {
        let text = std::str::from_utf8(&encoded[..length]).ok()?;
        Some((text.chars().next()?, lengths[length - 1]))
    });
    Some(whole.unwrap_or((char::from(*first), lengths[0])))
}

/// Reads a number of exactly `count` digits that begins at `start`.
fn number(text: &[char], start: usize, count: usize, radix: u32) -> Option<u32> {
    let digits = text
        .get(start..start.checked_add(count)?)
        .filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0_u32, |number, digit| {
        number.checked_mul(radix)?.checked_add(digit.to_digit(radix)?)
    })
}
