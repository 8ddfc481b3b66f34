//! Templates of commands, and the random commands they stand for.
//!
//! A template is words: literal ones, `<placeholder>`s, `[ optional ]`, `( one | of | these )`,
//! `{ one to four times }`; a `!` in front: never damaged. Some commands are then damaged on purpose, so that errors are compared too.

use fastrand::Rng;

/// A command: its name and arguments.
pub type Command = Vec<Vec<u8>>;

enum Node {
    Word(Vec<u8>),
    Placeholder(String),
    Optional(Vec<Node>),
    Choice(Vec<Vec<Node>>),
    Repeated(Vec<Node>),
}

/// A parsed template.
pub struct Template {
    nodes: Vec<Node>,
    /// Its commands may be damaged; not those where a lost argument would make what happens a matter of chance.
    pub may_be_damaged: bool,
}

impl Template {
    /// Parses; a bad template is a mistake in the table and panics.
    pub fn parse(text: &str) -> Self {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let may_be_damaged = words[0] != "!";
        if !may_be_damaged {
            words.remove(0);
        }
        let mut position = 0;
        let mut alternatives = parse_until(&words, &mut position, "");
        assert!(alternatives.len() == 1 && position == words.len(), "template {text:?}");
        Self { nodes: alternatives.remove(0), may_be_damaged }
    }

    /// One random command.
    pub fn generate(&self, source: &mut Source) -> Command {
        let mut command = Vec::new();
        emit(&self.nodes, source, &mut command);
        command
    }
}

/// Parses up to a closing word; more than one sequence where they are separated by `|`.
fn parse_until(words: &[&str], position: &mut usize, close: &str) -> Vec<Vec<Node>> {
    let mut alternatives = vec![Vec::new()];
    while let Some(&word) = words.get(*position) {
        *position += 1;
        if word == close {
            return alternatives;
        }
        let node = match word {
            "|" => {
                alternatives.push(Vec::new());
                continue;
            }
            "[" => Node::Optional(parse_until(words, position, "]").remove(0)),
            "(" => Node::Choice(parse_until(words, position, ")")),
            "{" => Node::Repeated(parse_until(words, position, "}").remove(0)),
            _ => match word.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
                Some(name) => Node::Placeholder(name.to_owned()),
                None => Node::Word(word.as_bytes().to_vec()),
            },
        };
        alternatives.last_mut().expect("never empty").push(node);
    }
    assert!(close.is_empty(), "{close:?} is missing");
    alternatives
}

fn emit(nodes: &[Node], source: &mut Source, command: &mut Command) {
    for node in nodes {
        match node {
            Node::Word(word) => command.push(word.clone()),
            Node::Placeholder(name) => command.push(source.value_of(name)),
            Node::Optional(inner) => {
                if source.random.u8(..100) < 30 {
                    emit(inner, source, command);
                }
            }
            Node::Choice(alternatives) => {
                let chosen = source.random.usize(..alternatives.len());
                emit(&alternatives[chosen], source, command);
            }
            Node::Repeated(inner) => {
                for _ in 0..source.random.usize(1..=4) {
                    emit(inner, source, command);
                }
            }
        }
    }
}

/// Values for placeholders. Keys are few so that commands meet; times are far away or long past, so that no reply
/// depends on how fast the servers run.
pub struct Source {
    pub random: Rng,
    /// Seconds since 1970 when the test started.
    now: u64,
    /// The time of the last ID that was made for an entry of a stream: they grow, so that most can be added.
    entry_time: u64,
}

/// Sizes around those where a value changes its form: embedded, allocated, a rope of 16 KiB chunks.
const LENGTHS: &[usize] =
    &[0, 1, 7, 43, 44, 45, 64, 127, 128, 200, 1000, 4096, 16_383, 16_384, 16_385, 33_000, 70_000];

const JUNK: &[&str] = &[
    "",
    "abc",
    "0",
    "-1",
    "-0",
    "+5",
    " 7",
    "007",
    "3.0",
    "nan",
    "inf",
    "1e400",
    "\0",
    "NX",
    "XX",
    "GT",
    "LT",
    "GET",
    "EX",
    "KEEPTTL",
    "BIT",
    "BYTE",
    "COUNT",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551616",
    "99999999999999999999",
    "\r\n",
    "é",
];

impl Source {
    pub fn new(seed: u64) -> Self {
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
        Self { random: Rng::with_seed(seed), now, entry_time: 0 }
    }

    fn pick(&mut self, from: &[&str]) -> Vec<u8> {
        from[self.random.usize(..from.len())].as_bytes().to_vec()
    }

    fn number(&mut self, range: std::ops::RangeInclusive<i64>) -> Vec<u8> {
        self.random.i64(range).to_string().into_bytes()
    }

    fn value_of(&mut self, placeholder: &str) -> Vec<u8> {
        match placeholder {
            "key" => self.pick(&[
                "a",
                "b",
                "c",
                "d",
                "key:1",
                "key:2",
                "{tag}x",
                "long_key_name_of_forty_bytes_or_so_aaaaa",
            ]),
            "value" => self.string(),
            "member" => self.member(),
            "short" => self.pick(&["v", "w", "10", "hello", "3.5", ""]),
            "integer" => {
                self.pick(&["0", "1", "-1", "7", "100", "-42", "9223372036854775807", "-9223372036854775808"])
            }
            "float" => {
                self.pick(&["0", "1.5", "-3.25", "1e3", "0.1", "5.0e-3", "1e17", "3.0000000000000001"])
            }
            "database" => self.pick(&["0", "1", "2", "3", "15", "16", "-1"]),
            "pattern" => {
                self.pick(&["*", "k*", "key:?", "[a-c]", "[^a]", "{tag}*", "\\a", "", "a", "*[b-", "h?llo"])
            }
            "offset" => self.pick(&[
                "0",
                "1",
                "5",
                "7",
                "8",
                "63",
                "100",
                "1000",
                "16383",
                "16384",
                "40000",
                "-1",
                "536870912",
            ]),
            "bit-offset" => {
                self.pick(&["0", "1", "7", "8", "9", "64", "1000", "131071", "131072", "-1", "4294967296"])
            }
            "field-offset" => {
                self.pick(&["0", "1", "3", "8", "63", "100", "#0", "#1", "#7", "-1", "#-1", "x"])
            }
            "index" => self.number(-12..=12),
            "bit" => self.pick(&["0", "1", "0", "1", "0", "1", "2"]),
            "field" => {
                self.pick(&["u1", "u8", "i8", "u16", "i16", "u63", "i64", "i5", "u7", "u64", "i65", "x8"])
            }
            // Never the same twice: GT and LT would compare what two servers computed at two moments.
            "seconds" => {
                let far = self.random.u64(1_000..100_000_000).to_string();
                self.pick(&[&far, &far, &far, "0", "-1", "-100000"])
            }
            "milliseconds" => {
                let far = self.random.u64(1_000_000..100_000_000_000).to_string();
                self.pick(&[&far, &far, "0", "-1"])
            }
            "at-seconds" => {
                let far = (self.now + self.random.u64(100_000..10_000_000)).to_string();
                self.pick(&[&far, &far, &far, "1", "0", "-1"])
            }
            "at-milliseconds" => {
                let far = (self.now * 1000 + self.random.u64(100_000_000..10_000_000_000)).to_string();
                self.pick(&[&far, &far, &far, "1", "0", "-1"])
            }
            "next-id" => {
                self.entry_time += self.random.u64(..2);
                match self.random.u8(..4) {
                    0 => format!("{}-*", self.entry_time).into_bytes(),
                    1 => self.entry_time.to_string().into_bytes(),
                    _ => format!("{}-{}", self.entry_time, self.random.u8(..3)).into_bytes(),
                }
            }
            "id" => {
                // Entries live in the recent past.
                let from = self.entry_time.saturating_sub(12);
                let time = self.random.u64(from..=self.entry_time + 1);
                match self.random.u8(..6) {
                    0 => b"0".to_vec(),
                    1 => time.to_string().into_bytes(),
                    _ => format!("{time}-{}", self.random.u8(..3)).into_bytes(),
                }
            }
            "stream" => self.pick(&["s", "s", "s", "s", "s", "t", "t", "a"]),
            "group" => self.pick(&["g", "g", "g", "h"]),
            "consumer" => self.pick(&["alice", "bob", "alice", "bob", "", "carol"]),
            "zset" => self.pick(&["a", "b", "c", "key:1", "{tag}x"]),
            "score" => self.score(),
            "bound" => [self.pick(&["", "", "("]), self.score()].concat(),
            "name-bound" => match self.random.u8(..6) {
                0 => b"-".to_vec(),
                1 => b"+".to_vec(),
                _ => [self.pick(&["[", "("]), self.member()].concat(),
            },
            "place-key" => self.pick(&["a", "b", "c"]),
            "place" => format!("place:{}", self.random.u8(..40)).into_bytes(),
            "longitude" => self.degrees(&["180", "-180", "181", "0", "x"], 13.0..16.0, 180.0),
            "latitude" => self.degrees(&["85.05112878", "-85.05112878", "86", "0"], 36.0..39.0, 85.05),
            // Of polygons that reach far Valkey misses places.
            "corner" => self.near(&["181", "x"], 12.0..17.0),
            "corner-latitude" => self.near(&["86", "0.x"], 35.0..40.0),
            "distance" => self.pick(&["0", "10", "1000", "5000", "100", "200.5", "500000", "3e6", "-1", "x"]),
            "unit" => self.pick(&["m", "km", "km", "ft", "mi", "KM", "parsec"]),
            "element" => self.random.u32(..2_000).to_string().into_bytes(),
            "count" => self.pick(&["1000", "2000", "1000", "0", "-1"]),
            "word" => self.pick(&["x", "hello", "two words", "é", ""]),
            other => panic!("no placeholder <{other}>"),
        }
    }

    /// A score: often the same, of all kinds.
    fn score(&mut self) -> Vec<u8> {
        match self.random.u8(..4) {
            0..=2 => self.number(-2..=3),
            _ => self.pick(&["1.5", "-0", "0.1", "inf", "-inf", "1e17", "5e-7", "+3", "nan", "1e400", ".5"]),
        }
    }

    /// Degrees of a corner: near, or odd.
    fn near(&mut self, odd: &[&str], near: std::ops::Range<f64>) -> Vec<u8> {
        if self.random.u8(..30) == 0 {
            return self.pick(odd);
        }
        (near.start + self.random.f64() * (near.end - near.start)).to_string().into_bytes()
    }

    /// A coordinate: mostly near, sometimes anywhere or no place at all.
    fn degrees(&mut self, odd: &[&str], near: std::ops::Range<f64>, max: f64) -> Vec<u8> {
        let share = self.random.f64();
        match self.random.u8(..20) {
            0 => self.pick(odd),
            1..=4 => (share * 2.0 * max - max).to_string().into_bytes(),
            _ => (near.start + share * (near.end - near.start)).to_string().into_bytes(),
        }
    }

    /// A member or field: few enough to meet, of lengths around the limits of packed forms.
    fn member(&mut self) -> Vec<u8> {
        match self.random.u8(..8) {
            0..=3 => self.number(-6..=12),
            4..=5 => self.pick(&["a", "b", "c", "d", "e", "f", "g", "", "01", "9223372036854775808"]),
            6 => self.pick(&["sixteen_bytes_xx", "seventeen_bytes_x", "é\0\n", "9223372036854775807"]),
            _ => vec![b'm'; [64, 65, 300, 600, 5000][self.random.usize(..5)]],
        }
    }

    /// A string value: a number, something short, or bytes of a length at which forms change.
    fn string(&mut self) -> Vec<u8> {
        match self.random.u8(..10) {
            0..=2 => self.value_of("integer"),
            3 => self.value_of("float"),
            4..=6 => self.value_of("short"),
            7 => (0..self.random.usize(..80)).map(|_| self.random.u8(..)).collect(),
            _ => {
                let length = LENGTHS[self.random.usize(..LENGTHS.len())];
                let start = self.random.u8(..);
                (0..length).map(|i| start.wrapping_add((i % 251) as u8)).collect()
            }
        }
    }

    /// Damages a command: an argument lost, added, doubled or replaced, or letters in the other case. Nothing is damaged
    /// where the servers would wait long then, or Valkey would follow another server, or where they are known to differ.
    pub fn damage(&mut self, command: &mut Command) {
        let whole = command.clone();
        self.damage_any(command);
        if waits_long(command) || follows_another(command) || differs(command) {
            *command = whole;
        }
    }

    fn damage_any(&mut self, command: &mut Command) {
        let position = self.random.usize(..command.len());
        match self.random.u8(..5) {
            0 if command.len() > 1 => drop(command.remove(position.max(1))),
            1 => command.push(self.pick(JUNK)),
            2 => command.insert(position, command[position].clone()),
            3 if position > 0 => command[position] = self.pick(JUNK),
            _ => command[position].make_ascii_lowercase(),
        }
    }
}

/// Whether a word is this name, in any case.
fn is(word: &[u8], name: &str) -> bool {
    word.eq_ignore_ascii_case(name.as_bytes())
}

/// Whether a blocking command waits for ever, or more than a moment.
fn waits_long(command: &Command) -> bool {
    /// Milliseconds.
    const MOMENT: f64 = 100.0;
    let name = command[0].as_slice();
    let number = |word: &Vec<u8>| str::from_utf8(word).ok()?.trim().parse::<f64>().ok();
    let timeout = if ["BLMPOP", "BZMPOP"].iter().any(|other| is(name, other)) {
        command.get(1).and_then(number).map(|seconds| seconds * 1000.0)
    } else if ["BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX"]
        .iter()
        .any(|other| is(name, other))
    {
        command.last().and_then(number).map(|seconds| seconds * 1000.0)
    } else if is(name, "XREAD") || is(name, "XREADGROUP") {
        // The last of several counts.
        let at = command.iter().rposition(|word| is(word, "BLOCK"));
        at.and_then(|at| command.get(at + 1)).and_then(number)
    } else {
        None
    };
    timeout.is_some_and(|millis| millis == 0.0 || millis > MOMENT && millis.is_finite())
}

/// The number in a word.
fn integer(word: Option<&Vec<u8>>) -> Option<i64> {
    str::from_utf8(word?).ok()?.parse().ok()
}

/// Whether the command makes Valkey a replica.
fn follows_another(command: &Command) -> bool {
    ["REPLICAOF", "SLAVEOF"].iter().any(|name| is(&command[0], name)) && integer(command.get(2)).is_some()
}

/// Whether tests/differences.md tells of it: an LSET whose index Valkey cuts to 32 bits, a name of a client that ends for
/// Valkey before its end; or it is a SORT by nothing, which may leave elements as they lie.
fn differs(command: &Command) -> bool {
    let is_cut =
        is(&command[0], "LSET") && integer(command.get(2)).is_some_and(|index| i32::try_from(index).is_err());
    let has_nul = command.iter().any(|word| word.contains(&0));
    let by = command.iter().position(|word| is(word, "BY")).and_then(|at| command.get(at + 1));
    let is_unsorted =
        by.is_some_and(|by| !by.contains(&b'*')) && !command.iter().any(|word| is(word, "STORE"));
    is_cut
        || has_nul && (is(&command[0], "CLIENT") || is(&command[0], "HELLO"))
        || is_unsorted && (is(&command[0], "SORT") || is(&command[0], "SORT_RO"))
}

/// A command as redis-cli reads it.
pub fn quoted(command: &Command) -> String {
    let words: Vec<String> = command
        .iter()
        .map(|word| {
            let is_plain =
                !word.is_empty() && word.iter().all(|b| b.is_ascii_graphic() && !b"\"'\\".contains(b));
            if is_plain {
                return String::from_utf8_lossy(word).into_owned();
            }
            let mut text = String::from("\"");
            for &byte in word {
                match byte {
                    b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
                    b' '..=b'~' => text.push(char::from(byte)),
                    _ => text.push_str(&format!("\\x{byte:02x}")),
                }
            }
            text.push('"');
            text
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_make_commands() {
        let template = Template::parse("SET <key> x [ NX ] ( EX <seconds> | PX <milliseconds> ) { <bit> }");
        let mut source = Source::new(1);
        for _ in 0..100 {
            let command = template.generate(&mut source);
            assert!(command.len() >= 6 && command.len() <= 10, "{}", quoted(&command));
            assert!(command.iter().any(|word| word == b"EX" || word == b"PX"));
        }
    }

    #[test]
    fn no_damaged_command_waits_long() {
        let mut source = Source::new(1);
        for text in ["BLPOP <key> 0.01", "BLMPOP 0.01 2 <key> <key> LEFT", "XREAD BLOCK 1 STREAMS <key> $"] {
            let template = Template::parse(text);
            let mut damaged = 0;
            for _ in 0..1000 {
                let mut command = template.generate(&mut source);
                let whole = command.clone();
                source.damage(&mut command);
                assert!(!waits_long(&command), "{}", quoted(&command));
                damaged += usize::from(command != whole);
            }
            assert!(damaged > 500, "{text}: {damaged}");
        }
        let waits = |line: &str| waits_long(&line.split(' ').map(|word| word.as_bytes().to_vec()).collect());
        assert!(
            waits("brpop k 0") && waits("BZMPOP 2 1 k MIN") && waits("XREAD BLOCK 1 block 0 STREAMS k $")
        );
        assert!(!waits("BRPOP 0 k") && !waits("BLPOP k inf") && !waits("XREAD STREAMS k 0"));
    }

    #[test]
    fn scripts_are_quoted() {
        assert_eq!(
            quoted(&vec![b"SET".to_vec(), b"a b\"".to_vec(), vec![0xff]]),
            "SET \"a b\\\"\" \"\\xff\""
        );
    }
}
