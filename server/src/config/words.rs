//! Splits a line of configuration (or of an inline command's syntax) into words, with quotes and escapes.
//!
//! The grammar is that of redis.conf: words are separated by blanks; `"..."` knows the escapes `\n \r \t \b \a
//! \xHH` and `\c` for any other character; `'...'` knows only `\'`. A closing quote must end its word.

/// The words of `line`, or `None` where a quote is not closed or is followed by more of the same word.
pub fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    // A NUL ends the line, as it ends a string in C.
    let mut rest = line.split(|byte| *byte == 0).next().unwrap_or_default();
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return Some(words);
        }
        let mut word = Vec::new();
        rest = take_word(rest, &mut word)?;
        words.push(word);
    }
}

/// Moves the first word of `rest` to `word` and returns what follows it.
fn take_word<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'"' => {
                rest = take_double_quoted(after, word)?;
                return ends_word(rest).then_some(rest);
            }
            b'\'' => {
                rest = take_single_quoted(after, word)?;
                return ends_word(rest).then_some(rest);
            }
            byte if byte.is_ascii_whitespace() => return Some(rest),
            byte => word.push(byte),
        }
        rest = after;
    }
    Some(rest)
}

fn ends_word(rest: &[u8]) -> bool {
    rest.first().is_none_or(u8::is_ascii_whitespace)
}

fn take_double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'x', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                word.push(hex_digit(*high) << 4 | hex_digit(*low));
                rest = after;
            }
            [b'\\', escaped, after @ ..] => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                rest = after;
            }
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}

fn take_single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        match rest {
            [b'\'', after @ ..] => return Some(after),
            [b'\\', b'\'', after @ ..] => {
                word.push(b'\'');
                rest = after;
            }
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}

fn hex_digit(byte: u8) -> u8 {
    (byte as char).to_digit(16).unwrap_or_default() as u8
}

/// `text` as one word of a configuration line: bare where that is unambiguous, else in double quotes.
pub fn quote(text: &str) -> String {
    let bare = !text.is_empty()
        && !text.starts_with('#')
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\'));
    if bare {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if byte.is_ascii_graphic() || byte == b' ' => out.push(byte as char),
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(line: &str) -> Option<Vec<String>> {
        let words = split(line.as_bytes())?;
        Some(words.into_iter().map(|word| String::from_utf8(word).expect("test words are text")).collect())
    }

    fn owned(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn a_nul_ends_the_line() {
        assert_eq!(split(b"port 10\0 more"), Some(vec![b"port".to_vec(), b"10".to_vec()]));
        assert_eq!(split(b"\0"), Some(Vec::new()));
    }

    #[test]
    fn splits_quotes_and_escapes() {
        assert_eq!(words("  port\t6379  "), owned(&["port", "6379"]));
        assert_eq!(words(r#"save "900 1" ''"#), owned(&["save", "900 1", ""]));
        assert_eq!(words(r#"a "x\ty\x41\"" 'it\'s \n'"#), owned(&["a", "x\tyA\"", r"it's \n"]));
        assert_eq!(words(r#"a pre"fix""#), owned(&["a", "prefix"]));
        assert_eq!(words(""), owned(&[]));
    }

    #[test]
    fn refuses_unbalanced_quotes() {
        for line in ["\"foo", "'foo", "\"foo\"bar", "'foo'bar", "\"foo\\"] {
            assert_eq!(words(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_quoted_word_comes_back(text in any::<String>()) {
            prop_assume!(!text.is_empty());
            prop_assert_eq!(split(quote(&text).as_bytes()), Some(vec![text.into_bytes()]));
        }
    }
}
