//! CONFIG: reads and changes the settings of the running server.

use polycache_core::command::glob::Glob;
use polycache_core::command::{Args, Ctx, Failure, Outcome};

use crate::client::Client;
use crate::config::choice::Access;
use crate::config::rewrite_file;
use crate::config::table::{self, FILE_ONLY};

/// `CONFIG GET pattern [pattern ...]`
pub(super) fn get(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    let settings = client.server.settings.load();
    let patterns: Vec<Vec<u8>> = args[2..].iter().map(|pattern| pattern.to_ascii_lowercase()).collect();
    let globs: Vec<Glob<'_>> = patterns.iter().map(|pattern| Glob::new(pattern)).collect();
    let mut found: Vec<(&[u8], String)> = Vec::new();
    for setting in table::all().filter(|setting| !setting.is(FILE_ONLY)) {
        for name in setting.names() {
            let Some(position) = globs.iter().position(|glob| glob.matches(name.as_bytes())) else {
                continue;
            };
            // A name without wildcards is repeated as it was written.
            let shown =
                if globs[position].literal().is_some() { args[2 + position] } else { name.as_bytes() };
            let text = match setting.name {
                // The number in force: zero means one thread for each core.
                "io-threads" => client.server.workers.to_string(),
                "dir" => std::path::absolute(&settings.dir)
                    .map_or_else(|_| settings.dir.clone(), |dir| clean(&dir)),
                _ => settings.value(setting).to_text(&setting.kind),
            };
            found.push((shown, text));
        }
    }
    found.sort_unstable_by_key(|(name, _)| *name);
    ctx.reply.map(found.len());
    for (name, text) in found {
        ctx.reply.bulk(name);
        ctx.reply.bulk(text.as_bytes());
    }
    Ok(())
}

/// A path without the `.` that `absolute` leaves at its end.
fn clean(path: &std::path::Path) -> String {
    path.components().collect::<std::path::PathBuf>().display().to_string()
}

/// `CONFIG SET name value [name value ...]`: all or none.
pub(super) fn set(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    let words = &args[2..];
    if words.is_empty() || !words.len().is_multiple_of(2) {
        return Err(Failure::SYNTAX);
    }
    let pairs: Vec<(&[u8], &[u8])> = words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    let settings = client.server.settings.load();
    let protected = allows(settings.enable_protected_configs, client);
    client.server.settings.set(&pairs, protected).map_err(Failure::new)?;
    ctx.reply.ok();
    Ok(())
}

/// Whether `access` lets this client in.
pub(super) fn allows(access: Access, client: &Client) -> bool {
    match access {
        Access::Yes => true,
        Access::No => false,
        Access::Local => is_local(&client.entry.addr),
    }
}

/// Whether an address is on this machine: loopback, a Unix socket (`/path:0`), or none at all (embedded).
fn is_local(address: &str) -> bool {
    match address.parse::<std::net::SocketAddr>() {
        Ok(address) => address.ip().to_canonical().is_loopback(),
        Err(_) => true,
    }
}

/// `CONFIG REWRITE`
pub(super) fn rewrite(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    let Some(file) = client.server.settings.file() else {
        return Err(Failure::text("ERR The server is running without a config file"));
    };
    let settings = client.server.settings.load();
    rewrite_file(file, &settings, &client.server.acl.lines(&settings))
        .map_err(|error| Failure::new(format!("ERR Rewriting config file: {error}")))?;
    ctx.reply.ok();
    Ok(())
}

/// `CONFIG RESETSTAT`
pub(super) fn resetstat(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    use polycache_core::stats::Counter;
    Client::of(ctx.host).server.stats.reset();
    for counter in [
        Counter::KeyspaceHits,
        Counter::KeyspaceMisses,
        Counter::ExpiredKeys,
        Counter::ExpiredFields,
        Counter::EvictedKeys,
    ] {
        ctx.engine.stats().reset(counter);
    }
    ctx.engine.memory().reset_peak();
    ctx.reply.ok();
    Ok(())
}

/// `CONFIG HELP`
pub(super) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    super::help(
        ctx,
        "CONFIG",
        &[
            "GET <pattern>",
            "    Return parameters matching the glob-like <pattern> and their values.",
            "SET <directive> <value>",
            "    Set the configuration <directive> to <value>.",
            "RESETSTAT",
            "    Reset statistics reported by the INFO command.",
            "REWRITE",
            "    Rewrite the configuration file.",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn local_addresses() {
        for address in ["127.0.0.1:5", "[::1]:5", "/tmp/x.sock:0", "", "[::ffff:127.0.0.1]:3"] {
            assert!(is_local(address), "{address}");
        }
        assert!(!is_local("10.0.0.1:5") && !is_local("[2001:db8::1]:5"));
    }
}
