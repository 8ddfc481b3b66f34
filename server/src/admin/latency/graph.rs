//! LATENCY GRAPH: samples as columns of letters, with their age below.

use super::{Sample, Series};

/// Samples side by side.
const COLUMNS: usize = 80;
/// Lines of a column; each tells [`LEVELS`] heights apart.
const ROWS: u64 = 4;
/// From low to high.
const LEVELS: [u8; 3] = [b'_', b'o', b'#'];

/// The whole answer.
pub(super) fn draw(event: &str, series: &Series, now: u64) -> String {
    let samples: Vec<Sample> = series.samples.iter().copied().collect();
    let high = samples.iter().map(|sample| sample.ms).max().unwrap_or(0);
    let low = samples.iter().map(|sample| sample.ms).min().unwrap_or(0);
    let mut text = format!(
        "{event} - high {high} ms, low {low} ms (all time high {} ms)\n{}\n",
        series.max_ms,
        "-".repeat(COLUMNS)
    );
    for (place, part) in samples.chunks(COLUMNS).enumerate() {
        if place > 0 {
            text.push('\n');
        }
        draw_part(part, low, high, now, &mut text);
    }
    text
}

fn draw_part(samples: &[Sample], low: u64, high: u64, now: u64, text: &mut String) {
    let steps = ROWS * LEVELS.len() as u64;
    let range = (high - low).max(1);
    let heights: Vec<u64> =
        samples.iter().map(|sample| ((sample.ms - low) * steps / range).min(steps - 1)).collect();
    for row in (0..ROWS).rev() {
        let floor = row * LEVELS.len() as u64;
        for height in &heights {
            let letter = match height.checked_sub(floor) {
                None => b' ',
                Some(level) => LEVELS.get(level as usize).copied().unwrap_or(b'|'),
            };
            text.push(char::from(letter));
        }
        text.push('\n');
    }
    // An empty line, then the ages, written downwards.
    let ages: Vec<String> = samples.iter().map(|sample| age(now.saturating_sub(sample.at))).collect();
    let longest = ages.iter().map(String::len).max().unwrap_or(0);
    text.push_str(&" ".repeat(samples.len()));
    text.push('\n');
    for place in 0..longest {
        let letters = ages.iter().map(|age| age.as_bytes().get(place).map_or(' ', |byte| char::from(*byte)));
        text.extend(letters);
        text.push('\n');
    }
}

fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_valkey_draws_it() {
        let mut series = Series::default();
        series.note(100, 20);
        series.note(102, 30);
        let drawn = draw("command", &series, 102);
        let (head, graph) = drawn.split_once(&format!("{}\n", "-".repeat(80))).unwrap();
        assert_eq!(head, "command - high 30 ms, low 20 ms (all time high 30 ms)\n");
        assert_eq!(graph, " #\n |\n |\n_|\n  \n20\nss\n");
    }

    #[test]
    fn equal_samples_and_many() {
        let mut series = Series::default();
        for at in 0..100 {
            series.note(at, 7);
        }
        let drawn = draw("x", &series, 200_000);
        assert!(drawn.lines().all(|line| line.len() <= COLUMNS), "{drawn}");
        assert_eq!(drawn.matches('_').count(), 100);
    }
}
