//! Tests of the judgement: torn at every byte, flipped at every bit, appended to by a Redis.

use super::*;
use crate::log::filler::{self, BLOCK_BYTES, Buffer};
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

/// A file as `always` writes it: groups of blocks, `lens` of them, and filler behind. Where each begins, too.
fn blocks(lens: &[usize]) -> (Vec<u8>, Vec<usize>) {
    let mut file = Mark::header(Lsn(100)).encode();
    let mut starts = Vec::new();
    let mut lsn = 100;
    let pad = |file: &mut Vec<u8>| {
        let mut padding = Buffer::with_capacity(2 * BLOCK_BYTES);
        filler::pad(&mut padding, file.len() as u64);
        file.extend_from_slice(padding.bytes());
    };
    pad(&mut file);
    for len in lens {
        starts.push(file.len());
        let value = "v".repeat(*len);
        let group = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${len}\r\n{value}\r\n");
        let mut sum = GroupSum::default();
        sum.update(group.as_bytes());
        file.extend_from_slice(group.as_bytes());
        file.extend_from_slice(&sum.mark(Lsn(lsn), group.len() as u64).encode());
        lsn += group.len() as u64;
        pad(&mut file);
    }
    starts.push(file.len());
    file.extend_from_slice(&filler_of(8 * BLOCK_BYTES));
    (file, starts)
}

fn filler_of(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|index| if index % 64 == 63 { b'\n' } else { b'#' }).collect()
}

#[test]
fn filler_is_the_end_of_the_data_wherever_it_is_cut() {
    for len in [10, 400, 429, 430, 431, 432, 433, 900] {
        let (file, starts) = blocks(&[len, 20]);
        let sealed = file[..starts[2]].iter().rposition(|byte| *byte == b'\r').unwrap() + 2;
        for cut in sealed..=file.len() {
            let judged = scan(&file[..cut]);
            assert_eq!(judged.whole_bytes, sealed, "cut at {cut}: {judged:?}");
            assert_eq!(judged.ending, Ending::Complete, "cut at {cut}: {judged:?}");
            assert_eq!(judged.commands, 2);
        }
        // What a Redis appends behind it is kept.
        let appended = [&file[..], b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n", SET].concat();
        let judged = scan(&appended);
        assert_eq!((judged.whole_bytes, judged.ending), (appended.len(), Ending::Complete));
    }
}

#[test]
fn blocks_that_did_not_land_are_a_torn_tail() {
    // Any of the blocks of the last two groups may be missing, as both were in flight.
    let (file, starts) = blocks(&[30, 1000, 1300]);
    let all = (starts[3] - starts[1]) / BLOCK_BYTES;
    for missing in 1..1_u32 << all {
        let mut torn = file.clone();
        let mut second_is_whole = true;
        for block in (0..all).filter(|block| missing >> block & 1 == 1) {
            let at = starts[1] + block * BLOCK_BYTES;
            torn[at..at + BLOCK_BYTES].copy_from_slice(&filler_of(BLOCK_BYTES));
            second_is_whole &= at >= starts[2];
        }
        let judged = scan(&torn);
        let commands = if second_is_whole { 2 } else { 1 };
        assert_eq!(judged.commands, commands, "missing {missing:b}: {judged:?}");
        assert!(judged.whole_bytes <= starts[if second_is_whole { 2 } else { 1 }]);
        assert!(!matches!(judged.ending, Ending::Damaged { .. }), "missing {missing:b}: {judged:?}");
    }
}

#[test]
fn filler_before_more_groups_than_were_in_flight_is_damage() {
    let (mut file, starts) = blocks(&[30, 1000, 50, 50]);
    file[starts[1]..starts[2]].copy_from_slice(&filler_of(starts[2] - starts[1]));
    let judged = scan(&file);
    assert!(matches!(judged.ending, Ending::Damaged { .. }), "{judged:?}");
    assert_eq!(judged.commands, 1);
}

#[test]
fn a_flip_in_blocks_is_never_taken_for_a_torn_tail() {
    let (file, starts) = blocks(&[600, 700, 40]);
    for at in starts[0]..starts[3] {
        let mut flipped = file.clone();
        flipped[at] ^= 4;
        let judged = scan(&flipped);
        // Padding is no data: a flip there may go unseen.
        let damaged = matches!(judged.ending, Ending::Damaged { .. });
        let harmless = !damaged && judged.commands == 3;
        let last = at >= starts[2];
        assert!(damaged || harmless || last && judged.commands == 2, "byte {at}: {judged:?}");
    }
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
