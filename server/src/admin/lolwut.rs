//! LOLWUT: a picture, and the version. Every version of Redis and Valkey has one of its own.
//!
//! *Limits:* [`COLUMNS_MAX`], [`ROWS_MAX`], and [`SQUARES_MAX`] squares a side.

use polycache_core::command::args::{canonical_integer, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome};

const COLUMNS_MAX: i64 = 160;
const ROWS_MAX: i64 = 80;
const SQUARES_MAX: i64 = 200;
/// Columns of the squares' picture.
const CANVAS_MAX: i64 = 1000;

/// `LOLWUT [VERSION n] ...`
pub(super) fn lolwut(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (version, rest) = match &args[1..] {
        [word, version, rest @ ..] if is_word(word, "version") => {
            (canonical_integer(version).ok_or(Failure::NOT_INTEGER)?, rest)
        }
        rest => (9, rest),
    };
    let picture = match version {
        5 => squares(rest)?,
        6 => skyline(rest)?,
        9 => julia(rest)?,
        _ => String::new(),
    };
    ctx.reply.verbatim("txt", format!("{picture}Polycache ver. {}\n", crate::VERSION).as_bytes());
    Ok(())
}

/// Whole numbers with a default and bounds.
fn numbers<const N: usize>(args: &[&[u8]], of: [(i64, i64, i64); N]) -> Result<[i64; N], Failure> {
    let mut found = of.map(|(default, ..)| default);
    for ((number, (_, min, max)), text) in found.iter_mut().zip(of).zip(args) {
        *number = canonical_integer(text).ok_or(Failure::NOT_INTEGER)?.clamp(min, max);
    }
    Ok(found)
}

/// A Julia set in letters: `[columns rows] [real imaginary]`.
fn julia(args: &[&[u8]]) -> Result<String, Failure> {
    const SYNTAX: Failure = Failure::text("ERR Syntax error. Use: LOLWUT [columns rows] [real imaginary]");
    const SHADES: &[u8] = b" .:-=+*%@";
    const STEPS: usize = 50;
    if !matches!(args.len(), 0 | 2 | 4) {
        return Err(SYNTAX);
    }
    let [columns, rows] = numbers(args, [(80, 1, COLUMNS_MAX), (40, 1, ROWS_MAX)])?;
    let float = |text: &[u8]| {
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
        number.filter(|number| number.is_finite()).ok_or(Failure::NOT_FLOAT)
    };
    let (real, imaginary) = match args {
        [_, _, real, imaginary] => (float(real)?, float(imaginary)?),
        _ => (fastrand::f64() * 2.0 - 1.0, fastrand::f64() * 2.0 - 1.0),
    };
    let mut picture = String::new();
    for row in 0..rows {
        for column in 0..columns {
            let mut x = (column as f64 + 0.5) / columns as f64 * 4.0 - 2.0;
            let mut y = (row as f64 + 0.5) / rows as f64 * 4.0 - 2.0;
            let mut steps = 0;
            while steps < STEPS && x * x + y * y < 4.0 {
                (x, y) = (x * x - y * y + real, 2.0 * x * y + imaginary);
                steps += 1;
            }
            let shade = if steps == STEPS { SHADES.len() - 1 } else { steps.min(SHADES.len() - 2) };
            picture.push(char::from(SHADES[shade]));
        }
        picture.push('\n');
    }
    picture.push_str(&format!("Julia set of the constant {real:.2} + {imaginary:.2}i\n"));
    Ok(picture)
}

/// Points in Braille letters, two by four each.
struct Canvas {
    columns: usize,
    rows: usize,
    points: Vec<bool>,
}

impl Canvas {
    fn new(columns: usize, rows: usize) -> Canvas {
        Canvas { columns, rows, points: vec![false; columns * rows] }
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).ceil().max(1.0);
        for step in 0..=steps as usize {
            let part = step as f64 / steps;
            let x = (from.0 + (to.0 - from.0) * part).round();
            let y = (from.1 + (to.1 - from.1) * part).round();
            if x >= 0.0 && y >= 0.0 && (x as usize) < self.columns && (y as usize) < self.rows {
                self.points[y as usize * self.columns + x as usize] = true;
            }
        }
    }

    fn text(&self) -> String {
        // The dots of a Braille letter, left column and right column, from the top.
        const DOTS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let mut text = String::new();
        for row in (0..self.rows).step_by(4) {
            for column in (0..self.columns).step_by(2) {
                let mut letter = 0x2800;
                for (x, dots) in DOTS.iter().enumerate() {
                    for (y, dot) in dots.iter().enumerate() {
                        let (x, y) = (column + x, row + y);
                        if x < self.columns && y < self.rows && self.points[y * self.columns + x] {
                            letter |= dot;
                        }
                    }
                }
                text.extend(char::from_u32(letter));
            }
            text.push('\n');
        }
        text
    }
}

/// Squares that lose their order towards the bottom, after Georg Nees: `[columns] [squares a row] [squares a column]`.
fn squares(args: &[&[u8]]) -> Result<String, Failure> {
    let bounds = [(66, 1, CANVAS_MAX), (8, 1, SQUARES_MAX), (12, 1, SQUARES_MAX)];
    let [columns, across, down] = numbers(args, bounds)?;
    let width = columns as usize * 2;
    let margin = if width > 4 { 2 } else { 0 };
    let side = (width - 2 * margin) as f64 / across as f64;
    let mut canvas = Canvas::new(width, (side * down as f64) as usize + 2 * margin);
    for row in 0..down {
        for column in 0..across {
            let disorder = if row == 0 { 0.0 } else { row as f64 / down as f64 };
            let shift = || (fastrand::f64() - 0.5) * disorder;
            let angle = shift() * 1.5;
            let x = margin as f64 + side * (column as f64 + 0.5 + shift() * 0.5);
            let y = margin as f64 + side * (row as f64 + 0.5 + shift() * 0.5);
            let corner = |quarter: f64| {
                let direction = angle + std::f64::consts::FRAC_PI_4 + quarter * std::f64::consts::FRAC_PI_2;
                let reach = side * std::f64::consts::FRAC_1_SQRT_2;
                (x + direction.cos() * reach, y + direction.sin() * reach)
            };
            for quarter in 0..4 {
                canvas.line(corner(f64::from(quarter)), corner(f64::from(quarter + 1)));
            }
        }
    }
    Ok(canvas.text() + "\nAfter Georg Nees, schotter, 1968. ")
}

/// Houses at night in letters: `[columns] [rows]`.
fn skyline(args: &[&[u8]]) -> Result<String, Failure> {
    let [columns, rows] = numbers(args, [(80, 1, COLUMNS_MAX), (20, 1, ROWS_MAX)])?;
    let mut heights = Vec::new();
    while heights.len() < columns as usize {
        let height = fastrand::i64(1..=rows.max(2) - 1);
        let width = fastrand::usize(4..=10);
        heights.extend(std::iter::repeat_n(height, width));
    }
    let mut picture = String::new();
    for row in (0..rows).rev() {
        for height in &heights[..columns as usize] {
            let letter = match *height {
                height if row >= height => {
                    if fastrand::u8(..) < 3 {
                        '.'
                    } else {
                        ' '
                    }
                }
                _ if fastrand::u8(..) < 40 => 'o',
                _ => '#',
            };
            picture.push(letter);
        }
        picture.push('\n');
    }
    Ok(picture + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_have_the_size_that_was_asked_for() {
        let julia = julia(&[b"20", b"5", b"0", b"0"]).unwrap();
        assert!(julia.lines().take(5).all(|line| line.len() == 20) && julia.contains('@'));
        let squares = squares(&[b"20", b"3", b"2"]).unwrap();
        assert!(squares.lines().take(5).all(|line| line.chars().count() == 20), "{squares}");
        assert_eq!(skyline(&[b"30", b"4"]).unwrap().lines().next().unwrap().len(), 30);
        for huge in ["9999999999", "0", "-5"] {
            for picture in [super::squares, super::skyline] {
                assert!(picture(&[huge.as_bytes(); 3]).unwrap().len() < 10 << 20);
            }
        }
        assert!(super::julia(&[b"1"]).is_err() && super::julia(&[b"1", b"1", b"x", b"y"]).is_err());
    }
}
