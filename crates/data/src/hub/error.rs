//! What can go wrong between a model id and a folder.

use std::path::PathBuf;

/// A model that a hub does not give, or not whole. No message shows a token, or the query of an
/// address, which may hold a signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The hub does not let this caller read the model.
    #[error(
        "{model}: {endpoint} answers {status}: {reason}; {}",
        if *token_sent { "the token that was sent (HF_TOKEN or the token file) may not read it" }
        else { "no token was sent: give one that may read it in HF_TOKEN" }
    )]
    Forbidden {
        /// The model and its revision.
        model: String,
        /// The hub's address.
        endpoint: String,
        /// 401 or 403.
        status: u16,
        /// What the hub means by it.
        reason: &'static str,
        /// Whether a token was sent.
        token_sent: bool,
    },
    /// The hub does not have the model, the revision or the file.
    #[error("{model}: {endpoint} has no {missing}{}", no_folder(*folder_possible))]
    NotFound {
        /// The model and its revision.
        model: String,
        /// The hub's address.
        endpoint: String,
        /// What was asked for.
        missing: String,
        /// Whether a folder may have been meant.
        folder_possible: bool,
    },
    /// The hub cannot be reached.
    #[error("{url}: {source}; {}", without_network(*cached))]
    Connection {
        /// The address, without its query.
        url: String,
        /// Whether the cache could serve.
        cached: bool,
        /// The client's error.
        source: Box<ureq::Error>,
    },
    /// The hub was asked and stays silent.
    #[error(
        "{url}: no answer within {seconds} s (HF_HUB_DOWNLOAD_TIMEOUT); {}", without_network(*cached)
    )]
    Silent {
        /// The address, without its query.
        url: String,
        /// How long was waited.
        seconds: f64,
        /// Whether the cache could serve.
        cached: bool,
    },
    /// A download stands still; it goes on from there the next time.
    #[error(
        "{file}: nothing came for {seconds} s after {got} bytes; run again to go on from there, \
         or wait longer with HF_HUB_DOWNLOAD_TIMEOUT"
    )]
    Stalled {
        /// The file.
        file: String,
        /// Bytes that came.
        got: u64,
        /// How long was waited.
        seconds: f64,
    },
    /// The hub answers something else than it should.
    #[error("{url}: {reason}")]
    Response {
        /// The address, without its query.
        url: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// A download ended early; it goes on from there the next time.
    #[error(
        "{file}: the download ended after {got} of {expected} bytes; run again to go on from there"
    )]
    Truncated {
        /// The file.
        file: String,
        /// Bytes that came.
        got: u64,
        /// Bytes that were announced.
        expected: u64,
    },
    /// More bytes came than were announced.
    #[error("{file}: more than the announced {expected} bytes came; the download was discarded")]
    TooLong {
        /// The file.
        file: String,
        /// Bytes that were announced.
        expected: u64,
    },
    /// A downloaded file is not what the hub announced.
    #[error("{file}: SHA-256 is {got}, the hub announced {expected}; the download was discarded")]
    Hash {
        /// The file.
        file: String,
        /// Of the bytes that came.
        got: String,
        /// What was announced.
        expected: String,
    },
    /// Offline, and the cache does not have the model.
    #[error(
        "{model}: offline, and the cache lacks {missing} (looked in {}); run once online, or unset HF_HUB_OFFLINE",
        looked_in.display()
    )]
    Offline {
        /// The model and its revision.
        model: String,
        /// What is not there.
        missing: String,
        /// Where it was looked for.
        looked_in: PathBuf,
    },
    /// The hub has the model's weights in other formats only.
    #[error(
        "{model}: no model.safetensors, only {found}, which is refused{}; take a revision that has \
         model.safetensors (the hub's own conversions are at refs/pr/N), or convert it: \
         AutoModel.from_pretrained(\"ID\").save_pretrained(\"folder\") in Transformers, then name that folder",
        if found.ends_with(".bin") { ", since reading a pickle can run code" } else { "" }
    )]
    NoSafetensors {
        /// The model and its revision.
        model: String,
        /// The file that the hub has instead.
        found: String,
    },
    /// The index of a sharded model names a file that is none of the model's own.
    #[error(
        "{model}: {index} names the shard {shard:?}, expected the plain name of a file of the model"
    )]
    Shard {
        /// The model and its revision.
        model: String,
        /// The index.
        index: String,
        /// The name found.
        shard: String,
    },
}

fn no_folder(possible: bool) -> &'static str {
    if possible { "; a folder of that name is not here either" } else { "" }
}

fn without_network(cached: bool) -> &'static str {
    if cached {
        "the cache has this model: HF_HUB_OFFLINE=1 uses it"
    } else {
        "the cache does not have this model"
    }
}
