//! `polycache-server check [--repair]`: what is wrong with a file, and the way out.
//!
//! Checking reads only. Repairing cuts a log back to what is whole before the damage; what is cut off is kept in a file
//! beside it (`FILE.removed-OFFSET`), as nobody knows what it was worth. A snapshot is written anew without its damaged
//! records; the old file is kept as `FILE.damaged`.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::StorageError;
use super::base::Kind;
use super::exchange;
use super::lock::{DirectoryLock, LOCK_NAME};
use super::manifest::{Manifest, sync_dir};
use super::replay::Mapped;
use super::scan::{Ending, scan};
use crate::snapshot;

/// The judgement on one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub file: PathBuf,
    /// `append only file`, `manifest`, `snapshot` or `RDB file`.
    pub kind: &'static str,
    /// One finding a line.
    pub findings: Vec<String>,
    pub verdict: Verdict,
}

/// What is to be done about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Whole,
    /// Ends within a write that a crash interrupted; the server cuts that off by itself.
    Torn {
        whole_bytes: u64,
    },
    /// Refused by the server. Repairing keeps the first bytes.
    Damaged {
        whole_bytes: u64,
    },
    /// A snapshot with damaged records: the server starts, their keys are errors. Repairing drops them.
    DamagedRecords {
        records: u64,
    },
    /// A snapshot whose table is damaged: keys are errors, or the server refuses it. Repairing keeps all records that are
    /// whole.
    DamagedTable,
    /// An RDB file: refused by the server, and there is nothing to repair it with.
    DamagedRdb,
}

impl Report {
    /// Whether the server would start with this file and serve all of it.
    pub fn is_usable(&self) -> bool {
        matches!(self.verdict, Verdict::Whole | Verdict::Torn { .. })
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = match self.verdict {
            Verdict::Whole => "whole".into(),
            Verdict::Torn { whole_bytes } => {
                format!("torn behind byte {whole_bytes} (harmless after a crash)")
            }
            Verdict::Damaged { whole_bytes } => format!("DAMAGED behind byte {whole_bytes}"),
            Verdict::DamagedRecords { records } => format!("{records} DAMAGED records"),
            Verdict::DamagedTable => "DAMAGED table".into(),
            Verdict::DamagedRdb => "DAMAGED".into(),
        };
        writeln!(out, "{}: {}, {verdict}", self.file.display(), self.kind)?;
        self.findings.iter().try_for_each(|finding| writeln!(out, "  {finding}"))
    }
}

/// Judges the file at `path`: an AOF file, a manifest with all its files, or a snapshot.
pub fn check(path: &Path) -> Result<Vec<Report>, StorageError> {
    if path.extension().is_some_and(|extension| extension == "manifest") {
        return check_manifest(path);
    }
    check_file(path).map(|report| vec![report])
}

fn check_manifest(path: &Path) -> Result<Vec<Report>, StorageError> {
    let bytes = fs::read(path).map_err(StorageError::file("reading", path))?;
    let mut report =
        Report { file: path.to_owned(), kind: "manifest", findings: Vec::new(), verdict: Verdict::Whole };
    let manifest = match Manifest::parse(&bytes) {
        Ok(manifest) => manifest,
        Err((offset, reason)) => {
            report.findings.push(format!("offset {offset}: {reason}"));
            report.verdict = Verdict::Damaged { whole_bytes: offset as u64 };
            return Ok(vec![report]);
        }
    };
    report.findings.push(format!(
        "{} base, {} increments, {} history files",
        manifest.base.iter().len(),
        manifest.increments.len(),
        manifest.history.len()
    ));
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut reports = vec![report];
    for part in manifest.base.iter().chain(&manifest.increments) {
        reports.push(check_file(&dir.join(&part.name))?);
    }
    Ok(reports)
}

fn check_file(path: &Path) -> Result<Report, StorageError> {
    let mapped = Mapped::open(path)?;
    let bytes = mapped.bytes();
    let (mut findings, mut preamble) = (Vec::new(), 0);
    match Kind::of(path, bytes) {
        Kind::Rdb => {
            let (found, verdict, end) = exchange::report(path, bytes)?;
            if verdict != Verdict::Whole || end == bytes.len() as u64 {
                return Ok(Report { file: path.to_owned(), kind: "RDB file", findings: found, verdict });
            }
            (findings, preamble) = (found, end as usize);
        }
        Kind::Snapshot => return Ok(snapshot_report(path, &snapshot::check(path)?)),
        Kind::Resp => {}
    }
    let judged = scan(&bytes[preamble..]).behind(preamble);
    findings.push(format!(
        "{} commands in {} of {} bytes{}",
        judged.commands,
        judged.whole_bytes - preamble,
        bytes.len() - preamble,
        if judged.marked { ", checksums verified" } else { ", without checksums (written by Redis)" }
    ));
    if judged.foreign_tail {
        findings.push("another server, a Redis, has appended to the file".into());
    }
    let whole_bytes = judged.whole_bytes as u64;
    let verdict = match judged.ending {
        Ending::Complete => {
            if judged.whole_bytes < bytes.len() {
                findings.push(format!(
                    "{} bytes of filler behind them, which the server cuts off",
                    bytes.len() - judged.whole_bytes
                ));
            }
            Verdict::Whole
        }
        Ending::Torn { at, reason } => {
            findings.push(format!("offset {at}: {reason}"));
            Verdict::Torn { whole_bytes }
        }
        Ending::Damaged { at, reason } => {
            findings.push(format!("offset {at}: {reason}"));
            findings.push(format!(
                "repairing keeps the first {whole_bytes} bytes and moves the other {} aside",
                bytes.len() as u64 - whole_bytes
            ));
            Verdict::Damaged { whole_bytes }
        }
    };
    Ok(Report { file: path.to_owned(), kind: "append only file", findings, verdict })
}

/// Cuts the file at `path` back to what is whole, keeping the rest beside it. Refuses while a server uses the
/// directory. The report says what was done.
pub fn repair(path: &Path) -> Result<Report, StorageError> {
    let _locks = lock_around(path)?;
    let mut report = check_file(path)?;
    let whole_bytes = match report.verdict {
        Verdict::Whole => return Ok(report),
        Verdict::DamagedRecords { .. } | Verdict::DamagedTable => return repair_snapshot(path),
        Verdict::DamagedRdb => return Ok(report),
        Verdict::Torn { whole_bytes } | Verdict::Damaged { whole_bytes } => whole_bytes,
    };
    let removed = PathBuf::from(format!("{}.removed-{whole_bytes}", path.display()));
    {
        let mapped = Mapped::open(path)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&removed)
            .map_err(StorageError::file("creating", &removed))?;
        file.write_all(&mapped.bytes()[whole_bytes as usize..])
            .and_then(|()| file.sync_all())
            .map_err(StorageError::file("writing", &removed))?;
    }
    let cut = |file: File| file.set_len(whole_bytes).and_then(|()| file.sync_all());
    OpenOptions::new().write(true).open(path).and_then(cut).map_err(StorageError::file("cutting", path))?;
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        sync_dir(dir).map_err(StorageError::file("syncing", dir))?;
    }
    report.findings.push(format!("cut to {whole_bytes} bytes; the rest is in {}", removed.display()));
    report.verdict = Verdict::Whole;
    Ok(report)
}

/// Writes a snapshot anew from what is whole of it; the old file stays under another name.
fn repair_snapshot(path: &Path) -> Result<Report, StorageError> {
    let kept = PathBuf::from(format!("{}.damaged", path.display()));
    fs::hard_link(path, &kept).map_err(StorageError::file("keeping the damaged file as", &kept))?;
    snapshot::repair(path, path)?;
    let mut report = snapshot_report(path, &snapshot::check(path)?);
    report
        .findings
        .push(format!("written anew without what was damaged; the old file is {}", kept.display()));
    Ok(report)
}

fn snapshot_report(path: &Path, found: &snapshot::Report) -> Report {
    let records = found.databases.iter().map(|database| database.damaged).sum();
    let verdict = if found.databases.iter().any(|database| database.is_table_damaged) {
        Verdict::DamagedTable
    } else if records > 0 {
        Verdict::DamagedRecords { records }
    } else {
        Verdict::Whole
    };
    let findings = found.to_string().lines().map(String::from).collect();
    Report { file: path.to_owned(), kind: "snapshot", findings, verdict }
}

/// Takes the locks of the directories that a server over this file would hold: its own, or the one above.
fn lock_around(path: &Path) -> Result<Vec<DirectoryLock>, StorageError> {
    let full = path.canonicalize().map_err(StorageError::file("opening", path))?;
    full.ancestors()
        .skip(1)
        .take(2)
        .filter(|dir| dir.join(LOCK_NAME).exists())
        .map(DirectoryLock::acquire)
        .collect()
}
