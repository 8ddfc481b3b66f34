//! XTRIM, and the trimming of XADD.

use super::stream_of;
use crate::command::args::{integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::config::Tuning;
use crate::container::stream::{Id, Stream, StreamEdit};
use crate::record::{Effect, Str};

/// Above this many, an approximate trimming stops for now.
const LIMIT_MAX: u64 = 1_000_000;

/// How a stream is to be cut down at its front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// This many entries.
    Len(u64),
    /// Entries with at least this ID.
    From(Id),
}

/// The trimming options of XADD and XTRIM.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trim {
    keep: Option<Keep>,
    approximate: bool,
    limit: Option<u64>,
}

impl Trim {
    /// Reads one option at `args[*at]` and what belongs to it; `false` if it is none of these.
    pub fn parse_option(&mut self, args: Args<'_>, at: &mut usize) -> Result<bool, Failure> {
        const BOTH: Failure =
            Failure::text("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
        const NEGATIVE_LEN: Failure = Failure::text("ERR The MAXLEN argument must be >= 0.");
        const NEGATIVE_LIMIT: Failure = Failure::text("ERR The LIMIT argument must be >= 0.");
        let Some(mut value) = args.get(*at + 1).copied() else { return Ok(false) };
        let is_len = is_word(args[*at], "MAXLEN");
        if is_len || is_word(args[*at], "MINID") {
            if self.keep.is_some() {
                return Err(BOTH);
            }
            self.approximate = false;
            *at += 1;
            if let (b"~" | b"=", Some(next)) = (value, args.get(*at + 1)) {
                self.approximate = value == b"~";
                value = next;
                *at += 1;
            }
            self.keep = Some(if is_len {
                Keep::Len(u64::try_from(integer(value)?).map_err(|_| NEGATIVE_LEN)?)
            } else {
                Keep::From(Id::parse(value, 0)?)
            });
        } else if is_word(args[*at], "LIMIT") {
            self.limit = Some(u64::try_from(integer(value)?).map_err(|_| NEGATIVE_LIMIT)?);
            *at += 1;
        } else {
            return Ok(false);
        }
        *at += 1;
        Ok(true)
    }

    /// Checks what options say of each other.
    pub fn check(&self) -> Result<(), Failure> {
        const NO_STRATEGY: Failure =
            Failure::text("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
        const EXACT: Failure =
            Failure::text("ERR syntax error, LIMIT cannot be used without the special ~ option");
        match self.limit {
            Some(limit) if limit > 0 && self.keep.is_none() => Err(NO_STRATEGY),
            Some(_) if self.keep.is_some() && !self.approximate => Err(EXACT),
            _ => Ok(()),
        }
    }

    /// How many entries to remove from the front. Approximate trimming removes whole blocks of
    /// `stream-node-max-entries`, as Redis does whose nodes hold so many, and at most the limit.
    pub fn excess(&self, stream: Stream<'_>, tuning: &Tuning) -> Result<u64, Failure> {
        let excess = match self.keep {
            None => return Ok(0),
            Some(Keep::Len(len)) => stream.len().saturating_sub(len),
            Some(Keep::From(id)) => stream.entries().before(id)?,
        };
        if !self.approximate {
            return Ok(excess);
        }
        let block = match tuning.stream_node_max_entries() {
            0 => 100,
            entries => entries,
        };
        let limit = match self.limit {
            Some(0) => u64::MAX,
            Some(limit) => limit,
            None => (100 * block).min(LIMIT_MAX),
        };
        // The last block goes as it is, where all of it may.
        let is_all = excess == stream.len() && excess <= limit;
        Ok(if is_all { excess } else { excess.min(limit) / block * block })
    }
}

/// `XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count]`
pub(super) fn xtrim(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NO_OPTION: Failure =
        Failure::text("ERR syntax error, XTRIM must be called with a trimming strategy");
    let mut trim = Trim::default();
    let mut at = 2;
    while at < args.len() {
        if !trim.parse_option(args, &mut at)? {
            return Err(Failure::SYNTAX);
        }
    }
    trim.check()?;
    if trim.keep.is_none() {
        return Err(NO_OPTION);
    }
    let mut entry = ctx.latch(args[1])?;
    let record = entry.record();
    let Some(stream) = stream_of(record)? else {
        drop(entry);
        ctx.reply.integer(0);
        return Ok(());
    };
    let excess = trim.excess(stream, ctx.engine.tuning())?;
    if excess > 0 {
        let mut edit = StreamEdit::of(&entry, record)?;
        edit.trim(excess)?;
        let mut left = itoa::Buffer::new();
        let left = left.format(stream.len() - excess).as_bytes();
        let effect: [Str<'_>; 5] =
            [b"XTRIM".into(), args[1].into(), b"MAXLEN".into(), b"=".into(), left.into()];
        edit.put(&mut entry, Effect::Command(&effect));
    }
    drop(entry);
    ctx.reply.integer(excess as i64);
    Ok(())
}
