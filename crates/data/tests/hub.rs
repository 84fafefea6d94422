//! Models from a hub, which is a server in this process: no test here leaves the machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod fake_hub;

use std::fs;
use std::path::Path;

use fake_hub::{COMMIT, Reply, Request, Server, description, reply};
use sha2::{Digest, Sha256};
use tunewise_data::hub::{Download, Hub, HubOptions, Snapshot, Token};

const SECRET: &str = "hf_a_secret";
const WEIGHTS: &[u8] = b"pretend that these are the weights of a model";
const FILES: [&str; 4] = ["config.json", "tokenizer.json", "model.safetensors", "README.md"];

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hub's answers for a model whose weights lie on `storage`.
fn model(storage: &Server) -> impl Fn(&Request) -> Reply + Send + 'static {
    let (location, etag) = (format!("{}/blob?signature=private", storage.address), sha256(WEIGHTS));
    move |request| match request.path.as_str() {
        "/api/models/owner/tiny/revision/main"
        | "/api/models/owner/tiny/revision/refs%2Fpr%2F1" => reply(200, &description(&FILES), &[]),
        url if url.ends_with(".json") => reply(200, b"{}", &[("ETag", "\"abc\"")]),
        url if url.ends_with("/model.safetensors") => {
            let size = WEIGHTS.len().to_string();
            let headers =
                [("Location", &*location), ("X-Linked-Etag", &etag), ("X-Linked-Size", &size)];
            reply(302, b"", &headers)
        }
        _ => reply(404, b"", &[]),
    }
}

/// A storage host that gives `bytes`, from where it is asked.
fn storage(bytes: &'static [u8]) -> Server {
    Server::start(move |request| match request.header("Range") {
        Some(range) => {
            let start: usize =
                range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap();
            if start >= bytes.len() {
                return reply(416, b"", &[]);
            }
            let content = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
            reply(206, &bytes[start..], &[("Content-Range", &content)])
        }
        None => reply(200, bytes, &[]),
    })
}

/// A storage host that breaks off after so many bytes.
fn breaking(bytes: usize) -> Server {
    Server::start(move |_| reply(200, WEIGHTS, &[]).cut(bytes))
}

fn hub(endpoint: &str, cache: &Path, offline: bool) -> Hub {
    let token = Token::new(SECRET).unwrap();
    Hub::new(HubOptions { endpoint: endpoint.to_owned(), token, offline, ..HubOptions::new(cache) })
}

fn get(hub: &Hub, revision: &str) -> tunewise_data::Result<Snapshot> {
    hub.snapshot("owner/tiny", revision, &mut |_| ())
}

/// The message of a hub that answers every request so.
fn fault(answer: impl Fn(&Request) -> Reply + Send + 'static) -> String {
    let (cache, server) = (tempfile::tempdir().unwrap(), Server::start(answer));
    let hub = hub(&server.address, cache.path(), false);
    let error = get(&hub, "main").unwrap_err();
    let shown = format!("{error} {error:?} {hub:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    assert!(!files_hold(cache.path(), SECRET));
    error.to_string()
}

fn files_hold(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files_hold(&path, text),
            false => String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(text),
        }
    })
}

#[test]
fn a_model_is_downloaded_once_and_then_there_offline() {
    let cache = tempfile::tempdir().unwrap();
    let storage = storage(WEIGHTS);
    let server = Server::start(model(&storage));
    let online = hub(&server.address, cache.path(), false);
    let first = get(&online, "main").unwrap();
    assert_eq!(first.commit.as_deref(), Some(COMMIT));
    let folder = &first.folder;
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), WEIGHTS);
    assert_eq!(fs::read(folder.join("config.json")).unwrap(), b"{}");
    assert!(folder.ends_with(format!("models--owner--tiny/snapshots/{COMMIT}")));
    assert!(!folder.join("README.md").exists());

    server.requests();
    assert_eq!(get(&online, "main").unwrap(), first);
    assert_eq!(server.requests().len(), 1, "the second time only the revision is looked up");
    assert_eq!(get(&online, COMMIT).unwrap(), first);
    assert_eq!(server.requests().len(), 0, "what a commit is does not change");
    assert_eq!(get(&online, "refs/pr/1").unwrap(), first);
    assert_eq!(storage.requests().len(), 1);

    for revision in ["main", "refs/pr/1", COMMIT] {
        let offline = hub("http://127.0.0.1:9", cache.path(), true);
        assert_eq!(get(&offline, revision).unwrap(), first);
    }
    let gone = get(&hub("http://127.0.0.1:9", cache.path(), false), "main").unwrap_err();
    assert!(gone.to_string().contains("the cache has this model: HF_HUB_OFFLINE=1"), "{gone}");
}

#[test]
fn offline_says_what_is_missing_and_where_it_was_looked_for() {
    let cache = tempfile::tempdir().unwrap();
    let offline = hub("http://127.0.0.1:9", cache.path(), true);
    let looked = format!("(looked in {}/models--owner--tiny)", cache.path().display());
    let error = get(&offline, "main").unwrap_err().to_string();
    assert!(
        error.contains("owner/tiny@main: offline, and the cache lacks this revision"),
        "{error}"
    );
    assert!(error.contains(&looked), "{error}");
    let online = get(&hub("http://127.0.0.1:9", cache.path(), false), "main").unwrap_err();
    assert!(online.to_string().contains("the cache does not have this model"), "{online}");

    let storage = storage(WEIGHTS);
    let server = Server::start(model(&storage));
    let folder = get(&hub(&server.address, cache.path(), false), "main").unwrap().folder;
    for file in ["model.safetensors", "tokenizer.json", "config.json"] {
        fs::remove_file(folder.join(file)).unwrap();
        for revision in ["main", COMMIT] {
            let error = get(&offline, revision).unwrap_err().to_string();
            assert!(error.contains(&format!("the cache lacks {file}")), "{error}");
        }
    }
}

#[test]
fn a_folder_of_that_name_wins() {
    let (cache, server) = (tempfile::tempdir().unwrap(), Server::start(|_| reply(500, b"", &[])));
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(&server.address, cache.path(), false);
    let found = hub.locate(folder.path(), None, &mut |_| ()).unwrap();
    assert_eq!(found, Snapshot { folder: folder.path().to_owned(), commit: None });
    let error = hub.locate(folder.path(), Some("v1"), &mut |_| ()).unwrap_err().to_string();
    assert!(error.contains("`revision` is v1, expected nothing"), "{error}");
    for name in ["/no/such/folder", "./out", "a\\b", "https://host/model", "a/b/c"] {
        let error = hub.locate(Path::new(name), None, &mut |_| ()).unwrap_err().to_string();
        assert!(error.contains("expected a folder that exists, or a model id"), "{error}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn the_token_goes_to_the_endpoint_and_nowhere_else() {
    let cache = tempfile::tempdir().unwrap();
    let storage = storage(WEIGHTS);
    let server = Server::start(model(&storage));
    get(&hub(&server.address, cache.path(), false), "main").unwrap();
    let bearer = format!("Bearer {SECRET}");
    let asked = server.requests();
    assert!(asked.iter().all(|request| request.header("Authorization") == Some(&bearer)));
    let asked = storage.requests();
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|request| request.header("Authorization").is_none()), "{asked:?}");
    assert!(!files_hold(cache.path(), SECRET));
}

#[test]
fn progress_counts_to_the_size() {
    let cache = tempfile::tempdir().unwrap();
    let storage = storage(WEIGHTS);
    let server = Server::start(model(&storage));
    let mut heard = Vec::new();
    let mut listen = |Download { file, received, total }: Download<'_>| {
        heard.push((file.to_owned(), received, total));
    };
    let hub = hub(&server.address, cache.path(), false);
    hub.snapshot("owner/tiny", "main", &mut listen).unwrap();
    let size = WEIGHTS.len() as u64;
    let last = ("model.safetensors".to_owned(), size, Some(size));
    assert_eq!(heard.first(), Some(&("config.json".to_owned(), 0, Some(2))));
    assert_eq!(heard.last(), Some(&last));
}

#[test]
fn a_download_that_ends_early_goes_on_where_it_ended() {
    let cache = tempfile::tempdir().unwrap();
    let half = breaking(20);
    let server = Server::start(model(&half));
    let error = get(&hub(&server.address, cache.path(), false), "main").unwrap_err().to_string();
    let expected = format!("the download ended after 20 of {} bytes", WEIGHTS.len());
    assert!(error.contains(&expected), "{error}");
    let offline = get(&hub(&server.address, cache.path(), true), COMMIT).unwrap_err().to_string();
    assert!(offline.contains("lacks model.safetensors"), "half a model is none: {offline}");

    let whole = storage(WEIGHTS);
    let server = Server::start(model(&whole));
    let folder = get(&hub(&server.address, cache.path(), false), "main").unwrap().folder;
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), WEIGHTS);
    let asked = whole.requests();
    let ranges: Vec<_> = asked.iter().filter_map(|request| request.header("Range")).collect();
    assert_eq!(ranges, ["bytes=20-"]);
}

#[test]
fn a_hub_that_falls_silent_is_given_up_and_gone_on_from() {
    let read_timeout = std::time::Duration::from_millis(700);
    let cache = tempfile::tempdir().unwrap();
    let patient = |endpoint: &str| {
        let endpoint = endpoint.to_owned();
        Hub::new(HubOptions { endpoint, read_timeout, ..HubOptions::new(cache.path()) })
    };
    let silent = Server::start(|_| reply(200, WEIGHTS, &[]).stands_still_after(0));
    let error = get(&patient(&silent.address), "main").unwrap_err().to_string();
    assert!(error.contains("no answer within 0.7 s (HF_HUB_DOWNLOAD_TIMEOUT)"), "{error}");

    let stuck = Server::start(|_| reply(200, WEIGHTS, &[]).stands_still_after(11));
    let server = Server::start(model(&stuck));
    let error = get(&patient(&server.address), "main").unwrap_err().to_string();
    assert!(error.contains("model.safetensors: nothing came for 0.7 s after 11 bytes"), "{error}");

    let storage = storage(WEIGHTS);
    let server = Server::start(model(&storage));
    let folder = get(&hub(&server.address, cache.path(), false), "main").unwrap().folder;
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), WEIGHTS);
    let went_on = storage.requests().iter().any(|asked| asked.header("Range") == Some("bytes=11-"));
    assert!(went_on);
}

#[test]
fn a_part_that_cannot_be_gone_on_from_is_begun_anew() {
    let blob = |cache: &Path| cache.join("models--owner--tiny/blobs");
    // As long as the file, or longer: the storage host answers 416.
    for left in [WEIGHTS.len(), WEIGHTS.len() + 7] {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir_all(blob(cache.path())).unwrap();
        let partial = blob(cache.path()).join(format!("{}.incomplete", sha256(WEIGHTS)));
        fs::write(&partial, vec![0; left]).unwrap();
        let storage = storage(WEIGHTS);
        let server = Server::start(model(&storage));
        let folder = get(&hub(&server.address, cache.path(), false), "main").unwrap().folder;
        assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), WEIGHTS);
        assert!(!partial.exists());
    }
    // A host that knows no ranges gives all of it again.
    let cache = tempfile::tempdir().unwrap();
    fs::create_dir_all(blob(cache.path())).unwrap();
    let partial = blob(cache.path()).join(format!("{}.incomplete", sha256(WEIGHTS)));
    fs::write(&partial, &WEIGHTS[..10]).unwrap();
    let storage = Server::start(|_| reply(200, WEIGHTS, &[]));
    let server = Server::start(model(&storage));
    let folder = get(&hub(&server.address, cache.path(), false), "main").unwrap().folder;
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), WEIGHTS);
}

#[test]
fn bytes_that_are_not_the_announced_ones_are_discarded() {
    const OTHER: &[u8] = b"pretend that these are the weights of another";
    const LONGER: &[u8] = b"pretend that these are the weights of a model and more";
    for (bytes, expected) in [(OTHER, "SHA-256 is"), (LONGER, "more than the announced 45 bytes")] {
        let cache = tempfile::tempdir().unwrap();
        let wrong = storage(bytes);
        let server = Server::start(model(&wrong));
        let error =
            get(&hub(&server.address, cache.path(), false), "main").unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("discarded"), "{error}");
        let right = storage(WEIGHTS);
        let server = Server::start(model(&right));
        get(&hub(&server.address, cache.path(), false), "main").unwrap();
        assert!(right.requests()[0].header("Range").is_none());
    }
}

#[test]
fn each_refusal_says_what_to_do() {
    for (status, code, expected) in [
        (401, "RepoNotFound", "there is no such model, or it is private"),
        (403, "GatedRepo", "the model is gated: accept its terms"),
        (403, "", "the model is private or gated"),
    ] {
        let error = fault(move |_| reply(status, b"", &[("X-Error-Code", code)]));
        assert!(error.contains(&format!("answers {status}: {expected}")), "{error}");
        assert!(error.contains("HF_TOKEN"), "{error}");
    }
    for (code, expected) in [
        ("RepoNotFound", "has no such model; a folder of that name is not here either"),
        ("RevisionNotFound", "has no revision \"main\" of it"),
        ("", "has no such model or revision; a folder"),
    ] {
        let error = fault(move |_| reply(404, b"", &[("X-Error-Code", code)]));
        assert!(error.starts_with("owner/tiny@main: ") && error.contains(expected), "{error}");
    }
    let no_file = fault(|request| match request.path.starts_with("/api/") {
        true => reply(200, &description(&["model.safetensors"]), &[]),
        false => reply(404, b"", &[("X-Error-Code", "EntryNotFound")]),
    });
    assert!(no_file.contains("has no config.json of it"), "{no_file}");
    assert!(fault(|_| reply(500, b"", &[])).contains("the answer is 500"));
    assert!(fault(|_| reply(200, b"<html>", &[])).contains("not a model's description"));
    assert!(fault(|_| reply(302, b"", &[("Location", "/")])).contains("more than 5 redirects"));
    for location in ["", "ftp://host/x", "//host/x"] {
        let error = fault(move |_| reply(302, b"", &[("Location", location)]));
        assert!(error.contains("a redirect without a usable address"), "{location}: {error}");
    }
}

#[test]
fn without_a_token_the_way_to_give_one_is_told() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_| reply(401, b"", &[]));
    let options = HubOptions { endpoint: server.address.clone(), ..HubOptions::new(cache.path()) };
    let error = get(&Hub::new(options), "main").unwrap_err().to_string();
    assert!(error.contains("no token was sent: give one that may read it in HF_TOKEN"), "{error}");
    let options = HubOptions { endpoint: "hub.example".into(), ..HubOptions::new(cache.path()) };
    let error = get(&Hub::new(options), "main").unwrap_err().to_string();
    assert!(error.contains("`HF_ENDPOINT` is hub.example, expected an address"), "{error}");
}

/// The error of a hub that has these files, each of which holds `{}`.
fn fault_of_files(files: &'static [&'static str]) -> String {
    fault(move |request| match request.path.starts_with("/api/") {
        true => reply(200, &description(files), &[]),
        false => reply(200, b"{}", &[("ETag", "abc")]),
    })
}

#[test]
fn pickles_and_other_formats_are_refused_with_a_way_out() {
    let pickle = fault_of_files(&["config.json", "tokenizer.json", "pytorch_model.bin"]);
    assert!(
        pickle.contains("only pytorch_model.bin, which is refused, since reading a pickle can")
    );
    assert!(pickle.contains("refs/pr/N") && pickle.contains("save_pretrained"), "{pickle}");
    let keras = fault_of_files(&["config.json", "tokenizer.json", "tf_model.h5"]);
    assert!(keras.contains("only tf_model.h5, which is refused;"), "{keras}");
    let none = fault_of_files(&["config.json", "tokenizer.json"]);
    assert!(none.contains("only files of other kinds"), "{none}");
}

/// A sharded model whose index is this.
fn sharded(index: String) -> impl Fn(&Request) -> Reply + Send + 'static {
    const FILES: [&str; 6] = [
        "config.json",
        "vocab.txt",
        "model.safetensors.index.json",
        "a.safetensors",
        "b.safetensors",
        "../c.safetensors",
    ];
    move |request| match request.path.rsplit_once('/').unwrap() {
        (_, "main") => reply(200, &description(&FILES), &[]),
        (_, "model.safetensors.index.json") => {
            reply(200, index.as_bytes(), &[("ETag", "of_the_index")])
        }
        (_, name) => reply(200, name.as_bytes(), &[("ETag", &format!("of_{name}"))]),
    }
}

#[test]
fn the_shards_of_the_index_are_downloaded() {
    let cache = tempfile::tempdir().unwrap();
    let index =
        r#"{"weight_map": {"x": "a.safetensors", "y": "b.safetensors", "z": "a.safetensors"}}"#;
    let server = Server::start(sharded(index.to_owned()));
    let folder = get(&hub(&server.address, cache.path(), false), "main").unwrap().folder;
    assert_eq!(fs::read(folder.join("a.safetensors")).unwrap(), b"a.safetensors");
    get(&hub(&server.address, cache.path(), true), "main").unwrap();
    fs::remove_file(folder.join("b.safetensors")).unwrap();
    let error = get(&hub(&server.address, cache.path(), true), "main").unwrap_err().to_string();
    assert!(error.contains("the cache lacks b.safetensors"), "{error}");
}

#[test]
fn what_a_hub_says_cannot_leave_the_cache() {
    let bad_commit = fault(|_| reply(200, b"{\"sha\": \"../../x\", \"siblings\": []}", &[]));
    assert!(bad_commit.contains("`sha` is no commit"), "{bad_commit}");
    let bad_etag = fault(|request| match request.path.starts_with("/api/") {
        true => reply(200, &description(&["config.json"]), &[]),
        false => reply(200, b"{}", &[("ETag", "../../x")]),
    });
    assert!(bad_etag.contains("no usable etag"), "{bad_etag}");
    for shard in
        ["../c.safetensors", "/etc/passwd", "a/b.safetensors", "..", "", "other.safetensors"]
    {
        let error = fault(sharded(format!("{{\"weight_map\": {{\"x\": {shard:?}}}}}")));
        let expected = format!("names the shard {shard:?}, expected the plain name of a file");
        assert!(error.contains(&expected), "{error}");
    }
    let no_index = fault(sharded("[]".to_owned()));
    assert!(no_index.contains("not the index of a sharded model"), "{no_index}");
}
