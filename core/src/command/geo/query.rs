//! What a search asks for: the words of GEOSEARCH, GEORADIUS and their kin.

use super::hash::Point;
use super::shape::{Search, Shape};
use super::{point, unit};
use crate::command::args::{echoed, integer, is_word};
use crate::command::{Args, Failure};
use crate::container::SortedSet;
use crate::container::sorted_set::{Member, ScoreBound, ScoreRange};
use crate::double;

/// Which command it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Radius { may_store: bool },
    RadiusByMember { may_store: bool },
    Search,
    SearchStore,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Nearest,
    Farthest,
}

/// A search as it was asked for.
pub(super) struct Query<'a> {
    /// `None` where there is nothing to search.
    shape: Option<Shape>,
    /// Metres of the unit that distances are told in.
    pub unit: f64,
    order: Option<Order>,
    /// Zero: no limit.
    count: usize,
    any: bool,
    pub with_distance: bool,
    pub with_hash: bool,
    pub with_point: bool,
    /// Where the result goes.
    pub destination: Option<&'a [u8]>,
    /// Distances become the scores.
    pub stores_distances: bool,
}

/// A member that was found.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub member: Member<'a>,
    pub point: Point,
    /// In metres.
    pub distance: f64,
}

impl<'a> Query<'a> {
    /// Reads the words; `set` is what will be searched, `None` where the key does not exist.
    pub(super) fn parse(
        args: Args<'a>,
        form: Form,
        set: Option<SortedSet<'_>>,
    ) -> Result<Query<'a>, Failure> {
        let mut query = Query {
            shape: None,
            unit: 1.0,
            order: None,
            count: 0,
            any: false,
            with_distance: false,
            with_hash: false,
            with_point: false,
            destination: None,
            stores_distances: false,
        };
        let mut given = Given::default();
        let words = match form {
            Form::Radius { .. } => {
                given.centre = Some(point(args[2], args[3])?);
                given.circle(args[4], args[5])?;
                &args[6..]
            }
            Form::RadiusByMember { .. } => {
                if let Some(set) = set {
                    given.centre = Some(point_of(set, args[2])?);
                    given.circle(args[3], args[4])?;
                }
                &args[5..]
            }
            Form::Search => &args[2..],
            Form::SearchStore => {
                query.destination = Some(args[1]);
                &args[3..]
            }
        };
        query.parse_words(words, form, set, &mut given)?;
        query.check(args[0], form, &given)?;
        query.unit = given.unit;
        query.shape = given.shape();
        Ok(query)
    }

    fn parse_words(
        &mut self,
        words: &[&'a [u8]],
        form: Form,
        set: Option<SortedSet<'_>>,
        given: &mut Given,
    ) -> Result<(), Failure> {
        const COUNT: Failure = Failure::text("ERR COUNT must be > 0");
        let is_search = matches!(form, Form::Search | Form::SearchStore);
        let may_store =
            matches!(form, Form::Radius { may_store: true } | Form::RadiusByMember { may_store: true });
        let mut rest = words;
        while let Some((&word, after)) = rest.split_first() {
            rest = after;
            let is = |name| is_word(word, name);
            match *after {
                _ if is("WITHDIST") => self.with_distance = true,
                _ if is("WITHHASH") => self.with_hash = true,
                _ if is("WITHCOORD") => self.with_point = true,
                _ if is("ANY") => self.any = true,
                _ if is("ASC") => self.order = Some(Order::Nearest),
                _ if is("DESC") => self.order = Some(Order::Farthest),
                [count, ..] if is("COUNT") => {
                    let count = integer(count)?;
                    self.count = usize::try_from(count).ok().filter(|&count| count > 0).ok_or(COUNT)?;
                    rest = &after[1..];
                }
                [key, ..] if may_store && (is("STORE") || is("STOREDIST")) => {
                    (self.destination, self.stores_distances) = (Some(key), is("STOREDIST"));
                    rest = &after[1..];
                }
                _ if form == Form::SearchStore && is("STOREDIST") => self.stores_distances = true,
                [name, ..] if is_search && is("FROMMEMBER") && !given.from_point && !given.is_polygon() => {
                    if let Some(set) = set {
                        given.centre = Some(point_of(set, name)?);
                    }
                    given.from_member = true;
                    rest = &after[1..];
                }
                [longitude, latitude, ..]
                    if is_search && is("FROMLONLAT") && !given.from_member && !given.is_polygon() =>
                {
                    given.centre = Some(point(longitude, latitude)?);
                    given.from_point = true;
                    rest = &after[2..];
                }
                [radius, unit, ..] if is_search && is("BYRADIUS") && given.may_be_circle() => {
                    given.circle(radius, unit)?;
                    rest = &after[2..];
                }
                [width, height, unit, ..] if is_search && is("BYBOX") && given.may_be_box() => {
                    given.rectangle(width, height, unit)?;
                    rest = &after[3..];
                }
                [count, _, ..] if is_search && is("BYPOLYGON") && given.may_be_polygon() => {
                    let corners = given.polygon(count, &after[1..])?;
                    rest = &after[1 + corners * 2..];
                }
                _ => return Err(Failure::SYNTAX),
            }
        }
        Ok(())
    }

    fn check(&self, name: &[u8], form: Form, given: &Given) -> Result<(), Failure> {
        const ANY: Failure = Failure::text("ERR the ANY argument requires COUNT argument");
        let is_search = matches!(form, Form::Search | Form::SearchStore);
        if self.destination.is_some() && (self.with_distance || self.with_hash || self.with_point) {
            let what = if is_search { "GEOSEARCHSTORE" } else { "STORE option in GEORADIUS" };
            return Err(Failure::new(format!(
                "ERR {what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        if is_search && !given.from_member && !given.from_point && !given.is_polygon() {
            return Err(Failure::new(format!(
                "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {}",
                echoed(name)
            )));
        }
        if is_search && given.extent.is_none() {
            return Err(Failure::new(format!(
                "ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for {}",
                echoed(name)
            )));
        }
        if self.any && self.count == 0 { Err(ANY) } else { Ok(()) }
    }

    /// The members in the shape, in the order asked for, as many as asked for.
    pub(super) fn search<'s>(&self, set: SortedSet<'s>) -> Result<Vec<Found<'s>>, Failure> {
        let mut found = Vec::new();
        let Some(shape) = &self.shape else { return Ok(found) };
        let search = Search::new(shape.clone());
        let enough = if self.any { self.count } else { usize::MAX };
        for cell in search.cells() {
            let (min, end) = cell.scores();
            let range = ScoreRange {
                min: ScoreBound { score: min, is_excluded: false },
                max: ScoreBound { score: end, is_excluded: true },
            };
            let ranks = set.ranks_by_score(range)?;
            let mut walk = set.walk(ranks.start)?;
            for _ in ranks {
                if found.len() >= enough {
                    break;
                }
                let Some(member) = walk.next()? else { break };
                let point = Point::of_score(member.score);
                if let Some(distance) = search.distance_inside(point) {
                    found.push(Found { member, point, distance });
                }
            }
        }
        // Without an order, the nearest are meant.
        let order = self.order.or((self.count > 0 && !self.any).then_some(Order::Nearest));
        match order {
            Some(Order::Nearest) => found.sort_by(|a, b| a.distance.total_cmp(&b.distance)),
            Some(Order::Farthest) => found.sort_by(|a, b| b.distance.total_cmp(&a.distance)),
            None => {}
        }
        if self.count > 0 {
            found.truncate(self.count);
        }
        Ok(found)
    }
}

/// Where and how far, as far as it has been said.
#[derive(Default)]
struct Given {
    centre: Option<Point>,
    from_member: bool,
    from_point: bool,
    extent: Option<Extent>,
    unit: f64,
}

enum Extent {
    Circle(f64),
    Box(f64, f64),
    Polygon(Vec<Point>),
}

impl Given {
    fn is_polygon(&self) -> bool {
        matches!(self.extent, Some(Extent::Polygon(_)))
    }

    fn may_be_circle(&self) -> bool {
        matches!(self.extent, None | Some(Extent::Circle(_)))
    }

    fn may_be_box(&self) -> bool {
        matches!(self.extent, None | Some(Extent::Box(..)))
    }

    fn may_be_polygon(&self) -> bool {
        matches!(self.extent, None | Some(Extent::Polygon(_))) && !self.from_member && !self.from_point
    }

    fn circle(&mut self, radius: &[u8], word: &[u8]) -> Result<(), Failure> {
        const NOT_NUMERIC: Failure = Failure::text("ERR need numeric radius");
        const NEGATIVE: Failure = Failure::text("ERR radius cannot be negative");
        let radius = double::parse(radius).ok_or(NOT_NUMERIC)?;
        if radius < 0.0 {
            return Err(NEGATIVE);
        }
        self.unit = unit(word)?;
        self.extent = Some(Extent::Circle(radius));
        Ok(())
    }

    fn rectangle(&mut self, width: &[u8], height: &[u8], word: &[u8]) -> Result<(), Failure> {
        const NO_WIDTH: Failure = Failure::text("ERR need numeric width");
        const NO_HEIGHT: Failure = Failure::text("ERR need numeric height");
        const NEGATIVE: Failure = Failure::text("ERR height or width cannot be negative");
        let width = double::parse(width).ok_or(NO_WIDTH)?;
        let height = double::parse(height).ok_or(NO_HEIGHT)?;
        if width < 0.0 || height < 0.0 {
            return Err(NEGATIVE);
        }
        self.unit = unit(word)?;
        self.extent = Some(Extent::Box(width, height));
        Ok(())
    }

    /// Reads the corners; returns how many there are.
    fn polygon(&mut self, count: &[u8], words: &[&[u8]]) -> Result<usize, Failure> {
        const NOT_NUMERIC: Failure = Failure::text("ERR invalid number of vertices");
        const TOO_FEW: Failure = Failure::text("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices");
        let count = integer(count).ok().and_then(|count| i32::try_from(count).ok()).ok_or(NOT_NUMERIC)?;
        let count = usize::try_from(count)
            .ok()
            .filter(|&count| count >= 3 && count <= words.len() / 2)
            .ok_or(TOO_FEW)?;
        let corners = words[..count * 2].chunks_exact(2).map(|pair| point(pair[0], pair[1]));
        self.extent = Some(Extent::Polygon(corners.collect::<Result<_, _>>()?));
        self.unit = 1.0;
        Ok(count)
    }

    fn shape(self) -> Option<Shape> {
        let unit = self.unit;
        Some(match (self.extent?, self.centre) {
            (Extent::Polygon(corners), _) => Shape::Polygon(corners),
            (Extent::Circle(radius), Some(centre)) => Shape::Circle { centre, radius, unit },
            (Extent::Box(width, height), Some(centre)) => Shape::Box { centre, width, height, unit },
            (_, None) => return None,
        })
    }
}

fn point_of(set: SortedSet<'_>, name: &[u8]) -> Result<Point, Failure> {
    let not_there = || Failure::new(format!("ERR member {} does not exist", echoed(name)));
    set.score(name)?.map(Point::of_score).ok_or_else(not_there)
}
