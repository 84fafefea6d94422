//! The Python that pip and a PyTorch may belong to. Nothing of it is used at run time.

use std::path::PathBuf;
use std::process::Command;

use crate::fault::{Fault, Result};
use crate::process::output;

/// An interpreter.
#[derive(Debug, Clone)]
pub(crate) struct Python {
    program: &'static str,
}

/// Where a PyTorch is, and its version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PyTorch {
    pub(crate) folder: PathBuf,
    pub(crate) version: String,
}

/// Finds torch without importing it.
const FIND_TORCH: &str = "\
import importlib.util, os, runpy
spec = importlib.util.find_spec('torch')
folder = spec.submodule_search_locations[0]
print(folder)
print(runpy.run_path(os.path.join(folder, 'version.py'))['__version__'])";

impl Python {
    /// The first of `python3` and `python` that is a Python 3.8 or later.
    pub(crate) fn find() -> Result<Self> {
        let check = "import sys; assert sys.version_info >= (3, 8)";
        let works = |program: &&str| output(Command::new(program).args(["-c", check])).is_some();
        let program = ["python3", "python"].into_iter().find(works);
        program.map(|program| Self { program }).ok_or_else(|| {
            Fault::new(
                "python3 (3.8 or later) was not found in PATH",
                "install it (Debian, Ubuntu: apt install python3 python3-pip), or set LIBTORCH to a libtorch 2.11.0",
            )
        })
    }

    pub(crate) fn command(&self) -> Command {
        Command::new(self.program)
    }

    /// Fails if the interpreter has no pip.
    pub(crate) fn require_pip(&self) -> Result<()> {
        match output(self.command().args(["-m", "pip", "--version"])) {
            Some(_) => Ok(()),
            None => Err(Fault::new(
                format!("{} has no pip", self.program),
                "install it (Debian, Ubuntu: apt install python3-pip; elsewhere: python3 -m ensurepip)",
            )),
        }
    }

    /// The PyTorch that the interpreter would import.
    pub(crate) fn pytorch(&self) -> Option<PyTorch> {
        parse(&output(self.command().args(["-c", FIND_TORCH]))?)
    }
}

fn parse(lines: &str) -> Option<PyTorch> {
    let (folder, version) = lines.split_once('\n')?;
    Some(PyTorch { folder: folder.trim().into(), version: version.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_about_torch_is_read() {
        let found = parse("/venv/torch\n2.11.0+cu130\n").unwrap();
        assert_eq!(found, PyTorch { folder: "/venv/torch".into(), version: "2.11.0+cu130".into() });
        assert_eq!(parse(""), None);
    }
}
