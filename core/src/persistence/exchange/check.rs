//! Judging an RDB file without loading it.

use std::path::Path;

use super::storage_error;
use crate::persistence::{StorageError, Verdict};
use crate::rdb::visitor::Key;
use crate::rdb::{Checksum, Dialect, FileVisitor, Shape, ValueVisitor, Visit, read_file};

/// Findings and verdict on the RDB file that `bytes`, from `path`, begin with, and how long it is.
pub fn report(path: &Path, bytes: &[u8]) -> Result<(Vec<String>, Verdict, u64), StorageError> {
    let mut count = Count::default();
    match read_file(bytes, &mut count) {
        Ok(summary) => {
            let magic = if summary.dialect == Dialect::Redis { "REDIS" } else { "VALKEY" };
            let checksum = match summary.checksum {
                Checksum::Right => "checksum verified",
                Checksum::Absent => "without a checksum",
            };
            let mut findings = vec![format!(
                "{magic} version {}, {} keys ({} with an expiry) in {} bytes, {checksum}",
                summary.version, summary.keys, count.expires, summary.bytes
            )];
            findings.append(&mut count.skipped);
            Ok((findings, Verdict::Whole, summary.bytes))
        }
        Err(error) => match storage_error(path, error) {
            StorageError::Corrupt { offset, reason, .. } => {
                let findings = vec![
                    format!("offset {offset}: {reason}"),
                    "an RDB file is all or nothing: take another copy, or let the server that wrote it save again"
                        .into(),
                ];
                Ok((findings, Verdict::DamagedRdb, 0))
            }
            error => Err(error),
        },
    }
}

/// A visitor that only counts.
#[derive(Default)]
struct Count {
    expires: u64,
    skipped: Vec<String>,
}

impl FileVisitor for Count {
    fn function(&mut self, _: &[u8]) -> Visit {
        Ok(())
    }
    fn key(&mut self, key: &Key<'_>) -> Visit {
        self.expires += u64::from(key.expire_at.is_some());
        Ok(())
    }
    fn skipped(&mut self, what: &str) {
        self.skipped.push(format!("left out on loading: {what}"));
    }
    fn module_key(&mut self, key: &Key<'_>, module: &str) -> Visit {
        let name = String::from_utf8_lossy(&key.name).into_owned();
        self.skipped.push(format!("cannot be loaded: the key '{name}' of the module type '{module}'"));
        Ok(())
    }
}

impl ValueVisitor for Count {
    fn begin_value(&mut self, _: Shape) -> Visit {
        Ok(())
    }
    fn end_value(&mut self) -> Visit {
        Ok(())
    }
}
