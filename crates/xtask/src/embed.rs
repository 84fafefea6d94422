//! `cargo xtask ci embed`: follows docs/embedding.md in a folder outside the checkout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fault::{At, Fault, Result};
use crate::process::{Workspace, must_succeed};
use crate::setup;

const PAGE: &str = "docs/embedding.md";
/// What the page calls the checkout.
const CHECKOUT: &str = "/path/to/tunewise";
const FILES: [&str; 4] = ["Cargo.toml", ".cargo/config.toml", "build.rs", "src/main.rs"];
/// Of set-up: all files but the program, blank lines and what `cargo new` writes left out.
const MOST_SETUP_LINES: usize = 10;

/// Makes the page's project, builds it, fine-tunes a tiny checkpoint on the shipped reviews, predicts.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    setup::run(workspace, &setup::Options { libtorch_only: true, checkpoint: None })?;
    let page = workspace.path(PAGE);
    let text = fs::read_to_string(&page).at(&page)?;
    let folder = Folder::create(std::env::temp_dir())?;
    let mut lines = 0;
    for name in FILES {
        let block = block(&text, name).ok_or_else(|| {
            Fault::new(format!("{PAGE}: no code for {name}"), "name the file before its block")
        })?;
        lines += if name == "src/main.rs" { 0 } else { setup_lines(block) };
        let path = folder.0.join(name);
        let parent = path.parent().unwrap_or(&folder.0);
        fs::create_dir_all(parent).at(parent)?;
        let checkout = workspace.path("");
        let checkout = checkout.to_string_lossy();
        fs::write(&path, block.replace(CHECKOUT, checkout.trim_end_matches('/'))).at(&path)?;
    }
    if lines > MOST_SETUP_LINES {
        let what = format!("{PAGE}: the set-up takes {lines} lines");
        return Err(Fault::new(what, format!("keep it at {MOST_SETUP_LINES}")));
    }
    let lock = folder.0.join("Cargo.lock");
    fs::copy(workspace.path("Cargo.lock"), &lock).at(&lock)?;
    must_succeed(&mut my_app(workspace, &folder.0), "the project of docs/embedding.md")
}

/// `cargo run` in that folder, sharing what the workspace has built.
fn my_app(workspace: &Workspace, folder: &Path) -> Command {
    let mut command = workspace.cargo(&["run"]);
    for setting in [
        "profile.dev.opt-level=1",
        "profile.dev.debug='line-tables-only'",
        "profile.dev.package.'*'.debug=false",
        "profile.dev.package.tokenizers.opt-level=3",
        "profile.dev.package.sha2.opt-level=3",
        "profile.dev.build-override.opt-level=0",
        "profile.dev.build-override.debug=false",
    ] {
        command.args(["--config", setting]);
    }
    command.arg("--").arg(workspace.path("crates/bert/tests/fixtures/single_label"));
    command.arg(workspace.path("examples/data/reviews/train.csv"));
    command.current_dir(folder).env("CARGO_TARGET_DIR", workspace.target());
    if std::env::var_os("LIBTORCH").is_some_and(|set| Path::new(&set) == workspace.libtorch()) {
        command.env_remove("LIBTORCH"); // cargo's default, not the user's: the page's file says it
    }
    command
}

/// The code block that follows the first line that begins with the file's name or holds it in quotes.
fn block<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let after = page.get(page.find(&format!("`{name}`"))?..)?;
    let code = after.get(after.find("```")?..)?;
    let body = code.get(code.find('\n')? + 1..)?;
    body.get(..body.find("```")?)
}

fn setup_lines(block: &str) -> usize {
    const OF_CARGO_NEW: [&str; 4] = ["[package]", "name =", "edition =", "[dependencies]"];
    let own = |line: &&str| !OF_CARGO_NEW.iter().any(|start| line.starts_with(start));
    block.lines().filter(|line| !line.trim().is_empty()).filter(own).count()
}

/// A folder of its own that goes when this does.
struct Folder(PathBuf);

impl Folder {
    fn create(parent: PathBuf) -> Result<Self> {
        let path = parent.join(format!("tunewise-embed-{}", std::process::id()));
        fs::create_dir(&path).at(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // a temporary folder: nothing is lost if it stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_the_one_after_its_name() {
        let page = "first `a.rs`:\n\n```rust\nfn a() {}\n```\n`b.toml` is\n```toml\n[b]\n```\n";
        assert_eq!(block(page, "a.rs"), Some("fn a() {}\n"));
        assert_eq!(block(page, "b.toml"), Some("[b]\n"));
        assert_eq!(block(page, "c"), None);
        assert_eq!(setup_lines("[package]\nname = \"x\"\n\n[dependencies]\nx = 1\n"), 1);
    }
}
