//! `cargo xtask make-data`: the shipped recommendation data.

use std::fs;

use crate::fault::{At, Fault, Result};
use crate::process::Workspace;
use crate::recommendation;

const FOLDER: &str = "examples/data/recommendation";
const SEED: u64 = 7;

/// Writes the files, or with `--check` compares them with what the generator makes.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [only] if only == "--check" => true,
        _ => return Err(Fault::new("unknown option", "see `cargo xtask help`")),
    };
    let folder = workspace.path(FOLDER);
    fs::create_dir_all(&folder).at(&folder)?;
    for file in recommendation::generate(SEED) {
        let path = folder.join(file.name);
        if !check {
            fs::write(&path, &file.contents).at(&path)?;
            println!("wrote {}", path.display());
        } else if fs::read_to_string(&path).at(&path)? != file.contents {
            let what = format!("{} is not what the generator makes", path.display());
            return Err(Fault::new(what, "run `cargo xtask make-data`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_files_are_the_generators() {
        run(&Workspace::find(), &["--check".to_owned()]).unwrap();
    }
}
