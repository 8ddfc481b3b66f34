//! The option words of SET, GETEX and MSETEX: conditions and expiry.

use super::compare::Comparison;
use crate::clock::UnixMillis;
use crate::command::Failure;
use crate::command::args::{TimeForm, is_word};

/// When a SET goes ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition<'a> {
    Always,
    /// NX
    IfAbsent,
    /// XX
    IfPresent,
    /// IFEQ, IFNE, IFDEQ, IFDNE
    If(Comparison<'a>),
}

/// What becomes of a key's expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    /// No word was given: SET drops the expiry, GETEX leaves it.
    None,
    /// KEEPTTL
    Keep,
    /// PERSIST
    Persist,
    At(UnixMillis),
}

/// SET's options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SetOptions<'a> {
    pub condition: Condition<'a>,
    pub get: bool,
    pub expiry: Expiry,
}

/// Which words a command takes besides EX, PX, EXAT and PXAT.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Set,
    GetEx,
    MSetEx,
}

impl Dialect {
    fn name(self) -> &'static str {
        match self {
            Dialect::Set => "set",
            Dialect::GetEx => "getex",
            Dialect::MSetEx => "msetex",
        }
    }
}

/// The arguments of SET behind key and value.
pub(super) fn parse_set<'a>(words: &[&'a [u8]], now: UnixMillis) -> Result<SetOptions<'a>, Failure> {
    parse(words, now, Dialect::Set)
}

/// The arguments of GETEX behind the key.
pub(super) fn parse_getex(words: &[&[u8]], now: UnixMillis) -> Result<Expiry, Failure> {
    Ok(parse(words, now, Dialect::GetEx)?.expiry)
}

/// The arguments of MSETEX behind the last value.
pub(super) fn parse_msetex<'a>(words: &[&'a [u8]], now: UnixMillis) -> Result<SetOptions<'a>, Failure> {
    parse(words, now, Dialect::MSetEx)
}

fn parse<'a>(words: &[&'a [u8]], now: UnixMillis, dialect: Dialect) -> Result<SetOptions<'a>, Failure> {
    let mut options = SetOptions { condition: Condition::Always, get: false, expiry: Expiry::None };
    // The time is read after all words: a syntax error anywhere comes before a bad number, as in Redis.
    let mut time: Option<(TimeForm, &[u8])> = None;
    let sets = dialect != Dialect::GetEx;
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        if let Some(form) = TimeForm::of_word(word) {
            let fits = options.expiry == Expiry::None && time.is_none_or(|(given, _)| given == form);
            match words.next() {
                Some(text) if fits => time = Some((form, text)),
                _ => return Err(Failure::SYNTAX),
            }
        } else if is_word(word, "NX") && sets && allows(options.condition, Condition::IfAbsent) {
            options.condition = Condition::IfAbsent;
        } else if is_word(word, "XX") && sets && allows(options.condition, Condition::IfPresent) {
            options.condition = Condition::IfPresent;
        } else if is_word(word, "GET") && dialect == Dialect::Set {
            options.get = true;
        } else if is_word(word, "KEEPTTL") && sets && time.is_none() && options.expiry != Expiry::Persist {
            options.expiry = Expiry::Keep;
        } else if is_word(word, "PERSIST") && dialect == Dialect::GetEx && time.is_none() {
            options.expiry = Expiry::Persist;
        } else if dialect == Dialect::Set && options.condition == Condition::Always {
            let comparison = Comparison::parse(word, words.next()).ok_or(Failure::SYNTAX)?;
            options.condition = Condition::If(comparison?);
        } else {
            return Err(Failure::SYNTAX);
        }
    }
    if let Some((form, text)) = time {
        options.expiry = Expiry::At(form.parse_positive(text, now, dialect.name())?);
    }
    Ok(options)
}

/// A condition may be repeated, not changed.
fn allows(given: Condition<'_>, wanted: Condition<'_>) -> bool {
    given == Condition::Always || given == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Result<SetOptions<'_>, Failure> {
        let words: Vec<&[u8]> = text.split_ascii_whitespace().map(str::as_bytes).collect();
        parse_set(&words, UnixMillis(1000))
    }

    #[test]
    fn conflicts_are_syntax_errors() {
        for text in [
            "NX XX",
            "XX NX",
            "NX IFEQ a",
            "IFEQ a XX",
            "IFEQ a IFEQ a",
            "IFEQ",
            "EX",
            "EX 1 PX 1",
            "EX 1 KEEPTTL",
            "KEEPTTL PXAT 1",
            "PERSIST",
            "FOO",
            "EX abc FOO",
        ] {
            assert_eq!(set(text), Err(Failure::SYNTAX), "{text}");
        }
        assert_eq!(set("EX abc"), Err(Failure::NOT_INTEGER));
    }

    #[test]
    fn words_combine() {
        let options = set("get ifeq old px 20 px 30").unwrap();
        assert_eq!(
            options,
            SetOptions {
                condition: Condition::If(Comparison::equal_to(b"old")),
                get: true,
                expiry: Expiry::At(UnixMillis(1030))
            }
        );
        assert_eq!(set("NX NX KEEPTTL").unwrap().expiry, Expiry::Keep);
    }
}
