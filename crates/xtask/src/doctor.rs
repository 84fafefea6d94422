//! `cargo xtask doctor`.

use std::process::Command;

use crate::fault::{Fault, Result};
use crate::process::{Workspace, must_succeed, output};
use crate::setup::{Libtorch, Python, VERSION, free_mb};

/// Prints what there is; fails if anything that the demo needs is lacking.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut faults = 0;
    let mut say = |name: &str, found: std::result::Result<String, String>| match found {
        Ok(value) => println!("ok    {name}: {value}"),
        Err(remedy) => {
            faults += 1;
            println!("FAULT {name}: {remedy}");
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    say("cores", Ok(cores.to_string()));
    if let Some(free) = free_mb(&workspace.path(".")) {
        say("free disk", Ok(format!("{free} MB")));
    }
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let version = output(Command::new(compiler).arg("--version"));
    let first = version.and_then(|text| text.lines().next().map(str::to_owned));
    say("C++ compiler", first.ok_or("none; install one (apt install g++), or set CXX".to_owned()));
    let python = Python::find().and_then(|python| python.require_pip());
    say("python3 and pip", python.map(|()| "found".to_owned()).map_err(|fault| fault.to_string()));

    let libtorch =
        Libtorch { folder: workspace.libtorch_of_user().unwrap_or(workspace.libtorch()) };
    let place = libtorch.folder.display();
    let ready = libtorch.version().as_deref() == Some(VERSION);
    say(
        "libtorch",
        match libtorch.version() {
            Some(version) if version == VERSION => Ok(format!(
                "{version} in {place}{}",
                if libtorch.is_linked() { " (links)" } else { "" }
            )),
            Some(version) => Err(format!(
                "{version} in {place}, expected {VERSION}; remove it and run `cargo xtask setup`"
            )),
            None => Err(format!("none in {place}; run `cargo xtask setup`")),
        },
    );
    let checkpoint = workspace.checkpoint();
    let has_checkpoint = checkpoint.join("model.safetensors").exists();
    let found = has_checkpoint.then(|| checkpoint.display().to_string());
    say("demo checkpoint", found.ok_or("none; run `cargo xtask setup`".to_owned()));
    if ready {
        println!("what libtorch sees (built on first use):");
        let info = ["run", "--quiet", "--package", "tunewise-examples", "--bin", "libtorch-info"];
        must_succeed(&mut workspace.cargo(&info), "libtorch-info")?;
    }
    if faults == 0 {
        return Ok(());
    }
    Err(Fault::new(format!("{faults} faults"), "the remedies stand above"))
}
