//! COMMAND: tells clients of the command table.

mod docs;
mod info;
mod keys;

use polycache_core::command::args::is_word;
use polycache_core::command::glob::Glob;
use polycache_core::command::{Args, Ctx, Failure, Outcome, Registry, Spec};

pub(super) use docs::docs;
pub(super) use info::{all, info};
pub(crate) use info::{categories, key_specs};
pub(crate) use keys::keys_used;
pub(super) use keys::{getkeys, getkeysandflags};

/// A command of the table, or one of its subcommands.
#[derive(Clone, Copy)]
struct Row {
    container: Option<&'static Spec>,
    spec: &'static Spec,
}

impl Row {
    fn top(spec: &'static Spec) -> Row {
        Row { container: None, spec }
    }

    /// `get`, or `config|get`.
    fn full_name(&self) -> String {
        match self.container {
            Some(container) => format!("{}|{}", container.name, self.spec.name),
            None => self.spec.name.to_owned(),
        }
    }

    fn subcommands(self) -> impl ExactSizeIterator<Item = Row> {
        let container = self.spec;
        container.subcommands.iter().map(move |spec| Row { container: Some(container), spec })
    }
}

/// The row called `name`: a command, or `command|subcommand`.
fn lookup(registry: &Registry, name: &[u8]) -> Option<Row> {
    let mut parts = name.splitn(2, |byte| *byte == b'|');
    let spec = registry.lookup(parts.next()?)?;
    match parts.next() {
        None => Some(Row::top(spec)),
        Some(sub) => Some(Row { container: Some(spec), spec: Registry::subcommand(spec, sub)? }),
    }
}

/// `COMMAND COUNT`
pub(super) fn count(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.integer(ctx.registry.iter().len() as i64);
    Ok(())
}

/// `COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]`
pub(super) fn list(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let pass: Box<dyn Fn(&Row) -> bool> = match args[2..] {
        [] => Box::new(|_| true),
        [word, kind, wanted] if is_word(word, "filterby") => {
            // Without modules, none has commands.
            if is_word(kind, "module") {
                Box::new(|_| false)
            } else if is_word(kind, "aclcat") {
                Box::new(|row| {
                    info::categories(row.spec)
                        .iter()
                        .any(|category| wanted.eq_ignore_ascii_case(category.as_bytes()))
                })
            } else if is_word(kind, "pattern") {
                let pattern = wanted.to_ascii_lowercase();
                Box::new(move |row| Glob::new(&pattern).matches(row.full_name().as_bytes()))
            } else {
                return Err(Failure::SYNTAX);
            }
        }
        _ => return Err(Failure::SYNTAX),
    };
    let rows =
        ctx.registry.iter().map(Row::top).flat_map(|row| std::iter::once(row).chain(row.subcommands()));
    let names: Vec<String> = rows.filter(|row| pass(row)).map(|row| row.full_name()).collect();
    ctx.reply.array(names.len());
    for name in names {
        ctx.reply.bulk(name.as_bytes());
    }
    Ok(())
}

/// `COMMAND HELP`
pub(super) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    super::help(
        ctx,
        "COMMAND",
        &[
            "(no subcommand)",
            "    Return details about all commands.",
            "COUNT",
            "    Return the total number of commands in this server.",
            "LIST",
            "    Return a list of all commands in this server.",
            "INFO [<command-name> ...]",
            "    Return details about multiple commands.",
            "    If no command names are given, documentation details for all",
            "    commands are returned.",
            "DOCS [<command-name> ...]",
            "    Return documentation details about multiple commands.",
            "    If no command names are given, documentation details for all",
            "    commands are returned.",
            "GETKEYS <full-command>",
            "    Return the keys from a full command.",
            "GETKEYSANDFLAGS <full-command>",
            "    Return the keys and the access flags from a full command.",
        ],
    )
}
