//! The command line: `polycache-server [FILE.conf | -] [--setting value ...]`, and what is not a start at all.

use std::path::PathBuf;
use std::sync::Arc;

use super::error::{ConfigError, Origin};
use super::file::Directive;
use super::load::Source;
use super::table::{self, Settings};
use super::words;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Serve with this configuration.
    Start(Start),
    /// Print the usage.
    Help,
    /// Print the version.
    Version,
    /// Print the settings that [`Start`] gives, in the form of a file.
    PrintConfig(Start),
    /// Check files of data; `polycache-server check [--repair] FILE...`.
    Check { repair: bool, paths: Vec<PathBuf> },
    /// Make the directory hold what an RDB file holds; `polycache-server import FILE.rdb [--setting value ...]`.
    Import { file: PathBuf, start: Start },
    /// Write what the directory holds to an RDB file; `polycache-server export FILE.rdb [--setting value ...]`.
    Export { file: PathBuf, start: Start },
}

/// A configuration's source and the options on top of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    pub source: Source,
    pub options: Vec<Directive>,
}

impl Start {
    /// The settings to start with.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        Settings::load(&self.source, &self.options)
    }
}

/// Parses the arguments after the program's name.
///
/// An option takes the words up to the next one that begins with `--` as its values, as in Redis: `--save 900 1`. To
/// give a value that begins with `--`, quote it within the word: `--requirepass '"--secret"'`.
pub fn parse(args: &[String]) -> Result<Request, ConfigError> {
    match args.first().map(String::as_str) {
        Some("--help" | "-h") => return Ok(Request::Help),
        Some("--version" | "-v") => return Ok(Request::Version),
        Some("check") => return parse_check(&args[1..]),
        Some(word @ ("import" | "export")) => return parse_carry(word, &args[1..]),
        _ => {}
    }
    let mut start = Start::default();
    let mut print = false;
    let mut rest = args;
    if let Some((first, after)) = args.split_first()
        && !first.starts_with("--")
    {
        start.source = if first == "-" { Source::StandardInput } else { Source::File(PathBuf::from(first)) };
        rest = after;
    }
    let source: Arc<str> = "command line".into();
    while let Some((option, after)) = rest.split_first() {
        let Some(name) = option.strip_prefix("--").filter(|name| !name.is_empty()) else {
            // Redis reads its configuration from standard input where a `-` ends the command line.
            if option == "-" && after.is_empty() && start.source == Source::None {
                start.source = Source::StandardInput;
                break;
            }
            let origin = Origin { source: source.clone(), line: 0, text: option.clone() };
            return Err(ConfigError::at(&origin, "an option begins with '--'; see --help"));
        };
        let count = after.iter().take_while(|word| !word.starts_with("--")).count();
        let (values, after) = after.split_at(count);
        rest = after;
        if name == "print-config" && values.is_empty() {
            print = true;
            continue;
        }
        let text = std::iter::once(option.clone()).chain(values.iter().map(|value| words::quote(value)));
        let origin = Origin { source: source.clone(), line: 0, text: text.collect::<Vec<_>>().join(" ") };
        let words = values.iter().map(|value| unquoted(value)).collect();
        start.options.push(Directive { origin, name: name.to_owned(), words });
    }
    // A trailing `-` after options: `--port 7000 -`.
    if let Some(last) = start.options.last_mut()
        && start.source == Source::None
        && last.words.len() > 1
        && last.words.last().is_some_and(|word| word == "-")
    {
        last.words.pop();
        start.source = Source::StandardInput;
    }
    Ok(if print { Request::PrintConfig(start) } else { Request::Start(start) })
}

/// A value in double quotes of its own loses them, as in a file.
fn unquoted(value: &str) -> String {
    let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    match quoted.then(|| words::split(value.as_bytes())).flatten().as_deref() {
        Some([word]) => String::from_utf8(word.clone()).unwrap_or_else(|_| value.to_owned()),
        _ => value.to_owned(),
    }
}

fn parse_check(args: &[String]) -> Result<Request, ConfigError> {
    let mut repair = false;
    let mut paths = Vec::new();
    for arg in args {
        match arg.as_str() {
            "--repair" | "--fix" => repair = true,
            "--help" | "-h" => return Ok(Request::Help),
            option if option.starts_with("--") => {
                return Err(ConfigError::general(format!("check: unknown option {option}; see --help")));
            }
            path => paths.push(PathBuf::from(path)),
        }
    }
    if paths.is_empty() {
        return Err(ConfigError::general("check: no file given; see --help"));
    }
    Ok(Request::Check { repair, paths })
}

/// `import` and `export` take the file, then what a start takes.
fn parse_carry(word: &str, args: &[String]) -> Result<Request, ConfigError> {
    let (file, rest) = match args.split_first() {
        Some((file, rest)) if !file.starts_with("--") => (PathBuf::from(file), rest),
        Some((option, _)) if option == "--help" => return Ok(Request::Help),
        _ => return Err(ConfigError::general(format!("{word}: no RDB file given; see --help"))),
    };
    match parse(rest)? {
        Request::Start(start) if word == "import" => Ok(Request::Import { file, start }),
        Request::Start(start) => Ok(Request::Export { file, start }),
        other => Ok(other),
    }
}

/// Where `--help` breaks its lines.
const HELP_COLUMNS: usize = 100;

/// The text of `--help`.
pub fn usage() -> String {
    let mut text = String::from(
        "Usage: polycache-server [FILE.conf | -] [--SETTING VALUE ...]\n       \
         polycache-server check [--repair] FILE...\n       \
         polycache-server import|export FILE.rdb [FILE.conf] [--SETTING VALUE ...]\n       \
         polycache-server --print-config\n       \
         polycache-server --version | --help\n\n\
         FILE.conf has the syntax of redis.conf; - reads it from standard input. Options come on top of it.\n\
         check examines a snapshot, a log, its manifest or its directory, and with --repair cuts off a damaged end.\n\
         import makes --dir hold what an RDB file of Redis or Valkey holds; export writes one (for whom: --rdb-version).\n\n\
         Examples:\n  \
         polycache-server --port 7000 --memcached-port 0\n  \
         polycache-server polycache.conf --appendonly yes --appendfsync always\n  \
         polycache-server --maxmemory 1gb --maxmemory-policy allkeys-lru --save \"900 1 300 10\"\n\n\
         Settings (default):\n",
    );
    for setting in table::all().filter(|setting| matches!(setting.place, table::Place::Field { .. })) {
        let default = if setting.default.is_empty() { "\"\"" } else { setting.default };
        text.push_str(&format!("  --{} ({default})\n      {}\n", setting.name, setting.about));
    }
    text.push_str("\nAccepted for the sake of existing files, without effect:\n");
    let mut column = 0;
    for setting in table::all().filter(|setting| matches!(setting.place, table::Place::Inert)) {
        if column + setting.name.len() > HELP_COLUMNS {
            text.push('\n');
            column = 0;
        }
        text.push_str(if column == 0 { "  " } else { " " });
        text.push_str(setting.name);
        column += setting.name.len() + 1;
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &[&str]) -> Result<Request, ConfigError> {
        parse(&line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    fn settings(line: &[&str]) -> Result<Settings, ConfigError> {
        match request(line)? {
            Request::Start(start) => start.settings(),
            other => panic!("{other:?} is not a start"),
        }
    }

    #[test]
    fn options_take_one_or_several_words() {
        let settings = settings(&[
            "--port",
            "7000",
            "--save",
            "900 1 300 10",
            "--save",
            "60",
            "5",
            "--appendonly",
            "yes",
        ]);
        let settings = settings.unwrap();
        assert_eq!((settings.port, settings.save.len(), settings.append_only), (7000, 3, true));
        assert_eq!(super::tests::settings(&["--save", ""]).unwrap().save, []);
        assert_eq!(super::tests::settings(&["--requirepass", "\"--x\""]).unwrap().requirepass, "--x");
    }

    #[test]
    fn options_come_on_top_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conf");
        std::fs::write(&path, "port 1\nmaxclients 5\n").unwrap();
        let settings = settings(&[path.to_str().unwrap(), "--port", "2"]).unwrap();
        assert_eq!((settings.port, settings.maxclients), (2, 5));
    }

    #[test]
    fn errors_name_the_option() {
        let error = settings(&["--port", "x"]).unwrap_err().to_string();
        assert!(error.contains("Reading the command line") && error.contains(">>> '--port x'"), "{error}");
        assert!(settings(&["--bogus", "1"]).unwrap_err().reason.contains("Bad directive"));
        assert!(settings(&["--port"]).unwrap_err().reason.contains("wrong number"));
        assert!(request(&["a.conf", "b"]).unwrap_err().reason.contains("begins with '--'"));
    }

    #[test]
    fn other_requests() {
        assert_eq!(request(&["--version"]), Ok(Request::Version));
        assert_eq!(request(&["-h"]), Ok(Request::Help));
        let check = Request::Check { repair: true, paths: vec!["a".into(), "b".into()] };
        assert_eq!(request(&["check", "a", "--repair", "b"]), Ok(check));
        assert!(request(&["check"]).is_err());
        assert!(matches!(request(&["--print-config", "--port", "1"]), Ok(Request::PrintConfig(_))));
        let stdin = Start { source: Source::StandardInput, options: vec![] };
        assert_eq!(request(&["-"]), Ok(Request::Start(stdin)));
        assert!(matches!(
            request(&["--port", "1", "-"]),
            Ok(Request::Start(Start { source: Source::StandardInput, .. }))
        ));
        assert!(usage().contains("--memcached-port (11211)"));
        let options = request(&["--dir", "/data"]);
        let Ok(Request::Start(start)) = options else { panic!("{options:?}") };
        let import = Request::Import { file: "a.rdb".into(), start };
        assert_eq!(request(&["import", "a.rdb", "--dir", "/data"]), Ok(import));
        assert_eq!(
            request(&["export", "a.rdb"]),
            Ok(Request::Export { file: "a.rdb".into(), start: Start::default() })
        );
        assert!(request(&["export", "--dir", "/data"]).is_err());
    }
}
