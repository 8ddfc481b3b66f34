//! GEOADD, GEODIST, GEOHASH, GEOPOS.

use super::hash::Point;
use super::shape::distance;
use super::{point, reply_distance, reply_point, unit};
use crate::command::args::is_word;
use crate::command::sorted_set::{add_places, read};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::sorted_set::Member;

/// `GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]`
pub(super) fn geoadd(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let is_option = |word: &&&[u8]| ["NX", "XX", "CH"].iter().any(|option| is_word(word, option));
    let options = args[2..].iter().take_while(is_option).count();
    let (options, places) = args[2..].split_at(options);
    let has = |name: &str| options.iter().any(|word| is_word(word, name));
    if !places.len().is_multiple_of(3) || has("NX") && has("XX") {
        return Err(Failure::SYNTAX);
    }
    let members = places
        .chunks_exact(3)
        .map(|place| Ok(Member { score: point(place[0], place[1])?.score(), name: place[2] }))
        .collect::<Result<_, Failure>>()?;
    add_places(ctx, args[1], members, options)
}

/// `GEODIST key member1 member2 [M | KM | FT | MI]`
pub(super) fn geodist(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let metres = match args[4..] {
        [] => 1.0,
        [word] => unit(word)?,
        _ => return Err(Failure::SYNTAX),
    };
    let set = read(ctx, args[1])?;
    match (set.score(args[2])?, set.score(args[3])?) {
        (Some(from), Some(to)) => {
            let metres_between = distance(Point::of_score(from), Point::of_score(to));
            reply_distance(ctx.reply, metres_between / metres);
        }
        _ => ctx.reply.null(),
    }
    Ok(())
}

/// `GEOHASH key [member ...]`
pub(super) fn geohash(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let points = points(ctx, args)?;
    ctx.reply.array(points.len());
    for point in points {
        match point {
            Some(point) => ctx.reply.bulk(&point.text()),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

/// `GEOPOS key [member ...]`
pub(super) fn geopos(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let points = points(ctx, args)?;
    ctx.reply.array(points.len());
    for point in points {
        match point {
            Some(point) => reply_point(ctx.reply, point),
            None => ctx.reply.null_array(),
        }
    }
    Ok(())
}

/// Where the members behind the key are.
fn points(ctx: &Ctx<'_>, args: Args<'_>) -> Result<Vec<Option<Point>>, Failure> {
    let set = read(ctx, args[1])?;
    args[2..].iter().map(|name| Ok(set.score(name)?.map(Point::of_score))).collect()
}
