//! Scripts are one: nobody sees half of one, whichever keys it declared; and what they did, and libraries, survive.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use polycache_tests::support::{Client, Kind, Server, ServerOptions};

use super::ours;

const ACCOUNTS: usize = 8;
const SUM: i64 = 1000 * ACCOUNTS as i64;

/// Moves money between keys that are made up, not declared.
const MOVE: &str = "local from, to = 'account:' .. ARGV[1], 'account:' .. ARGV[2] \
    local amount = tonumber(ARGV[3]) \
    redis.call('decrby', from, amount) \
    local wait = 0 for i = 1, 200 do wait = wait + i end \
    redis.call('incrby', to, amount) return 1";

fn sum(client: &mut Client) -> i64 {
    let names: Vec<String> = (0..ACCOUNTS).map(|number| format!("account:{number}")).collect();
    let mut words = vec!["MGET"];
    words.extend(names.iter().map(String::as_str));
    client.call(&words).items().iter().map(|value| value.text().parse::<i64>().unwrap()).sum()
}

#[test]
fn money_is_never_lost_by_scripts_with_undeclared_keys() {
    let server = ours();
    let port = server.port;
    let mut client = Client::connect(port);
    for number in 0..ACCOUNTS {
        client.call(&["SET", &format!("account:{number}"), "1000"]);
    }
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let movers: Vec<_> = (0..4u64)
            .map(|seed| {
                scope.spawn(move || {
                    let mut client = Client::connect(port);
                    let mut state = seed + 1;
                    let mut next = |bound: u64| {
                        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        ((state >> 33) % bound).to_string()
                    };
                    for _ in 0..500 {
                        let (from, to, amount) = (next(8), next(8), next(50));
                        let declared = ["0".to_owned(), "1".to_owned()][usize::from(from > to)].clone();
                        let key = format!("account:{from}");
                        let words: Vec<&str> = if declared == "0" {
                            vec!["EVAL", MOVE, "0", &from, &to, &amount]
                        } else {
                            vec!["EVAL", MOVE, "1", &key, &from, &to, &amount]
                        };
                        let reply = client.call(&words);
                        // Two scripts that need each other's keys, after one has written: said so, and undone by hand.
                        assert!(!reply.is_error() || reply.text().contains("each other's keys"), "{reply:?}");
                        if reply.is_error() {
                            let all = client.call(&[
                                "EVAL",
                                "return redis.call('incrby', KEYS[1], ARGV[1])",
                                "1",
                                &key,
                                &amount,
                            ]);
                            assert!(!all.is_error());
                        }
                    }
                })
            })
            .collect();
        let reader = scope.spawn(|| {
            let mut client = Client::connect(port);
            let mut torn = 0;
            while !stop.load(Ordering::SeqCst) {
                if sum(&mut client) > SUM {
                    torn += 1;
                }
            }
            torn
        });
        movers.into_iter().for_each(|mover| mover.join().unwrap());
        stop.store(true, Ordering::SeqCst);
        assert_eq!(reader.join().unwrap(), 0);
    });
    assert_eq!(sum(&mut client), SUM);
}

#[test]
fn commands_on_the_whole_keyspace_run_alone() {
    let server = ours();
    let mut client = Client::connect(server.port);
    client.call(&["MSET", "a", "1", "b", "2"]);
    for source in [
        "return redis.call('dbsize')",
        "local name = 'db' .. 'size' return redis.call(name)",
        "local name = 'db' .. 'size' local _, size = pcall(redis.call, name) return redis.call(name)",
        "return #redis.call('keys', '*')",
        "return #redis.call('scan', '0')[2]",
    ] {
        assert_eq!(client.call(&["EVAL", source, "1", "a"]).integer(), Some(2), "{source}");
    }
    let flush = "local name = 'flush' .. 'all' redis.call(name) return redis.call('set', 'c', '1')";
    assert!(client.call(&["EVAL", flush, "1", "a"]).is_ok());
    assert_eq!(client.call(&["DBSIZE"]).integer(), Some(1));
    let late = "redis.call('set', 'd', '1') return redis.call('flush' .. 'db')";
    assert!(client.call(&["EVAL", late, "1", "d"]).is_error());
    assert_eq!(client.call(&["DBSIZE"]).integer(), Some(2));
}

#[test]
fn effects_and_libraries_survive() {
    for format in ["resp", "rdb", "snapshot"] {
        let directory = tempfile::tempdir().unwrap();
        let start = || {
            let options = ServerOptions::new()
                .flag("save", "")
                .flag("appendonly", "yes")
                .flag("appendfsync", "always")
                .flag("aof-base-format", format)
                .dir(directory.path());
            Server::start(Kind::Polycache, options)
        };
        let check = |server: &Server| {
            let mut client = Client::connect(server.port);
            assert_eq!(client.call(&["FCALL", "twice", "0", "21"]).integer(), Some(42), "{format}");
            assert!(client.call(&["FCALL", "gone", "0"]).is_error(), "{format}");
            assert_eq!(client.call(&["GET", "k"]).text(), "3", "{format}");
        };
        let mut server = start();
        let mut client = Client::connect(server.port);
        let twice =
            "#!lua name=kept\nredis.register_function('twice', function(_, args) return args[1] * 2 end)";
        let gone = "#!lua name=gone\nredis.register_function('gone', function() end)";
        client.call(&["FUNCTION", "LOAD", twice]);
        client.call(&["FUNCTION", "LOAD", gone]);
        client.call(&["FUNCTION", "DELETE", "gone"]);
        let count = "for i = 1, 3 do redis.call('incr', 'k') end return redis.call('get', 'k')";
        assert_eq!(client.call(&["EVAL", count, "0"]).text(), "3");
        check(&server);
        server.kill();
        let mut server = start();
        check(&server);
        let mut client = Client::connect(server.port);
        assert!(!client.call(&["BGREWRITEAOF"]).is_error());
        while !client.call(&["INFO", "persistence"]).text().contains("aof_rewrite_in_progress:0") {
            thread::sleep(std::time::Duration::from_millis(5));
        }
        server.kill();
        check(&start());
    }
}

/// As with one state of Lua for all: whichever thread a script runs on, it finds what another has set.
#[test]
fn settings_of_cjson_last() {
    let server = ours();
    let set =
        "cjson.encode_sparse_array(true, 1, 1) cjson.encode_number_precision(3) return cjson.encode(1/3)";
    assert_eq!(server.client().call(&["EVAL", set, "0"]).text(), "0.333");
    for _ in 0..16 {
        let get = "return cjson.encode({[1]=1/3,[100]=2})";
        assert_eq!(server.client().call(&["EVAL", get, "0"]).text(), r#"{"1":0.333,"100":2}"#);
    }
}
