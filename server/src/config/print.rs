//! Settings as lines of a configuration file.

use super::table::{self, FILE_ONLY, Place, Setting, Settings};
use super::value::{Kind, Value};
use super::words::quote;

/// The lines that give `setting` the value `value`.
pub fn lines(setting: &Setting, value: &Value) -> Vec<String> {
    let name = setting.name;
    match value {
        Value::SavePoints(points) if points.is_empty() => vec![format!("{name} \"\"")],
        Value::SavePoints(points) => {
            points.iter().map(|point| format!("{name} {} {}", point.seconds, point.changes)).collect()
        }
        Value::OutputLimits(limits) => {
            let default = setting.default_value();
            let Value::OutputLimits(default) = default else { unreachable!("one kind per row") };
            let changed: Vec<String> = limits
                .lines()
                .into_iter()
                .zip(default.lines())
                .filter(|(line, default)| line != default)
                .map(|(line, _)| format!("{name} {line}"))
                .collect();
            if changed.is_empty() { vec![format!("{name} {}", limits.lines()[0])] } else { changed }
        }
        Value::Words(users) if matches!(setting.kind, Kind::Users) => {
            users.iter().map(|user| format!("{name} {user}")).collect()
        }
        Value::Words(words) if words.is_empty() => vec![format!("{name} \"\"")],
        Value::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
            vec![format!("{name} {}", words.join(" "))]
        }
        Value::Renames(renames) => renames
            .iter()
            .map(|rename| format!("{name} {} {}", quote(&rename.from), quote(&rename.to)))
            .collect(),
        Value::Integer(bytes) if matches!(setting.kind, Kind::Memory { .. }) => {
            vec![format!("{name} {}", memory(*bytes))]
        }
        value => vec![format!("{name} {}", quote(&value.to_text(&setting.kind)))],
    }
}

/// Bytes with the largest unit that divides them.
fn memory(bytes: i64) -> String {
    let units = [("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10)];
    match units.iter().find(|(_, factor)| bytes != 0 && bytes % factor == 0) {
        Some((unit, factor)) => format!("{}{unit}", bytes / factor),
        None => bytes.to_string(),
    }
}

impl Settings {
    /// These settings as a commented configuration file: those with an effect, and what else differs from its default.
    pub fn to_file(&self) -> String {
        let mut text = String::from("# Polycache configuration, in the syntax of redis.conf.\n");
        for setting in table::all() {
            let effective = matches!(setting.place, Place::Field { .. });
            if setting.is(FILE_ONLY) && self.is_default(setting) || !effective && self.is_default(setting) {
                continue;
            }
            text.push_str(&format!("\n# {}\n", setting.about));
            for line in lines(setting, &self.value(setting)) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_configuration_reads_back() {
        let text = "port 7\nsave \"\"\nbind * -::*\nmaxmemory 1536mb\nrequirepass \"a b\\\"\"\nunixsocketperm 700\n\
                    client-output-buffer-limit pubsub 1 2 3\nrename-command KEYS \"\"\nhz 20\n";
        let settings = Settings::parse(text).unwrap();
        let printed = settings.to_file();
        assert_eq!(Settings::parse(&printed).as_ref(), Ok(&settings), "{printed}");
        assert!(
            printed.contains("maxmemory 1536mb\n") && printed.contains("unixsocketperm 700\n"),
            "{printed}"
        );
    }
}
