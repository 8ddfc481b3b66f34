//! The elements of a value that may be small enough to go out packed.

use super::super::double;
use super::super::packed::listpack_builder::ListpackBuilder;
use super::super::packed::{canonical_integer, intset};
use super::super::visitor::Kind;

/// Redis' defaults: how many elements of how many bytes are packed.
const SET_MEMBERS_MAX: u64 = 128;
const INTSET_MEMBERS_MAX: u64 = 512;
const HASH_FIELDS_MAX: u64 = 512;
const SORTED_SET_MEMBERS_MAX: u64 = 128;
const ELEMENT_BYTES_MAX: usize = 64;
/// One node of a list holds this many bytes.
const LIST_BYTES_MAX: usize = 8 * 1024;

/// Elements as pieces of one buffer; a field and its value are two.
#[derive(Default)]
pub struct Held {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    scores: Vec<f64>,
    all_numbers: bool,
    packed: ListpackBuilder,
}

/// Whether a value with so many elements is worth holding.
pub fn may_fit(kind: Kind, elements: u64, has_set_listpacks: bool) -> bool {
    match kind {
        Kind::Set if !has_set_listpacks => elements <= INTSET_MEMBERS_MAX,
        Kind::Set => elements <= INTSET_MEMBERS_MAX.max(SET_MEMBERS_MAX),
        Kind::Hash => elements <= HASH_FIELDS_MAX,
        Kind::SortedSet => elements <= SORTED_SET_MEMBERS_MAX,
        // An element of a listpack takes two bytes or more.
        Kind::List => elements <= LIST_BYTES_MAX as u64 / 2,
        Kind::String | Kind::Stream => false,
    }
}

impl Held {
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.scores.clear();
        self.all_numbers = true;
    }

    /// Whether the value, of `elements` in all, is still small with `piece`.
    pub fn fits(&self, kind: Kind, elements: u64, has_set_listpacks: bool, piece: &[u8]) -> bool {
        match kind {
            Kind::List => self.bytes.len() + piece.len() <= LIST_BYTES_MAX,
            Kind::Set if self.all_numbers && canonical_integer(piece).is_some() => true,
            Kind::Set => {
                let smaller = has_set_listpacks && elements <= SET_MEMBERS_MAX;
                smaller && piece.len() <= ELEMENT_BYTES_MAX
            }
            _ => piece.len() <= ELEMENT_BYTES_MAX,
        }
    }

    pub fn push(&mut self, piece: &[u8]) {
        self.all_numbers = self.all_numbers && canonical_integer(piece).is_some();
        self.bytes.extend_from_slice(piece);
        self.ends.push(self.bytes.len());
    }

    pub fn push_scored(&mut self, member: &[u8], score: f64) {
        self.push(member);
        self.scores.push(score);
    }

    pub fn all_numbers(&self) -> bool {
        self.all_numbers
    }

    /// All pieces, one behind the other.
    pub fn whole(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of pieces.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn piece(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    pub fn score(&self, index: usize) -> f64 {
        self.scores[index]
    }

    /// All pieces as a listpack.
    pub fn listpack(&mut self) -> &[u8] {
        let mut packed = std::mem::take(&mut self.packed);
        packed.clear();
        (0..self.len()).for_each(|index| packed.push(self.piece(index)));
        self.packed = packed;
        self.packed.finish()
    }

    /// Members and scores as a listpack, in the order of score and member that Redis keeps them in.
    pub fn scored_listpack(&mut self) -> &[u8] {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&one, &other| {
            self.scores[one]
                .partial_cmp(&self.scores[other])
                .unwrap_or(std::cmp::Ordering::Equal)
                .then_with(|| self.piece(one).cmp(self.piece(other)))
        });
        let mut packed = std::mem::take(&mut self.packed);
        packed.clear();
        let mut text = Vec::new();
        for index in order {
            packed.push(self.piece(index));
            match double::whole(self.scores[index]) {
                Some(number) => packed.push_integer(number),
                None => {
                    text.clear();
                    double::format(self.scores[index], &mut text);
                    packed.push(&text);
                }
            }
        }
        self.packed = packed;
        self.packed.finish()
    }

    /// All pieces, which are numbers, as an intset.
    pub fn intset(&self) -> Vec<u8> {
        let mut members: Vec<i64> =
            (0..self.len()).filter_map(|index| canonical_integer(self.piece(index))).collect();
        members.sort_unstable();
        intset::encode(&members)
    }
}
