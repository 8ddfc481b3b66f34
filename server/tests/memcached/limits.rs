//! Long lines, large replies, passwords, garbage: what has no counterpart in memcached to compare with.

use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_server::Server;
use polycache_server::config::Settings;
use polycache_server::memcached::converse;

use crate::oracle::server;

/// What a retrieval sends does not depend on how its line arrives, at any length.
#[test]
fn a_long_retrieval_in_portions() {
    let server = server();
    let value = "v".repeat(5000);
    converse(&server, [format!("set key77 1 0 5000\r\n{value}\r\n").as_bytes()]);
    let keys: Vec<String> = (0..2000).map(|i| format!("key{}", i % 100)).collect();
    let script = format!("get {}\r\nversion\r\n", keys.join(" "));
    let expected =
        format!("{}END\r\nVERSION", format!("VALUE key77 1 5000\r\n{value}\r\n").repeat(20)).into_bytes();
    for portion in [1, 2, 7, 64, 1000, 2047, 2048, 2049, 10_000, script.len()] {
        let replies = converse(&server, script.as_bytes().chunks(portion));
        assert!(replies.starts_with(&expected), "portions of {portion} bytes");
    }
}

/// The reply to a retrieval may be larger than a turn's output.
#[test]
fn a_retrieval_of_more_than_a_turn() {
    let server = server();
    let value = "v".repeat(1_000_000);
    converse(&server, [format!("set big 0 0 1000000\r\n{value}\r\n").as_bytes()]);
    let script = format!("get{}\r\nget x\r\n", " big".repeat(10));
    let one = format!("VALUE big 0 1000000\r\n{value}\r\n");
    let replies = converse(&server, [script.as_bytes()]);
    assert!(replies == format!("{}END\r\nEND\r\n", one.repeat(10)).into_bytes());
}

/// With a password: nothing but a `set` that carries it.
#[test]
fn a_password_is_asked_for() {
    let settings = Settings { requirepass: "secret".into(), ..Settings::default() };
    let server = Server::new(Engine::in_memory(EngineConfig::default()), settings);
    let refused = b"CLIENT_ERROR unauthenticated\r\n".as_slice();
    for script in
        ["get a\r\n", "version\r\n", "set a 0 0 5\r\nwrong\r\n", "set a 0 0 14\r\ndefault wrong!\r\n", "\r\n"]
    {
        assert_eq!(converse(&server, [script.as_bytes()]), refused, "{script}");
    }
    let script = b"set a 0 0 14\r\ndefault secret\r\nget a\r\nset a 0 0 1\r\nx\r\nget a\r\n".as_slice();
    for cut in 1..script.len() {
        let (first, second) = script.split_at(cut);
        converse(&server, [b"set z 0 0 14\r\ndefault secret\r\nflush_all\r\n".as_slice()]);
        let replies = converse(&server, [first, second]);
        assert_eq!(replies, b"STORED\r\nEND\r\nSTORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n", "cut at {cut}");
    }
}

/// Garbage is answered or hung up on; it neither panics nor hangs (`converse` asserts progress).
#[test]
fn garbage() {
    let server = server();
    let pieces: &[&[u8]] = &[
        b"get ",
        b"gets ",
        b"gat 0 ",
        b"set a 0 0 ",
        b"cas a 0 0 1 ",
        b"incr a ",
        b"delete ",
        b"touch a ",
        b"stats ",
        b"a",
        b" ",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"\xff\x80",
        b"noreply",
        b"1",
        b"-1",
        b"99999999999999999999",
        b"2147483645",
        b"quit",
        b"flush_all ",
        b":",
        b"detail on",
        b"version",
    ];
    for seed in 0..3000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut input = vec![random.u8(..)];
        for _ in 0..random.usize(..40) {
            input.extend_from_slice(pieces[random.usize(..pieces.len())]);
        }
        polycache_server::memcached::fuzz(&server, &input);
    }
}

/// Whatever comes, the replies do not depend on where packets end.
#[test]
fn garbage_in_portions() {
    let (whole, cut) = (server(), server());
    let pieces: &[&[u8]] = &[
        b"get ",
        b"gat 0 ",
        b"set a 0 0 ",
        b"set a 0 0 3\r\nabc\r\n",
        b"append a 0 0 2 noreply\r\n",
        b"add b 1 0 ",
        b"incr a ",
        b"delete ",
        b"touch a ",
        b"a",
        b"b ",
        b" ",
        b"\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b"noreply",
        b"1",
        b"0",
        b"-1",
        b"12",
        b"2000000",
        b"2000000\r\nx",
        b"flush_all ",
        b"version",
    ];
    for seed in 0..3000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let input: Vec<u8> =
            (0..random.usize(1..60)).flat_map(|_| pieces[random.usize(..pieces.len())]).copied().collect();
        let expected = converse(&whole, [input.as_slice()]);
        let mut portions = Vec::new();
        let mut rest = input.as_slice();
        while !rest.is_empty() {
            let (portion, behind) = rest.split_at(random.usize(1..=rest.len()));
            portions.push(portion);
            rest = behind;
        }
        let replies = converse(&cut, portions.iter().copied());
        assert_eq!(
            replies.escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
            "seed {seed}: {portions:?}"
        );
    }
}
