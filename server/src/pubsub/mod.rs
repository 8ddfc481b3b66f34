//! Publish and subscribe: channels, patterns, and messages on their way to their readers.
//!
//! A message is encoded once, whoever it goes to ([`message`]); every subscriber has a mailbox ([`mailbox`]) that its
//! connection empties on its next turn with one write, or that a thread of the embedding program reads. Who puts
//! something into an empty mailbox has its owner woken; a worker's turn gathers these wake-ups, and sends each other
//! worker one ([`post`]).
//!
//! # Concurrency
//! Locks are taken in this order, and nothing is waited for under them: the shard of a channel, the table of patterns,
//! a mailbox, a post. Messages to one channel are delivered under the lock of its shard, so all subscribers see them in
//! one order.

mod command;
mod hub;
mod mailbox;
mod message;
mod observer;
mod post;
mod subscriptions;
mod table;

pub use command::ping;
pub use hub::{Hub, Namespace};
pub use mailbox::{Mailbox, Overflow};
pub use message::Message;
pub use observer::Teller;
pub use post::{Gathering, Post, enter, here, leave, pump};
pub use subscriptions::Subscriptions;
pub use table::TABLE;
