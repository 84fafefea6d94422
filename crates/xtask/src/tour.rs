//! `cargo xtask tour NAME`: an application from the shipped data to its picture, in one command.

mod monitor;
mod plan;
mod recommend;
mod support;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::fault::{At, Fault, Result};
use crate::process::{Workspace, must_succeed};
use crate::setup;

/// An application.
type Stop = (&'static str, fn(&Tour<'_>) -> Result<()>);

/// The applications, in the order in which `cargo xtask tour` shows them all.
const STOPS: [Stop; 4] = [
    ("recommend", recommend::run),
    ("monitor", monitor::run),
    ("support", support::run),
    ("plan", plan::run),
];

/// Shows the applications named, or all.
pub(crate) fn run(workspace: &Workspace, names: &[String]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| !STOPS.iter().any(|(stop, _)| stop == name)) {
        let known = STOPS.map(|(stop, _)| stop).join(", ");
        return Err(Fault::new(
            format!("no `{unknown}` on the tour"),
            format!("there are {known}"),
        ));
    }
    setup::run(workspace, &setup::Options::default())?;
    // All packages, so that features are those of the tests and nothing compiles twice.
    must_succeed(workspace.cargo(&["build", "--workspace"]).arg("--bins"), "cargo build")?;
    let tour = Tour { workspace };
    for (name, stop) in STOPS {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            println!("== {name}");
            stop(&tour)?;
        }
    }
    Ok(())
}

/// What the stops share.
pub(crate) struct Tour<'a> {
    workspace: &'a Workspace,
}

impl Tour<'_> {
    /// A shipped file.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.workspace.path("examples/data").join(name)
    }

    /// Where something that the tour makes lies; its folder is there.
    pub(crate) fn made(&self, name: &str) -> Result<PathBuf> {
        let folder = self.workspace.target().join("tour");
        std::fs::create_dir_all(&folder).at(&folder)?;
        Ok(folder.join(name))
    }

    /// A command line of the workspace, to be given its arguments.
    pub(crate) fn command(&self, name: &str) -> Command {
        Command::new(self.workspace.target().join("debug").join(name))
    }

    /// The pretrained checkpoint of the set-up.
    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.workspace.checkpoint()
    }

    /// Runs it with a piped standard input, which gets that text; the user sees what it says.
    pub(crate) fn ask(&self, command: &mut Command, text: &str) -> std::io::Result<()> {
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(text.as_bytes())?;
        }
        let status = child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(std::io::Error::other(format!("it ended with {status}")))
        }
    }

    /// Runs it; the user sees what it says.
    pub(crate) fn show(&self, command: &mut Command) -> Result<()> {
        let what = command.get_program().to_string_lossy().into_owned();
        must_succeed(command, &what)
    }

    /// The folder of a fine-tuned checkpoint; it is trained by `arguments` of `finetune` unless it is there.
    pub(crate) fn head(
        &self,
        name: &str,
        arguments: impl FnOnce(&mut Command) -> Result<()>,
    ) -> Result<PathBuf> {
        let folder = self.made(name)?;
        if folder.join("run.json").is_file() {
            println!("{} is there; remove it to train it anew", folder.display());
            return Ok(folder);
        }
        let mut finetune = self.command("finetune");
        finetune.arg("--model-name-or-path").arg(self.workspace.checkpoint());
        finetune.arg("--output-dir").arg(&folder).arg("--overwrite-output-dir");
        finetune.stdout(Stdio::null()); // the report is in the folder
        arguments(&mut finetune)?;
        self.show(&mut finetune)?;
        Ok(folder)
    }
}
