//! The fields of INFO as metrics: whatever INFO learns to tell, `/metrics` tells too.
//!
//! [`super::table`] gives fields their name, unit and explanation; a number that it does not know becomes a gauge of
//! its own name.

use super::exposition::{Exposition, Kind};
use super::table::{OMITTED, ROWS};
use crate::admin::info_fields;
use crate::server::Server;

/// Writes the numbers of all sections but those that `families` shows with labels.
pub(super) fn write(exposition: &mut Exposition, server: &Server) {
    for (section, name, text) in info_fields(server) {
        if OMITTED.contains(&name.as_str()) {
            continue;
        }
        let Some(value) = number(&text) else { continue };
        match ROWS.iter().find(|row| row.field == name) {
            Some(row) => exposition.single(row.metric, row.kind, row.help, value * row.scale),
            None => {
                let help = format!("INFO {section}: {name}.");
                let (metric, scale) = in_base_units(&name);
                exposition.single(&metric, Kind::Gauge, &help, value * scale);
            }
        }
    }
}

/// A field's name in Prometheus' base units, and what makes them of the field's.
fn in_base_units(name: &str) -> (String, f64) {
    const UNITS: [(&str, &str, f64); 4] = [
        ("_kbps", "_bytes_per_second", 1024.0),
        ("_usec", "_seconds", 1e-6),
        ("_ms", "_seconds", 1e-3),
        ("_milliseconds", "_seconds", 1e-3),
    ];
    let found = UNITS.iter().find_map(|(old, new, scale)| Some((name.strip_suffix(old)?, new, *scale)));
    found.map_or_else(|| (name.to_owned(), 1.0), |(stem, new, scale)| (format!("{stem}{new}"), scale))
}

/// The number that a field's text is; states are 1 when all is well.
fn number(text: &str) -> Option<f64> {
    match text {
        "ok" => Some(1.0),
        "err" => Some(0.0),
        // Rust also takes "inf", "nan" and the like.
        text if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') => text.parse().ok(),
        _ => None,
    }
}
