//! Random rules for random users, on Valkey and on ours: what SETUSER says, how users are printed, and what DRYRUN
//! finds for commands of all kinds. `POLYCACHE_DIFFERENTIAL_CASES` makes it longer.

use fastrand::Rng;
use polycache_tests::differential::setting;
use polycache_tests::support::{Client, Kind, Server, ServerOptions};

const PATTERNS: &[&str] = &["*", "a*", "b", "?c", "[ab]*", "", "k1", "a b", "\\*"];
const COMMANDS: &[&str] = &[
    "get",
    "set",
    "GETEX",
    "mget",
    "config",
    "config|get",
    "CONFIG|SET",
    "config|nope",
    "client",
    "client|id",
    "acl",
    "acl|setuser",
    "select|0",
    "set|k1",
    "object|help",
    "object",
    "nope",
    "get|",
    "|x",
    "",
    "config|get|x",
    "del",
    "sort",
    "copy",
    "xgroup|create",
    "memory",
    "memory|usage",
    "keys",
    "flushall",
    "swapdb",
    "move",
    "debug|object",
];
const CATEGORIES: &[&str] = &[
    "all",
    "read",
    "write",
    "WRITE",
    "keyspace",
    "string",
    "set",
    "sortedset",
    "list",
    "hash",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "nope",
    "",
];
const WORDS: &[&str] = &[
    "on",
    "off",
    "ON",
    "nopass",
    "resetpass",
    "reset",
    "allkeys",
    "resetkeys",
    "allchannels",
    "resetchannels",
    "allcommands",
    "nocommands",
    "clearselectors",
    "sanitize-payload",
    "skip-sanitize-payload",
    "alldbs",
    "resetdbs",
    "db=0",
    "db=1,2",
    "db=0,5",
    "db=",
    "db=x",
    "DB=3,0",
    "",
    "bogus",
    "(",
    ")",
    ">p1",
    ">p2",
    "<p1",
    "<p9",
    "#12",
    "!",
    "#aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "!aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];
const ASKED: &[&str] = &[
    "get k1",
    "get a1",
    "GET b",
    "set k1 v",
    "set a1 v get",
    "mget a1 b",
    "mset a1 1 k1 2",
    "del a1",
    "exists k1",
    "copy a1 b",
    "copy a1 b DB 1",
    "rename a1 b",
    "incr a1",
    "append b x",
    "getdel b",
    "strlen a1",
    "type b",
    "touch b",
    "config get x",
    "config set a b",
    "client id",
    "client list",
    "acl whoami",
    "acl setuser x",
    "select 0",
    "select 1",
    "select 5",
    "swapdb 0 1",
    "swapdb 1 2",
    "move a1 1",
    "flushall",
    "flushdb",
    "keys *",
    "scan 0",
    "dbsize",
    "ping",
    "echo x",
    "object help",
    "object encoding a1",
    "memory usage b",
    "sort a1",
    "sort a1 by b* get c* store k1",
    "sort_ro b",
    "lpush a1 x",
    "lpop b",
    "blpop a1 b 0",
    "lmove a1 b left right",
    "sadd b x",
    "smove a1 b x",
    "sinterstore a1 b k1",
    "zadd a1 1 x",
    "zunionstore a1 2 b k1",
    "zrange b 0 -1",
    "zpopmin a1",
    "hset b f v",
    "hget a1 f",
    "bitfield a1 get u8 0",
    "bitfield a1 set u8 0 1",
    "bitop and a1 b",
    "pfadd a1 x",
    "pfcount a1 b",
    "pfmerge a1 b",
    "geoadd a1 1 1 x",
    "georadius a1 1 1 1 m",
    "georadius a1 1 1 1 m store b",
    "xadd b * f v",
    "xread streams a1 b 0 0",
    "xgroup create a1 g 0",
    "xinfo stream b",
    "expire b 5",
    "ttl a1",
    "restore b 0 x",
    "dump a1",
    "wait 0 0",
    "info",
    "time",
    "lastsave",
    "debug object a1",
    "migrate h 1 a1 0 5",
    "nope",
    "get",
    "config nope",
    "hello 3",
    "auth a b",
    "reset",
    "quit",
    "lolwut",
    "lmpop 1 b left",
    "zmpop 2 a1 b min",
];

/// A random rule; rules within a selector have no blanks.
fn rule(random: &mut Rng, within: bool) -> String {
    let pick = |random: &mut Rng, list: &[&str]| list[random.usize(..list.len())].to_owned();
    match random.u8(..if within { 10 } else { 14 }) {
        0 | 1 => {
            let prefix = ["~", "%R~", "%W~", "%RW~", "%", "%X~", "%~"][random.usize(..7)];
            let pattern = pick(random, PATTERNS);
            if within && pattern.contains(' ') { prefix.to_owned() } else { prefix.to_owned() + &pattern }
        }
        2 => format!("&{}", pick(random, &PATTERNS[..7])),
        3..=5 => format!("{}{}", ["+", "-"][random.usize(..2)], pick(random, COMMANDS)),
        6..=8 => format!("{}@{}", ["+", "-"][random.usize(..2)], pick(random, CATEGORIES)),
        9 => ["db=0", "db=1,0", "alldbs", "resetdbs", "allkeys", "+@all"][random.usize(..6)].to_owned(),
        10 => {
            let rules: Vec<String> = (0..random.usize(..4)).map(|_| rule(random, true)).collect();
            format!("({})", rules.join(" "))
        }
        _ => pick(random, WORDS),
    }
}

#[test]
fn random_rules() {
    let start = |kind| Server::start(kind, ServerOptions::new().flag("save", "").flag("appendonly", "no"));
    let (peer, ours) = (start(Kind::Valkey), start(Kind::Polycache));
    let (mut peer, mut ours) = (peer.client(), ours.client());
    let mut failures = Vec::new();
    for seed in 0..setting("POLYCACHE_DIFFERENTIAL_CASES", 300) {
        let mut random = Rng::with_seed(seed);
        let mut history = Vec::new();
        for client in [&mut peer, &mut ours] {
            client.say("ACL DELUSER u");
        }
        for _ in 0..random.usize(1..6) {
            let mut command = vec!["ACL".to_owned(), "SETUSER".to_owned(), "u".to_owned()];
            command.extend((0..random.usize(1..5)).map(|_| rule(&mut random, false)));
            let command: Vec<&str> = command.iter().map(String::as_str).collect();
            history.push(format!("{:?}", &command[3..]));
            let mut compare = |command: &[&str]| {
                let (wanted, got) = (peer.call(command), ours.call(command));
                // Our table may lack a command.
                if wanted != got && !got.text().contains("not found") {
                    failures.push(format!("{}\n  {command:?}\n  {wanted:?}\n  {got:?}", history.join("\n")));
                }
            };
            compare(&command);
            compare(&["ACL", "GETUSER", "u"]);
            compare(&["ACL", "LIST"]);
            for _ in 0..12 {
                let asked = ASKED[random.usize(..ASKED.len())];
                let command: Vec<&str> = ["ACL", "DRYRUN", "u"].into_iter().chain(asked.split(' ')).collect();
                compare(&command);
            }
        }
        if failures.len() > 10 {
            break;
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// What ACL SAVE writes, ACL LOAD and a start read; a file that is wrong changes nothing and says why as Valkey does.
#[test]
fn files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a name").to_owned();
    let start = |kind, file: &str| {
        std::fs::write(file, "").expect("written");
        Server::start(
            kind,
            ServerOptions::new().flag("save", "").flag("appendonly", "no").flag("aclfile", file),
        )
    };
    let files = [path("v.acl"), path("o.acl")];
    let (peer, ours) = (start(Kind::Valkey, &files[0]), start(Kind::Polycache, &files[1]));
    let (mut peer, mut ours) = (peer.client(), ours.client());
    for text in [
        "user a on >p ~x &y +get (+set ~z) db=1\n\nuser default on nopass ~* &* +@all\n",
        "user a +nope +@nope\nuser b bogus >x bogus\n",
        "usr a\nuser\nUSER a\n",
        "user a on\nuser a off\n",
        "user a (+get\n",
        "user a\tb on\n",
        "user a on +get\r\nuser default on nopass ~* &* +@all\r\nuser b off\r\n",
        "  user default on nopass ~* &* +@all  \nuser  a on\n",
        "# comment\n",
        "user default on >secret ~* &* +@all\n",
    ] {
        let told = [(&mut peer, &files[0]), (&mut ours, &files[1])].map(|(client, file)| {
            std::fs::write(file, text).expect("written");
            let loaded = client.say("ACL LOAD").text().replace(file.as_str(), "FILE");
            (loaded, client.say("ACL LIST"))
        });
        assert_eq!(told[0], told[1], "{text}");
    }
    let told = [(&mut peer, &files[0]), (&mut ours, &files[1])].map(|(client, file)| {
        client.say("ACL SETUSER q on >p %R~a &b +@read -get (+set ~k)");
        assert!(client.say("ACL SAVE").is_ok());
        let saved = std::fs::read_to_string(file).expect("a file");
        assert!(client.say("ACL LOAD").is_ok());
        (saved, client.say("ACL LIST"))
    });
    assert_eq!(told[0], told[1]);
    // A start reads the same.
    let options = ServerOptions::new().flag("save", "").flag("appendonly", "no").flag("aclfile", &files[1]);
    let mut again = Server::spawn(Kind::Polycache, options);
    let mut client = loop {
        match Client::try_connect(again.port) {
            Ok(client) => break client,
            Err(_) if again.is_running() => std::thread::sleep(std::time::Duration::from_millis(20)),
            Err(error) => panic!("{error}: {}", again.log()),
        }
    };
    assert!(client.say("AUTH secret").is_ok());
    assert_eq!(client.say("ACL LIST"), told[1].1);
}
