//! When a list is packed: as long as Valkey would keep it in one listpack (`list-max-listpack-size`).

use crate::command::args::canonical_integer;
use crate::limits::PACKED_BYTES_MAX;
use crate::rdb::packed::listpack::length_behind;

/// Bytes of an empty listpack.
const EMPTY_BYTES: usize = 7;
/// Where only elements are counted, a listpack may still not be longer.
const SAFE_BYTES: usize = 8192;
/// Listpack bytes for the settings -1 to -5.
const LEVELS: [usize; 5] = [4096, 8192, 16_384, 32_768, 65_536];

/// The bound of packed lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of the listpack.
    Bytes(usize),
    /// Elements.
    Count(u64),
}

impl Limit {
    /// The meaning of `list-max-listpack-size`.
    pub fn of_setting(setting: i64) -> Limit {
        match setting {
            0 => Limit::Count(1),
            1.. => Limit::Count(setting as u64),
            _ => {
                let level = usize::try_from(setting.unsigned_abs() - 1).unwrap_or(usize::MAX);
                Limit::Bytes(LEVELS[level.min(LEVELS.len() - 1)])
            }
        }
    }

    /// Half of it: a list that has become so small is packed again.
    pub fn half(self) -> Limit {
        match self {
            Limit::Bytes(bytes) => Limit::Bytes(bytes / 2),
            Limit::Count(count) => Limit::Count(count / 2),
        }
    }

    /// The most listpack bytes, our own bound on what one write copies included.
    fn bytes_max(self) -> usize {
        match self {
            Limit::Bytes(bytes) => bytes.min(PACKED_BYTES_MAX),
            Limit::Count(_) => SAFE_BYTES,
        }
    }

    /// Whether a list of `values` and `count` elements would be over the limit with `more_bytes` of new elements;
    /// `values` is walked only as far as needed.
    pub fn is_exceeded<'v>(
        self,
        values: impl Iterator<Item = &'v [u8]>,
        count: u64,
        more_bytes: usize,
    ) -> bool {
        let room = self.bytes_max();
        if let Limit::Count(limit) = self
            && count > limit
        {
            return true;
        }
        // Every element takes two bytes at least.
        if more_bytes > room || count > (room / 2) as u64 {
            return true;
        }
        let mut bytes = EMPTY_BYTES + more_bytes;
        for value in values {
            bytes += element_bytes(value);
            if bytes > room {
                return true;
            }
        }
        bytes > room
    }
}

/// Bytes that an element takes in a listpack.
fn element_bytes(value: &[u8]) -> usize {
    let number = if value.len() <= 20 { canonical_integer(value) } else { None };
    let bytes = match (number, value.len()) {
        (Some(0..=127), _) => 1,
        (Some(-4096..=4095), _) => 2,
        (Some(-32_768..=32_767), _) => 3,
        (Some(-8_388_608..=8_388_607), _) => 4,
        (Some(-2_147_483_648..=2_147_483_647), _) => 5,
        (Some(_), _) => 9,
        (None, len @ 0..=63) => 1 + len,
        (None, len @ 64..=4095) => 2 + len,
        (None, len) => 5 + len,
    };
    bytes + length_behind(bytes).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdb::packed::listpack_builder::ListpackBuilder;
    use proptest::prelude::*;

    fn element() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            any::<i64>().prop_map(|number| number.to_string().into_bytes()),
            (-10_000i64..10_000).prop_map(|number| number.to_string().into_bytes()),
            (0usize..20_000).prop_map(|len| vec![b'x'; len]),
        ]
    }

    proptest! {
        #[test]
        fn counts_the_bytes_of_a_listpack(elements in proptest::collection::vec(element(), 0..20)) {
            let mut builder = ListpackBuilder::default();
            elements.iter().for_each(|element| builder.push(element));
            let bytes: usize = elements.iter().map(|element| element_bytes(element)).sum();
            prop_assert_eq!(EMPTY_BYTES + bytes, builder.len());
        }
    }

    #[test]
    fn counts_the_length_behind_an_element_at_its_limits() {
        for len in [122, 123, 126, 127, 16_377, 16_378, 16_379, 2_097_145, 2_097_146, 2_097_147] {
            let mut builder = ListpackBuilder::default();
            let element = vec![b'x'; len];
            builder.push(&element);
            assert_eq!(EMPTY_BYTES + element_bytes(&element), builder.len(), "{len}");
        }
    }

    #[test]
    fn settings_have_their_meaning() {
        assert_eq!(Limit::of_setting(-2), Limit::Bytes(8192));
        assert_eq!(Limit::of_setting(-9), Limit::Bytes(65_536));
        assert_eq!(Limit::of_setting(i64::MIN), Limit::Bytes(65_536));
        assert_eq!(Limit::of_setting(0), Limit::Count(1));
        assert_eq!(Limit::of_setting(128).half(), Limit::Count(64));
        let none = || std::iter::empty::<&[u8]>();
        assert!(!Limit::Bytes(100).is_exceeded(none(), 1, 93));
        assert!(Limit::Bytes(100).is_exceeded(none(), 1, 94));
        assert!(Limit::Count(3).is_exceeded(none(), 4, 0));
        assert!(Limit::Count(100_000).is_exceeded(none(), 1, 9000));
    }
}
