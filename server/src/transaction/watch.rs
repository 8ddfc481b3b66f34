//! WATCH and UNWATCH: optimistic locks by the versions of records.

use polycache_core::command::{Args, Ctx, Outcome};
use polycache_core::engine::{DbIndex, Operation};
use polycache_core::index::Damaged;
use polycache_core::operation::Touch;

use crate::client::Client;

/// A key as it was when it was watched.
pub(super) struct Watched {
    pub db: DbIndex,
    pub key: Box<[u8]>,
    /// `None`: it was absent, or its time was over.
    version: Option<u64>,
}

impl Watched {
    fn version_now(op: &Operation<'_>, db: DbIndex, key: &[u8]) -> Result<Option<u64>, Damaged> {
        Ok(op.read(db, key, Touch::Quiet)?.map(|record| record.version()))
    }

    /// Whether the key was written, removed or has expired since.
    pub(super) fn has_changed(&self, op: &Operation<'_>) -> Result<bool, Damaged> {
        Ok(Self::version_now(op, self.db, &self.key)? != self.version)
    }
}

/// `WATCH key [key ...]`
pub(super) fn watch(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let db = ctx.session.db;
    for key in &args[1..] {
        let watched = &mut Client::of(ctx.host).transaction().watched;
        if watched.iter().any(|watched| watched.db == db && *watched.key == **key) {
            continue;
        }
        let version = Watched::version_now(ctx.op, db, key)?;
        watched.push(Watched { db, key: Box::from(*key), version });
    }
    ctx.reply.ok();
    Ok(())
}

/// `UNWATCH`
pub(super) fn unwatch(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    if let Some(transaction) = &mut Client::of(ctx.host).transaction {
        transaction.watched.clear();
    }
    ctx.reply.ok();
    Ok(())
}
