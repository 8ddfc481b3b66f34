//! Interleavings of several connections, step by step on Valkey and on our server: who is told what, and who waits.
//!
//! A script is text, a step a line: the name of a connection and what it does.
//!
//! ```text
//! a MULTI                sends a command; words are separated by blanks, "quotes" keep blanks and may be empty
//! a GET @b               @b is the id of connection b, also within a word: x=@b
//! a ...                  the step before lasts until a is told something: the end of a timeout, a late message
//! a ! CLIENT REPLY OFF   sends a command and does not wait for a reply
//! a ? flags multi watch  these fields of a's line in CLIENT LIST
//! a close                closes the connection
//! (wait 20)              lets so many milliseconds pass
//! ```
//!
//! After each step the transcript names all that the connections were told meanwhile, replies and pushes alike in the
//! order in which they came, and the connections that are blocked. Both transcripts must be equal. How many messages a
//! step brings is learnt from Valkey: ours is waited for as long as it has told fewer, and looked at again for more.
//!
//! Databases are emptied between scripts (`FLUSHALL`, and `settings` are set anew); scripts run in RESP2 and RESP3.

mod stage;
mod words;

use crate::support::{Kind, ServerOptions};
use stage::Stage;

/// Scripts that are compared with the same settings.
#[derive(Default)]
pub struct Interleaving<'a> {
    /// `CONFIG SET` before each script.
    pub settings: &'a [(&'a str, &'a str)],
    /// Flags of both servers, `--name value`.
    pub flags: &'a [(&'a str, &'a str)],
}

/// Plays scripts on both sides, with the settings of a new server.
pub fn compare(scripts: &[&str]) {
    Interleaving::default().compare(scripts);
}

impl Interleaving<'_> {
    /// Plays scripts on both sides; panics with both transcripts of those that differ.
    pub fn compare(&self, scripts: &[&str]) {
        let start = |kind| {
            let mut options = ServerOptions::new().flag("save", "").flag("appendonly", "no");
            for (name, value) in self.flags {
                options = options.flag(name, value);
            }
            Stage::new(kind, options)
        };
        let peers_only = crate::differential::setting("POLYCACHE_DIFFERENTIAL_PEERS_ONLY", 0) == 1;
        let ours = if peers_only { Kind::Valkey } else { Kind::Polycache };
        let (mut valkey, mut ours) = (start(Kind::Valkey), start(ours));
        let mut differences = Vec::new();
        for script in scripts {
            for protocol in [2, 3] {
                let lines = self.play(&mut valkey, &mut ours, protocol, script);
                if lines.iter().any(|line| line.starts_with('!')) {
                    differences.push(format!("RESP{protocol}\n{}", lines.join("\n")));
                }
            }
        }
        assert!(
            differences.is_empty(),
            "{} scripts differ\n\n{}",
            differences.len(),
            differences.join("\n\n")
        );
    }

    /// Plays one script; a line for each step, and where ours differs one with `!`.
    fn play(&self, valkey: &mut Stage, ours: &mut Stage, protocol: u8, script: &str) -> Vec<String> {
        valkey.begin(protocol, self.settings);
        ours.begin(protocol, self.settings);
        let mut lines = Vec::new();
        let mut steps = script.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
        while let Some(step) = steps.next() {
            let mut awaited = Vec::new();
            while let Some(name) = steps.next_if(|next| next.ends_with(" ...")) {
                awaited.push(name.trim_end_matches(" ..."));
            }
            let expected = valkey.step(step, &awaited, None);
            let actual = ours.step(step, &awaited, Some(&expected));
            lines.push(format!("  {step} | {expected}"));
            if expected != actual {
                lines.push(format!("! {step} | {actual}"));
                // What follows would only repeat it.
                break;
            }
        }
        lines
    }
}
