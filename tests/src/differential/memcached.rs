//! The memcached text protocol, classic and meta, against memcached.

use std::collections::HashMap;
use std::fmt;

use super::grammar::{Source, Template};
use crate::support::memcached::TextClient;

/// One request: its line and, for storing commands, its data.
#[derive(Clone)]
pub struct Request {
    line: String,
    data: Option<Vec<u8>>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.line)?;
        if let Some(data) = &self.data {
            write!(f, " \u{21b5} {} ({} bytes)", data[..data.len().min(40)].escape_ascii(), data.len())?;
        }
        Ok(())
    }
}

/// `LENGTH` becomes the length of the data that follows, `CAS` a number that the server gave for the key, or a wrong
/// one (`CCAS` is the flag C with it). Times are far away, past, or none: a reply must not depend on the clock.
const TEMPLATES: &[&str] = &[
    "( set | add | replace | append | prepend ) <key> ( 0 | 5 | 4294967295 ) ( 0 | 100000 | -1 ) LENGTH",
    "set <key> ( 0 | 7 ) 0 LENGTH",
    "( set | add | append ) <key> 3 0 LENGTH noreply",
    "cas <key> ( 0 | 5 ) 0 LENGTH CAS",
    "cas <key> 1 0 LENGTH CAS noreply",
    "get { <key> }",
    "gets { <key> }",
    "gat ( 0 | 100000 | -1 ) { <key> }",
    "gats ( 0 | 100000 ) { <key> }",
    "incr <key> ( 1 | 10 | 18446744073709551615 )",
    "decr <key> ( 1 | 10 | 18446744073709551615 )",
    "( incr | decr ) <key> ( abc | -1 | 1.5 | 18446744073709551616 )",
    "incr <key> 1 noreply",
    "touch <key> ( 0 | 100000 | -1 | abc )",
    "delete <key>",
    "delete <key> ( 0 | noreply )",
    "flush_all [ noreply ]",
    "verbosity ( 0 | 1 )",
    "mg <key> v c",
    "mg <key> [ s ] [ v ] [ f ] [ c ] [ h ] [ k ] [ O123 ] [ q ] [ u ]",
    "mg <key> ( T0 | T100000 | T-1 ) [ c ] v",
    "mg <key> ( N100000 | N0 ) [ R1000 ] [ c ] [ v ] [ k ]",
    "mg <key> ( R1 | R200000 ) c v",
    "mg YQ== b v c",
    "ms <key> LENGTH [ c ] [ k ] [ O9 ] [ q ] [ ( F5 | F0 ) ] [ ( T0 | T100000 ) ]",
    "ms <key> LENGTH ( ME | MA | MP | MR | MS | MX ) [ c ] [ q ]",
    "ms <key> LENGTH CCAS [ I ] [ c ]",
    "ms <key> LENGTH CCAS ( MA | MP | MR )",
    "ma <key> [ ( MI | MD | M+ | M- ) ] [ ( D1 | D10 ) ] [ v ] [ c ] [ q ] [ O1 ]",
    "ma <key> ( N0 | N100000 ) J13 v c",
    "ma <key> CCAS v",
    "md <key> [ q ] [ k ] [ O1 ]",
    "md <key> I [ T100000 ] [ q ]",
    "md <key> CCAS [ I ]",
    "( replace | prepend | append ) <key> 1 ( 0 | 100000 | -1 ) LENGTH noreply",
    "( incr | decr ) <key> ( 1 | abc ) noreply",
    "touch <key> ( 0 | 100000 | -1 ) noreply",
    "( gat | gats ) ( abc | 1.5 ) <key>",
    // No delays: by one, memcached brings back what a flush before it took away.
    "flush_all ( 0 | abc ) [ noreply ]",
    "cache_memlimit ( 64 | 1024 | 1 | abc | -1 ) [ noreply ]",
    "verbosity [ ( abc | 1 2 | 1 noreply ) ]",
    // No k: memcached forgets with append and incr that the key came in base64.
    "mg ( YmFzZQ== | YmluYXJ5 ) b [ v ] [ c ] [ q ] [ f ] [ O7 ]",
    "ms ( YmFzZQ== | YmluYXJ5 ) LENGTH b [ k ] [ c ] [ q ] [ MA ]",
    "md ( YmFzZQ== | YmluYXJ5 ) b [ k ] [ q ] [ I ]",
    "ma ( YmFzZQ== | YmluYXJ5 ) b [ k ] [ v ] [ q ]",
    "( mg | md | ma ) ( Y | YQ= | YQ*= ) b [ v ] [ k ]",
    "ms ( Y | YQ= | YQ*= ) LENGTH b",
    "ms <key> ( abc | -1 ) [ c ]",
    "mg <key> s v q [ k ] [ O1 ]",
    "ma <key> ( D0 | D18446744073709551615 | D-1 | Dx | J18446744073709551615 N0 | MZ ) v",
    "ma <key> [ MI ] [ MD ] [ T100000 ] [ T0 ] v t",
    "ms <key> LENGTH ( MZ | T-1 | Fx | Tx )",
    "md <key> ( T0 | T100000 | Cx | C1 C2 )",
    "me nothing",
    "mn",
    "( mg | ms | md | ma ) <key> ( v v | @ | Nx | Cx | O )",
    "( get | gets | incr <key> | set <key> 0 0 | touch <key> | delete | nonsense | gat 0 | cas <key> 0 0 3 )",
];

/// Random requests.
pub fn script(seed: u64, requests: usize) -> Vec<Request> {
    let templates: Vec<Template> = TEMPLATES.iter().map(|text| Template::parse(text)).collect();
    let mut source = Source::new(seed);
    (0..requests)
        .map(|_| {
            let chosen = source.random.usize(..templates.len());
            let words = templates[chosen].generate(&mut source);
            let mut line: Vec<String> =
                words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
            // flush_all would keep the states empty.
            if line[0] == "flush_all" && source.random.u8(..4) != 0 {
                line = vec!["get".into(), "a".into()];
            }
            let mut data = None;
            if let Some(length) = line.iter_mut().find(|word| *word == "LENGTH") {
                let bytes = data_of(&mut source);
                *length = bytes.len().to_string();
                data = Some(bytes);
            }
            Request { line: line.join(" "), data }
        })
        .collect()
}

fn data_of(source: &mut Source) -> Vec<u8> {
    let random = &mut source.random;
    match random.u8(..6) {
        0 | 1 => random.u64(..1000).to_string().into_bytes(),
        2 => b"18446744073709551615".to_vec(),
        3 => vec![b'x'; [0, 1, 63, 64, 1000, 16_384, 20_000][random.usize(..7)]],
        4 => b"with\r\nlines and \x01".to_vec(),
        _ => b"word".to_vec(),
    }
}

/// Runs a script against empty servers; says where they differ.
pub fn compare(peer: u16, ours: u16, script: &[Request]) -> Option<String> {
    let mut expected = Side::new(peer);
    let mut actual = Side::new(ours);
    for request in script {
        let (left, right) = (expected.exchange(request), actual.exchange(request));
        if left != right {
            return Some(format!(
                "{request:?}\n  memcached: {}\n  ours:      {}",
                left.escape_ascii(),
                right.escape_ascii()
            ));
        }
    }
    None
}

/// One server, with the CAS numbers that it gave.
struct Side {
    port: u16,
    client: TextClient,
    latest: HashMap<String, u64>,
    /// CAS numbers and their places in the order of appearance: what is compared is the place.
    appeared: HashMap<u64, usize>,
    places: usize,
}

impl Side {
    fn new(port: u16) -> Self {
        let mut client = TextClient::connect(port);
        assert_eq!(client.ask(b"flush_all\r\n"), "OK");
        Self { port, client, latest: HashMap::new(), appeared: HashMap::new(), places: 0 }
    }

    fn exchange(&mut self, request: &Request) -> Vec<u8> {
        let words: Vec<&str> = request.line.split(' ').collect();
        let mut text = String::new();
        for word in &words {
            let number;
            let word: &str = if let Some(flag) = word.strip_suffix("CAS") {
                let latest = self.latest.get(words[1]).copied().unwrap_or(u64::MAX);
                number = format!("{flag}{latest}");
                &number
            } else {
                word
            };
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(b"\r\n");
        if let Some(data) = &request.data {
            bytes.extend_from_slice(data);
            bytes.extend_from_slice(b"\r\n");
        }
        match self.client.exchange(&bytes) {
            Ok(reply) => self.normalized(&reply, words.get(1).copied().unwrap_or_default()),
            Err(_) => {
                // Whether it closes is compared too; the rest of the script goes on a new connection.
                self.client = TextClient::connect(self.port);
                b"(closed)".to_vec()
            }
        }
    }

    /// The reply with CAS numbers as places.
    fn normalized(&mut self, reply: &[u8], asked: &str) -> Vec<u8> {
        let mut output = Vec::new();
        for line in reply.split_inclusive(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line);
            let fields: Vec<&str> = text.trim_end().split(' ').collect();
            if matches!(fields[0], "HD" | "VA") {
                for field in fields {
                    match field.strip_prefix('c').filter(|cas| cas.parse::<u64>().is_ok()) {
                        Some(cas) => {
                            output.extend_from_slice(format!("cas{} ", self.place(asked, cas)).as_bytes())
                        }
                        None => output.extend_from_slice(format!("{field} ").as_bytes()),
                    }
                }
                output.push(b'\n');
                continue;
            }
            let ["VALUE", key, flags, length, cas] = fields[..] else {
                output.extend_from_slice(line);
                continue;
            };
            let place = self.place(key, cas);
            output.extend_from_slice(format!("VALUE {key} {flags} {length} cas{place}\n").as_bytes());
        }
        output
    }

    /// The place of a CAS number in the order of appearance.
    fn place(&mut self, key: &str, cas: &str) -> usize {
        let Ok(number) = cas.parse() else { panic!("CAS number {cas:?} of {key}") };
        self.latest.insert(key.to_owned(), number);
        *self.appeared.entry(number).or_insert_with(|| {
            self.places += 1;
            self.places - 1
        })
    }
}
