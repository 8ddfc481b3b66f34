//! The grammar of AOF files: RESP arrays of bulk strings, and annotation lines between them.
//!
//! Limits: numbers of at most [`NUMBER_BYTES_MAX`] digits, strings of [`STRING_BYTES_MAX`], annotation lines of
//! [`LINE_BYTES_MAX`]. Nothing is allocated but the list of arguments, which is bounded by the bytes that are there.

use crate::limits::STRING_BYTES_MAX;

/// Redis reads annotation lines into a buffer of this size.
const LINE_BYTES_MAX: usize = 1024;
/// The longest number in a header: an argument count or a length.
const NUMBER_BYTES_MAX: usize = 10;

/// What stands in the file at some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A command; its arguments are in the list.
    Command,
    /// A line that begins with `#`, without its CR LF.
    Annotation(&'a [u8]),
}

/// Why there is no item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The bytes end within an item.
    Incomplete,
    /// No item begins like this; the offset of the byte that is wrong.
    Malformed(usize, &'static str),
}

/// Parses the item at `at`, leaving a command's arguments in `args`; the offset after it. `None` at the end.
pub fn next<'a>(
    bytes: &'a [u8],
    at: usize,
    args: &mut Vec<&'a [u8]>,
) -> Result<Option<(Item<'a>, usize)>, Trouble> {
    args.clear();
    match bytes.get(at) {
        None => Ok(None),
        Some(b'#') => {
            let window = &bytes[at..bytes.len().min(at + LINE_BYTES_MAX)];
            match memchr::memchr(b'\n', window) {
                Some(end) => {
                    let line = &window[..end];
                    Ok(Some((Item::Annotation(line.strip_suffix(b"\r").unwrap_or(line)), at + end + 1)))
                }
                None if window.len() < LINE_BYTES_MAX => Err(Trouble::Incomplete),
                None => Err(Trouble::Malformed(at, "an annotation line is too long")),
            }
        }
        Some(b'*') => {
            let (count, mut at) = header(bytes, at, "the number of arguments is not a number")?;
            if count == 0 {
                return Err(Trouble::Malformed(at, "a command without a name"));
            }
            for _ in 0..count {
                let (arg, after) = bulk(bytes, at)?;
                args.push(arg);
                at = after;
            }
            Ok(Some((Item::Command, at)))
        }
        Some(_) => Err(Trouble::Malformed(at, "a command begins with `*`")),
    }
}

/// `<mark><digits>\r\n`: the number and the offset after it.
fn header(bytes: &[u8], at: usize, wrong: &'static str) -> Result<(usize, usize), Trouble> {
    let mut number = 0usize;
    for index in at + 1.. {
        match bytes.get(index) {
            None => return Err(Trouble::Incomplete),
            Some(digit @ b'0'..=b'9') if index - at <= NUMBER_BYTES_MAX => {
                number = number * 10 + usize::from(digit - b'0');
            }
            Some(b'\r') if index > at + 1 => {
                return match bytes.get(index + 1) {
                    None => Err(Trouble::Incomplete),
                    Some(b'\n') => Ok((number, index + 2)),
                    Some(_) => Err(Trouble::Malformed(index + 1, "a line does not end with CR LF")),
                };
            }
            Some(_) => return Err(Trouble::Malformed(index, wrong)),
        }
    }
    Err(Trouble::Incomplete)
}

/// A bulk string and the offset after it.
fn bulk(bytes: &[u8], at: usize) -> Result<(&[u8], usize), Trouble> {
    match bytes.get(at) {
        None => return Err(Trouble::Incomplete),
        Some(b'$') => {}
        Some(_) => return Err(Trouble::Malformed(at, "an argument begins with `$`")),
    }
    let (len, start) = header(bytes, at, "the length of an argument is not a number")?;
    if len > STRING_BYTES_MAX {
        return Err(Trouble::Malformed(at, "an argument is longer than any string"));
    }
    let end = start + len;
    match bytes.get(end..(end + 2).min(bytes.len())) {
        Some(b"\r\n") => Ok((&bytes[start..end], end + 2)),
        Some(b"\r" | b"") | None => Err(Trouble::Incomplete),
        Some(_) => Err(Trouble::Malformed(end, "an argument does not end with CR LF")),
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_prefix_is_incomplete_and_never_wrong() {
        let whole = b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\n\r\n*1\r\n";
        let mut args = Vec::new();
        assert_eq!(next(whole, 0, &mut args), Ok(Some((Item::Command, whole.len()))));
        assert_eq!(args, [&b"SET"[..], b"", b"\r\n*1"]);
        for len in 1..whole.len() {
            assert_eq!(next(&whole[..len], 0, &mut args), Err(Trouble::Incomplete), "prefix of {len}");
        }
        assert_eq!(next(whole, whole.len(), &mut args), Ok(None));
    }

    #[test]
    fn nonsense_is_named_with_its_place() {
        for (text, at) in [
            (&b"x"[..], 0),
            (b"*0\r\n", 4),
            (b"*-1\r\n", 1),
            (b"*1\r\n:3\r\n", 4),
            (b"*1\r\n$3\r\nabcd\r\n", 11),
            (b"*1\r\n$536870913\r\n", 4),
            (b"*99999999999\r\n", 11),
            (b"*1\n", 2),
            (b"*1\rx", 3),
        ] {
            match next(text, 0, &mut Vec::new()) {
                Err(Trouble::Malformed(offset, _)) => {
                    assert_eq!(offset, at, "{:?}", text.escape_ascii().to_string())
                }
                other => panic!("{:?}: {other:?}", text.escape_ascii().to_string()),
            }
        }
    }

    #[test]
    fn annotations_are_lines() {
        let mut args = Vec::new();
        assert_eq!(next(b"#TS:1\r\n*", 0, &mut args), Ok(Some((Item::Annotation(b"#TS:1"), 7))));
        assert_eq!(next(b"#TS:1", 0, &mut args), Err(Trouble::Incomplete));
        let long = [b'#'; LINE_BYTES_MAX];
        assert!(matches!(next(&long, 0, &mut args), Err(Trouble::Malformed(..))));
    }
}
