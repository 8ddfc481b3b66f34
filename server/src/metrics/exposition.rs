//! Prometheus' text format (version 0.0.4).
//!
//! *Format:* each family begins with `# HELP` and `# TYPE`, its samples follow at once: `name{label="value"} number`.

use std::fmt::Write;

/// What kind of number a family holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, but for a reset.
    Counter,
    Gauge,
    Histogram,
}

/// The text under construction.
#[derive(Default)]
pub struct Exposition(String);

/// Before every name.
const PREFIX: &str = "polycache_";

impl Exposition {
    pub fn finish(self) -> String {
        self.0
    }

    /// Begins a family.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        // Writing to a string does not fail, here and below.
        let _ = write!(self.0, "# HELP {PREFIX}{name} ");
        escape(help, false, &mut self.0);
        let _ = writeln!(self.0, "\n# TYPE {PREFIX}{name} {kind}");
    }

    /// One number of the family that was begun last.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(PREFIX);
        self.0.push_str(name);
        for (position, (label, text)) in labels.iter().enumerate() {
            self.0.push(if position == 0 { '{' } else { ',' });
            let _ = write!(self.0, "{label}=\"");
            escape(text, true, &mut self.0);
            self.0.push('"');
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    /// A family of one number.
    pub fn single(&mut self, name: &str, kind: Kind, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }
}

/// Texts may hold anything but these, which are escaped.
fn escape(text: &str, is_label: bool, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if is_label => out.push_str("\\\""),
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text() {
        let mut exposition = Exposition::default();
        exposition.single("keys", Kind::Gauge, "How many \\ keys.", 3.0);
        exposition.family("calls_total", Kind::Counter, "Calls.");
        exposition.sample("calls_total", &[("cmd", "a\"b"), ("x", "1")], 1.5);
        assert_eq!(
            exposition.finish(),
            "# HELP polycache_keys How many \\\\ keys.\n# TYPE polycache_keys gauge\npolycache_keys 3\n\
             # HELP polycache_calls_total Calls.\n# TYPE polycache_calls_total counter\n\
             polycache_calls_total{cmd=\"a\\\"b\",x=\"1\"} 1.5\n"
        );
    }
}
