//! XTRIM, and the trimming of XADD.

use super::references::{Deletion, References};
use super::stream_of;
use crate::command::args::{integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::config::Tuning;
use crate::container::stream::{Id, Stream, StreamEdit};
use crate::record::{Effect, Str};
use crate::transaction::block::Block;

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
    references: Option<References>,
}

/// What a trimming did.
#[derive(Default)]
pub(super) struct Trimmed<'a> {
    /// Entries removed from the front, whoever referred to them.
    pub from_front: u64,
    /// References removed with them; or, under ACKED, single entries.
    pub deletion: Deletion<'a>,
}

impl Trimmed<'_> {
    /// Entries removed.
    pub fn count(&self) -> u64 {
        self.from_front + self.deletion.count() as u64
    }
}

impl Trim {
    /// Reads one option at `args[*at]` and what belongs to it; `false` if it is none of these.
    pub fn parse_option(&mut self, args: Args<'_>, at: &mut usize) -> Result<bool, Failure> {
        const BOTH: Failure =
            Failure::text("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
        const NEGATIVE_LEN: Failure = Failure::text("ERR The MAXLEN argument must be >= 0.");
        const NEGATIVE_LIMIT: Failure = Failure::text("ERR The LIMIT argument must be >= 0.");
        if let (None, Some(references)) = (self.references, References::parse(args[*at])) {
            self.references = Some(references);
            *at += 1;
            return Ok(true);
        }
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
    fn excess(&self, stream: Stream<'_>, tuning: &Tuning) -> Result<u64, Failure> {
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

    /// Trims. `stream` is as it was found, `edit` may have added to it. Where that fails half-way, `trimmed` tells what was
    /// done.
    pub fn carry_out<'a>(
        &self,
        stream: Option<Stream<'a>>,
        edit: &mut StreamEdit<'_>,
        tuning: &Tuning,
        trimmed: &mut Trimmed<'a>,
    ) -> Result<(), Failure> {
        let excess = self.excess(edit.view(), tuning)?;
        let references = self.references.unwrap_or_default();
        if let Some(stream) = stream
            && excess > 0
            && references != References::Keep
        {
            trimmed.deletion = Deletion::new(stream, references)?;
        }
        let deletion = &mut trimmed.deletion;
        if references == References::Acked && deletion.has_groups() {
            // Where entries may stay, as many as are too many may lie further behind.
            let seen = match self.keep {
                Some(Keep::Len(_)) if !self.approximate => edit.view().len(),
                _ => excess,
            };
            for id in first_ids(edit.view(), seen, deletion.read_by_all())? {
                if deletion.count() as u64 == excess {
                    break;
                }
                deletion.delete(edit, id)?;
            }
            return Ok(());
        }
        if references == References::Delete && deletion.has_groups() {
            for id in first_ids(edit.view(), excess, Id::MAX)? {
                deletion.acknowledge_all(edit, id)?;
            }
        }
        if excess > 0 {
            edit.trim(excess)?;
            trimmed.from_front = excess;
        }
        Ok(())
    }
}

/// The IDs of the first `count` entries, none above `highest`.
fn first_ids(stream: Stream<'_>, count: u64, highest: Id) -> Result<Vec<Id>, Failure> {
    let mut ids = Vec::new();
    let mut walk = stream.entries().walk(0)?;
    for _ in 0..count {
        match walk.next()? {
            Some(entry) if entry.id <= highest => ids.push(entry.id),
            _ => break,
        }
    }
    Ok(ids)
}

/// `XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]`
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
    let mut edit = StreamEdit::of(&entry, record)?;
    let mut trimmed = Trimmed::default();
    let done = trim.carry_out(Some(stream), &mut edit, ctx.engine.tuning(), &mut trimmed);
    if trimmed.count() > 0 || trimmed.deletion.has_effects() {
        let mut effects = Block::default();
        if trimmed.from_front > 0 {
            let mut left = itoa::Buffer::new();
            let left = left.format(edit.view().len()).as_bytes();
            let effect: [Str<'_>; 5] =
                [b"XTRIM".into(), args[1].into(), b"MAXLEN".into(), b"=".into(), left.into()];
            entry.gather(&mut effects, &effect);
        }
        trimmed.deletion.note(&entry, &mut effects);
        edit.put(&mut entry, Effect::Commands(&effects));
    }
    done?;
    drop(entry);
    ctx.reply.integer(trimmed.count() as i64);
    Ok(())
}
