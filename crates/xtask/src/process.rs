//! The workspace's folder, and commands run in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fault::{Fault, Result};

/// The checkout.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The checkout that this binary was built in.
    pub(crate) fn find() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.ancestors().nth(2).unwrap_or(manifest);
        Self { root: root.to_owned() }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(crate) fn third_party(&self) -> PathBuf {
        self.path("third_party")
    }

    pub(crate) fn libtorch(&self) -> PathBuf {
        self.path("third_party/libtorch")
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.path("third_party/minilm-l6-h384")
    }

    /// Where cargo builds.
    pub(crate) fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(target) => self.root.join(target),
            None => self.path("target"),
        }
    }

    /// The LIBTORCH that the user set. Cargo passes this process the default of `.cargo/config.toml`
    /// where there is none, which does not count.
    pub(crate) fn libtorch_of_user(&self) -> Option<PathBuf> {
        let set = PathBuf::from(std::env::var_os("LIBTORCH")?);
        (!set.as_os_str().is_empty() && set != self.libtorch()).then_some(set)
    }

    pub(crate) fn cargo<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(arguments).current_dir(&self.root);
        command
    }
}

/// Runs a command whose output the user sees; its failure is a fault that names `what`.
pub(crate) fn must_succeed(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().map_err(|error| {
        let program = command.get_program().to_string_lossy();
        Fault::new(format!("{what}: cannot run {program}: {error}"), "install it or put it in PATH")
    })?;
    if status.success() {
        return Ok(());
    }
    Err(Fault::new(format!("{what} failed ({status})"), "see its output above"))
}

/// A command's standard output, trimmed, if it succeeds.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Size of a file or folder in MB (10^6 bytes), links not followed.
pub(crate) fn megabytes(path: &Path) -> u64 {
    bytes(path) / 1_000_000
}

fn bytes(path: &Path) -> u64 {
    let Ok(metadata) = path.symlink_metadata() else { return 0 };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| bytes(&entry.path())).sum()
}
