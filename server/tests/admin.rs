//! The administration over real sockets: CONFIG, INFO, COMMAND, SLOWLOG, DEBUG, saving and the end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use polycache_core::engine::Engine;
use polycache_server::config::Settings;
use polycache_server::net::listen::{Bind, Listen};
use polycache_server::{Running, Server, registry};

/// A wait that long is a hang.
const HANG: Duration = Duration::from_secs(30);

/// A reply of RESP2.
#[derive(Clone, Debug, PartialEq)]
enum Reply {
    Status(String),
    Error(String),
    Integer(i64),
    Bulk(String),
    Null,
    Array(Vec<Reply>),
}

impl Reply {
    fn text(&self) -> &str {
        match self {
            Reply::Status(text) | Reply::Error(text) | Reply::Bulk(text) => text,
            other => panic!("{other:?} is no text"),
        }
    }

    fn elements(&self) -> &[Reply] {
        match self {
            Reply::Array(elements) => elements,
            other => panic!("{other:?} is no array"),
        }
    }
}

struct Peer(BufReader<TcpStream>);

impl Peer {
    fn connect(running: &Running) -> Peer {
        let stream = TcpStream::connect(running.addresses().resp[0]).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        Peer(BufReader::new(stream))
    }

    fn call(&mut self, args: &[&str]) -> Reply {
        let mut request = format!("*{}\r\n", args.len());
        for arg in args {
            request.push_str(&format!("${}\r\n{arg}\r\n", arg.len()));
        }
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        self.read()
    }

    /// Words separated by blanks.
    fn say(&mut self, words: &str) -> Reply {
        self.call(&words.split(' ').collect::<Vec<_>>())
    }

    fn read(&mut self) -> Reply {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let (kind, rest) = line.trim_end().split_at(1);
        match kind {
            "+" => Reply::Status(rest.to_owned()),
            "-" => Reply::Error(rest.to_owned()),
            ":" => Reply::Integer(rest.parse().unwrap()),
            "$" if rest == "-1" => Reply::Null,
            "$" => {
                let mut bytes = vec![0; rest.parse::<usize>().unwrap() + 2];
                self.0.read_exact(&mut bytes).unwrap();
                bytes.truncate(bytes.len() - 2);
                Reply::Bulk(String::from_utf8(bytes).unwrap())
            }
            "*" if rest == "-1" => Reply::Null,
            "*" => Reply::Array((0..rest.parse().unwrap()).map(|_| self.read()).collect()),
            other => panic!("{other}{rest}"),
        }
    }

    /// One field of INFO.
    fn info(&mut self, field: &str) -> String {
        let text = self.say("INFO everything");
        let lines = text.text().lines();
        let found = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| *name == field);
        found.unwrap_or_else(|| panic!("INFO has no {field}")).1.to_owned()
    }
}

fn settings(configuration: &str) -> Settings {
    Settings::parse(&format!("io-threads 2\nsave \"\"\nenable-debug-command yes\n{configuration}")).unwrap()
}

fn start_with(engine: Engine, settings: Settings) -> Running {
    let bind = Bind { host: "127.0.0.1".into(), port: 0, optional: false };
    let listen = Listen { resp: vec![bind], backlog: 64, ..Listen::default() };
    Server::new(engine, settings).listen_on(&listen).unwrap()
}

/// A server over a directory.
fn start_in(dir: &Path, configuration: &str) -> Running {
    let settings = settings(&format!("dir \"{}\"\n{configuration}", dir.display()));
    start_with(Engine::open(settings.to_engine_config(), registry()).unwrap(), settings)
}

fn start(configuration: &str) -> Running {
    let settings = settings(configuration);
    start_with(Engine::in_memory(settings.to_engine_config()), settings)
}

fn stop(running: Running) {
    let engine = running.server.engine.clone();
    running.stop();
    engine.close().unwrap();
}

fn ok() -> Reply {
    Reply::Status("OK".into())
}

#[test]
fn config_changes_what_the_engine_does() {
    let running = start("");
    let mut peer = Peer::connect(&running);
    assert_eq!(peer.say("CONFIG SET maxmemory 1mb maxmemory-policy allkeys-lru"), ok());
    let policy = peer.say("CONFIG GET maxmemory-p*");
    assert_eq!(policy.elements()[1].text(), "allkeys-lru");
    assert_eq!(peer.info("maxmemory"), "1048576");
    assert_eq!(running.server.engine.tuning().maxmemory(), 1 << 20);
    let error = peer.say("CONFIG SET maxmemory 5mb appendonly yes");
    assert!(error.text().contains("'appendonly') - this instance is in memory only"), "{error:?}");
    assert_eq!(running.server.engine.tuning().maxmemory(), 1 << 20, "all or nothing");
    assert_eq!(peer.say("CONFIG GET MAXMEMORY").elements()[0].text(), "MAXMEMORY");
    assert_eq!(peer.say("CONFIG REWRITE").text(), "ERR The server is running without a config file");
}

#[test]
fn rewrite_keeps_the_file_and_adds_what_changed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("polycache.conf");
    std::fs::write(&file, "# mine\nmaxclients 500\n").unwrap();
    let running = start("maxclients 500");
    running.server.settings.set_file(&file);
    let mut peer = Peer::connect(&running);
    assert_eq!(peer.say("CONFIG SET maxclients 600 timeout 9"), ok());
    assert_eq!(peer.say("CONFIG REWRITE"), ok());
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# mine\nmaxclients 600\n") && text.contains("\ntimeout 9\n"), "{text}");
}

#[test]
fn commands_can_be_renamed_and_taken_away() {
    let running = start("rename-command FLUSHALL \"\"\nrename-command KEYS Hidden");
    let mut peer = Peer::connect(&running);
    assert!(peer.say("FLUSHALL").text().starts_with("ERR unknown command 'FLUSHALL'"));
    assert!(peer.say("KEYS *").text().starts_with("ERR unknown command"));
    assert_eq!(peer.say("hidden *"), Reply::Array(vec![]));
    assert_eq!(peer.say("HIDDEN *"), Reply::Array(vec![]));
}

#[test]
fn info_counts() {
    let running = start("");
    let mut peer = Peer::connect(&running);
    assert_eq!(peer.say("SET k v"), ok());
    peer.say("GET k");
    peer.say("GET nothing");
    peer.say("GET");
    assert_eq!((peer.info("keyspace_hits"), peer.info("keyspace_misses")), ("1".into(), "1".into()));
    assert_eq!(peer.info("db0"), "keys=1,expires=0,avg_ttl=0,keys_with_volatile_items=0");
    assert_eq!(peer.info("role"), "master");
    assert!(peer.info("cmdstat_get").starts_with("calls=2,"));
    assert!(peer.info("cmdstat_get").contains("rejected_calls=1"));
    assert_eq!(peer.info("errorstat_ERR"), "count=1");
    assert_ne!(peer.info("used_memory_rss"), "0");
    assert_eq!(peer.say("CONFIG RESETSTAT"), ok());
    assert_eq!(peer.info("keyspace_hits"), "0");
    let sections = peer.say("INFO server cluster nosuch");
    let titles: Vec<&str> = sections.text().lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(titles, ["# Server", "# Cluster"]);
}

#[test]
fn every_row_describes_itself() {
    let running = start("");
    let mut peer = Peer::connect(&running);
    let names: Vec<String> =
        peer.say("COMMAND LIST").elements().iter().map(|name| name.text().to_owned()).collect();
    let whole = names.iter().filter(|name| !name.contains('|')).count();
    assert_eq!(peer.say("COMMAND COUNT"), Reply::Integer(whole as i64));
    for name in &names {
        let info = peer.call(&["COMMAND", "INFO", name]);
        assert_eq!(info.elements()[0].elements().len(), 10, "{name}");
        let docs = peer.call(&["COMMAND", "DOCS", name]);
        assert_eq!(docs.elements()[0].text(), name);
        assert_ne!(docs.elements()[1].elements()[1].text(), "", "{name} has no summary");
    }
    assert_eq!(peer.say("COMMAND GETKEYS MSET a 1 b 2").elements().len(), 2);
    assert_eq!(peer.say("COMMAND GETKEYS PING").text(), "ERR The command has no key arguments");
    assert_eq!(peer.say("COMMAND INFO nosuch"), Reply::Array(vec![Reply::Null]));
}

#[test]
fn the_slow_log_hides_passwords() {
    let running = start("slowlog-log-slower-than 0");
    let mut peer = Peer::connect(&running);
    assert_eq!(peer.say("CONFIG SET requirepass secret"), ok());
    assert_eq!(peer.say("AUTH secret"), ok());
    peer.say("SET k v");
    let entries = peer.say("SLOWLOG GET -1");
    let text = format!("{entries:?}");
    assert!(text.contains("\"SET\"") && !text.contains("secret"), "{text}");
    assert_eq!(peer.say("SLOWLOG RESET"), ok());
    assert_eq!(peer.say("CONFIG SET slowlog-log-slower-than -1"), ok());
}

#[test]
fn debug_is_off_unless_it_is_allowed() {
    let running = start("enable-debug-command no");
    let mut peer = Peer::connect(&running);
    assert!(peer.say("DEBUG SLEEP 0").text().starts_with("ERR DEBUG command not allowed."));
    let local = start("enable-debug-command local");
    assert_eq!(Peer::connect(&local).say("DEBUG SLEEP 0"), ok());
}

#[test]
fn saves_reload_and_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_in(dir.path(), "");
    let mut peer = Peer::connect(&running);
    peer.say("SET k v");
    assert_eq!(peer.info("rdb_changes_since_last_save"), "1");
    assert_eq!(peer.say("SAVE"), ok());
    assert_eq!(peer.info("rdb_changes_since_last_save"), "0");
    assert_eq!(peer.info("rdb_last_bgsave_status"), "ok");
    peer.say("SET other v");
    assert_eq!(peer.say("DEBUG RELOAD NOSAVE"), ok());
    assert_eq!((peer.say("GET k").text(), peer.say("GET other")), ("v", Reply::Null));
    peer.say("SET other v");
    assert_eq!(peer.say("DEBUG RELOAD"), ok());
    assert_eq!(peer.say("GET other").text(), "v");
    assert_eq!(peer.say("BGSAVE").text(), "Background saving started");
    let began = Instant::now();
    while peer.info("rdb_bgsave_in_progress") != "0" {
        assert!(began.elapsed() < HANG);
        std::thread::sleep(Duration::from_millis(5));
    }
    // Without a log it makes a base alone, which counts once the log is on.
    assert_eq!(peer.say("BGREWRITEAOF").text(), "Background append only file rewriting started");
    let began = Instant::now();
    while peer.info("aof_rewrite_in_progress") != "0" {
        assert!(began.elapsed() < HANG);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!((peer.info("aof_last_bgrewrite_status"), peer.info("aof_enabled")), ("ok".into(), "0".into()));
    stop(running);
    for configuration in ["", "appendonly yes"] {
        let again = start_in(dir.path(), configuration);
        assert_eq!(Peer::connect(&again).say("GET other").text(), "v");
        stop(again);
    }
}

#[test]
fn the_log_is_switched_on_waited_for_and_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_in(dir.path(), "");
    let mut peer = Peer::connect(&running);
    let off = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";
    assert_eq!(peer.say("WAITAOF 1 0 0").text(), off);
    peer.say("SET before v");
    assert_eq!(peer.say("CONFIG SET appendonly yes"), ok());
    let began = Instant::now();
    while peer.info("aof_enabled") != "1" || peer.info("aof_rewrite_in_progress") != "0" {
        assert!(began.elapsed() < HANG);
        std::thread::sleep(Duration::from_millis(5));
    }
    peer.say("SET after v");
    assert_eq!(peer.say("WAITAOF 1 0 0"), Reply::Array(vec![Reply::Integer(1), Reply::Integer(0)]));
    assert_eq!(peer.info("aof_offset_durable"), peer.info("aof_offset_appended"));
    assert_eq!(peer.say("DEBUG LOADAOF"), ok());
    assert_eq!((peer.say("GET before").text(), peer.say("GET after").text()), ("v", "v"));
    stop(running);
    let again = start_in(dir.path(), "appendonly yes");
    assert_eq!(Peer::connect(&again).say("GET after").text(), "v");
    stop(again);
}

#[test]
fn writes_stop_while_saves_fail() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_in(dir.path(), "save 3600 1");
    let mut peer = Peer::connect(&running);
    assert_eq!(peer.say("SET k v"), ok());
    // A directory in the snapshot's place cannot be renamed over.
    std::fs::create_dir(dir.path().join("dump.pcs")).unwrap();
    assert!(peer.say("SAVE").text().starts_with("ERR "));
    assert_eq!(peer.info("rdb_last_bgsave_status"), "err");
    assert!(peer.say("SET k v").text().starts_with("MISCONF "));
    assert_eq!(peer.say("GET k").text(), "v");
    assert_eq!(peer.say("CONFIG SET stop-writes-on-bgsave-error no"), ok());
    assert_eq!(peer.say("SET k v"), ok());
    assert_eq!(peer.say("CONFIG SET stop-writes-on-bgsave-error yes"), ok());
    std::fs::remove_dir(dir.path().join("dump.pcs")).unwrap();
    assert_eq!(peer.say("SAVE"), ok());
    assert_eq!(peer.say("SET k v"), ok());
    stop(running);
}

#[test]
fn odd_questions_get_redis_answers() {
    let running = start("");
    let mut peer = Peer::connect(&running);
    for (words, answer) in [
        ("SHUTDOWN bogus", "ERR syntax error"),
        ("SHUTDOWN SAVE NOSAVE", "ERR syntax error"),
        ("SHUTDOWN ABORT", "ERR No shutdown in progress."),
        ("SLOWLOG GET -2", "ERR count should be greater than or equal to -1"),
        ("CONFIG BOGUS", "ERR unknown subcommand 'BOGUS'. Try CONFIG HELP."),
        ("CONFIG SET a", "ERR wrong number of arguments for 'config|set' command"),
        ("MEMORY USAGE k SAMPLES -1", "ERR syntax error"),
        ("COMMAND LIST FILTERBY", "ERR syntax error"),
        ("DEBUG OBJECT nothing", "ERR no such key"),
        ("WAITAOF 2 0 0", "ERR value is out of range, value must between 0 and 1"),
        ("WAITAOF 0 0 -1", "ERR timeout is negative"),
    ] {
        assert_eq!(peer.say(words).text(), answer, "{words}");
    }
    assert_eq!(peer.say("MEMORY USAGE nothing"), Reply::Null);
    assert_eq!(peer.say("TIME").elements().len(), 2);
    assert_eq!(peer.say("ROLE").elements()[0].text(), "master");
    assert_eq!(peer.say("ACL WHOAMI").text(), "default");
}

#[test]
fn databases_beyond_the_setting_are_out_of_range() {
    let running = start("databases 2");
    let mut peer = Peer::connect(&running);
    assert_eq!(peer.say("SELECT 1"), ok());
    for words in ["SELECT 2", "SWAPDB 0 2", "MOVE k 2"] {
        assert!(peer.say(words).text().contains("DB index is out of range"), "{words}");
    }
}

/// Runs the program: its exit code, and what it printed to either stream.
fn program(args: &[&std::ffi::OsStr]) -> (i32, String) {
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_polycache-server")).args(args).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn check_finds_and_repairs_damage() {
    let dir = tempfile::tempdir().unwrap();
    let running = start_in(dir.path(), "appendonly yes\nappendfsync always");
    let mut peer = Peer::connect(&running);
    for key in 0..20 {
        peer.say(&format!("SET key{key} value{key}"));
    }
    assert_eq!(peer.say("SAVE"), ok());
    stop(running);
    let root = dir.path().as_os_str();
    let (code, report) = program(&["check".as_ref(), root]);
    assert_eq!(code, 0, "{report}");
    assert!(report.contains("manifest, whole") && report.contains("dump.pcs: snapshot, whole"), "{report}");

    let log = std::fs::read_dir(dir.path().join("appendonlydir")).unwrap();
    let log =
        log.map(|entry| entry.unwrap().path()).find(|path| path.to_string_lossy().ends_with(".incr.aof"));
    let log = log.unwrap();
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(&log, bytes).unwrap();
    let (code, report) = program(&["check".as_ref(), root]);
    assert_eq!(code, 1, "{report}");
    assert!(report.contains("DAMAGED behind byte"), "{report}");
    let (code, report) = program(&["check".as_ref(), "--repair".as_ref(), log.as_os_str()]);
    assert_eq!(code, 0, "{report}");
    let (code, report) = program(&["check".as_ref(), root]);
    assert_eq!(code, 0, "{report}");
    let again = start_in(dir.path(), "appendonly yes");
    assert_eq!(Peer::connect(&again).say("GET key0").text(), "value0");
    stop(again);
    assert_eq!(program(&["check".as_ref(), dir.path().join("nosuch").as_os_str()]).0, 2);
}

#[test]
fn bad_configurations_are_refused_with_the_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.conf");
    std::fs::write(&file, "port 0\n\nmaxmemory 1zb\n").unwrap();
    let (code, text) = program(&[file.as_os_str()]);
    assert_eq!(code, 1);
    assert!(text.contains("at line 3") && text.contains(">>> 'maxmemory 1zb'"), "{text}");
    assert!(text.contains("argument must be a memory value"), "{text}");
    let (code, text) = program(&["--bogus".as_ref(), "1".as_ref()]);
    assert_eq!(code, 1);
    assert!(text.contains(">>> '--bogus 1'"), "{text}");
    assert_eq!(program(&["--version".as_ref()]).0, 0);
    let (code, printed) = program(&["--print-config".as_ref(), "--port".as_ref(), "7".as_ref()]);
    assert_eq!(code, 0);
    assert_eq!(Settings::parse(&printed).unwrap().port, 7);
}
