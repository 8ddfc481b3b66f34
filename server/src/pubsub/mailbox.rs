//! What waits for one subscriber.
//!
//! # Concurrency
//! Anybody puts messages in; the thread that serves the client (or the reader of an embedding program) takes them out.
//! `has_mail` is written under the lock, and read without it as a hint: whoever changes it from `false` has the owner
//! woken afterwards.
//!
//! Limits: a mailbox whose owner does not read is closed once it holds more than its class allows (see
//! `client-output-buffer-limit`); a closed one takes nothing.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use polycache_core::command::Protocol;

use super::message::Message;
use super::post::{self, Post};
use crate::client::Entry;

/// What a message costs beside its bytes.
const MESSAGE_OVERHEAD_BYTES: usize = 64;

/// A subscriber's mailbox.
pub struct Mailbox {
    /// The client's number.
    pub id: u64,
    owner: Owner,
    mail: Mutex<Mail>,
    has_mail: AtomicBool,
}

/// Who reads.
enum Owner {
    /// A connection, on the worker with this post.
    Connection { entry: Weak<Entry>, post: Option<Arc<Post>> },
    /// A program: what is called when there is something to read, or nothing ever again.
    Program(Box<dyn Fn() + Send + Sync>),
}

#[derive(Default)]
struct Mail {
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
    is_closed: bool,
}

/// A mailbox took no more: it was closed just now for this many bytes.
pub struct Overflow(pub usize);

impl Mailbox {
    /// The mailbox of a connection; `post` is its worker's, if that is known.
    pub fn of_connection(entry: &Arc<Entry>, post: Option<Arc<Post>>) -> Arc<Mailbox> {
        let owner = Owner::Connection { entry: Arc::downgrade(entry), post };
        Arc::new(Mailbox { id: entry.id, owner, mail: Mutex::default(), has_mail: AtomicBool::new(false) })
    }

    /// The mailbox of a program, which is told through `call` that it should look; `call` must not wait.
    pub fn of_program(id: u64, call: Box<dyn Fn() + Send + Sync>) -> Arc<Mailbox> {
        let owner = Owner::Program(call);
        Arc::new(Mailbox { id, owner, mail: Mutex::default(), has_mail: AtomicBool::new(false) })
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message in, and has the owner woken. More than `bytes_max` (0: no limit) unread closes the mailbox.
    pub fn deliver(self: &Arc<Mailbox>, message: &Arc<Message>, bytes_max: u64) -> Result<(), Overflow> {
        let mut mail = self.mail();
        if mail.is_closed {
            return Ok(());
        }
        mail.bytes += message.size_bytes() + MESSAGE_OVERHEAD_BYTES;
        if bytes_max != 0 && (mail.bytes + self.unsent()) as u64 > bytes_max {
            let bytes = mail.bytes + self.unsent();
            *mail = Mail { is_closed: true, ..Mail::default() };
            drop(mail);
            self.has_mail.store(true, Ordering::Release); // ORDERING: see below.
            match &self.owner {
                Owner::Connection { entry, .. } => entry.upgrade().iter().for_each(|entry| entry.kill()),
                Owner::Program(call) => call(),
            }
            return Err(Overflow(bytes));
        }
        mail.messages.push_back(message.clone());
        // ORDERING: written under the lock only. Release, for the reader that goes by the hint alone; the wake-up that
        // follows the change carries it to a task that has looked before.
        let was_empty = !self.has_mail.swap(true, Ordering::Release);
        drop(mail);
        if was_empty {
            post::note(self);
        }
        Ok(())
    }

    /// Bytes that the connection could not send yet.
    fn unsent(&self) -> usize {
        match &self.owner {
            // ORDERING: a figure.
            Owner::Connection { entry, .. } => {
                entry.upgrade().map_or(0, |entry| entry.figures.output_bytes.load(Ordering::Relaxed))
            }
            Owner::Program(_) => 0,
        }
    }

    /// Whether there may be something to read.
    #[inline]
    pub fn has_mail(&self) -> bool {
        self.has_mail.load(Ordering::Acquire) // ORDERING: pairs with the Release in `deliver`.
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.mail().bytes
    }

    /// Moves messages to `out` until that has `bytes_max` bytes or there are no more.
    pub fn take_encoded(&self, protocol: Protocol, out: &mut Vec<u8>, bytes_max: usize) {
        let mut mail = self.mail();
        while out.len() < bytes_max {
            let Some(message) = mail.take() else { break };
            message.encode(protocol, out);
        }
        self.rest(&mail);
    }

    /// The next message; `Err` once there will never be another.
    pub fn take(&self) -> Result<Option<Arc<Message>>, Closed> {
        let mut mail = self.mail();
        let message = mail.take();
        self.rest(&mail);
        if message.is_none() && mail.is_closed { Err(Closed) } else { Ok(message) }
    }

    fn rest(&self, mail: &Mail) {
        // ORDERING: under the lock, see `deliver`.
        self.has_mail.store(!mail.messages.is_empty(), Ordering::Release);
    }

    /// Takes nothing any more; a program still reads what there is.
    pub fn close(&self) {
        self.mail().is_closed = true;
        if let Owner::Program(call) = &self.owner {
            call();
        }
    }

    /// Whether it takes nothing any more.
    pub fn is_closed(&self) -> bool {
        self.mail().is_closed
    }

    /// The post of the worker that serves the owner.
    pub(super) fn post(&self) -> Option<&Arc<Post>> {
        if let Owner::Connection { post, .. } = &self.owner { post.as_ref() } else { None }
    }

    pub(super) fn wake(&self) {
        match &self.owner {
            Owner::Connection { entry, .. } => entry.upgrade().iter().for_each(|entry| entry.wake()),
            Owner::Program(call) => call(),
        }
    }
}

/// The mailbox is closed and empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl Mail {
    fn take(&mut self) -> Option<Arc<Message>> {
        let message = self.messages.pop_front();
        match &message {
            Some(message) => self.bytes -= message.size_bytes() + MESSAGE_OVERHEAD_BYTES,
            // Who rests owns no buffer.
            None => self.messages = VecDeque::new(),
        }
        message
    }
}
