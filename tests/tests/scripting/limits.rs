//! Scripts that must not get away with it: endless loops, floods of memory, deep recursion, and the known holes of Lua
//! 5.1 and of the libraries of scripts.

use std::thread;
use std::time::{Duration, Instant};

use polycache_tests::support::{Client, Value};

use super::ours;

/// The error of a script; the server must be alive behind it.
fn refused(port: u16, source: &str) -> String {
    let reply = Client::connect(port).call(&["EVAL", source, "0"]);
    assert_eq!(Client::connect(port).call(&["EVAL", "return 1", "0"]), Value::Integer(1));
    assert!(reply.is_error(), "{source:?} was not refused but gave {reply:?}");
    reply.text()
}

/// Ends what runs as soon as it can be seen.
fn kill(port: u16, what: &str) {
    let mut client = Client::connect(port);
    let started = Instant::now();
    while client.call(&[what, "KILL"]).is_error() {
        assert!(started.elapsed() < Duration::from_secs(20), "nothing to kill");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_endless_loop_is_killed_while_others_are_served() {
    let server = ours();
    let port = server.port;
    for source in ["while true do end", "while true do pcall(function() while true do end end) end"] {
        let looping = thread::spawn(move || Client::connect(port).call(&["EVAL", source, "0"]));
        kill(port, "SCRIPT");
        let text = looping.join().unwrap().text();
        assert!(text.contains("Script killed by user"), "{text}");
    }
    assert!(Client::connect(port).call(&["SCRIPT", "KILL"]).is_error());
}

#[test]
fn a_quick_script_that_loops_for_once_is_moved_and_killed() {
    let server = ours();
    let port = server.port;
    let source = "if ARGV[1] == 'loop' then while true do end end return 1";
    for _ in 0..3 {
        assert_eq!(Client::connect(port).call(&["EVAL", source, "0", "no"]), Value::Integer(1));
    }
    let looping: Vec<_> = (0..3)
        .map(|_| thread::spawn(move || Client::connect(port).call(&["EVAL", source, "0", "loop"])))
        .collect();
    for _ in 0..3 {
        assert!(!Client::connect(port).call(&["PING"]).is_error());
    }
    while looping.iter().any(|looping| !looping.is_finished()) {
        let _ = Client::connect(port).call(&["SCRIPT", "KILL"]);
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_script_that_has_written_is_not_killed() {
    let server = ours();
    let port = server.port;
    let source =
        "redis.call('set', 'k', 'v') local t = os.clock() while os.clock() - t < 1.5 do end return 7";
    let writing = thread::spawn(move || Client::connect(port).call(&["EVAL", source, "1", "k"]));
    let mut client = Client::connect(port);
    loop {
        let reply = client.call(&["SCRIPT", "KILL"]);
        if reply.is_error_with("UNKILLABLE") {
            break;
        }
        assert!(reply.is_error_with("NOTBUSY") && !writing.is_finished(), "{reply:?}");
        thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(writing.join().unwrap(), Value::Integer(7));
}

/// Starts a script that loops, and more clients than there are workers with what must wait for it; ends it then.
/// Returns what the script and the others were answered.
fn kill_beside(
    source: &'static str,
    setup: &[&[&str]],
    others: &'static [&'static [&'static str]],
) -> Vec<Value> {
    let server = ours();
    let port = server.port;
    let mut client = Client::connect(port);
    assert!(!client.call(&["CONFIG", "SET", "busy-reply-threshold", "150"]).is_error());
    setup.iter().for_each(|command| assert!(!client.call(command).is_error()));
    let looping = thread::spawn(move || Client::connect(port).call(&["EVAL", source, "1", "k"]));
    // FUNCTION STATS tells of scripts too.
    while format!("{:?}", client.call(&["FUNCTION", "STATS"])).contains("\"running_script\", $-1") {
        thread::sleep(Duration::from_millis(1));
    }
    let waiting: Vec<_> = (0..16)
        .flat_map(|_| others)
        .map(|command| thread::spawn(move || Client::connect(port).call(command)))
        .collect();
    // Served until the script is over: nobody else frees a worker.
    let replies: Vec<Value> = waiting.into_iter().map(|waiting| waiting.join().unwrap()).collect();
    assert!(!looping.is_finished());
    kill(port, "SCRIPT");
    let text = looping.join().unwrap().text();
    assert!(text.contains("Script killed by user"), "{text}");
    // Nothing stays closed.
    for command in others {
        assert!(!client.call(command).is_error_with("BUSY"), "{command:?}");
    }
    replies
}

#[test]
fn what_waits_for_a_script_that_loops_is_told_that_it_is_busy() {
    // Alone with the keyspace, as DBSIZE by another name turns out to need that.
    let alone = "local f = 'dbsize' while true do redis.call(f) end";
    let others: &[&[&str]] = &[
        &["GET", "k"],
        &["SET", "k", "v"],
        &["MGET", "k", "j"],
        &["EVAL", "return redis.call('GET', 'x')", "1", "x"],
    ];
    for reply in kill_beside(alone, &[], others) {
        assert!(reply.is_error_with("BUSY"), "{reply:?}");
    }
    // With one key only: others are served, unless they want that key or everything.
    let keyed = "while true do redis.call('get', KEYS[1]) end";
    for reply in kill_beside(keyed, &[&["SET", "j", "1"]], &[&["GET", "j"], &["INCR", "j"]]) {
        assert!(!reply.is_error(), "{reply:?}");
    }
    let others: &[&[&str]] = &[
        &["FLUSHALL"],
        &["SWAPDB", "0", "1"],
        &["GET", "k"],
        &["SET", "k", "v"],
        &["RENAME", "k", "j"],
        &["BLMOVE", "k", "j", "LEFT", "LEFT", "0.01"],
        &["FUNCTION", "FLUSH"],
        &["SAVE"],
    ];
    for reply in kill_beside(keyed, &[], others) {
        assert!(reply.is_error_with("BUSY"), "{reply:?}");
    }
}

#[test]
fn newcomers_are_served_while_every_worker_runs_a_script() {
    let server = ours();
    let port = server.port;
    let mut client = Client::connect(port);
    assert!(!client.call(&["CONFIG", "SET", "busy-reply-threshold", "150"]).is_error());
    // In a transaction a script stays on the worker's thread.
    let looping: Vec<_> = (0..16)
        .map(|number| {
            thread::spawn(move || {
                let mut client = Client::connect(port);
                client.call(&["MULTI"]);
                client.call(&[
                    "EVAL",
                    "while true do redis.call('get', KEYS[1]) end",
                    "1",
                    &format!("k{number}"),
                ]);
                client.call(&["EXEC"])
            })
        })
        .collect();
    while looping.iter().any(|looping| !looping.is_finished()) {
        let _ = Client::connect(port).call(&["SCRIPT", "KILL"]);
        thread::sleep(Duration::from_millis(5));
    }
    for looping in looping {
        // One after the other, each alone with the keyspace; who waits for that for too long is told.
        let reply = looping.join().unwrap();
        assert!(format!("{reply:?}").contains("killed") || reply.is_error_with("BUSY"), "{reply:?}");
    }
}

#[test]
fn a_function_is_killed_by_its_own_command() {
    let server = ours();
    let port = server.port;
    let code = "#!lua name=l\nredis.register_function('f', function() while true do end end)";
    Client::connect(port).call(&["FUNCTION", "LOAD", code]);
    let looping = thread::spawn(move || Client::connect(port).call(&["FCALL", "f", "0"]));
    kill(port, "FUNCTION");
    assert!(looping.join().unwrap().is_error());
    let endless = "#!lua name=e\nwhile true do end";
    assert!(Client::connect(port).call(&["FUNCTION", "LOAD", endless]).is_error());
}

#[test]
fn memory_is_bounded() {
    let port = ours();
    let port = port.port;
    for source in [
        "local t = {} while true do t[#t + 1] = string.rep('x', 1000000) .. #t end",
        "return #string.rep('x', 2 ^ 30)",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
    ] {
        let text = refused(port, source);
        assert!(text.contains("not enough memory"), "{source}: {text}");
    }
}

#[test]
fn recursion_is_bounded() {
    let server = ours();
    let port = server.port;
    for (source, message) in [
        ("local function f() return 1 + f() end return f()", "stack overflow"),
        ("local function f() return pcall(f) end f() error('end')", "end"),
        ("local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x", "overflow"),
        ("return string.rep('(', 200000):find(string.rep('(', 200000))", "pattern too complex"),
        ("return string.rep('a', 300000):find(string.rep('a?', 300000))", "pattern too complex"),
        ("return loadstring(string.rep('(', 100000) .. '1')()", "call a nil value"),
        ("return cjson.decode(string.rep('[', 100000))", "too many nested"),
        ("cjson.decode_max_depth(1e8) return cjson.decode(string.rep('[', 100000))", "too many nested"),
        ("cjson.encode_max_depth(1e8) local t = {} t[1] = t return cjson.encode(t)", "excessive nesting"),
        ("return cmsgpack.unpack(string.rep('\\145', 100000))", "stack overflow"),
    ] {
        let text = refused(port, source);
        assert!(text.contains(message), "{source}: {text}");
    }
    let nested = "local t = {} for i = 1, 100000 do t = {t} end return t";
    let mut client = Client::connect(port);
    let _ = client.call(&["EVAL", nested, "0"]);
    assert_eq!(Client::connect(port).call(&["EVAL", "return 1", "0"]), Value::Integer(1));
}

/// CVE-2025-49844: the name of a chunk that is being compiled was not anchored, and the collector could free it.
#[test]
fn the_collector_rests_while_sources_are_compiled() {
    let server = ours();
    let source = "for i = 1, 300 do \
        local name = '@' .. string.rep('n', 100 + i) .. i \
        local f = assert(loadstring('local a = \"' .. string.rep('x', i * 50) .. '\" return function() error(a) end', name)) \
        local ok, text = pcall(f()) \
        collectgarbage('step') \
        if ok or not text:find(string.rep('n', 30), 1, true) then error('name lost') end end return 1";
    assert_eq!(Client::connect(server.port).call(&["EVAL", source, "0"]), Value::Integer(1));
}

/// CVE-2025-46817: the count of `unpack` overflowed.
#[test]
fn unpack_counts_right() {
    let server = ours();
    for range in ["0, 2147483647", "-2147483648, 2147483647", "1, 2147483647", "-2147483648, -1"] {
        let text = refused(server.port, &format!("return {{unpack({{1, 2, 3}}, {range})}}"));
        assert!(text.contains("too many results to unpack"), "{range}: {text}");
    }
}

/// CVE-2025-46818: the metatables of strings and of other basic types could be changed for scripts of other users.
#[test]
fn metatables_of_basic_types_cannot_be_changed() {
    let server = ours();
    for source in [
        "getmetatable('').__index = function() return 1 end",
        "getmetatable('').__add = function() return 1 end",
        "rawset(getmetatable(''), '__index', {})",
        "setmetatable(getmetatable(''), {})",
        "string.upper = nil",
        "rawset(string, 'upper', nil)",
        "table.insert(string, 1)",
        "setmetatable(string, {})",
        "setmetatable(_G, {})",
        "rawset(_G, 'x', 1)",
        "rawset(redis, 'call', nil)",
        "getmetatable(redis).__index = {}",
        "getmetatable(_G).__newindex = nil",
        "_G.string = {}",
        "table.sort(redis, function() end)",
        "table.remove(KEYS and redis)",
    ] {
        refused(server.port, source);
    }
    let check = "return {('x'):upper(), tostring(x_y == nil and false)}";
    let _ = Client::connect(server.port).call(&["EVAL", check, "0"]);
    let plain = "return ('x'):upper() .. string.lower('Y') .. redis.call('ping').ok";
    assert_eq!(Client::connect(server.port).call(&["EVAL", plain, "0"]), Value::Bulk(b"XyPONG".to_vec()));
}

/// CVE-2025-46819: long brackets were counted in an `int`, and read past their end.
#[test]
fn long_brackets_end_in_errors() {
    let server = ours();
    for source in ["return [=", "return [====", "return [==[ab", "--[==[", "return [=[]]"] {
        assert!(refused(server.port, source).contains("Error compiling"), "{source}");
    }
    let nested = "return loadstring('return [' .. string.rep('=', 1e7))()";
    refused(server.port, nested);
}

/// CVE-2024-31449: `bit.tohex` with the smallest integer as number of digits wrote behind its buffer.
#[test]
fn tohex_bounds_its_digits() {
    let server = ours();
    let source = "return {bit.tohex(65535, -2147483648), bit.tohex(65535, 2147483647), bit.tohex(1, -1)}";
    let reply = Client::connect(server.port).call(&["EVAL", source, "0"]);
    let bulk = |text: &str| Value::Bulk(text.as_bytes().to_vec());
    assert_eq!(reply, Value::Array(vec![bulk("0000FFFF"), bulk("0000ffff"), bulk("1")]));
}

/// CVE-2022-24834: lengths in `cjson` and `cmsgpack` overflowed with very long texts.
#[test]
fn long_texts_pass_through_the_libraries() {
    let server = ours();
    let source = "local s = string.rep('\\1', 2000000) local j = cjson.encode({s, s}) \
        local d = cjson.decode(j) local p = cmsgpack.pack({s, s}) local u = cmsgpack.unpack(p) \
        return {#j, #d[1], #p, #u[2], tostring(d[2] == s and u[1] == s)}";
    let reply = Client::connect(server.port).call(&["EVAL", source, "0"]);
    let integers = [24_000_007, 2_000_000, 4_000_011, 2_000_000].map(Value::Integer);
    let mut expected = integers.to_vec();
    expected.push(Value::Bulk(b"true".to_vec()));
    assert_eq!(reply, Value::Array(expected));
}

#[test]
fn compiled_code_is_not_loaded() {
    let server = ours();
    let source = "local f = string.dump(function() return 1 end) local g = loadstring(f) \
        local h = load(function() local piece = f f = nil return piece end) return {tostring(g), tostring(h)}";
    let reply = Client::connect(server.port).call(&["EVAL", source, "0"]);
    let nil = || Value::Bulk(b"nil".to_vec());
    assert_eq!(reply, Value::Array(vec![nil(), nil()]));
    refused(server.port, "\u{1b}Lua");
}
