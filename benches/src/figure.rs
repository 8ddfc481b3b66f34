//! A measured ratio, its target, and the table of them.

use crate::machine;

/// What a ratio must be.
#[derive(Clone, Copy)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
}

/// One line of the table.
pub struct Figure {
    pub what: String,
    /// With their units.
    pub ours: String,
    pub peer: String,
    pub ratio: f64,
    pub target: Target,
}

impl Figure {
    fn is_reached(&self) -> bool {
        match self.target {
            Target::AtMost(limit) => self.ratio <= limit,
            Target::AtLeast(limit) => self.ratio >= limit,
        }
    }

    /// The figure as a row of the table.
    pub fn line(&self) -> String {
        let target = match self.target {
            Target::AtMost(limit) => format!("<= {limit:.2}"),
            Target::AtLeast(limit) => format!(">= {limit:.2}"),
        };
        let result = if self.is_reached() { "pass" } else { "miss" };
        format!("| {} | {} | {} | {:.2} | {target} | {result} |", self.what, self.ours, self.peer, self.ratio)
    }
}

/// The table, headed by machine and date.
pub fn table(figures: &[Figure]) -> String {
    let mut text = format!("{}\n\n", machine::description());
    text.push_str("| what | ours | peer | ratio | target | |\n|---|---|---|---|---|---|\n");
    for figure in figures {
        text.push_str(&figure.line());
        text.push('\n');
    }
    let reached = figures.iter().filter(|figure| figure.is_reached()).count();
    text.push_str(&format!("\n{reached} of {} reached.\n", figures.len()));
    text
}

/// The median; 0 of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}
