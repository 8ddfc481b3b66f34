//! Inline requests: a line of words, with quotes and escapes, for people with telnet.

use std::ops::Range;

use super::error::ProtocolError;

/// Splits `line` into words as Redis does. The words' bytes go to `bytes` (quotes and escapes resolved), their
/// places in it to `words`.
///
/// In double quotes `\n`, `\r`, `\t`, `\b`, `\a` and `\xHH` are escapes and a backslash makes any other byte
/// literal; in single quotes only `\'` is an escape. A word may go on behind a closing
/// quote, as in Valkey 9.
pub fn split(line: &[u8], bytes: &mut Vec<u8>, words: &mut Vec<Range<usize>>) -> Result<(), ProtocolError> {
    let mut rest = line;
    loop {
        while let [byte, tail @ ..] = rest
            && is_space(*byte)
        {
            rest = tail;
        }
        if rest.is_empty() {
            return Ok(());
        }
        let start = bytes.len();
        rest = word(rest, bytes)?;
        words.push(start..bytes.len());
    }
}

/// Takes one word off the front of `rest`; what follows it.
fn word<'a>(mut rest: &'a [u8], bytes: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        rest = match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t' | 0, ..] => return Ok(rest),
            [b'"', tail @ ..] => double_quoted(tail, bytes)?,
            [b'\'', tail @ ..] => single_quoted(tail, bytes)?,
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        }
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], bytes: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        rest = match rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [b'"', tail @ ..] => return Ok(tail),
            [b'\\', b'x', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                tail
            }
            [b'\\', byte, tail @ ..] => {
                bytes.push(match byte {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        };
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], bytes: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        rest = match rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [b'\'', tail @ ..] => return Ok(tail),
            [b'\\', b'\'', tail @ ..] => {
                bytes.push(b'\'');
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        };
    }
}

/// What C's `isspace` says, and NUL, which ends a word too.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r' | 0)
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, ProtocolError> {
        let (mut bytes, mut words) = (Vec::new(), Vec::new());
        split(line, &mut bytes, &mut words)?;
        Ok(words.into_iter().map(|range| bytes[range].to_vec()).collect())
    }

    #[test]
    fn splits_and_unquotes() {
        assert_eq!(words(b"  SET key  value ").unwrap(), [&b"SET"[..], b"key", b"value"]);
        assert_eq!(
            words(br#"SET "a b" '' "\x41\n\q" 'it\'s'"#).unwrap(),
            [&b"SET"[..], b"a b", b"", b"A\nq", b"it's"]
        );
        assert_eq!(words(br#"foo"bar" x"#).unwrap(), [&b"foobar"[..], b"x"]);
        assert_eq!(words(br#"a"b"c 'x'y"z""#).unwrap(), [&b"abc"[..], b"xyz"]);
        assert_eq!(words(br#""\xzz""#).unwrap(), [&b"xzz"[..]]);
        assert!(words(b"").unwrap().is_empty());
        assert!(words(b" \t ").unwrap().is_empty());
    }

    #[test]
    fn refuses_unbalanced_quotes() {
        for line in [&b"\"abc"[..], b"'abc", b"\"a\\\"", b"SET k \"", b"\"\\"] {
            assert_eq!(words(line), Err(ProtocolError::UnbalancedQuotes), "{}", line.escape_ascii());
        }
    }
}
