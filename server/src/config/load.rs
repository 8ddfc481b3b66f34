//! From directives to [`Settings`].

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::file::{self, Directive, Disk, Files, NoFiles};
use super::inert;
use super::table::{self, SENSITIVE, Settings};
use super::value::{Kind, Rename, Value};
use crate::limits;

/// Where the configuration is read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    #[default]
    None,
    File(PathBuf),
    StandardInput,
}

impl Settings {
    /// Parses a configuration from text without touching the disk; `include` is refused.
    pub fn parse(text: &str) -> Result<Settings, ConfigError> {
        let directives = file::read_text(text.as_bytes(), "text", &mut NoFiles)?;
        let mut settings = Settings::default();
        settings.apply(&directives)?;
        Ok(settings)
    }

    /// Reads the source, then the options of the command line, which come on top.
    pub fn load(source: &Source, options: &[Directive]) -> Result<Settings, ConfigError> {
        let mut directives = match source {
            Source::None => Vec::new(),
            Source::File(path) => file::read(path, &mut Disk)?,
            Source::StandardInput => {
                let text = Disk.read(Path::new("/dev/stdin"));
                let text = text
                    .map_err(|error| ConfigError::general(format!("can't read standard input: {error}")))?;
                file::read_text(&text, "standard input", &mut Disk)?
            }
        };
        directives.extend_from_slice(options);
        let mut settings = Settings::default();
        settings.apply(&directives)?;
        Ok(settings)
    }

    /// Applies directives in order. A later one replaces an earlier one, but `save`, `client-output-buffer-limit` and
    /// `rename-command` add up; the first `save` replaces the default, and `save ""` what stood before.
    pub fn apply(&mut self, directives: &[Directive]) -> Result<(), ConfigError> {
        let mut save_seen = false;
        for directive in directives {
            self.apply_one(directive, &mut save_seen)
                .map_err(|reason| ConfigError::at(&shown(directive).origin, reason))?;
        }
        self.check_whole().map_err(ConfigError::general)
    }

    fn apply_one(&mut self, directive: &Directive, save_seen: &mut bool) -> Result<(), String> {
        if let Some((_, reason)) =
            inert::REFUSED.iter().find(|(name, _)| directive.name.eq_ignore_ascii_case(name))
        {
            return Err((*reason).to_owned());
        }
        let setting = table::lookup(&directive.name).ok_or("Bad directive or wrong number of arguments")?;
        let words: Vec<&str> = directive.words.iter().map(String::as_str).collect();
        if words.is_empty() {
            return Err("wrong number of arguments".to_owned());
        }
        // `replicaof no one` in a file asks for what is the case.
        if setting.name == "replicaof" && words.len() == 2 && words.join(" ").eq_ignore_ascii_case("no one") {
            return Ok(());
        }
        let mut value = setting.parse(&words, Some(&self.value(setting)))?;
        if let (Kind::SavePoints, Value::SavePoints(points)) = (&setting.kind, &mut value) {
            if *save_seen && !points.is_empty() {
                points.splice(0..0, self.save.iter().copied());
            }
            *save_seen = true;
        }
        if let Value::Renames(renames) = &value {
            check_renames(renames)?;
        }
        let arguments = match (&value, setting.name) {
            (Value::Text(text), "memcached-args") => crate::memcached::arguments::parse(text)?,
            _ => Vec::new(),
        };
        self.assign(setting, value);
        for (name, value) in arguments {
            let meant =
                Directive { origin: directive.origin.clone(), name: name.to_owned(), words: vec![value] };
            self.apply_one(&meant, save_seen).map_err(|reason| format!("{name}: {reason}"))?;
        }
        Ok(())
    }

    /// What no single setting can tell.
    pub fn check_whole(&self) -> Result<(), String> {
        let sockets = self.unixsocket.is_some() || self.memcached_unixsocket.is_some();
        if self.port == 0 && self.memcached_port == 0 && self.memcached_udp_port == 0 && !sockets {
            return Err(
                "port and memcached-port are 0 and there is no unixsocket: nothing to listen on".to_owned()
            );
        }
        Ok(())
    }
}

/// Whether every `rename-command` finds its command, and a name that is free.
fn check_renames(renames: &[Rename]) -> Result<(), String> {
    if renames.is_empty() {
        return Ok(());
    }
    let mut names: HashSet<String> =
        crate::server::registry().iter().map(|spec| spec.name.to_owned()).collect();
    for Rename { from, to } in renames {
        let (from, to) = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
        if !names.remove(&from) {
            return Err("No such command in rename-command".to_owned());
        }
        if to.len() > limits::COMMAND_NAME_BYTES_MAX {
            return Err("the new name is too long".to_owned());
        }
        if !to.is_empty() && !names.insert(to) {
            return Err("Target command name already exists".to_owned());
        }
    }
    Ok(())
}

/// The directive as errors may show it.
fn shown(directive: &Directive) -> Directive {
    let mut shown = directive.clone();
    if table::lookup(&directive.name).is_some_and(|setting| setting.is(SENSITIVE)) {
        shown.origin.text = format!("{} (hidden)", directive.name);
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::value::SavePoint;
    use super::*;

    fn reason(text: &str) -> String {
        Settings::parse(text).unwrap_err().reason
    }

    #[test]
    fn reads_what_a_redis_conf_carries() {
        let text = "bind 127.0.0.1 ::1\nport 7000\ntcp-backlog 100\ndaemonize yes\nsave 900 1\nsave 300 10\n\
                    maxmemory 100mb\nmaxmemory-policy allkeys-lru\nappendonly yes\nappendfsync always\n\
                    client-output-buffer-limit normal 1mb 2mb 3\nclient-output-buffer-limit pubsub 0 0 0\n\
                    rename-command FLUSHALL \"\"\nrename-command KEYS hidden\nslave-read-only no\nreplicaof no one\n";
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings.port, 7000);
        assert_eq!(settings.maxmemory, 100 << 20);
        assert_eq!(
            settings.save,
            [SavePoint { seconds: 900, changes: 1 }, SavePoint { seconds: 300, changes: 10 }]
        );
        assert_eq!(settings.client_output_buffer_limit.normal.soft_seconds, 3);
        assert_eq!(settings.client_output_buffer_limit.pubsub.hard_bytes, 0);
        assert_eq!(settings.rename_commands.len(), 2);
        assert_eq!(settings.ineffective().collect::<Vec<_>>(), ["daemonize", "replica-read-only"]);
    }

    #[test]
    fn memcached_arguments_become_settings() {
        let text = "memcached-args \"-m 64 -c 1024 -t 4 -p 11300 -l 127.0.0.1,::1 -I 2m\"\nmaxclients 7";
        let settings = Settings::parse(text).unwrap();
        assert_eq!((settings.maxmemory, settings.maxclients, settings.io_threads), (64 << 20, 7, 4));
        assert_eq!((settings.memcached_port, settings.memcached_max_item_size), (11300, 2 << 20));
        assert_eq!(settings.memcached_bind, ["127.0.0.1", "::1"]);
        assert!(reason("memcached-args \"-Z\"").contains("TLS"));
        assert!(reason("memcached-args \"-p x\"").contains("memcached-port"));
    }

    #[test]
    fn an_empty_save_takes_the_save_points_away() {
        assert_eq!(Settings::parse("save 900 1\nsave \"\"").unwrap().save, []);
        assert_eq!(Settings::parse("save \"\"\nsave 60 5").unwrap().save.len(), 1);
        assert_eq!(Settings::parse("").unwrap().save.len(), 3);
    }

    #[test]
    fn refuses_with_the_reason() {
        assert_eq!(reason("bogus 1"), "Bad directive or wrong number of arguments");
        assert_eq!(reason("maxmemory"), "wrong number of arguments");
        assert_eq!(reason("port 1 2"), "wrong number of arguments");
        assert_eq!(reason("port 99999999"), "argument must be between 0 and 65535 inclusive");
        assert_eq!(
            reason("appendfsync maybe"),
            "argument(s) must be one of the following: everysec, always, no"
        );
        assert_eq!(reason("cluster-enabled yes"), "the cluster is not supported yet");
        assert_eq!(reason("replicaof 10.0.0.1 6379"), "replication is not supported yet");
        assert_eq!(reason("user a on (+get"), "Error in user declaration 'a': Wrong format");
        assert!(reason("user a on\nuser a off").contains("Duplicate user"));
        assert!(reason("include x.conf").contains("can't open config file"));
        assert!(reason("rename-command NOPE x").contains("No such command"));
        assert!(reason("rename-command KEYS get").contains("already exists"));
        assert!(reason("port 0\nmemcached-port 0").contains("nothing to listen on"));
    }

    #[test]
    fn passwords_do_not_show_in_errors() {
        let error = Settings::parse("requirepass one two").unwrap_err().to_string();
        assert!(!error.contains("two") && error.contains("requirepass (hidden)"), "{error}");
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_refused(text in any::<String>()) {
            let _ = Settings::parse(&text);
        }

        #[test]
        fn any_value_parses_or_is_refused(index in 0..table::all().count(), words in prop::collection::vec("[a-z0-9 \"-]{0,12}", 0..5)) {
            let setting = table::all().nth(index).unwrap();
            let _ = Settings::parse(&format!("{} {}", setting.name, words.join(" ")));
        }
    }
}
