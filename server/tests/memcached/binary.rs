//! The binary protocol, byte by byte against memcached.

use crate::oracle::{Memcached, server};
use polycache_server::memcached::converse;

/// A request.
pub fn request(opcode: u8, extras: &[u8], key: &[u8], value: &[u8], cas: u64) -> Vec<u8> {
    let mut bytes = vec![0x80, opcode];
    bytes.extend_from_slice(&(key.len() as u16).to_be_bytes());
    bytes.extend_from_slice(&[extras.len() as u8, 0, 0, 0]);
    bytes.extend_from_slice(&((extras.len() + key.len() + value.len()) as u32).to_be_bytes());
    bytes.extend_from_slice(&[opcode, 1, 2, 3]);
    bytes.extend_from_slice(&cas.to_be_bytes());
    for part in [extras, key, value] {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Responses as text, CAS numbers as the place of their first appearance.
pub fn shown(mut bytes: &[u8]) -> Vec<String> {
    let mut seen: Vec<u64> = vec![0];
    let mut shown = Vec::new();
    while bytes.len() >= 24 {
        let body = u32::from_be_bytes(bytes[8..12].try_into().unwrap()) as usize;
        let cas = u64::from_be_bytes(bytes[16..24].try_into().unwrap());
        let place = seen.iter().position(|known| *known == cas).unwrap_or_else(|| {
            seen.push(cas);
            seen.len() - 1
        });
        let end = (24 + body).min(bytes.len());
        shown.push(format!("{:02x?} cas{place} {}", &bytes[..16], bytes[24..end].escape_ascii()));
        bytes = &bytes[end..];
    }
    if !bytes.is_empty() {
        shown.push(format!("rest {}", bytes.escape_ascii()));
    }
    shown
}

fn number(value: u32) -> [u8; 4] {
    value.to_be_bytes()
}

/// Flags and exptime.
fn item(flags: u32, exptime: u32) -> Vec<u8> {
    [number(flags), number(exptime)].concat()
}

/// Delta, initial value, exptime.
fn count(delta: u64, initial: u64, exptime: u32) -> Vec<u8> {
    [&delta.to_be_bytes()[..], &initial.to_be_bytes(), &number(exptime)].concat()
}

fn compare(scripts: &[Vec<Vec<u8>>]) {
    let memcached = Memcached::start();
    let server = server();
    let empty = request(0x18, &[], b"", b"", 0);
    for script in scripts {
        let bytes = script.concat();
        let run = |portions: &[&[u8]]| {
            converse(&server, [&empty[..]]);
            shown(&converse(&server, portions.iter().copied()))
        };
        let ours = run(&[&bytes]);
        if let Some(memcached) = &memcached {
            memcached.converse(&empty);
            assert_eq!(ours, shown(&memcached.converse(&bytes)), "left is ours: {}", bytes.escape_ascii());
        }
        if bytes.len() < 1000 {
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(run(&single), ours, "byte by byte");
        }
    }
}

#[test]
fn storing_and_retrieving() {
    let set = |opcode, value: &[u8]| request(opcode, &item(0xdead_beef, 0), b"k", value, 0);
    let get = |opcode| request(opcode, &[], b"k", b"", 0);
    let noop = request(0x0a, &[], b"", b"", 0);
    let gets: Vec<Vec<u8>> = [0x00, 0x09, 0x0c, 0x0d].into_iter().map(get).chain([noop.clone()]).collect();
    let touch = |opcode, time| request(opcode, &number(time), b"k", b"", 0);
    compare(&[
        gets.clone(),
        [vec![set(0x01, b"value")], gets.clone()].concat(),
        [vec![set(0x11, b"quiet")], gets.clone()].concat(),
        vec![set(0x02, b"a"), set(0x02, b"b"), set(0x12, b"c"), get(0x00)],
        vec![set(0x03, b"a"), set(0x13, b"b"), set(0x01, b"c"), set(0x03, b"d"), get(0x00)],
        vec![
            request(0x01, &item(1, 0), b"k", b"v", 99),
            set(0x01, b"x"),
            request(0x01, &item(1, 0), b"k", b"v", 99),
        ],
        vec![
            set(0x01, b"x"),
            request(0x02, &item(1, 0), b"k", b"v", 99),
            request(0x03, &item(1, 0), b"k", b"v", 99),
        ],
        vec![
            request(0x0e, &[], b"k", b"v", 0),
            set(0x01, b"x"),
            request(0x0e, &[], b"k", b"v", 0),
            get(0x00),
        ],
        vec![
            request(0x0f, &[], b"k", b"v", 0),
            set(0x01, b"x"),
            request(0x1a, &[], b"k", b"v", 0),
            get(0x00),
        ],
        vec![
            set(0x01, b"x"),
            request(0x0e, &[], b"k", b"v", 99),
            request(0x19, &[], b"k", b"v", 99),
            get(0x0c),
        ],
        vec![
            request(0x04, &[], b"k", b"", 0),
            set(0x01, b"x"),
            request(0x04, &[], b"k", b"", 99),
            request(0x04, &[], b"k", b"", 0),
        ],
        vec![request(0x14, &[], b"k", b"", 0), set(0x01, b"x"), request(0x14, &[], b"k", b"", 0), get(0x00)],
        vec![touch(0x1c, 9), touch(0x1d, 9), touch(0x1e, 9), touch(0x23, 9), touch(0x24, 9), noop.clone()],
        vec![
            set(0x01, b"x"),
            touch(0x1c, 9),
            touch(0x1d, 9),
            touch(0x1e, 9),
            touch(0x23, 9),
            touch(0x24, 9),
            noop.clone(),
        ],
        vec![
            set(0x01, b"x"),
            request(0x08, &[], b"", b"", 0),
            get(0x00),
            request(0x18, &number(0), b"", b"", 0),
            noop,
        ],
        vec![
            set(0x01, &vec![b'x'; 1_048_517]),
            get(0x00),
            set(0x01, b"x"),
            set(0x01, &vec![b'x'; 2_000_000]),
            get(0x00),
        ],
        vec![
            set(0x01, &vec![b'x'; 100_000]),
            request(0x0e, &[], b"k", &vec![b'y'; 1_000_000], 0),
            request(0x02, &item(0, 0), b"z", &vec![b'x'; 2_000_000], 0),
        ],
    ]);
}

#[test]
fn counters() {
    let with = |opcode, delta, exptime| request(opcode, &count(delta, 10, exptime), b"n", b"", 0);
    compare(&[
        vec![
            with(0x05, 1, 0xffff_ffff),
            with(0x15, 1, 0xffff_ffff),
            with(0x05, 1, 0),
            with(0x05, 5, 0),
            with(0x06, 100, 0),
        ],
        vec![with(0x06, 1, 0), with(0x16, 3, 0), request(0, &[], b"n", b"", 0)],
        vec![request(1, &item(0, 0), b"n", b"abc", 0), with(0x05, 1, 0), with(0x15, 1, 0)],
        vec![with(0x05, 1, 0), request(0x05, &count(1, 1, 0), b"n", b"", 99)],
        vec![with(0x05, 1, 0), with(0x05, u64::MAX, 0)],
    ]);
}

#[test]
fn headers_that_lie() {
    let noop = request(0x0a, &[], b"", b"", 0);
    let long = vec![b'k'; 251];
    let mut key_beyond_body = request(0x00, &[], b"key", b"", 0);
    key_beyond_body[3] = 9;
    let mut extras_beyond_body = noop.clone();
    extras_beyond_body[4] = 1;
    let mut wrong_magic = noop.clone();
    wrong_magic[0] = 0x81;
    compare(&[
        vec![key_beyond_body, noop.clone()],
        vec![extras_beyond_body, noop.clone()],
        vec![noop.clone(), wrong_magic, noop.clone()],
        vec![request(0x00, &[], &long, b"", 0), noop.clone()],
        vec![request(0x00, b"x", b"k", b"", 0), noop.clone()],
        vec![request(0x00, &[], b"k", b"v", 0), noop.clone()],
        vec![request(0x00, &[], b"", b"", 0), noop.clone()],
        vec![request(0x01, &[], b"k", b"v", 0), noop.clone()],
        vec![request(0x05, b"1234", b"k", b"", 0), noop.clone()],
        vec![request(0x0a, &[], b"k", b"", 0), noop.clone()],
        vec![request(0x0b, &[], b"k", b"", 0), noop.clone()],
        vec![request(0x04, b"1234", b"k", b"", 0), noop.clone()],
        vec![request(0x08, b"12", b"", b"", 0), noop.clone()],
        vec![request(0x1c, &[], b"k", b"", 0), noop.clone()],
        // Not with extras or a key: memcached would take them off the next request, too.
        vec![request(0x42, &[], b"", b"ef", 0), noop.clone()],
        vec![request(0x20, &[], b"", b"", 0), request(0x21, &[], b"PLAIN", b"x", 0), noop.clone()],
        vec![request(0x10, &[], b"nonsense", b"", 0), noop.clone()],
        vec![request(0x07, &[], b"", b"", 0), noop.clone()],
        vec![request(0x17, &[], b"", b"", 0), noop],
    ]);
}

#[test]
fn a_password_is_asked_for() {
    let settings = polycache_server::config::Settings::parse("requirepass secret").unwrap();
    let engine = polycache_core::engine::Engine::in_memory(Default::default());
    let server = polycache_server::Server::new(engine, settings);
    let say = |script: &[Vec<u8>]| shown(&converse(&server, [&script.concat()[..]])).join("\n");
    let get = request(0x00, &[], b"k", b"", 0);
    let refused = say(&[get.clone(), get.clone()]);
    assert!(refused.ends_with("Auth failure.") && refused.lines().count() == 1, "{refused}");
    assert!(say(&[request(0x0b, &[], b"", b"", 0)]).contains("1.6.18"));
    assert!(say(&[request(0x20, &[], b"", b"", 0)]).ends_with("PLAIN"));
    let auth = |token: &[u8]| request(0x21, &[], b"PLAIN", token, 0);
    assert!(say(&[auth(b"\0default\0wrong"), get.clone()]).ends_with("Auth failure."));
    let good = say(&[auth(b"\0default\0secret"), get]);
    assert!(good.contains("Authenticated") && good.ends_with("Not found"), "{good}");
}

#[test]
fn statistics_come_one_by_one() {
    let server = server();
    let text = shown(&converse(&server, [&request(0x10, &[], b"", b"", 0)[..]])).join("\n");
    assert!(text.contains("curr_items0"), "{text}");
    assert!(text.ends_with("cas0 "), "{text}");
}
