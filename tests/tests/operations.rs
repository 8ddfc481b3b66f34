//! What operators see: INFO, CONFIG, the command table, logs of slow commands, latency, HELP. Compared with Valkey where
//! Valkey has it; what may differ stands in `tests/differences.md`.

mod operations {
    mod access;
    mod commands;
    mod config;
    mod help;
    mod info;
    mod logs;
    mod monitor;
    mod secrets;
}
