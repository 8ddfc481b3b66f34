//! CLIENT TRACKING, CACHING, TRACKINGINFO, GETREDIR.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use polycache_core::command::args::{integer, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome};

use super::{Asked, Mode};
use crate::client::{Client, Face};

const BCAST_SWITCH: Failure = Failure::text(
    "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const OPT_SWITCH: Failure = Failure::text(
    "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const NOT_WITH_BCAST: Failure = Failure::text("ERR OPTIN and OPTOUT are not compatible with BCAST");
const NOT_BOTH: Failure = Failure::text("ERR You can't specify both OPTIN mode and OPTOUT mode");
const NEEDS_BCAST: Failure = Failure::text("ERR PREFIX option requires BCAST mode to be enabled");
const NO_CLIENT: Failure = Failure::text("ERR The client ID you want redirect to does not exist");
const ONE_REDIRECTION: Failure = Failure::text("ERR A client can only redirect to a single other client");
const NOT_HERE: Failure =
    Failure::text("ERR tracking is for connections: a program reads without a cache of its own");

/// The words behind ON or OFF.
#[derive(Default)]
struct Words {
    redirect: u64,
    prefixes: Vec<Vec<u8>>,
    broadcast: bool,
    opt_in: bool,
    opt_out: bool,
    no_loop: bool,
}

impl Words {
    fn parse(mut rest: Args<'_>, client: &Client) -> Result<Words, Failure> {
        let mut words = Words::default();
        loop {
            rest = match rest {
                [] => return Ok(words),
                [word, id, rest @ ..] if is_word(word, "redirect") => {
                    if words.redirect != 0 {
                        return Err(ONE_REDIRECTION);
                    }
                    let id = u64::try_from(integer(id)?).map_err(|_| NO_CLIENT)?;
                    client.server.clients.find(id).ok_or(NO_CLIENT)?;
                    words.redirect = id;
                    rest
                }
                [word, prefix, rest @ ..] if is_word(word, "prefix") => {
                    words.prefixes.push(prefix.to_vec());
                    rest
                }
                [word, rest @ ..] => {
                    match word {
                        word if is_word(word, "bcast") => words.broadcast = true,
                        word if is_word(word, "optin") => words.opt_in = true,
                        word if is_word(word, "optout") => words.opt_out = true,
                        word if is_word(word, "noloop") => words.no_loop = true,
                        _ => return Err(Failure::SYNTAX),
                    }
                    rest
                }
            };
        }
    }

    /// What the client asks for, seen from what it has asked for before.
    fn asked(self, old: Option<&Asked>) -> Result<Asked, Failure> {
        if !self.broadcast && !self.prefixes.is_empty() {
            return Err(NEEDS_BCAST);
        }
        if old.is_some_and(|old| (old.mode == Mode::Broadcast) != self.broadcast) {
            return Err(BCAST_SWITCH);
        }
        let mode = match (self.broadcast, self.opt_in, self.opt_out) {
            (true, false, false) => Mode::Broadcast,
            (true, ..) => return Err(NOT_WITH_BCAST),
            (_, true, true) => return Err(NOT_BOTH),
            (_, true, _) => Mode::OptIn,
            (_, _, true) => Mode::OptOut,
            _ => Mode::Default,
        };
        let old_mode = old.map(|old| old.mode);
        if (mode == Mode::OptIn && old_mode == Some(Mode::OptOut))
            || (mode == Mode::OptOut && old_mode == Some(Mode::OptIn))
        {
            return Err(OPT_SWITCH);
        }
        let mut prefixes = BTreeSet::new();
        if mode == Mode::Broadcast {
            prefixes = old.map(|old| old.prefixes.clone()).unwrap_or_default();
            check_prefixes(&self.prefixes, &prefixes)?;
            if self.prefixes.is_empty() {
                prefixes.insert(Vec::new());
            }
            prefixes.extend(self.prefixes);
        }
        let caching = old.is_some_and(|old| old.caching);
        Ok(Asked { mode, no_loop: self.no_loop, redirect: self.redirect, prefixes, caching })
    }
}

fn check_prefixes(given: &[Vec<u8>], existing: &BTreeSet<Vec<u8>>) -> Outcome {
    let overlap = |one: &[u8], other: &[u8]| one.starts_with(other) || other.starts_with(one);
    let failure = |one: &[u8], which: &str, other: &[u8]| {
        let (one, other) = (String::from_utf8_lossy(one), String::from_utf8_lossy(other));
        Err(Failure::new(format!(
            "ERR Prefix '{one}' overlaps with {which} prefix '{other}'. Prefixes for a single client must not overlap."
        )))
    };
    for (at, prefix) in given.iter().enumerate() {
        if let Some(other) = existing.iter().find(|other| overlap(prefix, other)) {
            return failure(prefix, "an existing", other);
        }
        if let Some(other) = given[at + 1..].iter().find(|other| overlap(prefix, other)) {
            return failure(prefix, "another provided", other);
        }
    }
    Ok(())
}

/// CLIENT TRACKING ON|OFF [REDIRECT id] [PREFIX prefix ...] [BCAST] [OPTIN] [OPTOUT] [NOLOOP].
pub fn tracking(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    if client.entry.face != Face::Resp {
        return Err(NOT_HERE);
    }
    let words = Words::parse(&args[3..], client)?;
    if is_word(args[2], "on") {
        let asked = words.asked(client.tracking.as_deref())?;
        client.mailbox();
        client.server.tracking.enter(&client.server.engine, client.entry.clone(), &asked);
        client.tracking = Some(Box::new(asked));
        ctx.op.tell_reads(true);
    } else if is_word(args[2], "off") {
        client.stop_tracking();
        ctx.op.tell_reads(false);
    } else {
        return Err(Failure::SYNTAX);
    }
    ctx.reply.ok();
    Ok(())
}

/// CLIENT CACHING YES|NO: of the next command.
pub fn caching(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let Some(asked) = &mut Client::of(ctx.host).tracking else {
        return Err(Failure::text(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
        ));
    };
    if is_word(args[2], "yes") {
        if asked.mode != Mode::OptIn {
            return Err(Failure::text(
                "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
            ));
        }
    } else if is_word(args[2], "no") {
        if asked.mode != Mode::OptOut {
            return Err(Failure::text(
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
            ));
        }
    } else {
        return Err(Failure::SYNTAX);
    }
    asked.caching = true;
    ctx.reply.ok();
    Ok(())
}

/// CLIENT GETREDIR: 0 without redirection, -1 without tracking.
pub fn getredir(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let redirect = Client::of(ctx.host).tracking.as_ref().map_or(-1, |asked| asked.redirect as i64);
    ctx.reply.integer(redirect);
    Ok(())
}

/// CLIENT TRACKINGINFO.
pub fn trackinginfo(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    let (asked, server, id) = (client.tracking.clone(), client.server.clone(), client.id);
    let mut flags = Vec::new();
    match &asked {
        None => flags.push("off"),
        Some(asked) => {
            flags.push("on");
            match asked.mode {
                Mode::Default => {}
                Mode::Broadcast => flags.push("bcast"),
                Mode::OptIn => flags.push("optin"),
                Mode::OptOut => flags.push("optout"),
            }
            if asked.caching {
                flags.push(if asked.mode == Mode::OptIn { "caching-yes" } else { "caching-no" });
            }
            if asked.no_loop {
                flags.push("noloop");
            }
            // ORDERING: a figure.
            if server.tracking.read().get(&id).is_some_and(|own| own.is_broken.load(Ordering::Relaxed)) {
                flags.push("broken_redirect");
            }
        }
    }
    let asked = asked.as_deref();
    ctx.reply.map(3);
    ctx.reply.bulk(b"flags");
    ctx.reply.set(flags.len());
    flags.iter().for_each(|flag| ctx.reply.bulk(flag.as_bytes()));
    ctx.reply.bulk(b"redirect");
    ctx.reply.integer(asked.map_or(-1, |asked| asked.redirect as i64));
    ctx.reply.bulk(b"prefixes");
    let prefixes = asked.map(|asked| &asked.prefixes);
    ctx.reply.array(prefixes.map_or(0, BTreeSet::len));
    prefixes.into_iter().flatten().for_each(|prefix| ctx.reply.bulk(prefix));
    Ok(())
}
