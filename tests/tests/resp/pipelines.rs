//! Many commands at once, big values, many connections.

use std::thread;

use polycache_tests::support::{Kind, Server, Value};

fn words(text: &str) -> Vec<Vec<u8>> {
    text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

#[test]
fn hundred_thousand_commands_in_one_pipeline() {
    let server = Server::volatile(Kind::Polycache);
    let commands: Vec<_> = (0..100_000).map(|_| words("INCR counter")).collect();
    let replies = server.client().pipeline(&commands).expect("replies");
    for (index, reply) in replies.iter().enumerate() {
        assert_eq!(reply.integer(), Some(index as i64 + 1));
    }
}

#[test]
fn replies_keep_their_order_among_errors() {
    let server = Server::volatile(Kind::Polycache);
    let commands: Vec<_> = ["SET k v", "NONSENSE", "GET k", "INCR k", "GET", "DEL k", "GET k"]
        .iter()
        .map(|text| words(text))
        .collect();
    let replies = server.client().pipeline(&commands).expect("replies");
    assert!(replies[0].is_ok());
    assert_eq!(replies[1].text(), "ERR unknown command 'NONSENSE', with args beginning with: ");
    assert_eq!(replies[2], Value::Bulk(b"v".to_vec()));
    assert_eq!(replies[3].text(), "ERR value is not an integer or out of range");
    assert_eq!(replies[4].text(), "ERR wrong number of arguments for 'get' command");
    assert_eq!(replies[5].integer(), Some(1));
    assert_eq!(replies[6], Value::NullBulk);
}

#[test]
fn a_long_pipeline_does_not_starve_others() {
    let server = Server::volatile(Kind::Polycache);
    let port = server.port;
    let long = thread::spawn(move || {
        let mut client = polycache_tests::support::Client::connect(port);
        let commands: Vec<_> = (0..50_000).map(|_| words("INCR counter")).collect();
        client.pipeline(&commands).expect("replies").len()
    });
    let mut other = server.client();
    for _ in 0..200 {
        assert_eq!(other.say("PING").text(), "PONG");
    }
    assert_eq!(long.join().expect("a thread"), 50_000);
}

#[test]
fn values_of_many_megabytes() {
    let server = Server::volatile(Kind::Polycache);
    let mut client = server.client();
    let value: Vec<u8> = (0..64 * 1024 * 1024_usize).map(|i| (i / 7) as u8).collect();
    assert!(client.call(&[b"SET".as_slice(), b"big", &value]).is_ok());
    let Value::Bulk(back) = client.say("GET big") else { panic!("no bulk") };
    assert!(back == value, "the value changed");
    assert_eq!(client.say("STRLEN big").integer(), Some(value.len() as i64));
    assert_eq!(client.say("GETRANGE big 1000000 1000003").bytes(), Some(&value[1_000_000..1_000_004]));
}

#[test]
fn the_largest_value_and_one_byte_more() {
    let server = Server::volatile(Kind::Polycache);
    let mut client = server.client();
    let limit = 512 * 1024 * 1024;
    assert!(client.say(&format!("SETRANGE edge {} x", limit - 1)).integer() == Some(limit));
    assert_eq!(
        client.say(&format!("SETRANGE edge {limit} x")).text(),
        "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
    );
    assert_eq!(
        client.say("APPEND edge x").text(),
        "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
    );
}

#[test]
fn every_byte_survives_in_keys_and_values() {
    let server = Server::volatile(Kind::Polycache);
    let mut client = server.client();
    for byte in 0..=255_u8 {
        let text = [byte, 0, byte, b'\r', b'\n', 0xff, byte];
        assert!(client.call(&[b"SET".as_slice(), &text, &text]).is_ok());
        assert_eq!(client.call(&[b"GET".as_slice(), &text]).bytes(), Some(&text[..]));
    }
    assert_eq!(client.say("DBSIZE").integer(), Some(256));
    assert!(client.call(&[b"SET".as_slice(), b"", b"the empty key"]).is_ok());
    assert_eq!(client.call(&[b"GET".as_slice(), b""]).text(), "the empty key");
}

#[test]
fn counters_from_many_connections_add_up() {
    let server = Server::volatile(Kind::Polycache);
    let port = server.port;
    let threads: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(move || {
                let mut client = polycache_tests::support::Client::connect(port);
                for _ in 0..20 {
                    let batch: Vec<_> = (0..50).map(|_| words("INCR shared")).collect();
                    client.pipeline(&batch).expect("replies");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("a thread"));
    assert_eq!(server.client().say("GET shared").text(), "8000");
}

#[test]
fn multi_key_writes_are_seen_whole() {
    let server = Server::volatile(Kind::Polycache);
    let port = server.port;
    let writer = thread::spawn(move || {
        let mut client = polycache_tests::support::Client::connect(port);
        for round in 0..1500 {
            let text = format!("MSET left {round} right {round} third {round}");
            assert!(client.say(&text).is_ok());
        }
    });
    let mut reader = server.client();
    let mut last = -1;
    while !writer.is_finished() {
        let values = reader.say("MGET left right third");
        let seen: Vec<String> = values.items().iter().map(Value::text).collect();
        assert!(seen.iter().all(|value| *value == seen[0]), "half of an MSET was seen: {seen:?}");
        let round = seen[0].parse().unwrap_or(-1);
        assert!(round >= last, "went back from {last} to {round}");
        last = round;
    }
    writer.join().expect("a thread");
}
