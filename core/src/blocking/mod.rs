//! Blocking commands: clients that wait until a key has what they want (BLPOP, BLMOVE, BZPOPMIN, XREAD BLOCK ...).
//!
//! A blocking command is a [`Demand`]: it says when a key satisfies it and carries itself out on the latched key.
//! [`run`] does the rest. It latches the keys, carries the demand out if one of them satisfies it, and else enters a
//! [`Waiter`] for every key *while the latches are held*, so that no write falls between the look and the entry.
//!
//! # Service
//! Whoever changes a key for which somebody waits serves the waiters before it releases the key's latch: it takes them
//! in order of arrival and carries their commands out on their behalf (`serve.rs`). So nobody takes an element away
//! between the push and the waiter, and a later client never overtakes an earlier one. The result is recorded, and the
//! waiter woken, when the latches are released and the effects are in the log. A writer pays one relaxed load while
//! nobody waits.
//!
//! A demand that writes a second key (BLMOVE) has it latched as well, by trying; where that fails the service is
//! repeated with both keys latched in their order right after the release.
//!
//! # Faces
//! The engine knows no connections: `run` hands a [`Blocked`] to the [`Host`](crate::command::Host), which polls it
//! with a waker, or lets its thread wait. Dropping it leaves nothing behind. A host that cannot wait (a transaction, a
//! script, the log's replay) says so by `may_block`, and the command answers as if its time were over at once.

mod registry;
mod run;
mod serve;
mod timeout;
mod waiter;

pub use registry::Blocking;
pub use run::run;
pub(crate) use serve::{Pending, finish, serve, serve_database, serve_latched};
pub use timeout::Timeout;
pub use waiter::{Blocked, Ended, Waiter};

use crate::clock::UnixMillis;
use crate::command::{Failure, Outcome, Reply};
use crate::operation::Operation;
use crate::record::{Kind, Record};
use crate::transaction::Entry;

/// What a blocking command waits for, and how it is carried out.
pub trait Demand: Send + Sync + 'static {
    /// The type of value that it takes.
    fn kind(&self) -> Kind;

    /// A key beside the source that serving changes; it must not be among the keys waited for, unless it is the source.
    fn destination(&self) -> Option<&[u8]> {
        None
    }

    /// The first look, when the command comes: whether the key at `position` of the command's keys satisfies it. An
    /// error ends the command.
    fn check(&self, position: usize, record: Option<Record<'_>>) -> Result<bool, Failure> {
        let _ = position;
        match record {
            None => Ok(false),
            Some(record) if record.kind() == self.kind() => Ok(true),
            Some(_) => Err(Failure::WRONG_TYPE),
        }
    }

    /// A later look, when the key has changed: whether [`Demand::serve`] is to be called. Values of other types are
    /// passed over.
    fn is_ready(&self, position: usize, record: Option<Record<'_>>) -> bool {
        let _ = position;
        record.is_some_and(|record| record.kind() == self.kind())
    }

    /// Whether it leaves the keys as they are: then whoever is told of changes of what it has read goes on to be told.
    fn only_reads(&self) -> bool {
        false
    }

    /// Whether the removal of a key may end the waiting: `is_ready` is then asked about missing keys, too.
    fn wants_absence(&self) -> bool {
        false
    }

    /// When it may be satisfied although no key has changed: it is then looked at again. `None` is never.
    fn look_again(&self) -> Option<UnixMillis> {
        None
    }

    /// Carries the command out and emits its whole reply; an error is the reply then. Called at most once with success
    /// of `check` or `is_ready` on the record as it is now.
    fn serve(&self, serving: &mut Serving<'_, '_, '_>, reply: &mut dyn Reply) -> Outcome;

    /// The reply where waiting is not possible.
    fn refuse(&self, reply: &mut dyn Reply) {
        reply.null_array();
    }
}

/// What a demand is carried out on.
pub struct Serving<'s, 'a, 'b> {
    pub op: &'s Operation<'s>,
    /// Of the key among those of the command.
    pub position: usize,
    /// The key that satisfies the demand, latched.
    pub source: &'s mut Entry<'a>,
    /// The demand's destination, latched; `None` where it has none, or where it is the source itself.
    pub destination: Option<&'s mut Entry<'b>>,
}
