//! `cargo xtask make-data`: the shipped data.

use std::fs;
use std::path::Path;

use crate::fault::{At, Fault, Result};
use crate::news;
use crate::process::Workspace;
use crate::recommendation::{self, GeneratedFile};

const SEED: u64 = 7;

/// What is shipped: each folder with its files.
fn generated() -> Vec<(&'static str, Vec<GeneratedFile>)> {
    let mut clicks = recommendation::generate(SEED);
    clicks.extend(recommendation::generate_sessions(SEED));
    let news = news::generate(SEED);
    vec![("examples/data/recommendation", clicks), ("examples/data/news", news)]
}

/// Writes the files, or with `--check` compares them with what the generator makes.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [only] if only == "--check" => true,
        _ => return Err(Fault::new("unknown option", "see `cargo xtask help`")),
    };
    for (folder, files) in generated() {
        let folder = workspace.path(folder);
        fs::create_dir_all(&folder).at(&folder)?;
        for file in files {
            write_or_check(&folder.join(file.name), &file.contents, check)?;
        }
    }
    Ok(())
}

fn write_or_check(path: &Path, contents: &str, check: bool) -> Result<()> {
    if !check {
        fs::write(path, contents).at(path)?;
        println!("wrote {}", path.display());
    } else if fs::read_to_string(path).at(path)? != contents {
        let what = format!("{} is not what the generator makes", path.display());
        return Err(Fault::new(what, "run `cargo xtask make-data`"));
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
