//! COMMAND DOCS: what a command is for and which arguments it takes.

use polycache_core::command::spec::{Arg, ArgKind};
use polycache_core::command::{Args, Ctx, Failure, Outcome, Reply};

use super::{Row, lookup};
use crate::limits::NAMES_ASKED_MAX;

/// `COMMAND DOCS [name ...]`: names that are unknown are left out.
pub(in crate::admin) fn docs(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let names = &args[2..];
    if names.len() > NAMES_ASKED_MAX {
        return Err(Failure::new(format!("ERR more than {NAMES_ASKED_MAX} names")));
    }
    let rows: Vec<Row> = if names.is_empty() {
        ctx.registry.iter().map(Row::top).collect()
    } else {
        names.iter().filter_map(|name| lookup(ctx.registry, name)).collect()
    };
    ctx.reply.map(rows.len());
    rows.into_iter().for_each(|row| emit(ctx.reply, row));
    Ok(())
}

fn emit(reply: &mut dyn Reply, row: Row) {
    let spec = row.spec;
    reply.bulk(row.full_name().as_bytes());
    let complexity = !spec.complexity.is_empty();
    let history = !spec.history.is_empty();
    let arguments = !spec.args.is_empty();
    let subcommands = row.subcommands();
    let flags = !spec.doc_flags.is_empty();
    let deprecated = if spec.deprecated.is_some() { 2 } else { 0 };
    let fields = [complexity, flags, history, arguments, subcommands.len() > 0];
    reply.map(3 + deprecated + fields.iter().filter(|field| **field).count());
    text(reply, "summary", spec.summary);
    text(reply, "since", spec.since);
    text(reply, "group", spec.group);
    if complexity {
        text(reply, "complexity", spec.complexity);
    }
    if flags {
        reply.bulk(b"doc_flags");
        reply.set(spec.doc_flags.len());
        spec.doc_flags.iter().for_each(|name| reply.status(name));
    }
    if let Some((since, replaced_by)) = spec.deprecated {
        text(reply, "deprecated_since", since);
        text(reply, "replaced_by", replaced_by);
    }
    if history {
        reply.bulk(b"history");
        reply.set(spec.history.len());
        for (version, change) in spec.history {
            reply.array(2);
            reply.bulk(version.as_bytes());
            reply.bulk(change.as_bytes());
        }
    }
    if arguments {
        reply.bulk(b"arguments");
        emit_arguments(reply, spec.args);
    }
    if subcommands.len() > 0 {
        reply.bulk(b"subcommands");
        reply.map(subcommands.len());
        subcommands.for_each(|sub| emit(reply, sub));
    }
}

fn text(reply: &mut dyn Reply, name: &str, value: &str) {
    reply.bulk(name.as_bytes());
    reply.bulk(value.as_bytes());
}

fn emit_arguments(reply: &mut dyn Reply, arguments: &[Arg]) {
    reply.array(arguments.len());
    arguments.iter().for_each(|argument| emit_argument(reply, argument));
}

fn emit_argument(reply: &mut dyn Reply, argument: &Arg) {
    let nested = matches!(argument.kind, ArgKind::OneOf | ArgKind::Block);
    let key_spec = match argument.kind {
        ArgKind::Key => Some(argument.key_spec.unwrap_or(0)),
        _ => argument.key_spec,
    };
    let flags: Vec<&str> = [
        ("optional", argument.optional),
        ("multiple", argument.multiple),
        ("multiple_token", argument.multiple_token),
    ]
    .into_iter()
    .filter(|(_, set)| *set)
    .map(|(name, _)| name)
    .collect();
    let texts = [
        ("token", argument.token),
        ("summary", argument.summary),
        ("since", argument.since),
        ("deprecated_since", argument.deprecated_since),
    ];
    // A word may be the empty one.
    let is_word = argument.kind == ArgKind::PureToken;
    let texts: Vec<(&str, &str)> =
        texts.into_iter().filter(|(name, value)| !value.is_empty() || is_word && *name == "token").collect();
    let fields = 2
        + usize::from(!nested)
        + usize::from(key_spec.is_some())
        + texts.len()
        + usize::from(!flags.is_empty())
        + usize::from(nested);
    reply.map(fields);
    text(reply, "name", argument.name);
    text(reply, "type", kind_name(argument.kind));
    if !nested {
        text(
            reply,
            "display_text",
            if argument.display.is_empty() { argument.name } else { argument.display },
        );
    }
    if let Some(key_spec) = key_spec {
        reply.bulk(b"key_spec_index");
        reply.integer(key_spec as i64);
    }
    for (name, value) in texts {
        text(reply, name, value);
    }
    if !flags.is_empty() {
        reply.bulk(b"flags");
        reply.set(flags.len());
        flags.iter().for_each(|name| reply.status(name));
    }
    if nested {
        reply.bulk(b"arguments");
        emit_arguments(reply, argument.children);
    }
}

fn kind_name(kind: ArgKind) -> &'static str {
    match kind {
        ArgKind::Key => "key",
        ArgKind::String => "string",
        ArgKind::Integer => "integer",
        ArgKind::Double => "double",
        ArgKind::Pattern => "pattern",
        ArgKind::UnixTime => "unix-time",
        ArgKind::PureToken => "pure-token",
        ArgKind::OneOf => "oneof",
        ArgKind::Block => "block",
    }
}
