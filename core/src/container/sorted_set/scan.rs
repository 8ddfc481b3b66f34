//! ZSCAN: a walk in the order of hashes, which no change of scores disturbs.

use super::{HASH_BYTES, Member, SHORT_BYTES, SortedSet, hash4, score};
use crate::container::Elements;
use crate::index::Damaged;

impl<'a> SortedSet<'a> {
    /// Visits at least `count` members from `cursor` on, or all that are left; returns where to go on, or zero.
    ///
    /// Members that are there all the time are visited; those with one hash in one step, and packed ones all at once.
    pub fn scan(self, cursor: u64, count: u64, mut visit: impl FnMut(Member<'a>)) -> Result<u64, Damaged> {
        let Elements::Tree(in_order) = self.in_order else {
            self.for_each(0..self.len(), false, visit)?;
            return Ok(0);
        };
        let Ok(begin) = u32::try_from(cursor) else { return Ok(0) };
        let mut walk = self.by_member.cursor_at(&begin.to_be_bytes())?;
        let (mut seen, mut last) = (0, [0; HASH_BYTES]);
        while let Some(item) = walk.next()? {
            let (short, name) = item.key.split_at_checked(SHORT_BYTES).ok_or(Damaged)?;
            if seen >= count && !short.starts_with(&last) {
                last.copy_from_slice(&short[..HASH_BYTES]);
                return Ok(u64::from(u32::from_be_bytes(last)));
            }
            last.copy_from_slice(&short[..HASH_BYTES]);
            let score = &short[HASH_BYTES..];
            if !name.is_empty() {
                // Long keys say it all but the sign of zero.
                let score = score::decode(score);
                let is_zero = score == 0.0;
                let member =
                    if is_zero { in_order.get(&score::key(score, name))?.map(Member::of) } else { None };
                visit(member.unwrap_or(Member { score, name }));
                seen += 1;
                continue;
            }
            let mut wanted = multiplicity(item.value);
            let mut run = in_order.cursor_at(score)?;
            while wanted > 0
                && let Some(item) = run.next()?.filter(|item| item.key.starts_with(score))
            {
                let member = Member::of(item);
                if hash4(self.engine, member.name) == last && !self.has_long_key(short, member.name)? {
                    visit(member);
                    seen += 1;
                    wanted -= 1;
                }
            }
        }
        Ok(0)
    }

    fn has_long_key(self, short: &[u8], name: &[u8]) -> Result<bool, Damaged> {
        Ok(!name.is_empty() && self.by_member.get(&[short, name].concat())?.is_some())
    }
}

/// How many members a short key stands for.
pub(super) fn multiplicity(value: &[u8]) -> u32 {
    value.try_into().map_or(1, u32::from_le_bytes)
}
