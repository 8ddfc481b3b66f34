//! The filters of CLIENT LIST and CLIENT KILL, and the list itself.

use std::sync::atomic::Ordering;

use polycache_core::command::args::{echoed, integer, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome};

use super::{Client, Entry, line};
use crate::server::Server;

/// The letters that Valkey knows for what a client is, whether ours can be that or not.
const FLAGS: &[u8] = b"ABEIMNOPRSTUbcdeirtux";

/// Which clients are meant.
pub(super) struct Filters {
    tests: Vec<Filter>,
    pub skip_me: bool,
}

/// One test; all must hold.
struct Filter {
    negated: bool,
    test: Test,
}

enum Test {
    Ids(Vec<u64>),
    /// Clients with subscriptions, or without; `None`: a type that no client is of.
    Subscribers(Option<bool>),
    User(Vec<u8>),
    Addr(String),
    Laddr(String),
    Ip(String),
    Name(String),
    LibName(String),
    LibVer(String),
    Flags(String),
    /// The only capability is `r`.
    CanRedirect,
    Db(i64),
    MaxAge(u64),
    Idle(u64),
}

impl Filters {
    /// Parses options; `skip_me` is what holds without SKIPME.
    pub fn parse(mut rest: Args<'_>, skip_me: bool, server: &Server) -> Result<Filters, Failure> {
        let mut filters = Filters { tests: Vec::new(), skip_me };
        while let [option, values @ ..] = rest
            && let [value, tail @ ..] = values
        {
            rest = tail;
            if is_word(option, "skipme") {
                filters.skip_me = match () {
                    () if is_word(value, "yes") => true,
                    () if is_word(value, "no") => false,
                    () => return Err(Failure::SYNTAX),
                };
                continue;
            }
            let negated = option.len() > 4 && option[..4].eq_ignore_ascii_case(b"not-");
            let name = if negated { &option[4..] } else { option };
            let test = if is_word(name, "id") {
                // Any number of ids, even none, as in Valkey.
                rest = values;
                let mut ids = Vec::new();
                while let [next, tail @ ..] = rest
                    && integer(next).is_ok()
                {
                    ids.push(client_id(next)?);
                    rest = tail;
                }
                Test::Ids(ids)
            } else {
                Test::parse(name, value, negated, server)?
            };
            filters.tests.push(Filter { negated, test });
        }
        if rest.is_empty() { Ok(filters) } else { Err(Failure::SYNTAX) }
    }

    pub fn matches(&self, entry: &Entry, server: &Server) -> bool {
        self.tests.iter().all(|filter| filter.test.holds(entry, server) != filter.negated)
    }
}

fn client_id(text: &[u8]) -> Result<u64, Failure> {
    let id = integer(text).map_err(|_| Failure::SYNTAX)?;
    match u64::try_from(id) {
        Ok(id) if id > 0 => Ok(id),
        _ => Err(Failure::text("ERR client-id should be greater than 0")),
    }
}

fn seconds(text: &[u8], name: &str) -> Result<u64, Failure> {
    let value =
        integer(text).map_err(|_| Failure::new(format!("ERR {name} is not an integer or out of range")))?;
    match u64::try_from(value) {
        Ok(value) if value > 0 => Ok(value),
        _ => Err(Failure::new(format!("ERR {name} should be greater than 0"))),
    }
}

fn db(text: &[u8]) -> Result<i64, Failure> {
    const LAST: i64 = crate::limits::DATABASES as i64 - 1;
    match integer(text) {
        Ok(db @ 0..=LAST) => Ok(db),
        Ok(_) => Err(Failure::new(format!("ERR DB number should be between 0 and {LAST}"))),
        Err(_) => Err(Failure::text("ERR DB is not an integer or out of range")),
    }
}

impl Test {
    fn parse(name: &[u8], value: &[u8], negated: bool, server: &Server) -> Result<Test, Failure> {
        let text = || String::from_utf8_lossy(value).into_owned();
        Ok(match () {
            () if is_word(name, "type") => Test::of_type(value)?,
            () if is_word(name, "user") => {
                if server.acl.user(value).is_none() {
                    return Err(Failure::new(format!("ERR No such user '{}'", echoed(value))));
                }
                Test::User(value.to_vec())
            }
            () if is_word(name, "addr") => Test::Addr(text()),
            () if is_word(name, "laddr") => Test::Laddr(text()),
            () if is_word(name, "ip") => Test::Ip(text()),
            () if is_word(name, "name") => Test::Name(text()),
            () if is_word(name, "lib-name") => Test::LibName(text()),
            () if is_word(name, "lib-ver") => Test::LibVer(text()),
            () if is_word(name, "flags") => {
                if !value.iter().all(|letter| FLAGS.contains(letter)) {
                    let flags = echoed(value);
                    return Err(Failure::new(format!(
                        "ERR Unknown flags found in the provided filter: {flags}"
                    )));
                }
                Test::Flags(text())
            }
            () if is_word(name, "capa") => match value.iter().find(|letter| **letter != b'r') {
                None => Test::CanRedirect,
                Some(_) => {
                    let capa = echoed(value);
                    return Err(Failure::new(format!(
                        "ERR Unknown capa found in the provided filter: {capa}"
                    )));
                }
            },
            () if is_word(name, "db") => Test::Db(db(value)?),
            () if !negated && is_word(name, "maxage") => Test::MaxAge(seconds(value, "maxage")?),
            () if !negated && is_word(name, "idle") => Test::Idle(seconds(value, "idle")?),
            () => return Err(Failure::SYNTAX),
        })
    }

    fn of_type(value: &[u8]) -> Result<Test, Failure> {
        if is_word(value, "normal") {
            return Ok(Test::Subscribers(Some(false)));
        }
        if is_word(value, "pubsub") {
            return Ok(Test::Subscribers(Some(true)));
        }
        if ["primary", "master", "replica", "slave"].iter().any(|word| is_word(value, word)) {
            return Ok(Test::Subscribers(None));
        }
        Err(Failure::new(format!("ERR Unknown client type '{}'", echoed(value))))
    }

    fn holds(&self, entry: &Entry, server: &Server) -> bool {
        match self {
            Test::Ids(ids) => ids.contains(&entry.id),
            Test::Subscribers(wanted) => *wanted == Some(entry.is_subscriber()),
            Test::User(name) => *entry.texts().user == **name,
            Test::Addr(addr) => entry.addr == *addr,
            Test::Laddr(laddr) => entry.laddr == *laddr,
            Test::Ip(ip) => entry.addr.rsplit_once(':').is_some_and(|(host, _)| host == ip),
            Test::Name(name) => entry.texts().name == *name,
            Test::LibName(name) => entry.texts().lib_name == *name,
            Test::LibVer(version) => entry.texts().lib_ver == *version,
            Test::Flags(wanted) => {
                let flags = line::flags(entry, server);
                wanted.chars().all(|letter| flags.contains(letter))
            }
            // ORDERING: figures, see `entry.rs`.
            Test::CanRedirect => entry.figures.can_redirect.load(Ordering::Relaxed),
            Test::Db(db) => i64::from(entry.figures.db.load(Ordering::Relaxed)) == *db,
            Test::MaxAge(seconds) => entry.created.elapsed().as_secs() >= *seconds,
            Test::Idle(seconds) => line::idle_seconds(entry, server) >= *seconds,
        }
    }
}

/// CLIENT LIST [filters].
pub fn list(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    let filters = Filters::parse(&args[2..], false, &client.server)?;
    client.publish(ctx.session);
    let server = &client.server;
    let mut text = String::new();
    for entry in server.clients.list() {
        if !(filters.skip_me && entry.id == client.id) && filters.matches(&entry, server) {
            line::describe(&mut text, &entry, server);
        }
    }
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}
