//! Intsets: small sets of numbers only.
//!
//! Format: width of a member in bytes (u32: 2, 4 or 8), number of members (u32), members in ascending order, all
//! little-endian.

use super::super::error::Damage;
use super::signed;

const HEADER_BYTES: usize = 8;

/// Walks through an intset.
#[derive(Clone, Debug)]
pub struct Intset<'a> {
    members: &'a [u8],
    width: usize,
    at: usize,
    before: Option<i64>,
}

impl<'a> Intset<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Intset<'a>, Damage> {
        let Some((header, members)) = bytes.split_at_checked(HEADER_BYTES) else {
            return Err(Damage::new(0, "an intset is shorter than its header"));
        };
        let number = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]) as usize
        };
        let (width, count) = (number(0), number(4));
        if !matches!(width, 2 | 4 | 8) {
            return Err(Damage::new(0, "an intset has members of an unknown width"));
        }
        if count.checked_mul(width) != Some(members.len()) {
            return Err(Damage::new(4, "an intset has another number of members than its header says"));
        }
        Ok(Intset { members, width, at: 0, before: None })
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.members.len() / self.width
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The next member, greater than the one before.
    pub fn next(&mut self) -> Result<Option<i64>, Damage> {
        let Some(bytes) = self.members.get(self.at..self.at + self.width) else { return Ok(None) };
        let member = signed(bytes);
        if self.before.is_some_and(|before| before >= member) {
            return Err(Damage::new(HEADER_BYTES + self.at, "the members of an intset are not in order"));
        }
        self.at += self.width;
        self.before = Some(member);
        Ok(Some(member))
    }
}

/// The intset of `members`, which are in ascending order and fit 32 bits in number.
pub fn encode(members: &[i64]) -> Vec<u8> {
    let fits = |low: i64, high: i64| members.iter().all(|member| (low..=high).contains(member));
    let width = if fits(i64::from(i16::MIN), i64::from(i16::MAX)) {
        2
    } else if fits(i64::from(i32::MIN), i64::from(i32::MAX)) {
        4
    } else {
        8
    };
    let mut bytes = Vec::with_capacity(HEADER_BYTES + members.len() * width);
    bytes.extend((width as u32).to_le_bytes());
    bytes.extend((members.len() as u32).to_le_bytes());
    for member in members {
        bytes.extend_from_slice(&member.to_le_bytes()[..width]);
    }
    bytes
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_width_comes_back() {
        for members in [vec![-3, 0, 7], vec![-40_000, 5], vec![i64::MIN, 0, i64::MAX], vec![]] {
            let bytes = encode(&members);
            let mut intset = Intset::new(&bytes).expect("whole");
            assert_eq!(intset.len(), members.len());
            let mut found = Vec::new();
            while let Some(member) = intset.next().expect("in order") {
                found.push(member);
            }
            assert_eq!(found, members);
        }
    }

    #[test]
    fn damage_is_noticed() {
        assert!(Intset::new(&[2, 0, 0]).is_err());
        assert!(Intset::new(&[3, 0, 0, 0, 0, 0, 0, 0]).is_err());
        assert!(Intset::new(&[2, 0, 0, 0, 2, 0, 0, 0, 1, 0]).is_err());
        let mut unordered = Intset::new(&[2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 1, 0]).expect("whole");
        assert_eq!(unordered.next(), Ok(Some(1)));
        assert!(unordered.next().is_err());
    }
}
