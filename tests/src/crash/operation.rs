//! What writer W does as operation N, and what its keys hold afterwards.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::differential::grammar::Command;

/// Keys that one writer changes.
const KEYS: u64 = 16;

/// A log string is dropped when it has grown to this.
const LOG_BYTES_MAX: usize = 60_000;

/// A key's value, and whether it has an expiry (far away).
pub type Model = BTreeMap<String, (Vec<u8>, bool)>;

/// Operation `number` of a writer: the command, applied to the model.
pub fn operation(writer: u64, number: u64, model: &mut Model) -> Command {
    let mut random = Rng::with_seed(writer << 48 | number);
    let key = format!("w{writer}:k{}", random.u64(..KEYS));
    let text = |word: &str| word.as_bytes().to_vec();
    let number_text = number.to_string().into_bytes();
    match random.u8(..10) {
        0 => {
            let (left, right) = (format!("w{writer}:left"), format!("w{writer}:right"));
            for side in [&left, &right] {
                model.insert(side.clone(), (number_text.clone(), false));
            }
            vec![text("MSET"), text(&left), number_text.clone(), text(&right), number_text]
        }
        1 => {
            let key = format!("w{writer}:counter");
            let entry = model.entry(key.clone()).or_insert_with(|| (b"0".to_vec(), false));
            let count: u64 = String::from_utf8_lossy(&entry.0).parse().expect("a counter");
            entry.0 = (count + 1).to_string().into_bytes();
            vec![text("INCR"), text(&key)]
        }
        2 => {
            let key = format!("w{writer}:log");
            let piece = format!("{number},");
            if model.get(&key).is_some_and(|(log, _)| log.len() > LOG_BYTES_MAX) {
                model.remove(&key);
                return vec![text("DEL"), text(&key)];
            }
            model.entry(key.clone()).or_default().0.extend_from_slice(piece.as_bytes());
            vec![text("APPEND"), text(&key), text(&piece)]
        }
        3 => {
            model.remove(&key);
            vec![text("DEL"), text(&key)]
        }
        4 => {
            model.insert(key.clone(), (number_text.clone(), true));
            vec![text("SET"), text(&key), number_text, text("EX"), text("1000000")]
        }
        5 => {
            let target = format!("w{writer}:k{}", random.u64(..KEYS));
            if key == target || !model.contains_key(&key) {
                return vec![text("PERSIST"), text(&format!("w{writer}:left"))];
            }
            let value = model.remove(&key).expect("just seen");
            model.insert(target.clone(), value);
            vec![text("RENAME"), text(&key), text(&target)]
        }
        _ => {
            let mut value = number_text;
            // Now and then a value longer than a chunk.
            let padding = if random.u8(..50) == 0 { random.usize(..50_000) } else { random.usize(..120) };
            value.push(b':');
            value.resize(value.len() + padding, b'a' + (number % 26) as u8);
            model.insert(key.clone(), (value.clone(), false));
            vec![text("SET"), text(&key), value]
        }
    }
}

/// Every key that a writer may have.
pub fn keys_of(writer: u64) -> Vec<String> {
    let named = ["left", "right", "counter", "log"].iter().map(|name| format!("w{writer}:{name}"));
    named.chain((0..KEYS).map(|key| format!("w{writer}:k{key}"))).collect()
}
