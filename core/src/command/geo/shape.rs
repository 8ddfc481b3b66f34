//! The areas that GEOSEARCH searches, and which cells of the grid cover them.
//!
//! The arithmetic follows Redis step by step, so that points on an edge fall on the same side.

use super::hash::{Cell, Point};

/// Radius of the earth in metres, as Redis has it.
const EARTH_RADIUS: f64 = 6372797.560856;
/// Half the width of the Mercator projection, in metres.
const MERCATOR_MAX: f64 = 20037726.37;

/// Radians of a degree. Not `to_radians`, which rounds otherwise than Redis.
const RADIANS: f64 = std::f64::consts::PI / 180.0;

/// An area around a centre; lengths in metres.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Circle { centre: Point, radius: f64, unit: f64 },
    Box { centre: Point, width: f64, height: f64, unit: f64 },
    Polygon(Vec<Point>),
}

/// Metres between two points, by the haversine formula.
pub fn distance(from: Point, to: Point) -> f64 {
    let sine = ((to.longitude * RADIANS - from.longitude * RADIANS) / 2.0).sin();
    if sine == 0.0 {
        return latitude_distance(from, to);
    }
    let (from, to) = (from.latitude * RADIANS, to.latitude * RADIANS);
    let other = ((to - from) / 2.0).sin();
    let square = other * other + from.cos() * to.cos() * sine * sine;
    2.0 * EARTH_RADIUS * square.sqrt().asin()
}

fn latitude_distance(from: Point, to: Point) -> f64 {
    EARTH_RADIUS * (to.latitude * RADIANS - from.latitude * RADIANS).abs()
}

/// What a search needs to know of a shape, once.
pub struct Search {
    shape: Shape,
    centre: Point,
}

impl Search {
    pub fn new(shape: Shape) -> Search {
        let centre = match &shape {
            Shape::Circle { centre, .. } | Shape::Box { centre, .. } => *centre,
            Shape::Polygon(corners) => centroid(corners),
        };
        Search { shape, centre }
    }

    /// Metres from the centre to a point, if that is inside.
    pub fn distance_inside(&self, point: Point) -> Option<f64> {
        let is_inside = match &self.shape {
            Shape::Circle { radius, unit, .. } => {
                let from_centre = distance(self.centre, point);
                return (from_centre <= radius * unit).then_some(from_centre);
            }
            Shape::Box { width, height, unit, .. } => {
                let side = Point { longitude: self.centre.longitude, latitude: point.latitude };
                latitude_distance(point, self.centre) <= height * unit / 2.0
                    && distance(point, side) <= width * unit / 2.0
            }
            Shape::Polygon(corners) => is_in_polygon(corners, point),
        };
        is_inside.then(|| distance(self.centre, point))
    }

    /// The cells to look through: that of the centre, and those around it that can hold something.
    pub fn cells(&self) -> Vec<Cell> {
        let (min, max) = self.bounds();
        let mut step = self.step(min, max);
        let is_covered = |cell: Cell| {
            let [north, south, east, west] =
                [(0, 1), (0, -1), (1, 0), (-1, 0)].map(|(east, north)| cell.moved(east, north).area());
            // Not by their negations: a bound that is no number leaves the step as it is.
            let is_too_small = north.max.latitude < max.latitude
                || south.min.latitude > min.latitude
                || east.max.longitude < max.longitude
                || west.min.longitude > min.longitude;
            !is_too_small
        };
        if step > 1 && !is_covered(Cell::of(self.centre, step)) {
            step -= 1;
        }
        let cell = Cell::of(self.centre, step);
        let area = cell.area();
        let is_useless = |east: i32, north: i32| {
            step >= 2
                && (north < 0 && area.min.latitude < min.latitude
                    || north > 0 && area.max.latitude > max.latitude
                    || east < 0 && area.min.longitude < min.longitude
                    || east > 0 && area.max.longitude > max.longitude)
        };
        let mut cells = vec![cell];
        // Redis' order: replies that are not sorted come in it.
        for (east, north) in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)] {
            let moved = cell.moved(east, north);
            // Around the earth, neighbours on either side may be one.
            let is_again = cells.len() > 1 && cells.last() == Some(&moved);
            if !is_useless(east, north) && !is_again && (moved.bits, moved.step) != (0, 0) {
                cells.push(moved);
            }
        }
        cells
    }

    /// The corners of a rectangle of degrees around the shape.
    fn bounds(&self) -> (Point, Point) {
        let (width, height) = match &self.shape {
            Shape::Circle { radius, unit, .. } => (unit * radius, unit * radius),
            Shape::Box { width, height, unit, .. } => (unit * width / 2.0, unit * height / 2.0),
            Shape::Polygon(corners) => {
                let all = |pick: fn(f64, f64) -> f64| {
                    corners.iter().copied().reduce(|a, b| Point {
                        longitude: pick(a.longitude, b.longitude),
                        latitude: pick(a.latitude, b.latitude),
                    })
                };
                return (all(f64::min).unwrap_or(self.centre), all(f64::max).unwrap_or(self.centre));
            }
        };
        let Point { longitude, latitude } = self.centre;
        let by_latitude = height / EARTH_RADIUS / RADIANS;
        let by_longitude = |latitude: f64| width / EARTH_RADIUS / (latitude * RADIANS).cos() / RADIANS;
        // Where the arc of a longitude is the shorter one.
        let wide = by_longitude(if latitude < 0.0 { latitude - by_latitude } else { latitude + by_latitude });
        (
            Point { longitude: longitude - wide, latitude: latitude - by_latitude },
            Point { longitude: longitude + wide, latitude: latitude + by_latitude },
        )
    }

    /// The finest step of which nine cells cover the shape, but for its edges.
    fn step(&self, min: Point, max: Point) -> u32 {
        let mut range = match &self.shape {
            Shape::Circle { radius, unit, .. } => radius * unit,
            Shape::Box { width, height, unit, .. } => {
                ((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0)).sqrt() * unit
            }
            Shape::Polygon(_) => [
                (min.longitude, max.latitude),
                (max.longitude, max.latitude),
                (min.longitude, min.latitude),
                (max.longitude, min.latitude),
            ]
            .into_iter()
            .map(|(longitude, latitude)| distance(self.centre, Point { longitude, latitude }))
            .fold(0.0, f64::max),
        };
        if range == 0.0 {
            return 26;
        }
        let mut step: i32 = 1;
        while range < MERCATOR_MAX {
            range *= 2.0;
            step += 1;
        }
        step -= 2;
        let latitude = self.centre.latitude.abs();
        step -= i32::from(latitude > 66.0) + i32::from(latitude > 80.0);
        step.clamp(1, 26) as u32
    }
}

/// Where the mean of points on the globe points to.
fn centroid(corners: &[Point]) -> Point {
    let (mut x, mut y, mut z) = (0.0_f64, 0.0_f64, 0.0_f64);
    for corner in corners {
        let (longitude, latitude) = (corner.longitude * RADIANS, corner.latitude * RADIANS);
        x += latitude.cos() * longitude.cos();
        y += latitude.cos() * longitude.sin();
        z += latitude.sin();
    }
    Point { longitude: y.atan2(x) / RADIANS, latitude: z.atan2((x * x + y * y).sqrt()) / RADIANS }
}

/// Whether a ray from the point crosses an odd number of edges.
fn is_in_polygon(corners: &[Point], point: Point) -> bool {
    let before = corners.iter().cycle().skip(corners.len() - 1);
    let crossed = corners.iter().zip(before).filter(|(a, b)| {
        (a.latitude > point.latitude) != (b.latitude > point.latitude)
            && point.longitude
                < (b.longitude - a.longitude) * (point.latitude - a.latitude) / (b.latitude - a.latitude)
                    + a.longitude
    });
    crossed.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_palermo_to_catania() {
        let palermo = Point::of_score(3_479_099_956_230_698.0);
        let catania = Point::of_score(3_479_447_370_796_909.0);
        assert_eq!(format!("{:.4}", distance(palermo, catania)), "166274.1516");
    }

    #[test]
    fn cells_cover_the_shape() {
        let centre = Point { longitude: 15.0, latitude: 37.0 };
        for radius in [0.0, 1.0, 50.0, 1e3, 1e5, 1e6, 1e7, 3e7, f64::INFINITY] {
            let search = Search::new(Shape::Circle { centre, radius, unit: 1.0 });
            let cells = search.cells();
            assert!((1..=9).contains(&cells.len()), "{radius}");
            for bearing in 0..16 {
                let angle = f64::from(bearing) * std::f64::consts::TAU / 16.0;
                let point = Point {
                    longitude: 15.0 + angle.cos() * radius.min(1e6) / 111_000.0,
                    latitude: 37.0 + angle.sin() * radius.min(1e6) / 111_000.0,
                };
                if search.distance_inside(point).is_some() {
                    let score = point.score();
                    let holds = |cell: &Cell| cell.scores().0 <= score && score < cell.scores().1;
                    assert!(cells.iter().any(holds), "{radius} {point:?}");
                }
            }
        }
    }

    #[test]
    fn a_square_is_a_polygon() {
        let corner = |longitude, latitude| Point { longitude, latitude };
        let search = Search::new(Shape::Polygon(vec![
            corner(0.0, 0.0),
            corner(10.0, 0.0),
            corner(10.0, 10.0),
            corner(0.0, 10.0),
        ]));
        assert!(search.distance_inside(corner(5.0, 5.0)).is_some());
        assert!(search.distance_inside(corner(5.0, 11.0)).is_none());
        assert!(search.distance_inside(corner(-1.0, 5.0)).is_none());
    }
}
