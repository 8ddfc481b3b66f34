//! The commands on places: sorted sets whose scores are geohashes of 52 bits.

mod hash;
mod position;
mod query;
mod search;
mod shape;
mod table;

pub use table::TABLES;

use hash::Point;

use crate::command::args::is_word;
use crate::command::{Failure, Reply};
use crate::double;

/// Longitude and latitude, one behind the other.
fn point(longitude: &[u8], latitude: &[u8]) -> Result<Point, Failure> {
    let coordinate = |text| double::parse(text).ok_or(Failure::NOT_FLOAT);
    let point = Point { longitude: coordinate(longitude)?, latitude: coordinate(latitude)? };
    if point.is_valid() {
        return Ok(point);
    }
    let Point { longitude, latitude } = point;
    Err(Failure::new(format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}")))
}

/// Metres of a unit.
fn unit(word: &[u8]) -> Result<f64, Failure> {
    const UNKNOWN: Failure = Failure::text("ERR unsupported unit provided. please use M, KM, FT, MI");
    [("M", 1.0), ("KM", 1000.0), ("FT", 0.3048), ("MI", 1609.34)]
        .into_iter()
        .find(|(name, _)| is_word(word, name))
        .map(|(_, metres)| metres)
        .ok_or(UNKNOWN)
}

/// A distance with four digits behind the point.
fn reply_distance(reply: &mut dyn Reply, distance: f64) {
    let whole = (distance * 10_000.0).round_ties_even() as i64;
    reply.bulk(format!("{}.{:04}", whole / 10_000, whole % 10_000).as_bytes());
}

/// Both coordinates.
fn reply_point(reply: &mut dyn Reply, point: Point) {
    reply.array(2);
    for value in [point.longitude, point.latitude] {
        reply.double_as(value, &double::fixed(value));
    }
}
