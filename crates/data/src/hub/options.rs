//! Where models come from, and the environment variables that say so.

use std::path::PathBuf;
use std::time::Duration;

use super::Token;
use crate::{Error, Result};

/// Where models come from.
///
/// | name | default | meaning |
/// | --- | --- | --- |
/// | `endpoint` | `https://huggingface.co` | the hub's address |
/// | `cache_dir` | | where downloads are kept; Python's `huggingface_hub` shares it |
/// | `token` | none | for private and gated models |
/// | `offline` | false | whether only the cache is used |
/// | `read_timeout` | 10 s | how long the hub may stay silent, before it answers and within a download |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubOptions {
    /// The hub's address.
    pub endpoint: String,
    /// Where downloads are kept.
    pub cache_dir: PathBuf,
    /// For private and gated models.
    pub token: Option<Token>,
    /// Whether only the cache is used.
    pub offline: bool,
    /// How long the hub may stay silent.
    pub read_timeout: Duration,
}

/// That of `huggingface_hub`.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const ENDPOINT: &str = "https://huggingface.co";

impl HubOptions {
    /// The public hub with that cache, without a token.
    #[must_use]
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        let (endpoint, cache_dir) = (ENDPOINT.to_owned(), cache_dir.into());
        Self { endpoint, cache_dir, token: None, offline: false, read_timeout: READ_TIMEOUT }
    }

    /// The options that the environment gives, as Transformers reads it.
    ///
    /// | variable | meaning |
    /// | --- | --- |
    /// | `HF_ENDPOINT` | the hub's address |
    /// | `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE` | the cache; else `HF_HOME/hub` |
    /// | `HF_HOME` | else `XDG_CACHE_HOME/huggingface`, else `~/.cache/huggingface` |
    /// | `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN` | the token; else the file `HF_TOKEN_PATH`, else `HF_HOME/token` |
    /// | `HF_HUB_DISABLE_IMPLICIT_TOKEN` | no token is sent |
    /// | `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE` | `1`, `on`, `yes` or `true`: only the cache is used |
    /// | `HF_HUB_DOWNLOAD_TIMEOUT` | `read_timeout`, whole seconds |
    ///
    /// A variable that is empty counts as not set; `~` at the beginning of a path is the home folder.
    ///
    /// ```
    /// use tunewise_data::hub::HubOptions;
    ///
    /// let options = HubOptions::from_vars(|name| match name {
    ///     "HF_HOME" => Some("/data/hf".to_owned()),
    ///     "HF_HUB_OFFLINE" => Some("1".to_owned()),
    ///     _ => None,
    /// })?;
    /// assert_eq!(options.cache_dir, std::path::Path::new("/data/hf/hub"));
    /// assert!(options.offline);
    /// # Ok::<(), tunewise_data::Error>(())
    /// ```
    ///
    /// In a program: `HubOptions::from_vars(|name| std::env::var(name).ok())`.
    ///
    /// # Errors
    /// [`Error::Argument`] if nothing tells where the cache is or a timeout is not a number of seconds
    /// above 0, and those of [`Token::from_file`].
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let first = |names: &[&str]| {
            names.iter().find_map(|name| var(name).filter(|value| !value.trim().is_empty()))
        };
        let home = first(&["HOME", "USERPROFILE"]).map(PathBuf::from);
        let path = |names: &[&str]| first(names).map(|path| expanded(&path, home.as_ref()));
        let hf_home = path(&["HF_HOME"])
            .or_else(|| path(&["XDG_CACHE_HOME"]).map(|cache| cache.join("huggingface")))
            .or_else(|| home.as_ref().map(|home| home.join(".cache/huggingface")));
        let cache_dir = path(&["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"])
            .or_else(|| hf_home.as_ref().map(|home| home.join("hub")))
            .ok_or_else(|| Error::Argument {
                name: "HF_HOME",
                got: "not set".to_owned(),
                expected: "a folder for the cache, since there is no home folder",
            })?;
        let token_path = path(&["HF_TOKEN_PATH"]).or_else(|| Some(hf_home?.join("token")));
        let token = match (first(&["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]), token_path) {
            _ if is_true(first(&["HF_HUB_DISABLE_IMPLICIT_TOKEN"])) => None,
            (Some(token), _) => Token::new(&token)?,
            (None, Some(path)) => Token::from_file(&path)?,
            (None, None) => None,
        };
        let endpoint = first(&["HF_ENDPOINT"]).unwrap_or_else(|| ENDPOINT.to_owned());
        let offline = is_true(first(&["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]));
        let read_timeout = match first(&["HF_HUB_DOWNLOAD_TIMEOUT"]) {
            Some(seconds) => timeout(&seconds)?,
            None => READ_TIMEOUT,
        };
        let endpoint = endpoint.trim().to_owned();
        Ok(Self { endpoint, cache_dir, token, offline, read_timeout })
    }
}

fn expanded(path: &str, home: Option<&PathBuf>) -> PathBuf {
    match (path.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.clone(),
        (Some(rest), Some(home)) if rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(path),
    }
}

fn timeout(seconds: &str) -> Result<Duration> {
    let number = seconds.trim().parse().ok().filter(|&number: &u64| number > 0);
    number.map(Duration::from_secs).ok_or_else(|| Error::Argument {
        name: "HF_HUB_DOWNLOAD_TIMEOUT",
        got: seconds.to_owned(),
        expected: "a whole number of seconds above 0",
    })
}

fn is_true(value: Option<String>) -> bool {
    value.is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn options(vars: &[(&str, &str)]) -> HubOptions {
        let var = |name: &str| {
            vars.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned())
        };
        HubOptions::from_vars(var).unwrap()
    }

    // What `huggingface_hub.constants` (2.4) makes of the same variables.
    #[test]
    fn the_cache_is_where_transformers_has_it() {
        let cache = |vars: &[(&str, &str)]| options(vars).cache_dir;
        let home = ("HOME", "/h");
        assert_eq!(cache(&[home]), Path::new("/h/.cache/huggingface/hub"));
        assert_eq!(cache(&[home, ("XDG_CACHE_HOME", "/x")]), Path::new("/x/huggingface/hub"));
        assert_eq!(cache(&[home, ("HF_HOME", "~/hf")]), Path::new("/h/hf/hub"));
        assert_eq!(cache(&[("HF_HOME", "/hf"), ("HF_HUB_CACHE", "/c")]), Path::new("/c"));
        assert_eq!(cache(&[home, ("HUGGINGFACE_HUB_CACHE", "/old")]), Path::new("/old"));
        assert_eq!(cache(&[home, ("HF_HOME", " ")]), Path::new("/h/.cache/huggingface/hub"));
        let error = HubOptions::from_vars(|_| None).unwrap_err().to_string();
        assert!(error.starts_with("`HF_HOME` is not set, expected a folder"), "{error}");
    }

    #[test]
    fn the_token_is_of_the_environment_or_of_the_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), "of_the_file\n").unwrap();
        let home = ("HF_HOME", dir.path().to_str().unwrap());
        let token = |vars: &[(&str, &str)]| options(vars).token;
        let named = |token: &str| Token::new(token).unwrap();
        assert_eq!(token(&[home]), named("of_the_file"));
        assert_eq!(token(&[home, ("HF_TOKEN", "of_the_variable")]), named("of_the_variable"));
        assert_eq!(token(&[home, ("HF_TOKEN", "")]), named("of_the_file"));
        assert_eq!(token(&[home, ("HF_TOKEN_PATH", "/none")]), None);
        assert_eq!(token(&[home, ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]), None);
    }

    #[test]
    fn offline_is_said_in_several_words() {
        let offline = |value: &str| options(&[("HOME", "/h"), ("HF_HUB_OFFLINE", value)]).offline;
        assert!(["1", "on", "True", "YES"].into_iter().all(offline));
        assert!(!["0", "", "false", "2"].into_iter().any(offline));
        assert!(options(&[("HOME", "/h"), ("TRANSFORMERS_OFFLINE", "1")]).offline);
    }

    #[test]
    fn patience_is_given_in_seconds() {
        let vars = |value: &'static str| {
            HubOptions::from_vars(move |name| match name {
                "HOME" => Some("/h".to_owned()),
                "HF_HUB_DOWNLOAD_TIMEOUT" => Some(value.to_owned()),
                _ => None,
            })
        };
        assert_eq!(vars("").unwrap().read_timeout, Duration::from_secs(10));
        assert_eq!(vars("60").unwrap().read_timeout, Duration::from_secs(60));
        for value in ["0", "-1", "1.5", "soon"] {
            let error = vars(value).unwrap_err().to_string();
            let expected =
                format!("`HF_HUB_DOWNLOAD_TIMEOUT` is {value}, expected a whole number of seconds");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
