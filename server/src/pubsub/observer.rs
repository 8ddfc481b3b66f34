//! Keyspace events as messages: on `__keyspace@db__:key` what happened, and on `__keyevent@db__:event` to which key.

use std::sync::Arc;

use polycache_core::engine::DbIndex;
use polycache_core::event::{Observer, class};

use super::Gathering;
use super::hub::Hub;
use crate::client::Clients;
use crate::tracking::Tracking;

/// Tells the subscribers of a server what happens to the keys of its engine.
pub struct Teller {
    pub hub: Arc<Hub>,
    pub tracking: Arc<Tracking>,
    pub clients: Arc<Clients>,
}

impl Observer for Teller {
    fn event(&self, _: u32, name: &'static str, db: DbIndex, key: &[u8]) {
        let _gathering = Gathering::begin();
        let classes = self.hub.event_classes();
        if classes & class::KEYSPACE != 0 {
            let channel = [format!("__keyspace@{db}__:").as_bytes(), key].concat();
            self.hub.publish(&channel, name.as_bytes());
        }
        if classes & class::KEYEVENT != 0 {
            self.hub.publish(format!("__keyevent@{db}__:{name}").as_bytes(), key);
        }
    }

    fn changed(&self, keys: &[Box<[u8]>], writer: u64) {
        self.tracking.changed(&self.clients, keys, writer);
    }

    fn flushed(&self, _: u64) {
        self.tracking.flushed(&self.clients);
    }
}
