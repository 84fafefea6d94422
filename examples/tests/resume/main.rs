//! Training processes that are killed, interrupted, refused room or find their checkpoints damaged go
//! on to the very bytes of a run that was left alone.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod adapters;
mod bench;
mod damage;
mod disk;
mod interrupts;
mod kills;
mod network;
mod plan;
mod ranks;
mod record;
mod settings;
mod students;
