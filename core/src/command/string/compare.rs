//! DIGEST, DELEX and DELIFEQ, and the comparisons that they share with SET.
//!
//! The digest of a value is its XXH3 in 64 bits, as sixteen hexadecimal digits, as Redis 8.4 has it. Source:
//! <https://redis.io/commands/digest>.

use xxhash_rust::xxh3::Xxh3;

use crate::command::args::is_word;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::record::{Effect, Str};

/// What a present value is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match<'a> {
    Bytes(&'a [u8]),
    Digest(u64),
}

/// IFEQ, IFNE, IFDEQ or IFDNE, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Comparison<'a> {
    expected: Match<'a>,
    /// Whether it is to match.
    matches: bool,
}

impl<'a> Comparison<'a> {
    /// `None` if `word` is none of the four.
    pub(super) fn parse(word: &[u8], operand: Option<&'a [u8]>) -> Option<Result<Comparison<'a>, Failure>> {
        const DIGEST: Failure = Failure::text("ERR a digest must be exactly 16 hexadecimal characters");
        let (is_digest, matches) = match word {
            word if is_word(word, "IFEQ") => (false, true),
            word if is_word(word, "IFNE") => (false, false),
            word if is_word(word, "IFDEQ") => (true, true),
            word if is_word(word, "IFDNE") => (true, false),
            _ => return None,
        };
        let expected = |operand: &'a [u8]| match is_digest {
            false => Ok(Match::Bytes(operand)),
            true => parse_digest(operand).map(Match::Digest).ok_or(DIGEST),
        };
        Some(
            operand
                .ok_or(Failure::SYNTAX)
                .and_then(expected)
                .map(|expected| Comparison { expected, matches }),
        )
    }

    /// That the value has exactly these bytes.
    pub(super) fn equal_to(bytes: &'a [u8]) -> Comparison<'a> {
        Comparison { expected: Match::Bytes(bytes), matches: true }
    }

    /// Whether it holds for a value, or for a key without one.
    pub(super) fn holds(&self, value: Option<Str<'_>>) -> bool {
        let is_match = value.is_some_and(|value| match self.expected {
            Match::Bytes(bytes) => equals(value, bytes),
            Match::Digest(expected) => digest_of(value) == expected,
        });
        is_match == self.matches
    }
}

/// Whether a value has exactly these bytes.
fn equals(value: Str<'_>, bytes: &[u8]) -> bool {
    if value.len() != bytes.len() {
        return false;
    }
    let mut rest = bytes;
    value.pieces().all(|piece| {
        let (expected, behind) = rest.split_at(piece.len());
        rest = behind;
        piece == expected
    })
}

fn digest_of(value: Str<'_>) -> u64 {
    let mut hasher = Xxh3::new();
    value.pieces().for_each(|piece| hasher.update(piece));
    hasher.digest()
}

fn parse_digest(text: &[u8]) -> Option<u64> {
    let is_hexadecimal = text.len() == 16 && text.iter().all(u8::is_ascii_hexdigit);
    u64::from_str_radix(std::str::from_utf8(text).ok().filter(|_| is_hexadecimal)?, 16).ok()
}

/// `DIGEST key`
pub(super) fn digest(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    match ctx.read(args[1])? {
        Some(record) => {
            let digest = digest_of(record.string()?);
            ctx.reply.bulk(format!("{digest:016x}").as_bytes());
        }
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `DELEX key [IFEQ value | IFNE value | IFDEQ digest | IFDNE digest]`: without a condition, of any type.
pub(super) fn delex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let comparison = match args[2..] {
        [] => None,
        [word, operand] => Some(Comparison::parse(word, Some(operand)).ok_or(Failure::SYNTAX)??),
        _ => return Err(Failure::SYNTAX),
    };
    delete_if(ctx, args[1], comparison)
}

/// `DELIFEQ key value`
pub(super) fn delifeq(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    delete_if(ctx, args[1], Some(Comparison::equal_to(args[2])))
}

fn delete_if(ctx: &mut Ctx<'_>, key: &[u8], comparison: Option<Comparison<'_>>) -> Outcome {
    let mut entry = ctx.latch(key)?;
    let applies = match (entry.record(), comparison) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(record), Some(comparison)) => comparison.holds(Some(record.string()?)),
    };
    let deleted = applies && entry.remove(Effect::Del);
    drop(entry);
    ctx.reply.integer(i64::from(deleted));
    Ok(())
}
