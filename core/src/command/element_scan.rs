//! SSCAN, HSCAN and ZSCAN: options, and steps over trees in the order of hashes.
//!
//! A cursor is the hash that the next step begins with, so elements that are present during a whole scan are returned,
//! whatever else comes and goes: an element's hash never changes. All elements of one hash are in one step. A packed
//! value is one step, as in Redis.

use super::args::{integer, is_word};
use super::glob::Glob;
use super::{Failure, Reply};
use crate::container::Elements;
use crate::index::Damaged;
use crate::tree::Item;

/// How many elements a step returns where COUNT does not say.
const COUNT_DEFAULT: u64 = 10;
/// Bytes of the hash in front of a tree's keys.
const HASH_BYTES: usize = 4;

const NO_VALUES: &str = "NOVALUES";
const NO_SCORES: &str = "NOSCORES";
pub(super) const NO_VALUES_REFUSED: Failure = Failure::text("ERR NOVALUES option can only be used in HSCAN");
pub(super) const NO_SCORES_REFUSED: Failure = Failure::text("ERR NOSCORES option can only be used in ZSCAN");

/// The words behind the cursor.
pub(super) struct ScanOptions<'a> {
    pattern: Option<Glob<'a>>,
    count: u64,
    pub no_values: bool,
}

impl<'a> ScanOptions<'a> {
    /// `has_values`: NOVALUES means something.
    pub(super) fn parse(words: &[&'a [u8]], has_values: bool) -> Result<ScanOptions<'a>, Failure> {
        Self::parse_words(words, if has_values { NO_VALUES } else { "" })
    }

    /// ZSCAN's words: NOSCORES is its NOVALUES.
    pub(super) fn parse_scored(words: &[&'a [u8]]) -> Result<ScanOptions<'a>, Failure> {
        Self::parse_words(words, NO_SCORES)
    }

    fn parse_words(words: &[&'a [u8]], own: &str) -> Result<ScanOptions<'a>, Failure> {
        let mut options = ScanOptions { pattern: None, count: COUNT_DEFAULT, no_values: false };
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let foreign = [(NO_VALUES, NO_VALUES_REFUSED), (NO_SCORES, NO_SCORES_REFUSED)];
            if let Some((name, refusal)) = foreign.into_iter().find(|(name, _)| is_word(word, name)) {
                if name != own {
                    return Err(refusal);
                }
                options.no_values = true;
                continue;
            }
            let value = words.next().ok_or(Failure::SYNTAX)?;
            if is_word(word, "COUNT") {
                let count = integer(value)?;
                options.count =
                    u64::try_from(count).ok().filter(|&count| count > 0).ok_or(Failure::SYNTAX)?;
            } else if is_word(word, "MATCH") {
                options.pattern = Some(Glob::new(value));
            } else {
                return Err(Failure::SYNTAX);
            }
        }
        Ok(options)
    }

    /// How many elements a step should return.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn lets_through(&self, element: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| pattern.matches(element))
    }

    /// Visits the elements of the step that begins at `cursor`, without their hashes; returns the next cursor.
    pub(super) fn step<'e>(
        &self,
        elements: Elements<'e>,
        cursor: u64,
        mut visit: impl FnMut(Item<'e>),
    ) -> Result<u64, Damaged> {
        let tree = match elements {
            Elements::Packed(packed) => {
                packed.items().for_each(visit);
                return Ok(0);
            }
            Elements::Tree(tree) => tree,
        };
        let Ok(first) = u32::try_from(cursor) else { return Ok(0) };
        let mut place = tree.cursor_at(&first.to_be_bytes())?;
        let (mut seen, mut last) = (0, None);
        while let Some(item) = place.next()? {
            let (hash, element) = item.key.split_first_chunk::<HASH_BYTES>().ok_or(Damaged)?;
            let hash = u32::from_be_bytes(*hash);
            if seen >= self.count && last != Some(hash) {
                return Ok(u64::from(hash));
            }
            (seen, last) = (seen + 1, Some(hash));
            visit(Item { key: element, value: item.value });
        }
        Ok(0)
    }
}

/// Begins the reply: the cursor; an array of `len` elements is to follow.
pub(super) fn reply_cursor(reply: &mut dyn Reply, cursor: u64) {
    reply.array(2);
    reply.bulk(itoa::Buffer::new().format(cursor).as_bytes());
}
