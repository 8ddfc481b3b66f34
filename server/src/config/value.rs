//! The value of a setting: its types, and the way from and to text.
//!
//! The error texts are those of redis.conf and CONFIG SET; clients and their tests match on them.

use crate::limits;

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// A decimal number within bounds, both included.
    Integer { min: i64, max: i64 },
    /// File permissions such as `700`.
    Octal { max: i64 },
    /// A number of bytes with an optional unit: `1k` is 1000 bytes, `1kb` is 1024, `m mb g gb` likewise.
    Memory { min: i64, max: i64 },
    /// One of some words.
    Choice(&'static [&'static str]),
    /// Any text; [`crate::config::table::Setting::check`] may narrow it.
    Text,
    /// Several words, in one argument or in several.
    Words,
    /// Pairs of seconds and changes; none at all is written `""`.
    SavePoints,
    /// Four words for each class of clients: class, hard limit, soft limit, soft seconds.
    OutputLimits,
    /// Pairs of command names; only in files and on the command line.
    Renames,
    /// A user's name and rules, one line for each; only in files and on the command line.
    Users,
}

/// A parsed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Bool(bool),
    /// [`Kind::Integer`], [`Kind::Octal`] and [`Kind::Memory`].
    Integer(i64),
    Choice(&'static str),
    Text(String),
    Words(Vec<String>),
    SavePoints(Vec<SavePoint>),
    OutputLimits(OutputLimits),
    Renames(Vec<Rename>),
}

/// Save in the background when `seconds` have passed and at least `changes` keys have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    pub seconds: u64,
    pub changes: u64,
}

/// When a client that does not read its replies is disconnected; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimit {
    pub hard_bytes: u64,
    pub soft_bytes: u64,
    /// How long the soft limit may be exceeded.
    pub soft_seconds: u64,
}

/// The output buffer limits of each class of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    pub normal: OutputLimit,
    pub replica: OutputLimit,
    pub pubsub: OutputLimit,
}

/// A command that goes by another name; an empty `to` takes the command away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    pub from: String,
    pub to: String,
}

impl Kind {
    /// Parses the words that follow a setting's name, or the one argument of CONFIG SET. `current` is the value that
    /// a setting made of several lines or classes adds to.
    pub fn parse(&self, words: &[&str], current: Option<&Value>) -> Result<Value, String> {
        match self {
            Kind::Words => Ok(Value::Words(spread(words).map(str::to_owned).collect())),
            Kind::SavePoints => parse_save_points(words).map(Value::SavePoints),
            Kind::OutputLimits => parse_buffer_limits(words, current).map(Value::OutputLimits),
            Kind::Renames => parse_rename(words, current),
            Kind::Users => parse_user(words, current),
            _ => match words {
                [word] => self.parse_one(word),
                _ => Err("wrong number of arguments".to_owned()),
            },
        }
    }

    fn parse_one(&self, word: &str) -> Result<Value, String> {
        match *self {
            Kind::Bool => match word {
                word if word.eq_ignore_ascii_case("yes") => Ok(Value::Bool(true)),
                word if word.eq_ignore_ascii_case("no") => Ok(Value::Bool(false)),
                _ => Err("argument must be 'yes' or 'no'".to_owned()),
            },
            Kind::Integer { min, max } => {
                let number = parse_integer(word).ok_or("argument couldn't be parsed into an integer")?;
                within(number, min, max)
            }
            Kind::Octal { max } => {
                let number = i64::from_str_radix(word, 8).ok().filter(|number| *number >= 0);
                within(number.ok_or("argument couldn't be parsed as an octal number")?, 0, max)
            }
            Kind::Memory { min, max } => {
                within(parse_memory(word).ok_or("argument must be a memory value")?, min, max)
            }
            Kind::Choice(names) => match names.iter().find(|name| name.eq_ignore_ascii_case(word)) {
                Some(name) => Ok(Value::Choice(name)),
                None => Err(format!("argument(s) must be one of the following: {}", names.join(", "))),
            },
            _ => Ok(Value::Text(word.to_owned())),
        }
    }
}

impl Value {
    /// As CONFIG GET prints it.
    pub fn to_text(&self, kind: &Kind) -> String {
        match self {
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            Value::Integer(number) if matches!(kind, Kind::Octal { .. }) => format!("{number:o}"),
            Value::Integer(number) => number.to_string(),
            Value::Choice(name) => (*name).to_owned(),
            Value::Text(text) => text.clone(),
            Value::Words(words) => words.join(" "),
            Value::SavePoints(points) => {
                let points: Vec<String> =
                    points.iter().map(|point| format!("{} {}", point.seconds, point.changes)).collect();
                points.join(" ")
            }
            Value::OutputLimits(limits) => limits.lines().join(" "),
            Value::Renames(renames) => {
                let renames: Vec<String> =
                    renames.iter().map(|rename| format!("{} {}", rename.from, rename.to)).collect();
                renames.join(" ")
            }
        }
    }
}

impl OutputLimits {
    /// One text for each class: `normal 0 0 0`.
    pub fn lines(&self) -> [String; 3] {
        let line = |class: &str, limit: &OutputLimit| {
            format!("{class} {} {} {}", limit.hard_bytes, limit.soft_bytes, limit.soft_seconds)
        };
        [line("normal", &self.normal), line("slave", &self.replica), line("pubsub", &self.pubsub)]
    }
}

impl Default for OutputLimits {
    fn default() -> Self {
        let limit =
            |hard_bytes, soft_bytes, soft_seconds| OutputLimit { hard_bytes, soft_bytes, soft_seconds };
        OutputLimits {
            normal: limit(0, 0, 0),
            replica: limit(256 << 20, 64 << 20, 60),
            pubsub: limit(32 << 20, 8 << 20, 60),
        }
    }
}

/// Splits the words again at blanks: `--save "900 1 300 10"` and `save 900 1 300 10` mean the same.
fn spread<'a>(words: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    words.iter().flat_map(|word| word.split_ascii_whitespace())
}

/// A decimal number without leading `+`, blanks or zeros.
fn parse_integer(word: &str) -> Option<i64> {
    let number: i64 = word.parse().ok()?;
    let digits = word.strip_prefix('-').unwrap_or(word);
    let canonical = digits == "0" && number == 0 && !word.starts_with('-') || !digits.starts_with(['0', '+']);
    canonical.then_some(number)
}

fn within(number: i64, min: i64, max: i64) -> Result<Value, String> {
    if (min..=max).contains(&number) {
        Ok(Value::Integer(number))
    } else {
        Err(format!("argument must be between {min} and {max} inclusive"))
    }
}

/// Bytes of a text such as `100mb`.
pub fn parse_memory(word: &str) -> Option<i64> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = word.split_at(digits);
    if word.is_empty() {
        // As in Redis.
        return Some(0);
    }
    let factor: i64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

fn parse_save_points(words: &[&str]) -> Result<Vec<SavePoint>, String> {
    let invalid = || "Invalid save parameters".to_owned();
    let words: Vec<&str> = spread(words).collect();
    if !words.len().is_multiple_of(2) || words.len() > 2 * limits::SAVE_POINTS_MAX {
        return Err(invalid());
    }
    let mut points = Vec::with_capacity(words.len() / 2);
    for pair in words.chunks_exact(2) {
        let seconds = pair[0].parse().ok().filter(|seconds| *seconds >= 1).ok_or_else(invalid)?;
        let changes = pair[1].parse().map_err(|_| invalid())?;
        points.push(SavePoint { seconds, changes });
    }
    Ok(points)
}

fn parse_buffer_limits(words: &[&str], current: Option<&Value>) -> Result<OutputLimits, String> {
    let mut limits = match current {
        Some(Value::OutputLimits(limits)) => *limits,
        _ => OutputLimits::default(),
    };
    let words: Vec<&str> = spread(words).collect();
    if !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".to_owned());
    }
    for group in words.chunks_exact(4) {
        let class = match group[0].to_ascii_lowercase().as_str() {
            "normal" => &mut limits.normal,
            "slave" | "replica" => &mut limits.replica,
            "pubsub" => &mut limits.pubsub,
            _ => return Err("Invalid client class specified in buffer limit configuration.".to_owned()),
        };
        let wrong =
            || "Error in hard, soft or soft_seconds setting in buffer limit configuration.".to_owned();
        *class = OutputLimit {
            hard_bytes: parse_memory(group[1]).ok_or_else(wrong)? as u64,
            soft_bytes: parse_memory(group[2]).ok_or_else(wrong)? as u64,
            soft_seconds: group[3].parse().map_err(|_| wrong())?,
        };
    }
    Ok(limits)
}

fn parse_user(words: &[&str], current: Option<&Value>) -> Result<Value, String> {
    let mut users = match current {
        Some(Value::Words(users)) => users.clone(),
        _ => Vec::new(),
    };
    crate::acl::check_words(words)?;
    let is_same_name = |line: &String| line.split(' ').next() == words.first().copied();
    if users.iter().any(is_same_name) {
        let name = words[0];
        return Err(format!(
            "Error in user declaration '{name}': Duplicate user found. A user can only be defined once in config files"
        ));
    }
    users.push(words.join(" "));
    Ok(Value::Words(users))
}

fn parse_rename(words: &[&str], current: Option<&Value>) -> Result<Value, String> {
    let mut renames = match current {
        Some(Value::Renames(renames)) => renames.clone(),
        _ => Vec::new(),
    };
    let [from, to] = words else { return Err("wrong number of arguments".to_owned()) };
    if renames.len() >= limits::RENAMES_MAX {
        return Err(format!("more than {} commands are renamed", limits::RENAMES_MAX));
    }
    renames.push(Rename { from: (*from).to_owned(), to: (*to).to_owned() });
    Ok(Value::Renames(renames))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_units_are_those_of_redis() {
        for (text, bytes) in
            [("", 0), ("0", 0), ("100", 100), ("1k", 1000), ("1kb", 1024), ("2MB", 2 << 20), ("1Gb", 1 << 30)]
        {
            assert_eq!(parse_memory(text), Some(bytes), "{text}");
        }
        for text in ["kb", "1zb", "-1", "1.5gb", "1 gb", "9999999999gb", "+5"] {
            assert_eq!(parse_memory(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_bounded_and_canonical() {
        let kind = Kind::Integer { min: -1, max: 65535 };
        assert_eq!(kind.parse(&["-1"], None), Ok(Value::Integer(-1)));
        for word in ["x", "", "1.5", "+1", "01", " 1", "-0", "99999999999999999999"] {
            assert!(kind.parse(&[word], None).unwrap_err().contains("parsed into an integer"), "{word}");
        }
        assert!(kind.parse(&["65536"], None).unwrap_err().contains("between -1 and 65535 inclusive"));
        assert_eq!(kind.parse(&["1", "2"], None).unwrap_err(), "wrong number of arguments");
    }

    #[test]
    fn save_points_come_in_pairs() {
        let parse = |words: &[&str]| {
            Kind::SavePoints.parse(words, None).map(|value| value.to_text(&Kind::SavePoints))
        };
        assert_eq!(parse(&["900 1 300 10"]).as_deref(), Ok("900 1 300 10"));
        assert_eq!(parse(&["900", "1"]).as_deref(), Ok("900 1"));
        assert_eq!(parse(&[""]).as_deref(), Ok(""));
        for words in [&["900"][..], &["900 1 300"], &["0 1"], &["-1 1"], &["a b"]] {
            assert_eq!(parse(words).unwrap_err(), "Invalid save parameters");
        }
    }

    #[test]
    fn buffer_limits_change_one_class_at_a_time() {
        let kind = Kind::OutputLimits;
        let first = kind.parse(&["normal", "1mb", "2mb", "60"], None).unwrap();
        let second = kind.parse(&["replica 0 0 0"], Some(&first)).unwrap();
        assert_eq!(second.to_text(&kind), "normal 1048576 2097152 60 slave 0 0 0 pubsub 33554432 8388608 60");
        assert!(kind.parse(&["nobody 1 2 3"], None).unwrap_err().contains("Invalid client class"));
        assert!(kind.parse(&["normal 1 2"], None).unwrap_err().contains("Wrong number of arguments"));
        assert!(kind.parse(&["normal 1 2 x"], None).unwrap_err().contains("Error in hard"));
    }
}
