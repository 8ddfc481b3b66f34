//! What operators see: INFO, CONFIG, the command table, logs of slow commands, latency, HELP. Compared with Valkey where
//! Valkey has it; what may differ stands in `tests/differences.md`.

mod operations {
    mod commands;
    mod config;
    mod help;
    mod access;
    mod info;
    mod logs;
}
