//! redis.conf: any text; what is accepted must survive being written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use polycache_server::config::Settings;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(settings) = Settings::parse(text) {
        let written = settings.to_file();
        let again = Settings::parse(&written).unwrap_or_else(|error| panic!("{error:?} in\n{written}"));
        assert_eq!(again.to_file(), written);
    }
});
