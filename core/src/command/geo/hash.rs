//! Geohashes: cells of a grid over the earth, numbered by interleaved bits of longitude and latitude.
//!
//! # Format
//! A cell of step `s` has `s` bits of either coordinate; bit 0 is the lowest of the latitude, bit 1 of the longitude. A
//! member's score is the number of its cell of step [`STEP_MAX`], 52 bits, as Redis has it.

use std::ops::RangeInclusive;

/// Bits of a coordinate in a score.
pub const STEP_MAX: u32 = 26;
/// Longitudes, in degrees.
pub const LONGITUDES: RangeInclusive<f64> = -180.0..=180.0;
/// Latitudes of the Mercator projection, in degrees; the poles are beyond.
pub const LATITUDES: RangeInclusive<f64> = -85.05112878..=85.05112878;
/// Latitudes of geohashes as texts.
const ALL_LATITUDES: RangeInclusive<f64> = -90.0..=90.0;

/// A point, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub longitude: f64,
    pub latitude: f64,
}

impl Point {
    /// Whether the point can be encoded.
    pub fn is_valid(self) -> bool {
        LONGITUDES.contains(&self.longitude) && LATITUDES.contains(&self.latitude)
    }

    /// The point that a score stands for: the middle of its cell.
    pub fn of_score(score: f64) -> Point {
        // As C converts on x86: below zero by way of a signed integer, and zero where it does not fit.
        let bits = match score {
            below if below < 0.0 => below as i64 as u64,
            above if above >= u64::MAX as f64 => 0,
            score => score as u64,
        };
        let area = Cell { bits, step: STEP_MAX }.area();
        let middle = |min: f64, max: f64, range: RangeInclusive<f64>| {
            ((min + max) / 2.0).clamp(*range.start(), *range.end())
        };
        Point {
            longitude: middle(area.min.longitude, area.max.longitude, LONGITUDES),
            latitude: middle(area.min.latitude, area.max.latitude, LATITUDES),
        }
    }

    /// The score of a member at this point.
    pub fn score(self) -> f64 {
        Cell::of(self, STEP_MAX).bits as f64
    }

    /// The geohash as a text of eleven letters, the last of which says nothing.
    pub fn text(self) -> [u8; 11] {
        const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        let bits = encode(self, STEP_MAX, ALL_LATITUDES);
        std::array::from_fn(|at| {
            let letter = if at == 10 { 0 } else { bits >> (52 - (at + 1) * 5) & 31 };
            ALPHABET[letter as usize]
        })
    }
}

/// A cell of the grid of some step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub bits: u64,
    pub step: u32,
}

/// What a cell covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub min: Point,
    pub max: Point,
}

impl Cell {
    /// The cell that a valid point lies in.
    pub fn of(point: Point, step: u32) -> Cell {
        Cell { bits: encode(point, step, LATITUDES), step }
    }

    pub fn area(self) -> Area {
        let cells = (1u64 << self.step) as f64;
        let edge = |number: u32, further: f64, range: RangeInclusive<f64>| {
            range.start() + (f64::from(number) + further) / cells * (range.end() - range.start())
        };
        let (longitude, latitude) = (compact(self.bits >> 1), compact(self.bits));
        let corner = |further: f64| Point {
            longitude: edge(longitude, further, LONGITUDES),
            latitude: edge(latitude, further, LATITUDES),
        };
        Area { min: corner(0.0), max: corner(1.0) }
    }

    /// The cell so many steps to the east and to the north, around the earth if need be.
    pub fn moved(self, east: i32, north: i32) -> Cell {
        let mask = ((1u64 << self.step) - 1) as u32;
        let to = |number: u32, by: i32| if by == 0 { number } else { number.wrapping_add_signed(by) & mask };
        let (longitude, latitude) = (to(compact(self.bits >> 1), east), to(compact(self.bits), north));
        Cell { bits: spread(latitude) | spread(longitude) << 1, step: self.step }
    }

    /// The scores of all members in the cell: from the first up to the second, without it.
    pub fn scores(self) -> (f64, f64) {
        let shift = (STEP_MAX - self.step) * 2;
        ((self.bits << shift) as f64, ((self.bits + 1) << shift) as f64)
    }
}

fn encode(point: Point, step: u32, latitudes: RangeInclusive<f64>) -> u64 {
    let cells = (1u64 << step) as f64;
    let number = |value: f64, range: RangeInclusive<f64>| {
        ((value - range.start()) / (range.end() - range.start()) * cells) as u32
    };
    spread(number(point.latitude, latitudes)) | spread(number(point.longitude, LONGITUDES)) << 1
}

/// Moves bit `n` to bit `2 n`.
fn spread(value: u32) -> u64 {
    [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ]
    .into_iter()
    .fold(u64::from(value), |value, (shift, mask)| (value | value << shift) & mask)
}

/// Moves bit `2 n` to bit `n`; the others are dropped.
fn compact(value: u64) -> u32 {
    [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ]
    .into_iter()
    .fold(value & 0x5555_5555_5555_5555, |value, (shift, mask)| (value | value >> shift) & mask) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn palermo_and_catania() {
        let palermo = Point { longitude: 13.361389, latitude: 38.115556 };
        assert_eq!(palermo.score(), 3_479_099_956_230_698.0);
        assert_eq!(&Point::of_score(palermo.score()).text(), b"sqc8b49rny0");
        assert_eq!(&Point::of_score(3_479_447_370_796_909.0).text(), b"sqdtr74hyu0");
    }

    proptest! {
        #[test]
        fn bits_are_interleaved(value: u32) {
            prop_assert_eq!(compact(spread(value)), value);
            prop_assert_eq!(spread(value) & 0xaaaa_aaaa_aaaa_aaaa, 0);
        }

        #[test]
        fn points_lie_in_their_cells(longitude in -180.0..180.0f64, latitude in -85.05..85.05f64, step in 1u32..=26) {
            let point = Point { longitude, latitude };
            let cell = Cell::of(point, step);
            let Area { min, max } = cell.area();
            prop_assert!(min.longitude <= longitude && longitude <= max.longitude);
            prop_assert!(min.latitude <= latitude && latitude <= max.latitude);
            let (first, end) = cell.scores();
            prop_assert!(first <= point.score() && point.score() < end);
            prop_assert_eq!(cell.moved(1, -1).moved(-1, 1), cell);
        }

        #[test]
        fn any_score_is_a_point(score: f64) {
            prop_assert!(Point::of_score(score).is_valid());
        }
    }
}
