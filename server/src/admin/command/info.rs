//! COMMAND and COMMAND INFO: ten fields about each command.

use polycache_core::command::spec::{KeySpec, Keys, acl, flag};
use polycache_core::command::{Args, Ctx, Failure, Outcome, Reply, Spec};

use super::{Row, lookup};
use crate::limits::NAMES_ASKED_MAX;

/// `COMMAND`
pub(in crate::admin) fn all(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let rows = ctx.registry.iter();
    ctx.reply.array(rows.len());
    rows.for_each(|spec| emit(ctx.reply, Row::top(spec)));
    Ok(())
}

/// `COMMAND INFO [name ...]`
pub(in crate::admin) fn info(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let names = &args[2..];
    if names.is_empty() {
        return all(ctx, args);
    }
    if names.len() > NAMES_ASKED_MAX {
        return Err(Failure::new(format!("ERR more than {NAMES_ASKED_MAX} names")));
    }
    ctx.reply.array(names.len());
    for name in names {
        match lookup(ctx.registry, name) {
            Some(row) => emit(ctx.reply, row),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

fn emit(reply: &mut dyn Reply, row: Row) {
    let spec = row.spec;
    reply.array(10);
    reply.bulk(row.full_name().as_bytes());
    reply.integer(i64::from(spec.arity));
    let flags: Vec<&str> =
        flag::NAMES.iter().filter(|(bit, _)| spec.flags & bit != 0).map(|(_, name)| *name).collect();
    reply.set(flags.len());
    flags.iter().for_each(|name| reply.status(name));
    let (first, last, step) = legacy_range(spec);
    reply.integer(first);
    reply.integer(last);
    reply.integer(step);
    let categories = categories(spec);
    reply.set(categories.len());
    categories.iter().for_each(|name| reply.status(&format!("@{name}")));
    reply.set(spec.tips.len());
    spec.tips.iter().for_each(|tip| reply.bulk(tip.as_bytes()));
    let key_specs = key_specs(spec);
    reply.set(key_specs.len());
    key_specs.iter().for_each(|key_spec| emit_key_spec(reply, key_spec));
    let subcommands = row.subcommands();
    reply.array(subcommands.len());
    subcommands.for_each(|sub| emit(reply, sub));
}

/// First key, last key and step, as clients older than key specifications read them; zeros where there is no range.
fn legacy_range(spec: &Spec) -> (i64, i64, i64) {
    match spec.keys {
        Keys::Range { first, last, step } => (first as i64, last as i64, step as i64),
        _ => (0, 0, 0),
    }
}

/// All key specifications of a command.
pub(crate) fn key_specs(spec: &Spec) -> Vec<KeySpec> {
    if !spec.key_specs.is_empty() {
        return spec.key_specs.to_vec();
    }
    match spec.keys {
        Keys::None => Vec::new(),
        keys => vec![KeySpec { keys, key_use: spec.key_use, notes: "" }],
    }
}

fn emit_key_spec(reply: &mut dyn Reply, key_spec: &KeySpec) {
    reply.map(3 + usize::from(!key_spec.notes.is_empty()));
    if !key_spec.notes.is_empty() {
        reply.bulk(b"notes");
        reply.bulk(key_spec.notes.as_bytes());
    }
    reply.bulk(b"flags");
    let flags: Vec<&str> = key_spec.key_use.split_ascii_whitespace().collect();
    reply.set(flags.len());
    flags.iter().for_each(|name| reply.status(name));
    if matches!(key_spec.keys, Keys::Unknown | Keys::Behind(_)) {
        for part in ["begin_search", "find_keys"] {
            reply.bulk(part.as_bytes());
            reply.map(2);
            reply.bulk(b"type");
            reply.bulk(b"unknown");
            reply.bulk(b"spec");
            reply.map(0);
        }
        return;
    }
    let (begin, kind, fields): (isize, &str, [(&str, i64); 3]) = match key_spec.keys {
        Keys::None | Keys::Unknown | Keys::Behind(_) => {
            (0, "unknown", [("lastkey", 0), ("keystep", 0), ("limit", 0)])
        }
        Keys::Keyword { from, limit, .. } => {
            let last = if limit == 0 && from >= 0 { 0 } else { -1 };
            (from, "range", [("lastkey", last), ("keystep", 1), ("limit", limit as i64)])
        }
        Keys::Range { first, last, step } => {
            // Relative to the first key, unless counted from the end.
            let last = if last < 0 { last as i64 } else { last as i64 - first as i64 };
            (first as isize, "range", [("lastkey", last), ("keystep", step as i64), ("limit", 0)])
        }
        Keys::Counted { count, first, step } => {
            let fields = [("keynumidx", 0), ("firstkey", (first - count) as i64), ("keystep", step as i64)];
            (count as isize, "keynum", fields)
        }
    };
    reply.bulk(b"begin_search");
    reply.map(2);
    reply.bulk(b"type");
    if let Keys::Keyword { word, .. } = key_spec.keys {
        reply.bulk(b"keyword");
        reply.bulk(b"spec");
        reply.map(2);
        reply.bulk(b"keyword");
        reply.bulk(word.as_bytes());
        reply.bulk(b"startfrom");
    } else {
        reply.bulk(b"index");
        reply.bulk(b"spec");
        reply.map(1);
        reply.bulk(b"index");
    }
    reply.integer(begin as i64);
    reply.bulk(b"find_keys");
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(kind.as_bytes());
    reply.bulk(b"spec");
    reply.map(3);
    for (name, number) in fields {
        reply.bulk(name.as_bytes());
        reply.integer(number);
    }
}

/// The ACL categories of a command in Redis' order: its own, and those that its flags imply.
pub(crate) fn categories(spec: &Spec) -> Vec<&'static str> {
    let has = |bits: u32| spec.flags & bits != 0;
    let own = |bits: u32| spec.acl & bits != 0;
    let all = [
        ("keyspace", own(acl::KEYSPACE)),
        ("read", own(acl::READ) || has(flag::READONLY) && !own(acl::SCRIPTING)),
        ("write", own(acl::WRITE) || has(flag::WRITE)),
        ("set", own(acl::SET)),
        ("sortedset", own(acl::SORTED_SET)),
        ("list", own(acl::LIST)),
        ("hash", own(acl::HASH)),
        ("string", own(acl::STRING)),
        ("bitmap", own(acl::BITMAP)),
        ("hyperloglog", own(acl::HYPERLOGLOG)),
        ("geo", own(acl::GEO)),
        ("stream", own(acl::STREAM)),
        ("pubsub", has(flag::PUBSUB)),
        ("admin", own(acl::ADMIN) || has(flag::ADMIN)),
        ("fast", has(flag::FAST)),
        ("slow", !has(flag::FAST)),
        ("blocking", has(flag::BLOCKING)),
        ("dangerous", own(acl::DANGEROUS) || has(flag::ADMIN)),
        ("connection", own(acl::CONNECTION)),
        ("transaction", own(acl::TRANSACTION)),
        ("scripting", own(acl::SCRIPTING)),
    ];
    all.into_iter().filter(|(_, member)| *member).map(|(name, _)| name).collect()
}
