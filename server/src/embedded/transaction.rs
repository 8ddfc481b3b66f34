//! Several commands as one, without a connection: what MULTI and EXEC are to the others.

use polycache_core::command::spec::flag;
use polycache_core::command::{Args, Ctx, Value, ValueReply};

use super::error::{Error, ErrorKind, Result};
use super::execute::refuse_connection_commands;
use super::handle::{Cache, Durable};
use crate::stats::Counter;
use crate::transaction::{self, Transaction};

impl Cache {
    /// Carries out all commands as one: nobody, on any face, sees some of them without the others. The reply of each, with
    /// an error in the place of one that failed; the others are carried out none the less. Where a command is unknown, or
    /// not allowed in a transaction, none is. Commands that would wait answer as if their time were over.
    pub fn transaction(&self, commands: &[Args<'_>]) -> Result<(Vec<Value>, Durable)> {
        let shared = self.share()?;
        let server = &shared.server;
        let mut transaction = Transaction::default();
        for args in commands {
            let Some(name) = args.first() else {
                return Err(Error::new(ErrorKind::Misuse, "a command needs its name"));
            };
            refuse_connection_commands(name)?;
            let spec =
                server.registry.resolve(args).map_err(|failure| Error::from_reply(failure.0.into_owned()))?;
            if spec.flags & flag::NO_MULTI != 0 || !transaction::is_queued(spec) {
                let text = format!("ERR Command '{}' not allowed inside a transaction", spec.name);
                return Err(Error::from_reply(text));
            }
            let needs_memory = transaction::needs_memory(server, spec, args);
            transaction.queue.push(spec, server.stats.command(spec), args, needs_memory);
        }
        let mut reply = ValueReply::new();
        let (outcome, lsn) = shared.as_client(self.db(), |client, session| {
            let op = shared.engine.begin();
            let (engine, registry) = (&shared.engine, server.registry);
            let reply = &mut reply;
            let mut ctx = Ctx { engine, op: &op, session, reply, host: client, registry };
            let outcome = transaction::run(&mut ctx, &mut transaction);
            (outcome, op.last_lsn())
        });
        let shard = server.stats.shared();
        for ran in &transaction.ran {
            shard.add(Counter::Commands, 1);
            shard.called(ran.index, ran.ticks, ran.has_failed);
        }
        outcome.map_err(|failure| Error::from_reply(failure.0.into_owned()))?;
        match reply.finish() {
            Some(Value::Array(values)) => Ok((values, Durable::new(shared, lsn))),
            _ => Ok((Vec::new(), Durable::new(shared, lsn))),
        }
    }
}
