//! Keys of every type in every encoding that a real server has, made by commands, and what to compare of them.

use polycache_tests::support::{Client, Kind, Server, ServerOptions, Value};

/// A real server that may be asked for digests.
pub fn options(kind: Kind) -> ServerOptions {
    let policy = if kind == Kind::Valkey { "allkeys-lfu" } else { "allkeys-lru" };
    ServerOptions::new()
        .flag("save", "")
        .flag("appendonly", "no")
        .flag("enable-debug-command", "yes")
        .flag("maxmemory-policy", policy)
}

/// A command that must not fail.
pub fn run(client: &mut Client, arguments: &[&[u8]]) -> Value {
    let reply = client.call(arguments);
    assert!(!reply.is_error(), "{}: {}", arguments[0].escape_ascii(), reply.text());
    reply
}

fn say(client: &mut Client, line: &str) -> Value {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    run(client, &words)
}

/// Bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(len as u64);
    (0..len).map(|_| random.u8(..)).collect()
}

/// Makes the keys, in databases 0 and 7.
pub fn fill(server: &Server) {
    let mut client = server.client();
    strings(&mut client);
    for (suffix, limits) in [("small", "128"), ("plain", "0")] {
        for setting in ["hash-max-listpack-entries", "zset-max-listpack-entries", "set-max-intset-entries"] {
            say(&mut client, &format!("CONFIG SET {setting} {limits}"));
        }
        if server.kind == Kind::Valkey {
            say(&mut client, &format!("CONFIG SET set-max-listpack-entries {limits}"));
        }
        containers(&mut client, suffix);
    }
    lists(&mut client);
    streams(&mut client);
    if server.kind == Kind::Valkey {
        fields_that_expire(&mut client);
    }
    say(&mut client, "PEXPIREAT string:number 4000000000123");
    say(&mut client, "PEXPIREAT list:small 4000000000123");
    say(&mut client, "SELECT 7");
    say(&mut client, "SET other:database value");
    let library = b"#!lua name=library\nredis.register_function('answer', function() return 42 end)";
    run(&mut client, &[b"FUNCTION", b"LOAD", library]);
}

fn strings(client: &mut Client) {
    for number in
        ["0", "-1", "127", "-128", "128", "32767", "-32769", "2147483647", "2147483648", "-0", "007"]
    {
        run(client, &[b"SET", format!("string:{number}").as_bytes(), number.as_bytes()]);
    }
    say(client, "SET string:number 12345");
    run(client, &[b"SET", b"string:empty", b""]);
    run(client, &[b"SET", b"\0binary\xff\r\n", b"\0\xff\r\n"]);
    run(client, &[b"SET", b"string:compressible", &b"again and again ".repeat(5000)]);
    run(client, &[b"SET", b"string:zeroes", &vec![0; 3_000_000]]);
    run(client, &[b"SET", b"string:noise", &noise(300_000)]);
}

fn containers(client: &mut Client, suffix: &str) {
    for (name, members) in
        [("i16", &["1", "-2", "300"][..]), ("i32", &["1", "-70000"]), ("i64", &["5", "9223372036854775807"])]
    {
        for member in members {
            say(client, &format!("SADD set:{name}:{suffix} {member}"));
        }
    }
    for number in 0..100 {
        say(client, &format!("SADD set:words:{suffix} word{number} {number}"));
        say(client, &format!("HSET hash:{suffix} field{number} value{number} {number} -{number}000000"));
        say(
            client,
            &format!("ZADD zset:{suffix} {number}.25 member{number} -{number} {number} 1e{number} e{number}"),
        );
    }
    run(client, &[b"HSET", format!("hash:{suffix}").as_bytes(), b"", b""]);
    run(client, &[b"HSET", format!("hash:{suffix}").as_bytes(), b"long", &noise(100)]);
    say(client, &format!("ZADD zset:{suffix} inf most -inf least 0.1 tenth 1 one"));
    run(client, &[b"ZADD", format!("zset:long:{suffix}").as_bytes(), b"1.5", &noise(2000)]);
}

fn lists(client: &mut Client) {
    say(client, "RPUSH list:small a 1 -5 70000 9223372036854775807");
    say(client, "CONFIG SET list-compress-depth 1");
    for number in 0..3000 {
        say(client, &format!("RPUSH list:long element-{number}-of-the-list {number}"));
    }
    for len in [0, 1, 63, 64, 4095, 4096, 9000, 100_000] {
        run(client, &[b"RPUSH", b"list:sizes", &noise(len)]);
    }
}

fn streams(client: &mut Client) {
    for number in 1..=500 {
        say(client, &format!("XADD stream:long {number}-1 sensor s{} value {number}", number % 3));
    }
    say(client, "XADD stream:long 600-5 other fields");
    for number in [1, 77, 78, 300] {
        say(client, &format!("XDEL stream:long {number}-1"));
    }
    say(client, "XGROUP CREATE stream:long group 0");
    say(client, "XGROUP CREATE stream:long fresh $");
    say(client, "XGROUP CREATE stream:long unknown 78-0");
    say(client, "XREADGROUP GROUP group alice COUNT 150 STREAMS stream:long >");
    say(client, "XREADGROUP GROUP group bob COUNT 20 STREAMS stream:long >");
    say(client, "XACK stream:long group 2-1 3-1");
    say(client, "XCLAIM stream:long group bob 0 5-1 TIME 1700000000000 RETRYCOUNT 9");
    say(client, "XGROUP CREATECONSUMER stream:long group idle");
    say(client, "XADD stream:emptied 5-5 a b");
    say(client, "XDEL stream:emptied 5-5");
    say(client, "XADD stream:huge-ids 18446744073709551615-1 a b");
    say(client, "XADD stream:huge-ids 18446744073709551615-18446744073709551615 a b");
}

fn fields_that_expire(client: &mut Client) {
    for number in 0..200 {
        say(client, &format!("HSET hash:expiring field{number} value{number}"));
    }
    say(client, "HPEXPIREAT hash:expiring 4000000000123 FIELDS 2 field1 field2");
    say(client, "HSET hash:one-expires f v");
    say(client, "HPEXPIREAT hash:one-expires 4000000000456 FIELDS 1 f");
}

/// All keys of a database.
pub fn keys(client: &mut Client, database: u32) -> Vec<Vec<u8>> {
    say(client, &format!("SELECT {database}"));
    let reply = run(client, &[b"KEYS", b"*"]);
    let mut keys: Vec<_> = reply.items().iter().filter_map(|key| key.bytes().map(<[u8]>::to_vec)).collect();
    keys.sort();
    keys
}

/// What must be the same of a key on two servers, or of two keys on one.
pub fn fingerprint(client: &mut Client, key: &[u8]) -> Vec<String> {
    let digest = run(client, &[b"DEBUG", b"DIGEST-VALUE", key]);
    let mut parts = vec![digest.items().iter().map(Value::text).collect::<String>()];
    parts.push(run(client, &[b"PEXPIRETIME", key]).text());
    let kind = run(client, &[b"TYPE", key]).text();
    if kind == "zset" {
        // Servers print doubles in different ways, and that goes into the digest.
        let members = run(client, &[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]);
        parts[0] = members.items().chunks(2).fold(String::new(), |all, pair| {
            let score: f64 = pair[1].text().parse().expect("a score");
            format!("{all} {:?} {:x}", pair[0].bytes(), score.to_bits())
        });
    }
    if kind == "stream" {
        parts.extend(stream(client, key));
    }
    if kind == "hash" {
        for field in [b"f".as_slice(), b"field1", b"field3"] {
            let reply = client.call(&[b"HPEXPIRETIME", key, b"FIELDS", b"1", field]);
            // Only Valkey knows the command.
            parts.push(reply.items().first().map(Value::text).unwrap_or_default());
        }
    }
    parts
}

/// What XINFO tells of a stream, without how it lies in memory and how long ago things were.
fn stream(client: &mut Client, key: &[u8]) -> Vec<String> {
    let volatile = ["radix-tree-keys", "radix-tree-nodes", "seen-time", "active-time", "entries"];
    let full = run(client, &[b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0"]);
    let mut parts = Vec::new();
    let mut flat = vec![(String::new(), &full)];
    while let Some((path, value)) = flat.pop() {
        let items = value.items();
        let is_named = items.len() % 2 == 0 && items.first().is_some_and(|item| item.bytes().is_some());
        match items {
            [] => parts.push(format!("{path}={}", value.text())),
            _ if is_named && !path.ends_with("pel") && !path.ends_with("pending") => {
                for pair in items.chunks(2).filter(|pair| !volatile.contains(&pair[0].text().as_str())) {
                    flat.push((format!("{path}/{}", pair[0].text()), &pair[1]));
                }
            }
            _ => flat.extend(items.iter().enumerate().map(|(at, item)| (format!("{path}/{at}"), item))),
        }
    }
    parts.sort();
    parts
}
