//! One side of the comparison: a server, its connections by name, and what they were told.

use std::collections::BTreeMap;
use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use super::words;
use crate::support::{Client, Kind, Server, ServerOptions, Value, encode};

/// How long a connection must be silent until the side that sets the pace has said all.
const QUIET: Duration = Duration::from_millis(12);
/// ... and the side that follows.
const QUIET_FOLLOWING: Duration = Duration::from_millis(3);
/// A message that takes longer is taken for missing.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running server with its connections.
pub(super) struct Stage {
    server: Server,
    control: Client,
    clients: BTreeMap<String, Named>,
    protocol: u8,
}

struct Named {
    client: Client,
    id: i64,
    is_open: bool,
    /// A command of it has not been answered.
    owes: bool,
}

/// What a step brought: to each connection its messages, and who is blocked.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Told {
    messages: BTreeMap<String, Vec<String>>,
    blocked: Vec<String>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, messages) in &self.messages {
            write!(f, "{name}: {} ", messages.join(" "))?;
        }
        if !self.blocked.is_empty() {
            write!(f, "[blocked: {}]", self.blocked.join(" "))?;
        }
        Ok(())
    }
}

impl Stage {
    pub(super) fn new(kind: Kind, options: ServerOptions) -> Stage {
        let server = Server::start(kind, options);
        let control = server.client();
        Stage { server, control, clients: BTreeMap::new(), protocol: 2 }
    }

    /// Begins a script.
    pub(super) fn begin(&mut self, protocol: u8, settings: &[(&str, &str)]) {
        self.clients.clear();
        self.protocol = protocol;
        for (name, value) in settings {
            let reply = self.control.call(&["CONFIG", "SET", name, value]);
            assert!(reply.is_ok(), "CONFIG SET {name} {value}: {reply:?}");
        }
        // Those that were closed are gone when nobody but the control is listed.
        let started = Instant::now();
        while self.listed().len() > 1 && started.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(1));
        }
        self.control.say("FLUSHALL");
    }

    /// Carries one step out and waits until all those `awaited` were told something; `expected` is what the step brought
    /// on the other side.
    pub(super) fn step(&mut self, step: &str, awaited: &[&str], expected: Option<&Told>) -> Told {
        if let Some(milliseconds) = step.strip_prefix("(wait ").and_then(|rest| rest.strip_suffix(')')) {
            thread::sleep(Duration::from_millis(milliseconds.parse().expect("milliseconds")));
            return self.settle(awaited, expected);
        }
        let (name, action) = step.split_once(' ').unwrap_or_else(|| panic!("{step}: a name and a command"));
        self.connect(name);
        if action == "close" {
            self.clients.remove(name);
            return self.settle(awaited, expected);
        }
        if let Some(fields) = action.strip_prefix("? ") {
            let mut told = Told::default();
            told.messages.insert(name.to_owned(), vec![self.fields(name, fields)]);
            return told;
        }
        let (action, awaits) = match action.strip_prefix("! ") {
            Some(action) => (action, false),
            None => (action, true),
        };
        let arguments: Vec<String> = words::split(action)
            .iter()
            .map(|word| words::with_ids(word, |other| self.clients.get(other).map(|named| named.id)))
            .collect();
        let named = self.clients.get_mut(name).expect("connected");
        let mut bytes = Vec::new();
        encode(&arguments, &mut bytes);
        // A connection that was closed says so when it is read.
        let _ = named.client.send(&bytes);
        named.owes |= awaits;
        self.settle(awaited, expected)
    }

    fn connect(&mut self, name: &str) {
        if !self.clients.contains_key(name) {
            let mut client = self.server.client();
            client.say(&format!("HELLO {}", self.protocol));
            let Value::Integer(id) = client.say("CLIENT ID") else { panic!("no id") };
            self.clients.insert(name.to_owned(), Named { client, id, is_open: true, owes: false });
        }
    }

    /// The lines of CLIENT LIST.
    fn listed(&mut self) -> Vec<String> {
        let list = self.control.say("CLIENT LIST");
        String::from_utf8_lossy(list.bytes().unwrap_or_default()).lines().map(str::to_owned).collect()
    }

    fn line_of(lines: &[String], id: i64) -> &str {
        let start = format!("id={id} ");
        lines.iter().find(|line| line.starts_with(&start)).map_or("", String::as_str)
    }

    fn fields(&mut self, name: &str, wanted: &str) -> String {
        let lines = self.listed();
        let line = Self::line_of(&lines, self.clients[name].id);
        let fields = wanted.split_whitespace().map(|wanted| {
            let found = line.split(' ').find(|field| field.split('=').next() == Some(wanted));
            found.map_or_else(|| format!("no {wanted}"), str::to_owned)
        });
        fields.collect::<Vec<_>>().join(" ")
    }

    /// Gathers what the connections are told until nothing more is to come: every command is answered or blocked, those
    /// `awaited` have a message, all have as many as expected, and all are quiet.
    fn settle(&mut self, awaited: &[&str], expected: Option<&Told>) -> Told {
        let mut told = Told::default();
        let started = Instant::now();
        let quiet = if expected.is_some() { QUIET_FOLLOWING } else { QUIET };
        let mut silent_since = Instant::now();
        loop {
            if self.gather(&mut told) {
                silent_since = Instant::now();
                continue;
            }
            let has = |name: &str| told.messages.get(name).map_or(0, Vec::len);
            let mut is_missing = awaited.iter().any(|name| has(name) == 0);
            if let Some(expected) = expected {
                is_missing |= expected.messages.iter().any(|(name, messages)| has(name) < messages.len());
            }
            if started.elapsed() > PATIENCE {
                break;
            }
            if is_missing || silent_since.elapsed() < quiet {
                thread::sleep(Duration::from_micros(300));
                continue;
            }
            // Owing and not blocked: the reply is on its way.
            let lines = self.listed();
            let is_blocked = |named: &Named| has_flag_blocked(Self::line_of(&lines, named.id));
            told.blocked = self
                .clients
                .iter()
                .filter(|(_, named)| named.is_open && is_blocked(named))
                .map(|(name, _)| name.clone())
                .collect();
            let is_due = |named: &Named| named.is_open && named.owes && !is_blocked(named);
            if !self.clients.values().any(is_due) {
                // What came between the last look and the list belongs here too.
                if !self.gather(&mut told) {
                    break;
                }
            }
        }
        told
    }

    /// Reads what has come; whether there was anything.
    fn gather(&mut self, told: &mut Told) -> bool {
        let mut any = false;
        for (name, named) in &mut self.clients {
            while named.is_open && named.client.has_input() {
                any = true;
                let message = match named.client.read() {
                    Ok(message) => {
                        named.owes &= is_unasked(&message);
                        format!("{message:?}")
                    }
                    Err(_) => {
                        named.is_open = false;
                        "closed".to_owned()
                    }
                };
                told.messages.entry(name.clone()).or_default().push(message);
            }
        }
        any
    }
}

/// Whether a message is no reply; what confirms a subscription is one.
fn is_unasked(message: &Value) -> bool {
    let confirms = |word: &Value| word.bytes().is_some_and(|word| word.ends_with(b"subscribe"));
    matches!(message, Value::Push(items) if !items.first().is_some_and(confirms))
}

fn has_flag_blocked(line: &str) -> bool {
    line.split(' ').any(|field| field.strip_prefix("flags=").is_some_and(|flags| flags.contains('b')))
}
