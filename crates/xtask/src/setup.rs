//! `cargo xtask setup`: libtorch and the demo checkpoint.

mod checkpoint;
mod disk;
mod libtorch;
mod lock;
mod python;
mod wheels;

use std::path::PathBuf;

pub(crate) use disk::free_mb;
pub(crate) use libtorch::{Libtorch, VERSION};
pub(crate) use python::Python;

use crate::fault::{At, Fault, Result};
use crate::process::Workspace;

/// What to set up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Leave the checkpoint out.
    pub(crate) libtorch_only: bool,
    /// A checkpoint folder of the user's to link to.
    pub(crate) checkpoint: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--libtorch-only" => options.libtorch_only = true,
                "--checkpoint" => {
                    let missing = || Fault::new("--checkpoint names no folder", "give it one");
                    options.checkpoint = Some(rest.next().ok_or_else(missing)?.into());
                }
                other => {
                    return Err(Fault::new(
                        format!("unknown option `{other}`"),
                        "see `cargo xtask help`",
                    ));
                }
            }
        }
        Ok(options)
    }
}

/// Leaves `third_party/libtorch` and, unless told not to, the checkpoint; safe to repeat.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let third_party = workspace.third_party();
    std::fs::create_dir_all(&third_party).at(&third_party)?;
    let _lock = lock::Lock::take(&third_party.join(".setup.lock"))?;
    libtorch::ensure(workspace)?;
    if !options.libtorch_only {
        checkpoint::ensure(workspace, options.checkpoint.as_deref())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options> {
        Options::parse(&arguments.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_unknown_ones_named() {
        assert_eq!(parse(&[]).unwrap(), Options::default());
        let options = parse(&["--libtorch-only", "--checkpoint", "x"]).unwrap();
        assert!(options.libtorch_only && options.checkpoint == Some("x".into()));
        assert!(parse(&["--fast"]).unwrap_err().to_string().contains("`--fast`"));
        assert!(parse(&["--checkpoint"]).is_err());
    }
}
