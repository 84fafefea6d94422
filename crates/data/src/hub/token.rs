//! The secret that opens private models.

use std::fmt;
use std::path::Path;

use crate::{Error, Result};

/// A secret that is sent to the endpoint's own host alone, and that no message and no `Debug` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token, without white space around it; `None` if nothing is left.
    ///
    /// ```
    /// use tunewise_data::hub::Token;
    ///
    /// let token = Token::new(" hf_secret\n").unwrap().unwrap();
    /// assert_eq!(format!("{token:?}"), "Token(hidden)");
    /// assert_eq!(Token::new(" ").unwrap(), None);
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for other characters than visible ASCII; the message does not show them.
    pub fn new(token: &str) -> Result<Option<Self>> {
        let token = token.trim();
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let got = "hidden, and holds other characters".to_owned();
            return Err(Error::Argument { name: "token", got, expected: "visible ASCII alone" });
        }
        Ok((!token.is_empty()).then(|| Self(token.to_owned())))
    }

    /// The token that a file holds; `None` without the file.
    ///
    /// # Errors
    /// As [`Token::new`], and [`Error::Io`].
    pub fn from_file(path: &Path) -> Result<Option<Self>> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::new(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Io { path: path.to_owned(), source }),
        }
    }

    /// The value of the header `Authorization`.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_token_is_refused_unseen() {
        for bad in ["hf_sec ret", "hf_sec\r\nret", "hf_sécret"] {
            let error = Token::new(bad).unwrap_err().to_string();
            assert!(error.contains("`token` is hidden") && !error.contains("hf_"), "{error}");
        }
    }

    #[test]
    fn a_file_without_token_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        assert_eq!(Token::from_file(&path).unwrap(), None);
        std::fs::write(&path, "hf_secret\n").unwrap();
        assert_eq!(Token::from_file(&path).unwrap(), Token::new("hf_secret").unwrap());
    }
}
