//! HSETEX, HGETEX, HGETDEL.

use smallvec::{SmallVec, smallvec};

use super::change::{BAD_COUNT, Change, change_fields, split};
use super::expire::plain_fields;
use super::field::reply_values;
use super::read;
use crate::clock::UnixMillis;
use crate::command::args::{TimeForm, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::{Before, FieldExpiry, HashEdit};
use crate::event::{EXPIRING_FIELDS, class};
use crate::index::Damaged;
use crate::record::{Record, Str};
use crate::stats::Counter;
use crate::transaction::Entry;

/// What a command demands to be there, or not to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Demand {
    #[default]
    Nothing,
    Absent,
    Present,
}

impl Demand {
    /// A demand may be repeated, not changed.
    fn set(&mut self, wanted: Demand) -> Result<(), Failure> {
        if *self != Demand::Nothing && *self != wanted {
            return Err(Failure::SYNTAX);
        }
        *self = wanted;
        Ok(())
    }

    fn holds(self, is_there: bool) -> bool {
        match self {
            Demand::Nothing => true,
            Demand::Absent => !is_there,
            Demand::Present => is_there,
        }
    }
}

/// The words before FIELDS.
#[derive(Clone, Copy, Debug, Default)]
struct Options<'a> {
    /// NX and XX.
    key: Demand,
    /// FNX and FXX.
    fields: Demand,
    /// KEEPTTL, or HGETEX' PERSIST.
    special: bool,
    time: Option<(TimeForm, &'a [u8])>,
}

impl<'a> Options<'a> {
    fn parse_hsetex(words: &[&'a [u8]]) -> Result<Options<'a>, Failure> {
        Self::parse(words, "KEEPTTL", |options, word| match word {
            w if is_word(w, "NX") => options.key.set(Demand::Absent),
            w if is_word(w, "XX") => options.key.set(Demand::Present),
            w if is_word(w, "FNX") => options.fields.set(Demand::Absent),
            w if is_word(w, "FXX") => options.fields.set(Demand::Present),
            _ => Err(Failure::SYNTAX),
        })
    }

    fn parse_hgetex(words: &[&'a [u8]]) -> Result<Options<'a>, Failure> {
        Self::parse(words, "PERSIST", |_, _| Err(Failure::SYNTAX))
    }

    fn parse(
        words: &[&'a [u8]],
        special: &str,
        mut other: impl FnMut(&mut Options<'a>, &[u8]) -> Result<(), Failure>,
    ) -> Result<Options<'a>, Failure> {
        let mut options = Options::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            if let Some(form) = TimeForm::of_word(word) {
                let fits = !options.special && options.time.is_none_or(|(given, _)| given == form);
                match words.next() {
                    Some(text) if fits => options.time = Some((form, text)),
                    _ => return Err(Failure::SYNTAX),
                }
            } else if is_word(word, special) && options.time.is_none() {
                options.special = true;
            } else {
                other(&mut options, word)?;
            }
        }
        Ok(options)
    }

    fn expire_at(&self, now: UnixMillis, command: &str) -> Result<Option<UnixMillis>, Failure> {
        self.time.map(|(form, text)| form.parse_not_negative(text, now, command)).transpose()
    }
}

/// `HSETEX key [NX | XX] [FNX | FXX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL] FIELDS numfields field value ...`
pub(super) fn hsetex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (options, pairs) = split(args, 1, 2, 2, Options::parse_hsetex)?;
    let mut entry = ctx.latch(args[1])?;
    let old = entry.record();
    let edit = HashEdit::of_optional(ctx.engine, &entry, old, ctx.now())?;
    let mut applies = options.key.holds(old.is_some());
    let expire_at = if applies { options.expire_at(ctx.now(), "hsetex")? } else { None };
    for pair in pairs.chunks_exact(2) {
        applies = applies
            && (options.fields == Demand::Nothing
                || options.fields.holds(edit.view().get(pair[0])?.is_some()));
    }
    if applies {
        match expire_at {
            Some(at) if at <= ctx.now() => remove_pairs(ctx, &mut entry, old, edit, pairs)?,
            Some(at) => set_pairs(&mut entry, old, edit, pairs, FieldExpiry::At(at))?,
            None if options.special => set_pairs(&mut entry, old, edit, pairs, FieldExpiry::Keep)?,
            None => set_pairs(&mut entry, old, edit, pairs, FieldExpiry::None)?,
        }
    }
    drop(entry);
    ctx.reply.integer(i64::from(applies));
    Ok(())
}

/// Sets fields whose time is over already.
fn remove_pairs<'k>(
    ctx: &Ctx<'_>,
    entry: &mut Entry<'k>,
    old: Option<Record<'k>>,
    mut edit: HashEdit<'k>,
    pairs: &[&[u8]],
) -> Outcome {
    let key = entry.key();
    let mut effect: SmallVec<[Str<'_>; 8]> = smallvec![b"HDEL".into(), key.into()];
    let done = pairs.chunks_exact(2).try_for_each(|pair| {
        if edit.remove(pair[0])? != Before::Absent {
            effect.push(pair[0].into());
        }
        Ok(())
    });
    ctx.engine.stats().add(Counter::ExpiredFields, pairs.len() as u64 / 2);
    if old.is_none() {
        entry.announce(class::NEW, "new");
    }
    entry.announce(class::HASH, "hset");
    entry.announce(class::HASH, "hexpire");
    if effect.len() > 2 {
        ctx.op.act_as(EXPIRING_FIELDS);
        edit.put(entry, old, &effect)?;
    } else {
        entry.announce_elements(class::HASH, "hexpired");
    }
    done.map_err(|damaged: Damaged| damaged.into())
}

fn set_pairs<'k>(
    entry: &mut Entry<'k>,
    old: Option<Record<'k>>,
    mut edit: HashEdit<'k>,
    pairs: &[&[u8]],
    expiry: FieldExpiry,
) -> Outcome {
    let key = entry.key();
    let (mut set, mut expired) = (SmallVec::<[Str<'_>; 8]>::new(), SmallVec::<[Str<'_>; 8]>::new());
    let done = edit.expect(pairs).and_then(|()| {
        pairs.chunks_exact(2).try_for_each(|pair| {
            if edit.set(pair[0], pair[1], expiry)? == Before::Expired {
                expired.push(pair[0].into());
            }
            set.extend(pair.iter().map(|&word| word.into()));
            Ok(())
        })
    });
    if !set.is_empty() {
        if expiry == FieldExpiry::Keep && !expired.is_empty() {
            // A replay, in which no time is over, would keep the expiry of fields that counted as new.
            let mut effect: SmallVec<[Str<'_>; 8]> = smallvec![b"HDEL".into(), key.into()];
            effect.extend(expired);
            entry.note(&effect);
        }
        let (mut time, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
        let count = count.format(set.len() / 2).as_bytes().into();
        let mut effect: SmallVec<[Str<'_>; 8]> = smallvec![b"HSETEX".into(), key.into()];
        match expiry {
            FieldExpiry::None => effect[0] = b"HSET".into(),
            FieldExpiry::Keep => effect.extend([b"KEEPTTL".into(), b"FIELDS".into(), count]),
            FieldExpiry::At(at) => {
                let at = time.format(at.0).as_bytes().into();
                effect.extend([b"PXAT".into(), at, b"FIELDS".into(), count]);
            }
        }
        effect.extend(set);
        edit.put(entry, old, &effect)?;
        if matches!(expiry, FieldExpiry::At(_)) {
            entry.announce(class::HASH, "hexpire");
        }
    }
    done.map_err(|damaged: Damaged| damaged.into())
}

/// `HGETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST] FIELDS numfields field [field ...]`
pub(super) fn hgetex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (options, names) = split(args, 1, 2, 1, Options::parse_hgetex)?;
    if options.time.is_none() && !options.special {
        let hash = read(ctx, args[1])?;
        let found: Vec<Option<&[u8]>> = names
            .iter()
            .map(|name| Ok(hash.get(name)?.map(|field| field.value)))
            .collect::<Result<_, Failure>>()?;
        reply_values(ctx, &found);
        return Ok(());
    }
    // Another type is an error before a bad number is.
    read(ctx, args[1])?;
    let change = match options.expire_at(ctx.now(), "hgetex")? {
        None => Change::Persist,
        Some(at) => Change::expire_at(at, ctx.now()),
    };
    let values = change_fields(ctx, args[1], names, change, None, |edit, hash, name| {
        let Some(field) = edit.view().get(name)? else { return Ok((None, false)) };
        let is_wanted = change != Change::Persist || field.expire_at.is_some();
        Ok((hash.get(name)?.map(|field| field.value), is_wanted))
    })?;
    reply_values(ctx, &values);
    Ok(())
}

/// `HGETDEL key FIELDS numfields field [field ...]`
pub(super) fn hgetdel(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let names = plain_fields(args)?.ok_or(BAD_COUNT)?;
    let values = change_fields(ctx, args[1], names, Change::Remove, None, |edit, hash, name| {
        let is_there = edit.view().get(name)?.is_some();
        let field = if is_there { hash.get(name)? } else { None };
        Ok((field.map(|field| field.value), is_there))
    })?;
    reply_values(ctx, &values);
    Ok(())
}
