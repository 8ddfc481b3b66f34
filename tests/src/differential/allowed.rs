//! What may differ between the servers: read from `tests/differences.md`, the one place that says so.

use crate::differential::grammar::Command;
use crate::support::Value;

/// How two replies to one command are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// They are equal.
    Exact,
    /// Equal as sets: the order of elements is free, at every level.
    Unordered,
    /// SCAN: as unordered when both scans are complete; an incomplete one may hold any keys.
    Scan,
    /// Integers may differ by so much (clocks); everything else is exact.
    Near(i64),
    /// Times in milliseconds, and IDs made of them, may differ by a minute; what describes how a stream lies in memory is
    /// free. Everything else is exact.
    Times,
    /// Both are errors, or both the same kind of reply; contents are free.
    Kind,
    /// Errors need the same first word only; other replies are exact.
    ErrorCode,
    /// Errors are equal; replies need the same kind, and as many elements.
    Length,
}

/// The rules of the document, longest command names first.
pub struct Rules(Vec<(Vec<String>, Rule)>);

impl Rules {
    /// Reads the table; a row that is no rule panics.
    pub fn from_document() -> Self {
        Self::parse(include_str!("../../differences.md"))
    }

    fn parse(document: &str) -> Self {
        let mut rules = Vec::new();
        // memcached's table has columns of its own.
        let resp = document.split("\n## memcached").next().unwrap_or_default();
        for line in resp.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, commands, rule, reason, ..] = cells[..] else { panic!("differences.md: {line:?}") };
            assert!(reason.len() > 10, "differences.md: no reason in {line:?}");
            for command in commands.split(',') {
                let words = command.trim().trim_matches('`').split(' ').map(str::to_owned).collect();
                rules.push((words, parse_rule(rule)));
            }
        }
        rules.sort_by_key(|(words, _): &(Vec<String>, Rule)| std::cmp::Reverse(words.len()));
        Self(rules)
    }

    /// The rule for a command.
    pub fn of(&self, command: &Command) -> Rule {
        let matches = |words: &[String]| {
            words.len() <= command.len()
                && words
                    .iter()
                    .zip(command)
                    .all(|(word, argument)| word.as_bytes().eq_ignore_ascii_case(argument))
        };
        let rule = self.0.iter().find(|(words, _)| matches(words)).map_or(Rule::Exact, |(_, rule)| *rule);
        match rule {
            // A cursor that no server gave stands for another part of the table on each.
            Rule::Scan if command.get(cursor_position(command)).is_some_and(|cursor| cursor != b"0") => {
                Rule::Kind
            }
            // All settings at once: ports, paths, and some that only one side has.
            Rule::Exact
                if command.len() > 2 && is_config_get(command) && command.iter().any(|w| w == b"*") =>
            {
                Rule::Kind
            }
            rule => rule,
        }
    }
}

/// SCAN's cursor comes first, that of its kin behind the key.
fn cursor_position(command: &Command) -> usize {
    if command[0].eq_ignore_ascii_case(b"scan") { 1 } else { 2 }
}

fn is_config_get(command: &Command) -> bool {
    command[0].eq_ignore_ascii_case(b"config") && command[1].eq_ignore_ascii_case(b"get")
}

fn parse_rule(text: &str) -> Rule {
    match text.split(' ').collect::<Vec<_>>()[..] {
        ["exact"] => Rule::Exact,
        ["unordered"] => Rule::Unordered,
        ["scan"] => Rule::Scan,
        ["near", by] => Rule::Near(by.parse().unwrap_or_else(|_| panic!("differences.md: near {by:?}"))),
        ["times"] => Rule::Times,
        ["kind"] => Rule::Kind,
        ["error-code"] => Rule::ErrorCode,
        ["length"] => Rule::Length,
        _ => panic!("differences.md: no rule {text:?}"),
    }
}

impl Rule {
    /// Whether two replies agree. Errors are compared exactly under every rule but `ErrorCode` and `Kind`.
    pub fn agrees(self, left: &Value, right: &Value) -> bool {
        if let (Value::Error(peer), Value::Error(ours)) = (left, right)
            && let Err(error) = std::str::from_utf8(peer)
        {
            // Our errors are text: bytes that are none are replaced where an error repeats an argument.
            return peer[..error.valid_up_to()] == ours[..error.valid_up_to().min(ours.len())];
        }
        let (shorter_left, shorter_right);
        let (left, right) = if left == right {
            (left, right)
        } else {
            (shorter_left, shorter_right) = (shortened(left), shortened(right));
            (&shorter_left, &shorter_right)
        };
        match self {
            Self::Exact => left == right,
            Self::Unordered => sorted(left) == sorted(right),
            Self::Scan => match (left.items(), right.items()) {
                ([left_cursor, left_keys], [right_cursor, right_keys]) => {
                    let complete = |cursor: &Value| cursor.bytes() == Some(b"0");
                    !(complete(left_cursor) && complete(right_cursor))
                        || sorted(left_keys) == sorted(right_keys)
                }
                _ => left == right,
            },
            Self::Near(by) => match (left, right) {
                // Negative answers are codes, not times.
                (Value::Integer(l), Value::Integer(r)) => {
                    l == r || (*l >= 0 && *r >= 0 && l.abs_diff(*r) <= by as u64)
                }
                (Value::Array(l), Value::Array(r)) => {
                    l.len() == r.len() && l.iter().zip(r).all(|(l, r)| self.agrees(l, r))
                }
                _ => left == right,
            },
            Self::Times => times_agree(left, right),
            Self::Kind => std::mem::discriminant(left) == std::mem::discriminant(right),
            Self::Length => match (left, right) {
                (Value::Error(_), _) | (_, Value::Error(_)) => left == right,
                _ => {
                    std::mem::discriminant(left) == std::mem::discriminant(right)
                        && left.items().len() == right.items().len()
                }
            },
            Self::ErrorCode => match (left, right) {
                (Value::Error(l), Value::Error(r)) => {
                    l.split(|b| *b == b' ').next() == r.split(|b| *b == b' ').next()
                }
                _ => left == right,
            },
        }
    }
}

/// Two clocks may differ by so much.
const CLOCKS_MS: u64 = 60_000;
/// What is above is a time since 1970.
const TIME_MS_MIN: i64 = 1_000_000_000_000;

/// [`Rule::Times`].
fn times_agree(left: &Value, right: &Value) -> bool {
    let near =
        |left: i64, right: i64| left == right || left >= 0 && right >= 0 && left.abs_diff(right) <= CLOCKS_MS;
    let pair_agrees = |name: &Value, left: &Value, right: &Value| match (name.bytes(), left, right) {
        (Some(b"radix-tree-keys" | b"radix-tree-nodes"), Value::Integer(_), Value::Integer(_)) => true,
        (Some(b"idle" | b"inactive"), Value::Integer(left), Value::Integer(right)) => near(*left, *right),
        _ => times_agree(left, right),
    };
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => {
            left == right || (*left).min(*right) >= TIME_MS_MIN && near(*left, *right)
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            // XPENDING: ID, consumer, how long ago, how often.
            let is_pending =
                matches!(&left[..], [id, _, Value::Integer(_), Value::Integer(_)] if id.bytes().is_some());
            left.iter().zip(right).enumerate().all(|(at, (l, r))| match (is_pending && at == 2, l, r) {
                (true, Value::Integer(l), Value::Integer(r)) => near(*l, *r),
                _ if at % 2 == 1 => pair_agrees(&left[at - 1], l, r),
                _ => times_agree(l, r),
            })
        }
        (Value::Map(left), Value::Map(right)) if left.len() == right.len() => {
            left.iter().zip(right).all(|((name, l), (other, r))| name == other && pair_agrees(name, l, r))
        }
        _ => match (left.bytes().and_then(time_of_id), right.bytes().and_then(time_of_id)) {
            (Some(left), Some(right)) => near(left, right),
            _ => left == right,
        },
    }
}

/// The time of an entry's ID that a server made.
fn time_of_id(text: &[u8]) -> Option<i64> {
    let (time, _) = std::str::from_utf8(text).ok()?.split_once('-')?;
    time.parse().ok().filter(|time| (TIME_MS_MIN..10 * TIME_MS_MIN).contains(time))
}

/// The reply with its aggregates sorted by their printed form.
fn sorted(value: &Value) -> Value {
    let sort = |items: &[Value]| {
        let mut items: Vec<Value> = items.iter().map(sorted).collect();
        items.sort_by_key(|item| format!("{item:?}"));
        items
    };
    match value {
        Value::Array(items) => Value::Array(sort(items)),
        Value::Set(items) => Value::Set(sort(items)),
        Value::Map(pairs) => {
            let mut pairs: Vec<(Value, Value)> = pairs.iter().map(|(k, v)| (sorted(k), sorted(v))).collect();
            pairs.sort_by_key(|(key, _)| format!("{key:?}"));
            Value::Map(pairs)
        }
        other => other.clone(),
    }
}

/// A reply with long doubles by their shortest digits: Valkey's algorithm misses those of one in a thousand.
fn shortened(value: &Value) -> Value {
    /// Fewer digits are always the shortest.
    const DIGITS_MIN: usize = 16;
    let text = |bytes: &Vec<u8>| {
        let is_long = bytes.iter().filter(|byte| byte.is_ascii_digit()).count() >= DIGITS_MIN;
        let double = str::from_utf8(bytes).ok().filter(|text| is_long && text.contains('.'));
        let double = double.and_then(|text| text.parse::<f64>().ok());
        double.map_or_else(|| bytes.clone(), |double| format!("{double:e}").into_bytes())
    };
    match value {
        Value::Bulk(bytes) => Value::Bulk(text(bytes)),
        Value::Double(bytes) => Value::Double(text(bytes)),
        Value::Array(values) => Value::Array(values.iter().map(shortened).collect()),
        Value::Map(pairs) => {
            Value::Map(pairs.iter().map(|(key, value)| (shortened(key), shortened(value))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_read() {
        let rules = Rules::from_document();
        let command = |text: &str| text.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Command>();
        assert_eq!(rules.of(&command("get a")), Rule::Exact);
        assert_eq!(rules.of(&command("keys *")), Rule::Unordered);
        assert_eq!(rules.of(&command("command getkeys get a")), Rule::Exact);
        assert_eq!(rules.of(&command("command docs get")), Rule::Kind);
        assert_eq!(rules.of(&command("object idletime a")), Rule::Near(60));
    }

    #[test]
    fn doubles_may_have_a_digit_too_many() {
        let agree = |left: &str, right: &str| {
            Rule::Exact.agrees(&Value::Bulk(left.into()), &Value::Bulk(right.into()))
        };
        assert!(agree("10502.176020489651", "10502.17602048965"));
        assert!(!agree("10502.176020489651", "10502.176020489653"));
        assert!(!agree("1.50", "1.5"));
        assert!(!agree("10502176020489651", "1050217602048965"));
    }

    #[test]
    fn codes_are_not_times() {
        assert!(Rule::Near(5).agrees(&Value::Integer(100), &Value::Integer(98)));
        assert!(!Rule::Near(5).agrees(&Value::Integer(-1), &Value::Integer(2)));
    }
}
