//! One writer: sends its operations in small pipelines and remembers when each was acknowledged.

use std::time::Instant;

use fastrand::Rng;

use super::operation::{Model, keys_of, operation};
use crate::support::Client;

/// What a writer knows.
pub struct Writer {
    pub id: u64,
    /// Operations that the server is known to hold, and the keys after them.
    pub recovered: u64,
    pub model: Model,
    /// The last operation that was sent.
    pub sent: u64,
    /// Last acknowledged operation, with the time, in order.
    pub acknowledged: Vec<(Instant, u64)>,
}

impl Writer {
    pub fn new(id: u64) -> Self {
        Self { id, recovered: 0, model: Model::new(), sent: 0, acknowledged: Vec::new() }
    }

    /// Writes until the connection breaks, or an operation is refused.
    pub fn write(&mut self, port: u16) {
        self.acknowledged.clear();
        let Ok(mut client) = Client::try_connect(port) else { return };
        let mut random = Rng::with_seed(self.id ^ self.sent);
        let mut model = self.model.clone();
        self.sent = self.recovered;
        loop {
            let mut batch = Vec::new();
            for _ in 0..random.usize(1..=8) {
                self.sent += 1;
                batch.push(operation(self.id, self.sent, &mut model));
            }
            let Ok(replies) = client.pipeline(&batch) else { return };
            if let Some(refused) = replies.iter().position(|reply| reply.is_error()) {
                assert!(
                    replies[refused].is_error_with("MISCONF"),
                    "writer {}: {:?} to {:?}",
                    self.id,
                    replies[refused],
                    batch[refused]
                );
                if refused > 0 {
                    self.acknowledged.push((Instant::now(), self.sent - (batch.len() - refused) as u64));
                }
                return;
            }
            self.acknowledged.push((Instant::now(), self.sent));
        }
    }

    /// The last operation acknowledged up to a moment.
    pub fn acknowledged_at(&self, moment: Instant) -> u64 {
        self.acknowledged
            .iter()
            .take_while(|(at, _)| *at <= moment)
            .last()
            .map_or(self.recovered, |(_, n)| *n)
    }

    /// Finds the operation after which the server's keys are as they are now; everything up to `least` must be there.
    pub fn verify(&mut self, client: &mut Client, least: u64) {
        let found = self.keys_on(client);
        let mut model = self.model.clone();
        let mut best = (model == found).then(|| (self.recovered, model.clone()));
        for number in self.recovered + 1..=self.sent {
            operation(self.id, number, &mut model);
            if model == found {
                best = Some((number, model.clone()));
            }
        }
        let Some((number, model)) = best else {
            panic!(
                "writer {}: its keys are in no state between operations {} and {} (acknowledged: {least})\n{}",
                self.id,
                self.recovered,
                self.sent,
                self.closest(&found)
            )
        };
        assert!(
            number >= least,
            "writer {}: operation {least} was acknowledged, but only {number} of {} are there",
            self.id,
            self.sent
        );
        self.recovered = number;
        self.model = model;
    }

    fn keys_on(&self, client: &mut Client) -> Model {
        let mut found = Model::new();
        for key in keys_of(self.id) {
            if let Some(value) = client.call(&["GET", &key]).bytes() {
                let value = value.to_vec();
                let has_expiry = client.call(&["PEXPIRETIME", &key]).integer().is_some_and(|at| at > 0);
                found.insert(key, (value, has_expiry));
            }
        }
        found
    }

    /// The nearest state, for the report of a failure.
    fn closest(&self, found: &Model) -> String {
        let mut model = self.model.clone();
        let differing = |model: &Model| -> Vec<String> {
            keys_of(self.id).into_iter().filter(|key| model.get(key) != found.get(key)).collect()
        };
        let mut best = (differing(&model), self.recovered, model.clone());
        for number in self.recovered + 1..=self.sent {
            operation(self.id, number, &mut model);
            let keys = differing(&model);
            if keys.len() <= best.0.len() {
                best = (keys, number, model.clone());
            }
        }
        let (keys, number, model) = best;
        let shown = |model: &Model, key: &String| match model.get(key) {
            Some((value, expiry)) => {
                let end = &value[value.len().saturating_sub(40)..];
                format!("{}... {} bytes, expiry {expiry}", end.escape_ascii(), value.len())
            }
            None => "nothing".into(),
        };
        let lines: Vec<String> = keys
            .iter()
            .map(|key| format!("  {key}: expected {}, found {}", shown(&model, key), shown(found, key)))
            .collect();
        format!("nearest is after operation {number}, where these differ:\n{}", lines.join("\n"))
    }
}
