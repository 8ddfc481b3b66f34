//! Random pipelines in all protocols, in random portions, against memcached: every seed is a script of its own.
//!
//! In a pipeline memcached still holds the items of replies that it has not sent, and then counts in a new item: whether
//! a smaller number is padded, the item counts as read, or its lease is held, is chance. That is left to the tests that
//! wait for each reply (`tests/tests/differential.rs`).
//!
//! `POLYCACHE_MEMCACHED_SEED` and `POLYCACHE_MEMCACHED_CASES` choose others.

use fastrand::Rng;
use polycache_server::memcached::converse;

use crate::binary::{request, shown};
use crate::oracle::{Memcached, normalized, server};

const KEYS: [&str; 4] = ["a", "b", "key-three", "0123456789"];

/// Counted by text, and nothing else done to it.
const COUNTER: &str = "n";

/// Times a script may differ before it counts: a second may pass in between.
const ATTEMPTS: usize = 3;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn pick<'a>(random: &mut Rng, words: &[&'a str]) -> &'a str {
    words[random.usize(..words.len())]
}

fn data(random: &mut Rng) -> String {
    match random.u8(..6) {
        0..3 => random.u64(..200).to_string(),
        3 => "x".repeat([0, 1, 300, 20_000][random.usize(..4)]),
        4 => "with\r\nline".to_owned(),
        _ => "word".to_owned(),
    }
}

fn line(random: &mut Rng) -> String {
    let key = pick(random, &KEYS);
    let flags = |random: &mut Rng, all: &[&str]| {
        let mut text = String::new();
        for flag in all {
            if random.u8(..3) == 0 {
                text.push(' ');
                text.push_str(flag);
            }
        }
        text
    };
    match random.u8(..24) {
        0..3 => {
            let data = data(random);
            let verb = pick(random, &["set", "add", "replace", "append", "prepend"]);
            let time = pick(random, &["0", "1000", "-1"]);
            let reply = pick(random, &["", "", " noreply"]);
            format!("{verb} {key} {} {time} {}{reply}\r\n{data}\r\n", random.u8(..3), data.len())
        }
        3 => format!("get {key} {} {COUNTER}\r\n", pick(random, &KEYS)),
        4 => format!("gets {key}\r\n"),
        5 => format!("{} {} {key}\r\n", pick(random, &["gat", "gats"]), pick(random, &["0", "500"])),
        6 => format!("{} {COUNTER} {}\r\n", "incr", pick(random, &["1", "100", "x"])),
        7 => format!("delete {key}\r\n"),
        8 => format!("touch {key} {}\r\n", pick(random, &["0", "700", "-1"])),
        9 => format!("cas {key} 0 0 1 1\r\nx\r\n"),
        10 => pick(
            random,
            &["bogus\r\n", "get\r\n", "set a\r\n", "incr a\r\n", "mg\r\n", "set a 0 0 1\r\nxx\r\n"],
        )
        .to_owned(),
        11..16 => {
            let flags = flags(random, &["s", "v", "f", "t", "c", "k", "O77", "q", "R600", "N300"]);
            format!("mg {key}{flags}\r\n")
        }
        16..19 => {
            let data = data(random);
            let mode = pick(random, &["", "", " ME", " MA", " MP", " MR", " MS", " C3", " C3 I"]);
            let flags = flags(random, &["c", "k", "O8", "q", "F7", "T400"]);
            format!("ms {key} {}{mode}{flags}\r\n{data}\r\n", data.len())
        }
        19..21 => {
            let flags = flags(random, &["t", "c", "v", "k", "q", "N200", "J5", "D3"]);
            format!("ma {COUNTER}{flags}\r\n")
        }
        21 => format!("md {key}{}\r\n", flags(random, &["q", "k", "O5", "I", "T900"])),
        22 => format!("md {key} I\r\n"),
        _ => "mn\r\n".to_owned(),
    }
}

fn binary(random: &mut Rng) -> Vec<u8> {
    let key = pick(random, &KEYS).as_bytes();
    let data = data(random);
    let data = data.as_bytes();
    let item = [[0, 0, 0, random.u8(..)], [0, 0, 0, random.u8(..) & 0x40]].concat();
    let quiet = random.bool();
    let cas = if random.u8(..6) == 0 { 3 } else { 0 };
    match random.u8(..12) {
        0..4 => request(
            [0x01, 0x02, 0x03][random.usize(..3)] | if quiet { 0x10 } else { 0 },
            &item,
            key,
            data,
            cas,
        ),
        4 => request([0x0e, 0x0f, 0x19, 0x1a][random.usize(..4)], &[], key, data, cas),
        5..7 => request([0x00, 0x09, 0x0c, 0x0d][random.usize(..4)], &[], key, b"", 0),
        7 => request(if quiet { 0x14 } else { 0x04 }, &[], key, b"", cas),
        8 => {
            let time: [u8; 4] = if random.bool() { [0xff; 4] } else { [0; 4] };
            let extras = [&[0, 0, 0, 0, 0, 0, 0, 7][..], &[0, 0, 0, 0, 0, 0, 0, 50], &time].concat();
            request([0x05, 0x15][random.usize(..2)], &extras, key, b"", cas)
        }
        9 => request([0x1c, 0x1d, 0x1e, 0x23, 0x24][random.usize(..5)], &[0, 0, 1, 0], key, b"", 0),
        10 => request([0x0a, 0x0b][random.usize(..1)], &[], b"", b"", 0),
        _ => request(0x0a, &[], b"", b"", 0),
    }
}

fn compare(kind: &str, make: impl Fn(&mut Rng) -> Vec<u8>, show: impl Fn(&[u8]) -> String, empty: &[u8]) {
    let Some(memcached) = Memcached::start() else { return };
    let server = server();
    let first = setting("POLYCACHE_MEMCACHED_SEED", 1);
    for seed in first..first + setting("POLYCACHE_MEMCACHED_CASES", 150) {
        let mut random = Rng::with_seed(seed);
        let parts: Vec<Vec<u8>> = (0..40).map(|_| make(&mut random)).collect();
        let script = parts.concat();
        let mut last = (String::new(), String::new());
        let agrees = (0..ATTEMPTS).any(|_| {
            memcached.converse(empty);
            converse(&server, [empty]);
            let theirs = show(&memcached.converse(&script));
            let mut portions = Vec::new();
            let mut rest = &script[..];
            while !rest.is_empty() {
                let (portion, behind) = rest.split_at(random.usize(1..=rest.len()));
                portions.push(portion);
                rest = behind;
            }
            last = (theirs, show(&converse(&server, portions)));
            last.0 == last.1
        });
        let (theirs, ours) = last;
        assert!(
            agrees,
            "{kind}, seed {seed}\n{}\n--- memcached\n{theirs}\n--- ours\n{ours}",
            script.escape_ascii().to_string().replace("\\n", "\\n\n")
        );
    }
}

#[test]
fn pipelines_of_text_and_meta() {
    compare("text", |random| line(random).into_bytes(), normalized, b"flush_all noreply\r\n");
}

#[test]
fn pipelines_of_binary() {
    let empty = request(0x18, &[], b"", b"", 0);
    compare("binary", binary, |replies| shown(replies).join("\n"), &empty);
}

/// Headers with any fields and lines with any flags: answered or hung up on, never a panic, always progress (`converse`
/// asserts it).
#[test]
fn garbage_of_each_protocol() {
    let server = server();
    let mut random = Rng::with_seed(7);
    for round in 0..4000 {
        let mut script = Vec::new();
        for _ in 0..random.usize(1..20) {
            if round % 2 == 0 {
                let (key, extras) = (random.usize(..5), random.usize(..25));
                let body: Vec<u8> = (0..random.usize(..60)).map(|_| random.u8(..)).collect();
                let told =
                    if random.u8(..4) == 0 { random.u32(..) >> random.u8(..32) } else { body.len() as u32 };
                script.extend_from_slice(&[0x80, random.u8(..0x30), 0, key as u8, extras as u8, 0, 0, 0]);
                script.extend_from_slice(&told.to_be_bytes());
                script.extend_from_slice(&[0; 12]);
                script.extend_from_slice(&body);
            } else {
                script.extend_from_slice(
                    pick(
                        &mut random,
                        &[
                            "mg a",
                            "ms a 3",
                            "md a",
                            "ma a",
                            "me a",
                            "mg YQ== b",
                            "config",
                            "watch",
                            "lru_crawler",
                            "stats",
                        ],
                    )
                    .as_bytes(),
                );
                for _ in 0..random.usize(..12) {
                    let letters = b"bNTRlOPLkstcfvhuqFCMJDIEx0123456789-=\0\xff";
                    let flag: Vec<u8> =
                        (0..random.usize(1..6)).map(|_| letters[random.usize(..letters.len())]).collect();
                    script.extend_from_slice(&[b" ", &flag[..]].concat());
                }
                script.extend_from_slice(pick(&mut random, &["\r\n", "\n", "\r\nabc\r\n"]).as_bytes());
            }
        }
        let portion = random.usize(1..=script.len());
        converse(&server, script.chunks(portion));
    }
}
