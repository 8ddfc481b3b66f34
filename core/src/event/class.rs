//! The classes of keyspace events, as bits; the letters are those of `notify-keyspace-events`.

/// `K`: messages on `__keyspace@db__:key`.
pub const KEYSPACE: u32 = 1 << 0;
/// `E`: messages on `__keyevent@db__:event`.
pub const KEYEVENT: u32 = 1 << 1;
/// `g`
pub const GENERIC: u32 = 1 << 2;
/// `$`
pub const STRING: u32 = 1 << 3;
/// `l`
pub const LIST: u32 = 1 << 4;
/// `s`
pub const SET: u32 = 1 << 5;
/// `h`
pub const HASH: u32 = 1 << 6;
/// `z`
pub const SORTED_SET: u32 = 1 << 7;
/// `x`
pub const EXPIRED: u32 = 1 << 8;
/// `e`
pub const EVICTED: u32 = 1 << 9;
/// `t`
pub const STREAM: u32 = 1 << 10;
/// `m`: a key was read that is not there.
pub const MISS: u32 = 1 << 11;
/// `d`: of modules; nothing here is of that class.
pub const MODULE: u32 = 1 << 13;
/// `n`: a key was added.
pub const NEW: u32 = 1 << 14;
/// `A`: all but misses and new keys.
pub const ALL: u32 = GENERIC | STRING | LIST | SET | HASH | SORTED_SET | EXPIRED | EVICTED | STREAM | MODULE;

/// Not a class: that values of keys changed.
pub const CHANGES: u32 = 1 << 31;

/// The letters, in the order in which CONFIG GET shows them.
const LETTERS: &[(u8, u32)] = &[
    (b'g', GENERIC),
    (b'$', STRING),
    (b'l', LIST),
    (b's', SET),
    (b'h', HASH),
    (b'z', SORTED_SET),
    (b'x', EXPIRED),
    (b'e', EVICTED),
    (b't', STREAM),
    (b'd', MODULE),
    (b'n', NEW),
    (b'K', KEYSPACE),
    (b'E', KEYEVENT),
    (b'm', MISS),
];

/// The classes that `letters` mean; `None` where there are others.
pub fn parse(letters: &str) -> Option<u32> {
    letters.bytes().try_fold(0, |classes, letter| {
        let class = match letter {
            b'A' => ALL,
            _ => LETTERS.iter().find(|(own, _)| *own == letter)?.1,
        };
        Some(classes | class)
    })
}

/// The letters of some classes.
pub fn letters(classes: u32) -> String {
    let mut text = String::new();
    let mut rest = classes;
    if classes & ALL == ALL {
        text.push('A');
        rest &= !ALL;
    }
    text.extend(LETTERS.iter().filter(|(_, class)| rest & class != 0).map(|(letter, _)| char::from(*letter)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_put_in_order() {
        for (given, shown) in [
            ("KEA", "AKE"),
            ("zxKE", "zxKE"),
            ("nmEK", "nKEm"),
            ("Ag", "A"),
            ("xg$lshzetd", "A"),
            ("nKd", "dnK"),
            ("", ""),
        ] {
            assert_eq!(letters(parse(given).unwrap()), shown);
        }
        assert_eq!(parse("KEQ"), None);
    }
}
