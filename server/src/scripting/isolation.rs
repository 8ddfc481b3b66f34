//! What keeps a script apart from everybody else: a scope on its keys, or alone with the keyspace.

use polycache_core::command::{Failure, Outcome};
use polycache_core::engine::{DbIndex, Operation};
use polycache_core::transaction::Scope;
use smallvec::SmallVec;

/// What became of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// It has changed nothing, said nothing, and must run alone.
    NeedsToBeAlone,
}

/// What a script may ask of what it runs in.
pub struct Isolation<'a> {
    scope: Option<Scope<'a>>,
    pub is_alone: bool,
}

impl Isolation<'_> {
    /// Whether another script needed its keys, and the other way round.
    pub fn has_conflict(&self) -> bool {
        self.scope.as_ref().is_some_and(Scope::has_conflict)
    }

    /// Whether it must run again, alone, as another script needed its keys and the other way round.
    pub fn is_void(&self) -> bool {
        self.scope.as_ref().is_some_and(|scope| scope.has_conflict() && !scope.has_written())
    }
}

/// Runs `work` with the keys held, or alone where it is said, or where that turns out. Within a transaction it runs in
/// that one's scope.
pub fn within<'a>(
    op: &'a Operation<'a>,
    db: DbIndex,
    keys: &[&'a [u8]],
    alone: bool,
    mut work: impl FnMut(&Isolation<'a>) -> Ended,
) -> Outcome {
    if op.is_in_scope() {
        work(&Isolation { scope: None, is_alone: op.is_in_exclusive_scope() });
        return Ok(());
    }
    if !alone {
        let keys: SmallVec<[(DbIndex, &'a [u8]); 8]> = keys.iter().map(|&key| (db, key)).collect();
        let scope = Scope::keyed(op, &keys).map_err(Failure::from)?;
        if work(&Isolation { scope: Some(scope), is_alone: false }) == Ended::Done {
            return Ok(());
        }
    }
    work(&Isolation { scope: Some(Scope::exclusive(op)?), is_alone: true });
    Ok(())
}
