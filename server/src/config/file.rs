//! Reads configuration files: lines into directives, following `include`.
//!
//! Limits: bytes of a file and a line, depth and number of includes (`limits.rs`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use polycache_core::command::glob::Glob;

use super::error::{ConfigError, Origin};
use super::words;
use crate::limits;

/// A setting's name and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    pub origin: Origin,
    pub name: String,
    pub words: Vec<String>,
}

/// Where included files come from: the disk, or nowhere.
pub trait Files {
    fn read(&mut self, path: &Path) -> std::io::Result<Vec<u8>>;
    /// The files that `pattern` (an include's argument) stands for, in order.
    fn expand(&mut self, pattern: &str) -> Vec<PathBuf>;
}

/// The disk.
pub struct Disk;

impl Files for Disk {
    fn read(&mut self, path: &Path) -> std::io::Result<Vec<u8>> {
        use std::io::Read;
        let mut bytes = Vec::new();
        // One byte more than the limit, so that the caller sees that the file is too long.
        std::fs::File::open(path)?.take(limits::CONFIG_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A pattern may have wildcards in its last part, as in `/etc/polycache.d/*.conf`.
    fn expand(&mut self, pattern: &str) -> Vec<PathBuf> {
        let path = Path::new(pattern);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.contains(['*', '?', '[']) {
            return vec![path.to_owned()];
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| {
                file.file_name().is_some_and(|own| Glob::new(name.as_bytes()).matches(own.as_encoded_bytes()))
            })
            .collect();
        found.sort();
        found
    }
}

/// No files: a configuration that includes others is refused.
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&mut self, _: &Path) -> std::io::Result<Vec<u8>> {
        Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied))
    }
    fn expand(&mut self, pattern: &str) -> Vec<PathBuf> {
        vec![PathBuf::from(pattern)]
    }
}

/// Reads the file at `path` and what it includes.
pub fn read(path: &Path, files: &mut dyn Files) -> Result<Vec<Directive>, ConfigError> {
    let mut reader = Reader { files, directives: Vec::new(), files_read: 0 };
    reader.file(path, 0, None)?;
    Ok(reader.directives)
}

/// Reads `text`, which came from `source`, and what it includes.
pub fn read_text(text: &[u8], source: &str, files: &mut dyn Files) -> Result<Vec<Directive>, ConfigError> {
    let mut reader = Reader { files, directives: Vec::new(), files_read: 0 };
    reader.text(text, source, 0)?;
    Ok(reader.directives)
}

struct Reader<'a> {
    files: &'a mut dyn Files,
    directives: Vec<Directive>,
    files_read: usize,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path, depth: usize, included_at: Option<&Origin>) -> Result<(), ConfigError> {
        let refuse = |reason: String| ConfigError { origin: included_at.cloned(), reason };
        self.files_read += 1;
        if self.files_read > limits::INCLUDED_FILES_MAX {
            return Err(refuse(format!("more than {} files are included", limits::INCLUDED_FILES_MAX)));
        }
        let text = self
            .files
            .read(path)
            .map_err(|error| refuse(format!("can't open config file '{}': {error}", path.display())))?;
        self.text(&text, &path.display().to_string(), depth)
    }

    fn text(&mut self, text: &[u8], source: &str, depth: usize) -> Result<(), ConfigError> {
        if text.len() > limits::CONFIG_FILE_BYTES_MAX {
            let reason = format!("{source} is longer than {} bytes", limits::CONFIG_FILE_BYTES_MAX);
            return Err(ConfigError::general(reason));
        }
        let source: Arc<str> = source.into();
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            let shown = String::from_utf8_lossy(&line[..line.len().min(SHOWN_BYTES_MAX)]).into_owned();
            let origin = Origin { source: source.clone(), line: index + 1, text: shown };
            self.line(line, origin, depth)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], origin: Origin, depth: usize) -> Result<(), ConfigError> {
        if line.len() > limits::CONFIG_LINE_BYTES_MAX {
            let reason = format!("the line is longer than {} bytes", limits::CONFIG_LINE_BYTES_MAX);
            return Err(ConfigError::at(&origin, reason));
        }
        let Some(words) = words::split(line) else {
            return Err(ConfigError::at(&origin, "Unbalanced quotes in configuration line"));
        };
        let mut texts = Vec::with_capacity(words.len());
        for word in words {
            match String::from_utf8(word) {
                Ok(text) => texts.push(text),
                Err(_) => return Err(ConfigError::at(&origin, "the line is not valid UTF-8")),
            }
        }
        // A line of nothing but `""` has one empty word.
        let Some((name, words)) = texts.split_first() else { return Ok(()) };
        if !name.eq_ignore_ascii_case("include") {
            let directive = Directive { origin, name: name.clone(), words: words.to_vec() };
            self.directives.push(directive);
            return Ok(());
        }
        let [pattern] = words else { return Err(ConfigError::at(&origin, "wrong number of arguments")) };
        if depth == limits::INCLUDE_DEPTH_MAX {
            let reason = format!("files include each other more than {} deep", limits::INCLUDE_DEPTH_MAX);
            return Err(ConfigError::at(&origin, reason));
        }
        for path in self.files.expand(pattern) {
            self.file(&path, depth + 1, Some(&origin))?;
        }
        Ok(())
    }
}

/// How much of a bad line an error repeats.
const SHOWN_BYTES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn read_str(text: &str) -> Result<Vec<Directive>, ConfigError> {
        read_text(text.as_bytes(), "test", &mut NoFiles)
    }

    #[test]
    fn skips_comments_and_keeps_line_numbers() {
        let read = read_str("# a comment\n\n  port 1\r\nSAVE \"900 1\" # not a comment\n").unwrap();
        assert_eq!(read[0].origin, Origin { source: "test".into(), line: 3, text: "port 1".into() });
        assert_eq!(read[1].name, "SAVE");
        assert_eq!(read[1].words[0], "900 1");
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let error = read_str("port 1\n\"foo").unwrap_err();
        assert_eq!(error.origin.as_ref().map(|origin| origin.line), Some(2));
        let text = error.to_string();
        assert!(
            text.contains("at line 2") && text.contains(">>> '\"foo'") && text.contains("Unbalanced"),
            "{text}"
        );
    }

    #[test]
    fn follows_includes_and_stops_in_circles() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        file("b.inc", "port 2\n");
        file("c.inc", "port 3\n");
        let main = file("main.conf", &format!("port 1\ninclude {0}/*.inc\n", folder.path().display()));
        let ports: Vec<String> =
            read(&main, &mut Disk).unwrap().into_iter().map(|one| one.words[0].clone()).collect();
        assert_eq!(ports, ["1", "2", "3"]);

        let circle = folder.path().join("circle.conf");
        file("circle.conf", &format!("include {}\n", circle.display()));
        assert!(read(&circle, &mut Disk).unwrap_err().reason.contains("deep"));
        let missing = file("missing.conf", "include /nonexistent/x.conf\n");
        let error = read(&missing, &mut Disk).unwrap_err();
        assert!(error.reason.contains("can't open config file '/nonexistent/x.conf'"), "{}", error.reason);
        assert_eq!(error.origin.map(|origin| origin.line), Some(1));
    }

    #[test]
    fn bounds_what_it_reads() {
        assert!(
            read_str(&"#".repeat(limits::CONFIG_FILE_BYTES_MAX + 1)).unwrap_err().reason.contains("longer")
        );
        assert!(
            read_str(&"a".repeat(limits::CONFIG_LINE_BYTES_MAX + 1)).unwrap_err().reason.contains("longer")
        );
    }
}
