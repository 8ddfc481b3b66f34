//! DUMP and RESTORE: a value as the payload of [`crate::rdb`], out and in.

use crate::clock::UnixMillis;
use crate::command::args::{integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::eviction;
use crate::exchange::{self, Builder};
use crate::rdb::{PayloadError, read_payload};
use crate::record::{Effect, Kind, Str};

const BUSY_KEY: Failure = Failure::text("BUSYKEY Target key name already exists.");
const BAD_FOOTER: Failure = Failure::text("ERR DUMP payload version or checksum are wrong");
const BAD_DATA: Failure = Failure::text("ERR Bad data format");
const INVALID_TTL: Failure = Failure::text("ERR Invalid TTL value, must be >= 0");
const INVALID_IDLE: Failure = Failure::text("ERR Invalid IDLETIME value, must be >= 0");
const INVALID_FREQUENCY: Failure = Failure::text("ERR Invalid FREQ value, must be >= 0 and <= 255");

/// `DUMP key`
pub(super) fn dump(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let Some(record) = ctx.read(args[1])? else {
        ctx.reply.null();
        return Ok(());
    };
    let options = ctx.engine.config().rdb_options();
    let payload = exchange::payload(options, |writer| exchange::tell_record(record, writer))
        .map_err(|stop| Failure::new(format!("ERR {stop}")))?;
    ctx.reply.bulk(&payload);
    Ok(())
}

/// What RESTORE has behind the payload.
#[derive(Default)]
struct Choices {
    replace: bool,
    absolute: bool,
    idle_seconds: Option<u64>,
    frequency: Option<u8>,
}

impl Choices {
    fn parse(words: &[&[u8]]) -> Result<Choices, Failure> {
        let mut choices = Choices::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if is_word(word, "REPLACE") {
                choices.replace = true;
            } else if is_word(word, "ABSTTL") {
                choices.absolute = true;
            } else if is_word(word, "IDLETIME") && choices.frequency.is_none() {
                let idle = integer(words.next().ok_or(Failure::SYNTAX)?)?;
                choices.idle_seconds = Some(u64::try_from(idle).map_err(|_| INVALID_IDLE)?);
            } else if is_word(word, "FREQ") && choices.idle_seconds.is_none() {
                let frequency = integer(words.next().ok_or(Failure::SYNTAX)?)?;
                choices.frequency = Some(u8::try_from(frequency).map_err(|_| INVALID_FREQUENCY)?);
            } else {
                return Err(Failure::SYNTAX);
            }
        }
        Ok(choices)
    }
}

/// `RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds | FREQ frequency]`
pub(super) fn restore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (key, payload) = (args[1], args[3]);
    let choices = Choices::parse(&args[4..])?;
    let is_busy = || Ok::<_, Failure>(!choices.replace && ctx.peek(key)?.is_some());
    if is_busy()? {
        return Err(BUSY_KEY);
    }
    let ttl = u64::try_from(integer(args[2])?).map_err(|_| INVALID_TTL)?;
    let mut builder = Builder::new(ctx.engine);
    read_payload(payload, &mut builder).map_err(|error| match error {
        PayloadError::Footer => BAD_FOOTER,
        PayloadError::Value(_) => BAD_DATA,
    })?;
    let mut built = builder.take().ok_or(BAD_DATA)?;
    let base = if choices.absolute { 0 } else { ctx.now().0 };
    let expire_at = (ttl > 0).then(|| UnixMillis(base.saturating_add(ttl).min(i64::MAX as u64)));
    let mut entry = ctx.latch(key)?;
    if !choices.replace && entry.record().is_some() {
        return Err(BUSY_KEY);
    }
    if expire_at.is_some_and(|at| at <= ctx.now()) {
        entry.remove(Effect::Del);
    } else {
        let draft = built.draft(expire_at, 0);
        let mut digits = itoa::Buffer::new();
        let at = digits.format(expire_at.map_or(0, |at| at.0)).as_bytes();
        let whole: [Str<'_>; 6] =
            [b"RESTORE".into(), key.into(), at.into(), payload.into(), b"ABSTTL".into(), b"REPLACE".into()];
        let effect = if draft.value.kind() == Kind::String { Effect::Set } else { Effect::Command(&whole) };
        entry.put(draft, effect);
        let access = eviction::carried_access(choices.idle_seconds, choices.frequency, ctx.op);
        if let (Some(record), Some(access)) = (entry.record(), access) {
            record.set_access(access);
        }
    }
    drop(entry);
    ctx.reply.status("OK");
    Ok(())
}
