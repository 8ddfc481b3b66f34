//! The words behind the key of SORT.

use super::pattern::Pattern;
use crate::command::Failure;
use crate::command::args::{integer, is_word};

/// Whether STORE is a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    Allowed,
    Refused,
}

/// BY: what elements are compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum By<'a> {
    #[default]
    Themselves,
    /// A pattern without `*`: the order that is there stays.
    Nothing,
    Pattern(Pattern<'a>),
}

/// How to sort, and what to give out.
#[derive(Debug, Default)]
pub(super) struct Options<'a> {
    pub descending: bool,
    pub alpha: bool,
    /// Elements that are passed over, and how many follow; all where that is negative.
    pub offset: i64,
    pub count: Option<i64>,
    pub by: By<'a>,
    pub get: Vec<Pattern<'a>>,
    pub store: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    pub fn parse(words: &[&'a [u8]], writing: Writing) -> Result<Options<'a>, Failure> {
        let mut options = Options::default();
        let mut rest = words;
        while let Some((word, behind)) = rest.split_first() {
            rest = match behind {
                _ if is_word(word, "ASC") => {
                    options.descending = false;
                    behind
                }
                _ if is_word(word, "DESC") => {
                    options.descending = true;
                    behind
                }
                _ if is_word(word, "ALPHA") => {
                    options.alpha = true;
                    behind
                }
                [offset, count, behind @ ..] if is_word(word, "LIMIT") => {
                    options.offset = integer(offset)?;
                    options.count = Some(integer(count)?);
                    behind
                }
                [key, behind @ ..] if writing == Writing::Allowed && is_word(word, "STORE") => {
                    options.store = Some(key);
                    behind
                }
                [pattern, behind @ ..] if is_word(word, "BY") => {
                    options.by = match Pattern::of(pattern) {
                        pattern @ Pattern::Key { .. } => By::Pattern(pattern),
                        _ => By::Nothing,
                    };
                    behind
                }
                [pattern, behind @ ..] if is_word(word, "GET") => {
                    options.get.push(Pattern::of(pattern));
                    behind
                }
                _ => return Err(Failure::SYNTAX),
            };
        }
        Ok(options)
    }

    /// The ranks of `len` elements that go out.
    pub fn range(&self, len: u64) -> std::ops::Range<usize> {
        let len = len as i64;
        let start = self.offset.clamp(0, len);
        let count = self.count.filter(|count| *count >= 0).unwrap_or(len).min(len - start);
        start as usize..(start + count) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options<'_>, Failure> {
        let words: Vec<&[u8]> = text.split_ascii_whitespace().map(str::as_bytes).collect();
        Options::parse(&words, Writing::Allowed)
    }

    #[test]
    fn limits_stay_within_the_elements() {
        for (words, len, range) in [
            ("", 5, 0..5),
            ("LIMIT 1 2", 5, 1..3),
            ("LIMIT -3 2", 5, 0..2),
            ("LIMIT 4 9", 5, 4..5),
            ("LIMIT 9 9", 5, 5..5),
            ("LIMIT 1 -1", 5, 1..5),
            ("LIMIT 2 0", 5, 2..2),
            ("limit 0 9223372036854775807", 0, 0..0),
            ("LIMIT 9223372036854775807 9223372036854775807", 3, 3..3),
        ] {
            assert_eq!(parse(words).unwrap().range(len), range, "{words} of {len}");
        }
        assert_eq!(parse("LIMIT 1").unwrap_err(), Failure::SYNTAX);
        assert_eq!(parse("LIMIT x 1").unwrap_err(), Failure::NOT_INTEGER);
        assert_eq!(parse("GET").unwrap_err(), Failure::SYNTAX);
    }

    #[test]
    fn a_pattern_without_a_star_keeps_the_order() {
        assert_eq!(parse("BY nosort").unwrap().by, By::Nothing);
        assert_eq!(parse("BY #").unwrap().by, By::Nothing);
        assert!(matches!(parse("BY w_*->f").unwrap().by, By::Pattern(_)));
        let words: [&[u8]; 2] = [b"STORE", b"x"];
        assert_eq!(Options::parse(&words, Writing::Refused).unwrap_err(), Failure::SYNTAX);
    }
}
