//! Publishing and subscribing without a connection: a program hears publishers on the wire, and they hear it.
//!
//! Limits: messages that are not taken are bounded by `client-output-buffer-limit pubsub`; a subscription beyond it ends.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::{Error, ErrorKind, Result};
use super::handle::Cache;
use crate::client::{Clients, Face};
use crate::pubsub::{Hub, Mailbox, Message, Namespace, Subscriptions};

/// Messages of some channels and patterns, in the order in which they were published. Dropping it ends it.
pub struct Subscription {
    mailbox: Arc<Mailbox>,
    subscriptions: Mutex<Subscriptions>,
    hub: Arc<Hub>,
    bell: Arc<Bell>,
    clients: Arc<Clients>,
}

/// Wakes the threads that wait for a message.
struct Bell {
    rings: Mutex<u64>,
    changed: Condvar,
    /// Gone once the subscription is closed: what it holds (an event loop that it keeps running) goes with it.
    call: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
}

impl Bell {
    fn ring(&self) {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
        if let Some(call) = &*self.call.lock().unwrap_or_else(PoisonError::into_inner) {
            call();
        }
    }
}

impl Cache {
    /// Publishes a message; how many subscribers it went to, in this program and on the wire.
    pub fn publish(&self, channel: &[u8], payload: &[u8]) -> Result<usize> {
        Ok(self.enter()?.shared().server.pubsub.publish(channel, payload))
    }

    /// Listens to channels and to patterns of names. `call`, if there is one, is called by whoever publishes when there
    /// is something to take, or nothing ever again; it must not wait, and must not call the cache.
    pub fn subscribe(
        &self,
        channels: &[&[u8]],
        patterns: &[&[u8]],
        call: Option<Box<dyn Fn() + Send + Sync>>,
    ) -> Result<Subscription> {
        if channels.is_empty() && patterns.is_empty() {
            return Err(Error::new(ErrorKind::Misuse, "a subscription needs a channel or a pattern"));
        }
        let shared = self.share()?;
        let server = shared.server.clone();
        let bell = Arc::new(Bell { rings: Mutex::new(0), changed: Condvar::new(), call: Mutex::new(call) });
        let ringing = bell.clone();
        // A number that no connection has.
        let id = server.clients.register(Face::Embedded, String::new(), String::new()).id;
        let mailbox = Mailbox::of_program(id, Box::new(move || ringing.ring()));
        shared.add_listener(&mailbox);
        let mut subscriptions = Subscriptions::default();
        for channel in channels {
            subscriptions.subscribe(&server.pubsub, Namespace::Channels, channel, &mailbox);
        }
        for pattern in patterns {
            subscriptions.subscribe(&server.pubsub, Namespace::Patterns, pattern, &mailbox);
        }
        // Not the server itself, which would keep the engine open.
        let (hub, clients) = (server.pubsub.clone(), server.clients.clone());
        Ok(Subscription { mailbox, subscriptions: Mutex::new(subscriptions), hub, bell, clients })
    }
}

impl Subscription {
    /// The next message, if there is one already; an error once there will never be another.
    pub fn try_next(&self) -> Result<Option<Arc<Message>>> {
        self.mailbox.take().map_err(|_| Error::CLOSED)
    }

    /// Waits for the next message; `None` when `timeout` is over.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Option<Arc<Message>>> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut rings = self.bell.rings.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let seen = *rings;
            drop(rings);
            if let Some(message) = self.try_next()? {
                return Ok(Some(message));
            }
            rings = self.bell.rings.lock().unwrap_or_else(PoisonError::into_inner);
            while *rings == seen {
                rings = match deadline {
                    None => self.bell.changed.wait(rings).unwrap_or_else(PoisonError::into_inner),
                    Some(deadline) => {
                        let left = deadline.saturating_duration_since(Instant::now());
                        if left.is_zero() {
                            return Ok(None);
                        }
                        self.bell.changed.wait_timeout(rings, left).unwrap_or_else(PoisonError::into_inner).0
                    }
                };
            }
        }
    }

    /// Ends the subscription; what was published before can still be taken. `call` is not called any more.
    pub fn close(&self) {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).clear(&self.hub, self.mailbox.id);
        self.mailbox.close();
        *self.bell.call.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether nothing will be added any more: it was closed, by its owner, with the cache, or for reading too slowly.
    pub fn is_closed(&self) -> bool {
        self.mailbox.is_closed()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.close();
        self.clients.remove(self.mailbox.id);
    }
}
