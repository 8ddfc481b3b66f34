//! A connection to an engine in memory, and the table form of the tests.

use polycache_core::clock::UnixMillis;
use polycache_core::command::{Ctx, NoHost, Registry, Session, TABLES, Value, ValueReply, dispatch};
use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;

pub struct Connection {
    pub engine: Engine,
    pub session: Session,
    /// What the commands take for the time; the clock's where it is not set.
    pub time: Option<UnixMillis>,
    registry: Registry,
}

impl Connection {
    pub fn new() -> Connection {
        Connection {
            engine: Engine::in_memory(EngineConfig::default()),
            session: Session::default(),
            time: None,
            registry: Registry::new(TABLES),
        }
    }

    /// Another connection to the same engine.
    pub fn share(&self) -> Connection {
        Connection {
            engine: self.engine.clone(),
            session: Session::default(),
            time: None,
            registry: Registry::new(TABLES),
        }
    }

    /// Carries out one command and gives its reply.
    pub fn call(&mut self, args: &[&[u8]]) -> Value {
        let op = self.engine.begin();
        if let Some(time) = self.time {
            op.stop_time(time);
        }
        let mut reply = ValueReply::new();
        let mut ctx = Ctx {
            engine: &self.engine,
            op: &op,
            session: &mut self.session,
            reply: &mut reply,
            host: &mut NoHost,
            registry: &self.registry,
        };
        dispatch(&mut ctx, args);
        reply.finish().expect("every command replies")
    }

    /// Carries out a command given as words; a word in double quotes may be empty or hold `\xNN`.
    pub fn run(&mut self, line: &str) -> Value {
        let words: Vec<Vec<u8>> = line.split(' ').map(unescape).collect();
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        self.call(&words)
    }

    /// Runs lines of `command => reply` (replies as [`show`] writes them); the first difference fails.
    pub fn check(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (command, expected) = line.split_once(" => ").expect("a line is `command => reply`");
            let reply = show(&self.run(command.trim()));
            assert_eq!(reply, expected.trim(), "{command}");
        }
    }
}

fn unescape(word: &str) -> Vec<u8> {
    let word = word.trim_matches('"');
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some(at) = rest.find("\\x") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        bytes.push(u8::from_str_radix(&rest[at + 2..at + 4], 16).expect("two hexadecimal digits"));
        rest = &rest[at + 4..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// A reply in one line: `nil`, `+OK`, `-ERR ...`, `:1`, `"text"`, `[a b]`, `{k v}`.
pub fn show(value: &Value) -> String {
    let list = |values: &[Value]| values.iter().map(show).collect::<Vec<_>>().join(" ");
    match value {
        Value::Null => "nil".to_owned(),
        Value::Status(text) => format!("+{text}"),
        Value::Error(text) => format!("-{text}"),
        Value::Integer(number) => format!(":{number}"),
        Value::Double(number) => format!(",{number}"),
        Value::BigNumber(digits) => format!("({}", digits.escape_ascii()),
        Value::Boolean(truth) => format!("#{truth}"),
        Value::Bulk(bytes) | Value::Verbatim { bytes, .. } => format!("\"{}\"", bytes.escape_ascii()),
        Value::Array(values) | Value::Set(values) => format!("[{}]", list(values)),
        Value::Map(pairs) => {
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{} {}", show(key), show(value))).collect();
            format!("{{{}}}", pairs.join(" "))
        }
    }
}
