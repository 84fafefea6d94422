//! The hub's two addresses that matter: what a revision holds, and a file of it.

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use hf_hub::Repo;
use hf_hub::api::RepoInfo;
use ureq::http::{Response, Uri};
use ureq::{Agent, Body};

use super::cache::{ModelCache, io};
use super::transfer::{Incoming, check_hash};
use super::{Download, HubError, HubOptions, names};
use crate::{Error, Result};

/// Redirects are followed here and not by the agent: the token must go to the endpoint alone.
const MOST_REDIRECTS: usize = 5;
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);

/// Talks of one model.
pub(super) struct Client<'a> {
    agent: Agent,
    options: &'a HubOptions,
    endpoint: String,
    repo: &'a Repo,
    cache: &'a ModelCache,
    /// Whether the cache could serve, should the hub not be reached.
    cached: bool,
}

/// An answer whose headers of the first hop are kept: they describe the file, wherever it comes from.
pub(super) struct Answer {
    pub(super) url: String,
    pub(super) etag: Option<String>,
    pub(super) linked_size: Option<u64>,
    pub(super) response: Response<Body>,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        options: &'a HubOptions,
        repo: &'a Repo,
        cache: &'a ModelCache,
    ) -> Result<Self> {
        let endpoint = options.endpoint.trim_end_matches('/').to_owned();
        if origin(&endpoint).is_none_or(|(scheme, _)| scheme != "https" && scheme != "http") {
            let expected = "an address that begins with https:// or http://";
            return Err(Error::Argument { name: "HF_ENDPOINT", got: endpoint, expected });
        }
        let agent = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .accept_encoding("identity")
            .user_agent(concat!("tunewise/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_per_read(Some(options.read_timeout))
            .build()
            .into();
        let cached = super::cached(cache).is_ok();
        Ok(Self { agent, options, endpoint, repo, cache, cached })
    }

    /// The commit and the files of the revision.
    pub(super) fn listing(&self) -> Result<RepoInfo> {
        let url = format!("{}/api/{}", self.endpoint, self.repo.api_url());
        let mut answer = self.get(&url, 0, None)?;
        let body = answer.response.body_mut().read_to_vec();
        let body = body.map_err(|source| self.connection(&answer.url, source))?;
        let info: RepoInfo = serde_json::from_slice(&body).map_err(|error| {
            response(&answer.url, format!("not a model's description: {error}"))
        })?;
        if !names::is_commit(&info.sha) {
            return Err(response(&answer.url, format!("`sha` is no commit: {:?}", info.sha)));
        }
        Ok(info)
    }

    /// Downloads a file of a commit into the cache.
    pub(super) fn download(
        &self,
        commit: &str,
        file: &str,
        progress: &mut dyn FnMut(Download<'_>),
    ) -> Result<()> {
        let cache = self.cache;
        let url = format!("{}/{}/resolve/{commit}/{file}", self.endpoint, self.repo.url());
        let answer = self.get(&url, 0, Some(file))?;
        let etag = answer.etag.clone().filter(|etag| names::is_plain(etag));
        let etag = etag.ok_or_else(|| response(&url, "no usable etag".to_owned()))?;
        let _lock = cache.lock(&etag)?;
        if !cache.blob(&etag).is_file() {
            let partial = cache.partial(&etag);
            let begun = fs::metadata(&partial).map_or(0, |metadata| metadata.len());
            let answer = if begun > 0 { self.get(&url, begun, Some(file))? } else { answer };
            let patience = self.options.read_timeout;
            Incoming::new(answer, begun, file, patience).receive(&partial, progress)?;
            check_hash(&partial, &etag, file)?;
            fs::rename(&partial, cache.blob(&etag)).map_err(io(&partial))?;
        }
        cache.link(commit, file, &etag)
    }

    /// The answer from `from` bytes on, redirects followed.
    fn get(&self, url: &str, from: u64, file: Option<&str>) -> Result<Answer> {
        let (mut url, mut etag, mut linked_size) = (url.to_owned(), None, None);
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.ask(&url, from)?;
            let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok());
            let tag = header("x-linked-etag").or_else(|| header("etag"));
            let tag = tag.map(|tag| tag.trim_start_matches("W/").trim_matches('"').to_owned());
            etag = etag.or(tag);
            linked_size = linked_size.or_else(|| header("x-linked-size")?.parse().ok());
            match answer.status().as_u16() {
                200 | 206 => return Ok(Answer { url, etag, linked_size, response: answer }),
                301 | 302 | 303 | 307 | 308 => {
                    url = target(&url, header("location").unwrap_or_default())?;
                }
                416 if from > 0 => return self.get(&url, 0, file), // what is here is no part of it
                _ => return Err(self.refusal(&url, &answer, file)),
            }
        }
        Err(response(&url, format!("more than {MOST_REDIRECTS} redirects")))
    }

    fn ask(&self, url: &str, from: u64) -> Result<Response<Body>> {
        let mut request = self.agent.get(url);
        if is_this_machine(url) {
            request = request.config().proxy(None).build();
        }
        let own = origin(url) == origin(&self.endpoint);
        if let Some(token) = self.options.token.as_ref().filter(|_| own) {
            request = request.header("authorization", token.header());
        }
        if from > 0 {
            request = request.header("range", format!("bytes={from}-"));
        }
        request.call().map_err(|source| self.connection(url, source))
    }

    /// The error that an answer stands for. The hub says more in `x-error-code` than in the status.
    fn refusal(&self, url: &str, answer: &Response<Body>, file: Option<&str>) -> Error {
        let code = answer.headers().get("x-error-code").and_then(|code| code.to_str().ok());
        let (model, endpoint) = (super::shown(self.repo), self.endpoint.clone());
        match (answer.status().as_u16(), code, file) {
            (404, Some("RevisionNotFound"), _) => {
                let missing = format!("revision {:?} of it", self.repo.revision());
                HubError::NotFound { model, endpoint, missing, folder_possible: false }.into()
            }
            (404, _, None) => {
                let missing = match code {
                    Some("RepoNotFound") => "such model".to_owned(),
                    _ => "such model or revision".to_owned(),
                };
                HubError::NotFound { model, endpoint, missing, folder_possible: true }.into()
            }
            (404, _, Some(file)) => {
                let missing = format!("{file} of it");
                HubError::NotFound { model, endpoint, missing, folder_possible: false }.into()
            }
            (status @ (401 | 403), code, _) => {
                let reason = match code {
                    Some("GatedRepo") => "the model is gated: accept its terms on its page",
                    Some("RepoNotFound") => "there is no such model, or it is private",
                    _ => "the model is private or gated, or does not exist",
                };
                let token_sent = self.options.token.is_some();
                HubError::Forbidden { model, endpoint, status, reason, token_sent }.into()
            }
            (status, ..) => response(url, format!("the answer is {status}")),
        }
    }

    fn connection(&self, url: &str, source: ureq::Error) -> Error {
        let (url, cached) = (shown(url), self.cached);
        if let ureq::Error::Timeout(ureq::Timeout::PerRead) = source {
            let seconds = self.options.read_timeout.as_secs_f64();
            return HubError::Silent { url, seconds, cached }.into();
        }
        HubError::Connection { url, cached, source: Box::new(source) }.into()
    }
}

fn origin(url: &str) -> Option<(String, String)> {
    let uri: Uri = url.parse().ok()?;
    Some((uri.scheme_str()?.to_owned(), uri.authority()?.as_str().to_ascii_lowercase()))
}

/// A server on this machine is not reached through a proxy.
fn is_this_machine(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    uri.as_ref().and_then(Uri::host).is_some_and(|host| {
        let address: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

/// Where a redirect leads; never from https to http.
fn target(url: &str, location: &str) -> Result<String> {
    let fault = || response(url, "a redirect without a usable address".to_owned());
    let (scheme, authority) = origin(url).ok_or_else(fault)?;
    if location.starts_with('/') && !location.starts_with("//") {
        return Ok(format!("{scheme}://{authority}{location}"));
    }
    match origin(location) {
        Some((next, _)) if next == "https" || (next == "http" && scheme == "http") => {
            Ok(location.to_owned())
        }
        _ => Err(fault()),
    }
}

/// An address without its query, which may hold a signature, and without a name and password.
fn shown(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

pub(super) fn response(url: &str, reason: String) -> Error {
    HubError::Response { url: shown(url), reason }.into()
}
