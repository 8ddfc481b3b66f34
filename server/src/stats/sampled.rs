//! Rates over the last seconds, from samples taken ten times a second.

use std::sync::Mutex;
use std::time::Instant;

/// Samples that a rate is the mean of, as in Redis.
const SAMPLES: usize = 16;

/// Commands and bytes per second.
#[derive(Default)]
pub struct Rates {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: Option<(Instant, [u64; 4])>,
    samples: [[f64; 4]; SAMPLES],
    next: usize,
}

impl Rates {
    /// Takes in the totals of commands, input bytes, output bytes and turns.
    pub(super) fn sample(&self, commands: u64, input_bytes: u64, output_bytes: u64, turns: u64) {
        let now = Instant::now();
        let totals = [commands, input_bytes, output_bytes, turns];
        let mut state = self.state.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some((then, before)) = state.last {
            let seconds = now.duration_since(then).as_secs_f64();
            if seconds > 0.0 {
                let slot = state.next;
                for i in 0..totals.len() {
                    state.samples[slot][i] = totals[i].wrapping_sub(before[i]) as f64 / seconds;
                }
                state.next = (slot + 1) % SAMPLES;
            }
        }
        state.last = Some((now, totals));
    }

    fn mean(&self, which: usize) -> f64 {
        let state = self.state.lock().unwrap_or_else(|poison| poison.into_inner());
        state.samples.iter().map(|sample| sample[which]).sum::<f64>() / SAMPLES as f64
    }

    /// INFO's `instantaneous_ops_per_sec`.
    pub fn commands_per_second(&self) -> u64 {
        self.mean(0) as u64
    }

    /// INFO's `instantaneous_eventloop_cycles_per_sec`.
    pub fn turns_per_second(&self) -> u64 {
        self.mean(3) as u64
    }

    /// INFO's `instantaneous_input_kbps`, in KiB per second.
    pub fn input_kbps(&self) -> f64 {
        self.mean(1) / 1024.0
    }

    /// INFO's `instantaneous_output_kbps`, in KiB per second.
    pub fn output_kbps(&self) -> f64 {
        self.mean(2) / 1024.0
    }
}
