//! Races against the real peers: the figures of design.md section 10 as a Markdown table of ratios.
//!
//! Both sides of a row run in one run, pinned alike (server on one core, load on the other), in interleaved rounds;
//! medians count. `cargo xtask bench` builds and starts this program.

mod figure;
mod floor;
mod load;
mod machine;
mod rows;
mod subject;
mod traces;

use std::process::ExitCode;

use clap::Parser;

use figure::Figure;

// The allocator of our server's binary, for every side of the in-process races.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser, Default)]
#[command(name = "race")]
pub struct Options {
    /// Only the rows whose name contains this word.
    #[arg(long)]
    only: Vec<String>,
    /// List the rows.
    #[arg(long)]
    list: bool,
    /// Rounds of each side.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Also the rows that need 10 million keys.
    #[arg(long)]
    pub large: bool,
    /// Be the floor that servers are compared with, for requests and replies of these lengths (see `floor.rs`).
    #[arg(long, num_args = 2, hide = true)]
    floor: Vec<usize>,
    /// Write the table to this file too.
    #[arg(long)]
    output: Option<std::path::PathBuf>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let [request_bytes, reply_bytes] = options.floor[..] {
        return match floor::serve(request_bytes, reply_bytes) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("the floor: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let wanted: Vec<_> = rows::ROWS
        .iter()
        .filter(|row| {
            options.only.is_empty() || options.only.iter().any(|word| row.name.contains(word.as_str()))
        })
        .collect();
    if options.list {
        for row in wanted {
            println!("{:20} {}", row.name, row.summary);
        }
        return ExitCode::SUCCESS;
    }
    let mut figures: Vec<Figure> = Vec::new();
    let mut broken = Vec::new();
    for row in wanted {
        eprintln!("# {}: {}", row.name, row.summary);
        // A row whose server does not start must not take the others along.
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (row.run)(&options))) {
            Ok(Ok(found)) => {
                found.iter().for_each(|figure| eprintln!("{}", figure.line()));
                figures.extend(found);
            }
            Ok(Err(message)) => broken.push(format!("{}: {message}", row.name)),
            Err(_) => broken.push(format!("{}: panicked", row.name)),
        }
    }
    let table = figure::table(&figures);
    println!("{table}");
    if let Some(path) = &options.output
        && let Err(error) = std::fs::write(path, &table)
    {
        broken.push(format!("{}: {error}", path.display()));
    }
    broken.iter().for_each(|line| eprintln!("FAILED {line}"));
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
