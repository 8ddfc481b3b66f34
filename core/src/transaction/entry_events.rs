//! What an entry tells of: the events of its changes.

use super::Entry;
use crate::clock::UnixMillis;
use crate::event::{KEEPING, Rule, class, rule, rule_of_effect};
use crate::record::Effect;

impl Entry<'_> {
    /// Tells of an event of this key, if somebody wants to know.
    pub fn announce(&self, class: u32, name: &'static str) {
        if self.op().engine().events().interest() & class != 0 {
            self.op().gathered.push(class, name, self.db(), self.key());
        }
    }

    /// Tells that the key was looked for and is not there.
    pub fn announce_miss(&self) {
        if self.record().is_none() {
            self.announce(class::MISS, "keymiss");
        }
    }

    /// Tells of `name`, and of `del` if the key is gone now: the end of a change of elements that announces itself.
    pub fn announce_elements(&self, class: u32, name: &'static str) {
        self.announce(class, name);
        if self.record().is_none() {
            self.announce(class::GENERIC, "del");
        }
    }

    /// Notes that the value is not what it was.
    pub(super) fn note_change(&self) {
        if self.op().engine().events().interest() & class::CHANGES != 0 {
            self.op().gathered.change(self.key());
        }
    }

    fn rule_for(&self, effect: &Effect<'_>) -> Rule {
        match (rule(self.op().gathered.command()), effect) {
            (Rule::ByEffect, Effect::Command([word, ..])) => {
                rule_of_effect(word.as_slice().unwrap_or_default())
            }
            (Rule::ByEffect, Effect::Silent) => Rule::Quiet,
            (Rule::ByEffect, _) => Rule::Whole(class::STRING, "set"),
            (rule, _) => rule,
        }
    }

    /// Tells of a new value; the old one is still there.
    #[cold]
    pub(super) fn announce_put(&self, effect: &Effect<'_>, expire_at: Option<UnixMillis>) {
        self.note_change();
        let old = self.record();
        let rule = self.rule_for(effect);
        let is_named_by_both =
            matches!(self.op().gathered.command(), "rename" | "renamenx" | "copy" | "restore");
        if old.is_none() || is_named_by_both {
            self.announce(class::NEW, "new");
        }
        if let Rule::Whole(class, name) | Rule::Elements(class, name) = rule {
            self.announce(class, name);
            // Calls that are no commands may keep the expiry, too.
            let sets_expiry = match self.op().gathered.command() {
                "" => expire_at != old.and_then(|old| old.expire_at()),
                command => command != KEEPING,
            };
            if name == "set" && matches!(effect, Effect::Set) && expire_at.is_some() && sets_expiry {
                self.announce(class::GENERIC, "expire");
            }
        }
    }

    /// Tells of a removal.
    #[cold]
    pub(super) fn announce_removal(&self, effect: &Effect<'_>) {
        self.note_change();
        match self.rule_for(effect) {
            Rule::Quiet => {}
            Rule::Removal(class, name) => self.announce(class, name),
            Rule::Elements(class, name) => {
                self.announce(class, name);
                self.announce(class::GENERIC, "del");
            }
            _ => self.announce(class::GENERIC, "del"),
        }
    }
}
