//! A server on this machine that answers as it is told, and remembers what it was asked.
#![allow(clippy::unwrap_used, dead_code, reason = "tests, of which none needs all")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// What the body is said to be long.
    length: usize,
    /// Whether nothing follows, and the connection stays open.
    stands_still: bool,
}

pub(crate) fn reply(status: u16, body: &[u8], headers: &[(&str, &str)]) -> Reply {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let (headers, body, length) = (headers.collect(), body.to_vec(), body.len());
    Reply { status, headers, body, length, stands_still: false }
}

impl Reply {
    /// The connection ends after so many bytes of the body.
    pub(crate) fn cut(mut self, bytes: usize) -> Self {
        self.body.truncate(bytes);
        self
    }

    /// No more than so many bytes of the body come; the connection stays open.
    pub(crate) fn stands_still_after(self, bytes: usize) -> Self {
        Self { stands_still: true, ..self.cut(bytes) }
    }
}

/// Answers until the test ends.
pub(crate) struct Server {
    pub(crate) address: String,
    log: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::<Mutex<Vec<Request>>>::default();
        let seen = Arc::clone(&log);
        thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let request = read(&stream);
                seen.lock().unwrap().push(request.clone());
                let reply = answer(&request);
                write(&stream, &reply);
                open.extend(reply.stands_still.then_some(stream));
            }
        });
        Self { address, log }
    }

    /// What was asked since the last call.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let first = lines.next().unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers = lines.take_while(|line| !line.is_empty());
    let split = |line: String| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_owned(), value.trim().to_owned())
    };
    Request { path, headers: headers.map(split).collect() }
}

fn write(mut stream: &TcpStream, reply: &Reply) {
    let Reply { status, length, .. } = reply;
    let mut text = format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n");
    for (name, value) in &reply.headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "Connection: close\r\n\r\n";
    // The client may have gone.
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.write_all(&reply.body));
}

/// `{"sha", "siblings"}` of these files.
pub(crate) fn description(files: &[&str]) -> Vec<u8> {
    let siblings: Vec<String> =
        files.iter().map(|file| format!("{{\"rfilename\": {file:?}}}")).collect();
    format!("{{\"sha\": \"{COMMIT}\", \"siblings\": [{}]}}", siblings.join(", ")).into_bytes()
}
