//! Packed sequences: entries one behind the other, with an array of their ends in front.
//!
//! The one layout of small containers (inside their record), of leaves and of inner nodes of trees.
//!
//! # Format
//!
//! ```text
//! offset  size       field
//!      0     2       number of entries n
//!      2     2 * n   end of each entry, counted from the end of this array
//!            ...     entries
//!
//! entry: key length (one byte below LONG_KEY; or LONG_KEY and two bytes) | key | value
//!        BIG and the word of a blob (see `node.rs`) that holds key and value
//! ```
//!
//! All integers little-endian.
//!
//! # Limits
//! Entries together take at most [`BYTES_MAX`]; what is longer goes into a blob or a tree.

use std::ops::Range;

use crate::index::Damaged;

/// Bytes of all entries of one sequence.
pub const BYTES_MAX: usize = u16::MAX as usize;
/// First byte of an entry whose key length stands in the next two.
const LONG_KEY: u8 = 0xfb;
/// First byte of an entry that is a blob.
pub const BIG: u8 = 0xff;

/// A borrowed packed sequence.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'a> {
    bytes: &'a [u8],
}

/// An entry, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    Inline(Item<'a>),
    /// The word of a blob.
    Big(u64),
}

/// Key and value of an entry. Lists have values only, sets keys only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Item<'a> {
    pub key: &'a [u8],
    pub value: &'a [u8],
}

impl<'a> Packed<'a> {
    pub const EMPTY: Packed<'static> = Packed { bytes: &[0, 0] };

    /// A sequence made by [`write`], or one that [`Packed::check`] has passed.
    #[inline(always)]
    pub fn new(bytes: &'a [u8]) -> Packed<'a> {
        Packed { bytes }
    }

    /// Checks the structure of a sequence from outside; `allows_big` where its entries may be blobs.
    pub fn check(bytes: &'a [u8], allows_big: bool) -> Result<Packed<'a>, Damaged> {
        let packed = Self::check_ends(bytes)?;
        for index in 0..packed.count() {
            let raw = packed.raw(index);
            let is_sound = match raw[0] {
                BIG => allows_big && raw.len() == 9,
                LONG_KEY => {
                    raw.len() >= 3 && raw.len() - 3 >= usize::from(u16::from_le_bytes([raw[1], raw[2]]))
                }
                short => short < LONG_KEY && raw.len() > usize::from(short),
            };
            if !is_sound {
                return Err(Damaged);
            }
        }
        Ok(packed)
    }

    /// Checks that the entries of a sequence from outside lie one behind the other and are not empty.
    pub(super) fn check_ends(bytes: &'a [u8]) -> Result<Packed<'a>, Damaged> {
        let packed = Packed { bytes };
        if bytes.len() < 2 || bytes.len() < packed.data_at() {
            return Err(Damaged);
        }
        let data = bytes.len() - packed.data_at();
        let mut last = 0;
        for index in 0..packed.count() {
            let end = packed.end(index);
            if end <= last || end > data {
                return Err(Damaged);
            }
            last = end;
        }
        if last == data { Ok(packed) } else { Err(Damaged) }
    }

    /// The sequence as it is stored.
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Number of entries.
    #[inline(always)]
    pub fn count(self) -> usize {
        usize::from(u16::from_le_bytes([self.bytes[0], self.bytes[1]]))
    }

    pub fn is_empty(self) -> bool {
        self.count() == 0
    }

    #[inline(always)]
    fn data_at(self) -> usize {
        2 + 2 * self.count()
    }

    /// Where entry `index` ends, from the begin of the entries.
    #[inline(always)]
    fn end(self, index: usize) -> usize {
        let at = 2 + 2 * index;
        usize::from(u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]]))
    }

    #[inline(always)]
    fn start(self, index: usize) -> usize {
        if index == 0 { 0 } else { self.end(index - 1) }
    }

    /// An entry as it is stored.
    #[inline(always)]
    pub fn raw(self, index: usize) -> &'a [u8] {
        let data = self.data_at();
        &self.bytes[data + self.start(index)..data + self.end(index)]
    }

    /// Where entry `index` begins in [`Packed::bytes`].
    pub(crate) fn offset(self, index: usize) -> usize {
        self.data_at() + self.start(index)
    }

    /// All entries as they are stored.
    #[inline]
    pub fn raws(self) -> impl Iterator<Item = &'a [u8]> {
        let (ends, data) = self.bytes[2..].split_at(2 * self.count());
        let mut start = 0;
        ends.chunks_exact(2).map(move |end| {
            let end = usize::from(u16::from_le_bytes([end[0], end[1]]));
            let raw = &data[start..end];
            start = end;
            raw
        })
    }

    fn raw_range(self, range: &Range<usize>) -> &'a [u8] {
        if range.is_empty() {
            return &[];
        }
        let data = self.data_at();
        &self.bytes[data + self.start(range.start)..data + self.end(range.end - 1)]
    }

    /// An entry, read.
    #[inline]
    pub fn parsed(self, index: usize) -> Parsed<'a> {
        parse(self.raw(index))
    }

    /// Key and value of an entry of a sequence without blobs.
    ///
    /// # Panics
    /// If the entry is a blob.
    #[inline]
    pub fn item(self, index: usize) -> Item<'a> {
        match self.parsed(index) {
            Parsed::Inline(item) => item,
            Parsed::Big(_) => unreachable!("only leaves of trees hold blobs"),
        }
    }

    /// The first entry with exactly this key, in a sequence without blobs; keys are in no order.
    pub fn find(self, key: &[u8]) -> Option<usize> {
        let data = &self.bytes[self.data_at()..];
        let short = u8::try_from(key.len()).ok().filter(|&len| len < LONG_KEY);
        let mut start = 0;
        (0..self.count()).find(|&index| {
            let end = self.end(index);
            let raw = &data[std::mem::replace(&mut start, end)..end];
            match short {
                Some(len) => raw[0] == len && raw[1..].starts_with(key),
                None => matches!(parse(raw), Parsed::Inline(item) if item.key == key),
            }
        })
    }

    /// All entries of a sequence without blobs.
    pub fn items(self) -> impl DoubleEndedIterator<Item = Item<'a>> + ExactSizeIterator + Clone {
        (0..self.count()).map(move |index| self.item(index))
    }
}

/// Reads an entry.
#[inline(always)]
pub(super) fn parse(raw: &[u8]) -> Parsed<'_> {
    let (at, len) = match raw[0] {
        BIG => {
            let mut word = [0; 8];
            word.copy_from_slice(&raw[1..9]);
            return Parsed::Big(u64::from_le_bytes(word));
        }
        LONG_KEY => (3, usize::from(u16::from_le_bytes([raw[1], raw[2]]))),
        short => (1, usize::from(short)),
    };
    let (key, value) = raw[at..].split_at(len);
    Parsed::Inline(Item { key, value })
}

/// An entry about to be written: a head of some bytes, and parts that follow it.
#[derive(Clone, Copy, Debug)]
pub struct Fresh<'a> {
    head: [u8; Fresh::HEAD_MAX],
    head_len: u8,
    parts: [&'a [u8]; 2],
}

impl<'a> Fresh<'a> {
    const HEAD_MAX: usize = 24;

    /// An entry of key and value.
    pub fn new(key: &'a [u8], value: &'a [u8]) -> Fresh<'a> {
        match u8::try_from(key.len()) {
            Ok(len) if len < LONG_KEY => Self::with_head(&[len], [key, value]),
            _ => {
                debug_assert!(key.len() <= BYTES_MAX, "long keys go into blobs");
                let [low, high] = (key.len() as u16).to_le_bytes();
                Self::with_head(&[LONG_KEY, low, high], [key, value])
            }
        }
    }

    /// An entry that is a blob.
    pub(super) fn big(word: u64) -> Fresh<'static> {
        let mut head = [BIG; 9];
        head[1..].copy_from_slice(&word.to_le_bytes());
        Fresh::with_head(&head, [&[], &[]])
    }

    /// An entry of `head` and what follows it.
    ///
    /// # Panics
    /// If the head is longer than 24 bytes.
    pub(super) fn with_head(bytes: &[u8], parts: [&'a [u8]; 2]) -> Fresh<'a> {
        let mut head = [0; Fresh::HEAD_MAX];
        head[..bytes.len()].copy_from_slice(bytes);
        Fresh { head, head_len: bytes.len() as u8, parts }
    }

    /// Writes the entry as it is stored.
    pub(super) fn write(&self, out: &mut impl Sink) {
        out.put(&self.head[..usize::from(self.head_len)]);
        self.parts.iter().for_each(|part| out.put(part));
    }

    pub(super) fn is_big(&self) -> bool {
        self.head[0] == BIG && self.head_len == 9
    }

    /// Bytes of the entry.
    #[allow(clippy::len_without_is_empty, reason = "an entry is never empty")]
    pub fn len(&self) -> usize {
        usize::from(self.head_len) + self.parts[0].len() + self.parts[1].len()
    }
}

/// A stretch of a sequence about to be written.
#[derive(Clone, Debug)]
pub enum Piece<'a> {
    Old(Packed<'a>, Range<usize>),
    New(&'a [Fresh<'a>]),
}

impl<'a> Piece<'a> {
    pub fn count(&self) -> usize {
        match self {
            Piece::Old(_, range) => range.len(),
            Piece::New(entries) => entries.len(),
        }
    }

    fn data_len(&self) -> usize {
        match self {
            Piece::Old(packed, range) => packed.raw_range(range).len(),
            Piece::New(entries) => entries.iter().map(Fresh::len).sum(),
        }
    }

    /// Length of the entry at `index` of this piece.
    pub(super) fn entry_len(&self, index: usize) -> usize {
        match self {
            Piece::Old(packed, range) => packed.raw(range.start + index).len(),
            Piece::New(entries) => entries[index].len(),
        }
    }

    /// A part of this piece.
    pub(super) fn part(&self, range: Range<usize>) -> Piece<'a> {
        match self {
            Piece::Old(packed, old) => Piece::Old(*packed, old.start + range.start..old.start + range.end),
            Piece::New(entries) => Piece::New(&entries[range]),
        }
    }
}

/// Number of entries of `pieces`, and bytes of the sequence that [`write`] makes of them.
pub fn measure(pieces: &[Piece<'_>]) -> (usize, usize) {
    let count: usize = pieces.iter().map(Piece::count).sum();
    let data: usize = pieces.iter().map(Piece::data_len).sum();
    (count, 2 + 2 * count + data)
}

/// Whether `pieces` fit into one sequence at all.
pub fn fits(pieces: &[Piece<'_>]) -> bool {
    let (count, bytes) = measure(pieces);
    count < BYTES_MAX && bytes <= BYTES_MAX
}

/// Where a sequence is written to.
pub trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Writes the concatenation of `pieces` as one sequence.
pub fn write(pieces: &[Piece<'_>], out: &mut impl Sink) {
    let count: usize = pieces.iter().map(Piece::count).sum();
    out.put(&(count as u16).to_le_bytes());
    let mut end = 0usize;
    for piece in pieces {
        match piece {
            Piece::Old(packed, range) => {
                let shift = end.wrapping_sub(packed.start(range.start));
                let ends = &packed.bytes[2 + 2 * range.start..2 + 2 * range.end];
                if shift == 0 {
                    out.put(ends);
                } else {
                    let mut moved = [0; 128];
                    for ends in ends.chunks(moved.len()) {
                        for (to, from) in moved.chunks_exact_mut(2).zip(ends.chunks_exact(2)) {
                            let end = u16::from_le_bytes([from[0], from[1]]).wrapping_add(shift as u16);
                            to.copy_from_slice(&end.to_le_bytes());
                        }
                        out.put(&moved[..ends.len()]);
                    }
                }
                end += packed.raw_range(range).len();
            }
            Piece::New(entries) => {
                for entry in *entries {
                    end += entry.len();
                    out.put(&(end as u16).to_le_bytes());
                }
            }
        }
    }
    for piece in pieces {
        match piece {
            Piece::Old(packed, range) => out.put(packed.raw_range(range)),
            Piece::New(entries) => {
                entries.iter().for_each(|entry| entry.write(out));
            }
        }
    }
}

/// The sequence of `pieces` in a vector of its own.
pub fn to_vec(pieces: &[Piece<'_>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(measure(pieces).1);
    write(pieces, &mut out);
    out
}

/// `packed` with the entries of `range` replaced.
pub fn spliced(packed: Packed<'_>, range: Range<usize>, entries: &[Fresh<'_>]) -> Vec<u8> {
    let after = range.end..packed.count();
    to_vec(&[Piece::Old(packed, 0..range.start), Piece::New(entries), Piece::Old(packed, after)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(any::<u8>(), 0..max)
    }

    proptest! {
        #[test]
        fn splices_like_a_vector(
            old in proptest::collection::vec((bytes(300), bytes(40)), 0..60),
            new in proptest::collection::vec((bytes(20), bytes(40)), 0..5),
            from: usize, to: usize,
        ) {
            let fresh: Vec<Fresh<'_>> = old.iter().map(|(key, value)| Fresh::new(key, value)).collect();
            let stored = to_vec(&[Piece::New(&fresh)]);
            let packed = Packed::check(&stored, false).unwrap();
            let from = from % (old.len() + 1);
            let to = from + to % (old.len() + 1 - from);
            let added: Vec<Fresh<'_>> = new.iter().map(|(key, value)| Fresh::new(key, value)).collect();
            let pieces =
                [Piece::Old(packed, 0..from), Piece::New(&added), Piece::Old(packed, to..old.len())];
            let spliced = to_vec(&pieces);
            prop_assert_eq!(spliced.len(), measure(&pieces).1);
            let mut model = old.clone();
            model.splice(from..to, new);
            let got: Vec<(Vec<u8>, Vec<u8>)> = Packed::check(&spliced, false).unwrap().items()
                .map(|item| (item.key.to_vec(), item.value.to_vec())).collect();
            let packed = Packed::new(&spliced);
            for (key, _) in model.iter().take(8) {
                let expected = model.iter().position(|(other, _)| other == key);
                prop_assert_eq!(packed.find(key), expected);
            }
            prop_assert_eq!(got, model);
        }

        #[test]
        fn garbage_is_refused_or_readable(garbage in bytes(200)) {
            if let Ok(packed) = Packed::check(&garbage, false) {
                packed.items().for_each(|item| { std::hint::black_box(item); });
            }
        }
    }
}
