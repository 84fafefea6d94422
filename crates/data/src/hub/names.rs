//! Names that become parts of paths and addresses.

use crate::{Error, Result};

fn plain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

/// Whether the name is one harmless component of a path.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && !name.starts_with('.') && name.bytes().all(plain_byte)
}

/// `NAME` or `OWNER/NAME`.
pub(super) fn check_model_id(id: &str) -> Result<()> {
    let parts: Vec<&str> = id.split('/').collect();
    if parts.len() <= 2 && parts.iter().all(|part| is_plain(part)) {
        return Ok(());
    }
    let expected = "a folder that exists, or a model id such as owner/name";
    Err(Error::Argument { name: "model", got: id.to_owned(), expected })
}

/// A branch, a tag or a commit; branches may have slashes.
pub(super) fn check_revision(revision: &str) -> Result<()> {
    if revision.split('/').all(is_plain) {
        return Ok(());
    }
    let expected = "a branch, a tag or a commit";
    Err(Error::Argument { name: "revision", got: revision.to_owned(), expected })
}

/// A commit in full.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A SHA-256 in hexadecimal, as the etag of a file in Git LFS is.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_folder() {
        for id in ["bert-base-uncased", "owner/some.model_1"] {
            assert!(check_model_id(id).is_ok(), "{id}");
        }
        for id in ["", "/", "a/b/c", "../x", "a/..", "a//b", "a b", "a?b", "a\\b", "https://x/y"] {
            assert!(check_model_id(id).is_err(), "{id}");
        }
        for revision in ["main", "v1.0", "refs/pr/1"] {
            assert!(check_revision(revision).is_ok(), "{revision}");
        }
        for revision in ["", "..", "a/../b", "/main", "main/", "a?b"] {
            assert!(check_revision(revision).is_err(), "{revision}");
        }
    }
}
