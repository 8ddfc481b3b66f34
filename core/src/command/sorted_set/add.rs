//! ZADD and ZINCRBY.

use smallvec::SmallVec;

use super::{Added, put, whole};
use crate::command::args::is_word;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::SortedSetEdit;
use crate::container::sorted_set::Member;
use crate::double;
use crate::event::QUIET;
use crate::index::Damaged;
use crate::record::Effect;

/// ZADD's words.
#[derive(Clone, Copy, Default)]
struct Options {
    only_new: bool,
    only_present: bool,
    only_greater: bool,
    only_less: bool,
    counts_changes: bool,
    increments: bool,
}

impl Options {
    /// The words from `args[2]` on, and the first argument that is none.
    fn parse(args: Args<'_>) -> (Options, usize) {
        let mut options = Options::default();
        let mut at = 2;
        while let Some(word) = args.get(at) {
            match () {
                _ if is_word(word, "NX") => options.only_new = true,
                _ if is_word(word, "XX") => options.only_present = true,
                _ if is_word(word, "CH") => options.counts_changes = true,
                _ if is_word(word, "INCR") => options.increments = true,
                _ if is_word(word, "GT") => options.only_greater = true,
                _ if is_word(word, "LT") => options.only_less = true,
                _ => break,
            }
            at += 1;
        }
        (options, at)
    }

    fn check(self, members: usize) -> Outcome {
        const NEW_AND_PRESENT: Failure =
            Failure::text("ERR XX and NX options at the same time are not compatible");
        const COMPARISONS: Failure =
            Failure::text("ERR GT, LT, and/or NX options at the same time are not compatible");
        const ONE_INCREMENT: Failure =
            Failure::text("ERR INCR option supports a single increment-element pair");
        if self.only_new && self.only_present {
            return Err(NEW_AND_PRESENT);
        }
        let comparisons = [self.only_greater, self.only_less, self.only_new];
        if comparisons.iter().filter(|given| **given).count() > 1 {
            return Err(COMPARISONS);
        }
        if self.increments && members > 1 { Err(ONE_INCREMENT) } else { Ok(()) }
    }

    /// The score that a member gets, if any; `old` is what it has.
    fn score(self, old: Option<f64>, given: f64) -> Result<Option<f64>, Failure> {
        const NOT_A_NUMBER: Failure = Failure::text("ERR resulting score is not a number (NaN)");
        let Some(old) = old else { return Ok((!self.only_present).then_some(given)) };
        if self.only_new {
            return Ok(None);
        }
        let score = if self.increments { old + given } else { given };
        if score.is_nan() {
            return Err(NOT_A_NUMBER);
        }
        let is_refused = self.only_less && score >= old || self.only_greater && score <= old;
        Ok((!is_refused).then_some(score))
    }
}

/// `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]`
pub(super) fn zadd(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (options, at) = Options::parse(args);
    let pairs = &args[at..];
    if pairs.is_empty() || !pairs.len().is_multiple_of(2) {
        return Err(Failure::SYNTAX);
    }
    options.check(pairs.len() / 2)?;
    add(ctx, args[1], pairs, options)
}

/// `ZINCRBY key increment member`
pub(super) fn zincrby(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    // As in Redis, which reads ZADD's words here, too, and then misses the increment.
    if Options::parse(args).1 > 2 {
        return Err(Failure::SYNTAX);
    }
    add(ctx, args[1], &args[2..], Options { increments: true, ..Options::default() })
}

/// GEOADD's part of ZADD: members with scores that were computed, and words that both take.
pub(in crate::command) fn add_places(
    ctx: &mut Ctx<'_>,
    key: &[u8],
    places: Vec<Member<'_>>,
    words: &[&[u8]],
) -> Outcome {
    if places.is_empty() {
        return Err(Failure::SYNTAX);
    }
    let has = |name: &str| words.iter().any(|word| is_word(word, name));
    let options = Options {
        only_new: has("NX"),
        only_present: has("XX"),
        counts_changes: has("CH"),
        ..Options::default()
    };
    put_members(ctx, key, &places, options)
}

fn add(ctx: &mut Ctx<'_>, key: &[u8], pairs: &[&[u8]], options: Options) -> Outcome {
    let given: SmallVec<[Member<'_>; 4]> = pairs
        .chunks_exact(2)
        .map(|pair| Some(Member { score: double::parse(pair[0])?, name: pair[1] }))
        .collect::<Option<_>>()
        .ok_or(Failure::NOT_FLOAT)?;
    put_members(ctx, key, &given, options)
}

fn put_members(ctx: &mut Ctx<'_>, key: &[u8], given: &[Member<'_>], options: Options) -> Outcome {
    let mut entry = ctx.latch(key)?;
    let old = entry.record();
    let mut edit = SortedSetEdit::of(&entry)?;
    let mut tally = Tally::default();
    if old.is_some() || !options.only_present {
        let longest = given.iter().map(|member| member.name.len()).max().unwrap_or(0);
        let mut changed: SmallVec<[Member<'_>; 4]> = SmallVec::new();
        // Only an increment of one member fails, so nothing has been changed then.
        let mut failure = None;
        let done = edit.expect(given.len() as u64, longest).and_then(|has_grown| {
            for &member in given {
                match tally.add(&mut edit, member, options)? {
                    Ok(None) => {}
                    Ok(Some(score)) => changed.push(Member { score, ..member }),
                    Err(refused) => failure = Some(refused),
                }
            }
            Ok(has_grown)
        });
        if options.increments {
            ctx.op.act_as("zincrby");
        }
        if !changed.is_empty() {
            let added = Added::new(changed.iter().copied());
            put(&mut entry, edit, Effect::Command(&added.words(key)));
        } else if old.is_some() && !matches!(done, Ok(false)) {
            ctx.op.act_as(QUIET);
            put(&mut entry, edit, Effect::Silent);
        }
        drop(entry);
        whole(done.map(drop))?;
        if let Some(failure) = failure {
            return Err(failure);
        }
    }
    match (options.increments, tally.result) {
        (true, Some(score)) => ctx.reply.double(score),
        (true, None) => ctx.reply.null(),
        (false, _) if options.counts_changes => ctx.reply.integer(tally.added + tally.updated),
        (false, _) => ctx.reply.integer(tally.added),
    }
    Ok(())
}

/// What a ZADD did.
#[derive(Default)]
struct Tally {
    added: i64,
    updated: i64,
    /// The last score that was not refused.
    result: Option<f64>,
}

impl Tally {
    /// Gives one member its score; the score, where it changed.
    fn add(
        &mut self,
        edit: &mut SortedSetEdit<'_>,
        member: Member<'_>,
        options: Options,
    ) -> Result<Result<Option<f64>, Failure>, Damaged> {
        let old = edit.view().score(member.name)?;
        let score = match options.score(old, member.score) {
            Ok(score) => score,
            Err(failure) => return Ok(Err(failure)),
        };
        let Some(score) = score else { return Ok(Ok(None)) };
        self.result = Some(score);
        if old == Some(score) {
            return Ok(Ok(None));
        }
        edit.put(member.name, old, score)?;
        *(if old.is_some() { &mut self.updated } else { &mut self.added }) += 1;
        Ok(Ok(Some(score)))
    }
}
