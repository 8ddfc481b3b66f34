//! Sorted sets made as a whole: results of unions and ranges, and loads.

use super::edit::may_be_packed;
use super::score::{self, SCORE_BYTES};
use super::{Member, MemberKey, RUN_MAX, SHORT_BYTES, member_key};
use crate::container::Finished;
use crate::engine::Engine;
use crate::limits::PACKED_BYTES_MAX;
use crate::record::Kind;
use crate::tree::packed::{Fresh, Piece, to_vec};
use crate::tree::{Builder, Edit};

/// Members with their scores, in the order of a sorted set, each once.
#[derive(Default)]
pub struct Combined<'a> {
    members: Vec<Member<'a>>,
}

impl<'a> Combined<'a> {
    /// Orders members of which no two have one name.
    pub fn new(mut members: Vec<Member<'a>>) -> Combined<'a> {
        let is_ordered = members.is_sorted_by(|left, right| order(left, right).is_le());
        if !is_ordered {
            members.sort_unstable_by(order);
        }
        Combined { members }
    }

    pub fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// The value to put, in the form that the settings ask for.
    pub fn finish(&self, engine: &Engine) -> Finished {
        let longest = self.members.iter().map(|member| member.name.len()).max().unwrap_or(0);
        if may_be_packed(engine.tuning(), self.members.len() as u64, longest) {
            let keys: Vec<_> =
                self.members.iter().map(|member| score::key(member.score, member.name)).collect();
            let bytes: usize = keys.iter().map(|key| key.len() + 5).sum();
            if bytes < PACKED_BYTES_MAX {
                let entries: Vec<Fresh<'_>> = keys.iter().map(|key| Fresh::new(key, b"")).collect();
                return Finished::Packed(Kind::SortedSet, to_vec(&[Piece::New(&entries)]));
            }
        }
        let [in_order, by_member] = trees_of(engine, || self.members.iter().copied());
        Finished::trees(Kind::SortedSet, [in_order, by_member], &[])
    }
}

/// Members that come from outside one by one, in any order.
#[derive(Default)]
pub struct Gathered {
    names: Vec<u8>,
    /// Score, and where its name ends.
    members: Vec<(f64, usize)>,
}

impl Gathered {
    pub fn push(&mut self, name: &[u8], score: f64) {
        self.names.extend_from_slice(name);
        self.members.push((score, self.names.len()));
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The value to put; `None` if a name came twice.
    pub fn finish(&self, engine: &Engine) -> Option<Finished> {
        let mut begin = 0;
        let members: Vec<Member<'_>> = self
            .members
            .iter()
            .map(|&(score, end)| Member { score, name: &self.names[std::mem::replace(&mut begin, end)..end] })
            .collect();
        let mut hashes: Vec<(u64, usize)> =
            members.iter().enumerate().map(|(at, member)| (engine.element_hash(member.name), at)).collect();
        hashes.sort_unstable();
        // Names of one hash are few, unless they are the same.
        let is_twice = hashes.chunk_by(|left, right| left.0 == right.0).any(|same| {
            (1..same.len())
                .any(|at| same[..at].iter().any(|other| members[other.1].name == members[same[at].1].name))
        });
        (!is_twice).then(|| Combined::new(members).finish(engine))
    }
}

fn order(left: &Member<'_>, right: &Member<'_>) -> std::cmp::Ordering {
    // Not `total_cmp`: minus zero is zero here.
    left.score
        .partial_cmp(&right.score)
        .unwrap_or(std::cmp::Ordering::Equal)
        .then_with(|| left.name.cmp(right.name))
}

/// Both trees of members that come in order.
pub(super) fn trees_of<'m, I: Iterator<Item = Member<'m>>>(
    engine: &Engine,
    members: impl Fn() -> I,
) -> [Edit<'static>; 2] {
    let mut in_order = Builder::new();
    let mut by_member: Vec<MemberKey> = Vec::new();
    // Where the keys of the current run begin, and its score.
    let (mut begin, mut run) = (0, [0; SCORE_BYTES]);
    for member in members() {
        let is_minus_zero = member.score == 0.0 && member.score.is_sign_negative();
        let key = score::key(member.score, member.name);
        in_order.push(&key, if is_minus_zero { b"-" } else { b"" });
        if !key.starts_with(&run) {
            shorten(&mut by_member[begin..]);
            begin = by_member.len();
            run.copy_from_slice(&key[..SCORE_BYTES]);
        }
        by_member.push(member_key(engine, member.score, member.name));
    }
    shorten(&mut by_member[begin..]);
    by_member.sort_unstable();
    let mut builder = Builder::new();
    let mut at = 0;
    while at < by_member.len() {
        let key = &by_member[at];
        let same = by_member[at..].iter().take_while(|other| *other == key).count();
        let number = (same as u32).to_le_bytes();
        builder.push(key, if same == 1 { b"" } else { &number });
        at += same;
    }
    [in_order.finish(), builder.finish()]
}

/// The keys of one score lose their members where these are few enough to be looked through.
fn shorten(run: &mut [MemberKey]) {
    if run.len() as u64 <= RUN_MAX {
        run.iter_mut().for_each(|key| key.truncate(SHORT_BYTES));
    }
}
