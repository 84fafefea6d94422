//! What the HTTP client logs: a process of its own, since it has one logger.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod fake_hub;

use std::sync::Mutex;

use fake_hub::{Server, description, reply};
use log::{Level, LevelFilter, Log, Metadata, Record};
use tunewise_data::hub::{Hub, HubOptions, Token};

const SECRET: &str = "hf_a_secret";

struct Listener(Mutex<Vec<(Level, String)>>);

impl Log for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push((record.level(), record.args().to_string()));
    }

    fn flush(&self) {}
}

static LISTENER: Listener = Listener(Mutex::new(Vec::new()));

#[test]
fn a_logger_of_everything_does_not_hear_the_token() {
    log::set_logger(&LISTENER).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.path.starts_with("/api/") {
        true => {
            reply(200, &description(&["config.json", "tokenizer.json", "model.safetensors"]), &[])
        }
        false => reply(200, b"{}", &[("ETag", "abc")]),
    });
    let (token, endpoint) = (Token::new(SECRET).unwrap(), server.address.clone());
    let hub = Hub::new(HubOptions { endpoint, token, ..HubOptions::new(cache.path()) });
    hub.snapshot("owner/tiny", "main", &mut |_| ()).unwrap();
    assert!(server.requests()[0].header("Authorization").unwrap().contains(SECRET));

    let heard = LISTENER.0.lock().unwrap();
    assert!(heard.iter().any(|(_, line)| line.starts_with("GET ")), "{heard:?}");
    // At the trace level it would log the bytes of the request, sixteen a line.
    assert!(heard.iter().all(|(level, _)| *level < Level::Trace));
    assert!(heard.iter().all(|(_, line)| !line.contains(SECRET) && !line.contains("Bearer")));
}
