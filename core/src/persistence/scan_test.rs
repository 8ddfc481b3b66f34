//! Tests of the judgement: torn at every byte, flipped at every bit, appended to by a Redis.

use super::*;
use crate::log::mark::GroupSum;

const SET: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n";
const BLOCK: &[u8] =
    b"*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nDEL\r\n$1\r\na\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n*1\r\n$4\r\nEXEC\r\n";

/// A marked file of three groups, and the offsets after each mark.
fn marked() -> (Vec<u8>, Vec<usize>) {
    let mut file = Mark::header(Lsn(100)).encode();
    let mut seals = vec![file.len()];
    let mut lsn = 100;
    for group in [[b"*2\r\n$6\r\nselect\r\n$1\r\n0\r\n", SET].concat(), BLOCK.to_vec(), SET.to_vec()] {
        let mut sum = GroupSum::default();
        sum.update(&group);
        file.extend_from_slice(&group);
        file.extend_from_slice(&sum.mark(Lsn(lsn), group.len() as u64).encode());
        lsn += group.len() as u64;
        seals.push(file.len());
    }
    (file, seals)
}

#[test]
fn a_torn_marked_file_is_whole_up_to_its_last_mark() {
    let (file, seals) = marked();
    for len in 0..=file.len() {
        let scan = scan(&file[..len]);
        let whole = seals.iter().copied().filter(|seal| *seal <= len).max().unwrap_or(0);
        assert_eq!(scan.whole_bytes, whole, "cut at {len}: {scan:?}");
        let complete = seals.contains(&len) || len == 0;
        assert_eq!(scan.ending == Ending::Complete, complete, "cut at {len}: {scan:?}");
        assert!(!matches!(scan.ending, Ending::Damaged { .. }), "cut at {len}: {scan:?}");
    }
    assert_eq!(scan(&file).end, Some(Lsn(100 + 23 + 2 * SET.len() as u64 + BLOCK.len() as u64)));
}

#[test]
fn a_flipped_bit_is_damage_or_a_torn_tail_but_never_passes() {
    let (file, seals) = marked();
    let last = seals[seals.len() - 2];
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let scan = scan(&flipped);
        assert!(scan.whole_bytes <= bit / 8, "byte {}: {scan:?}", bit / 8);
        if bit / 8 < last {
            assert!(matches!(scan.ending, Ending::Damaged { .. }), "byte {}: {scan:?}", bit / 8);
        } else {
            assert!(scan.ending != Ending::Complete, "byte {}: {scan:?}", bit / 8);
        }
    }
}

#[test]
fn a_missing_group_is_damage() {
    let (mut file, seals) = marked();
    file.drain(seals[1]..seals[2]);
    assert!(matches!(scan(&file).ending, Ending::Damaged { .. }));
}

#[test]
fn a_file_of_redis_is_whole_up_to_its_last_command() {
    let file = [SET, BLOCK, b"#TS:1700000000\r\n", SET].concat();
    let whole = |len: usize| {
        let ends = [0, SET.len(), SET.len() + BLOCK.len(), SET.len() + BLOCK.len() + 16, file.len()];
        ends.into_iter().filter(|end| *end <= len).max().unwrap()
    };
    for len in 0..=file.len() {
        let scan = scan(&file[..len]);
        assert_eq!(scan.whole_bytes, whole(len), "cut at {len}: {scan:?}");
        assert_eq!(scan.ending == Ending::Complete, whole(len) == len, "cut at {len}: {scan:?}");
    }
    let mut damaged = file.clone();
    damaged[0] = b'+';
    assert!(matches!(scan(&damaged).ending, Ending::Damaged { at: 0, .. }));
}

#[test]
fn what_a_redis_appended_is_kept() {
    let (mut file, _) = marked();
    let sealed = file.len();
    file.extend_from_slice(b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");
    file.extend_from_slice(SET);
    let judged = scan(&file);
    assert_eq!((judged.whole_bytes, judged.foreign_tail), (file.len(), true));
    assert_eq!(judged.ending, Ending::Complete);
    let torn = scan(&file[..file.len() - 3]);
    assert_eq!(torn.whole_bytes, sealed + 23);
    assert!(matches!(torn.ending, Ending::Torn { .. }));
}

#[test]
fn zeroes_of_blocks_never_written_are_a_torn_tail() {
    for mut file in [marked().0, SET.to_vec()] {
        let whole = file.len();
        file.resize(whole + 5000, 0);
        let scan = scan(&file);
        assert_eq!(scan.whole_bytes, whole);
        assert!(matches!(scan.ending, Ending::Torn { .. }));
    }
}

#[test]
fn a_value_that_looks_like_a_mark_does_not_mislead() {
    let (mut file, _) = marked();
    let sealed = file.len();
    let line = Mark::header(Lsn(7)).encode();
    file.extend_from_slice(format!("*2\r\n$3\r\nDEL\r\n${}\r\n", line.len() + 20).as_bytes());
    file.extend_from_slice(&line);
    let scan = scan(&file);
    assert_eq!(scan.whole_bytes, sealed);
    assert!(matches!(scan.ending, Ending::Torn { .. }), "{scan:?}");
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_judged(bytes: Vec<u8>) {
        let judged = scan(&bytes);
        proptest::prop_assert!(judged.whole_bytes <= bytes.len());
    }

    #[test]
    fn any_lines_are_judged(lines in "([*$#][0-9PC:]{0,3}\r\n|[A-Z]{1,6}\r\n){0,12}") {
        let judged = scan(lines.as_bytes());
        proptest::prop_assert!(judged.whole_bytes <= lines.len());
    }
}
