//! `cargo xtask test` and `cargo xtask ci`.

use std::time::Instant;

use crate::embed;
use crate::fault::{Fault, Result};
use crate::process::{Workspace, must_succeed, output};
use crate::setup;

/// Sets libtorch up and runs the whole test suite.
pub(crate) fn test(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    setup::run(workspace, &setup::Options { libtorch_only: true, checkpoint: None })?;
    must_succeed(workspace.cargo(&["test", "--workspace"]).args(arguments), "cargo test")
}

type Step = (&'static str, fn(&Workspace) -> Result<()>);

const STEPS: [Step; 8] = [
    ("fmt", fmt),
    ("clippy", clippy),
    ("pure", pure),
    ("test", all_tests),
    ("doc", doc),
    ("smoke", smoke),
    ("embed", embed::run),
    ("package", package),
];

/// Runs the steps named, or all; the first failure ends it.
pub(crate) fn ci(workspace: &Workspace, names: &[String]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| !STEPS.iter().any(|(step, _)| step == name)) {
        let known = STEPS.map(|(step, _)| step).join(", ");
        return Err(Fault::new(
            format!("unknown step `{unknown}`"),
            format!("the steps are {known}"),
        ));
    }
    let mut times = Vec::new();
    for (name, step) in STEPS {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            println!("== {name}");
            let begin = Instant::now();
            step(workspace)?;
            times.push((name, begin.elapsed().as_secs_f64()));
        }
    }
    for (name, seconds) in times {
        println!("{name:<8} {seconds:>7.1} s");
    }
    Ok(())
}

fn fmt(workspace: &Workspace) -> Result<()> {
    must_succeed(&mut workspace.cargo(&["fmt", "--all", "--", "--check"]), "cargo fmt --check")
}

fn clippy(workspace: &Workspace) -> Result<()> {
    setup::run(workspace, &setup::Options { libtorch_only: true, checkpoint: None })?;
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    must_succeed(&mut workspace.cargo(&arguments), "cargo clippy")?;
    // What the workspace never builds: the cost model without its optional parts.
    let bare = ["clippy", "--package", "tunewise-cost", "--no-default-features", "--all-targets"];
    let mut bare = workspace.cargo(&bare);
    must_succeed(bare.args(["--", "-D", "warnings"]), "cargo clippy of the bare cost model")
}

/// The crates that must not need libtorch, and their tests without it.
fn pure(workspace: &Workspace) -> Result<()> {
    const PURE: [&str; 8] = [
        "tunewise-files",
        "tunewise-data",
        "tunewise-metrics",
        "tunewise-cost",
        "tunewise-plot",
        "tunewise-decide",
        "tunewise-plan",
        "tunewise-examples-pure",
    ];
    for package in PURE {
        let tree = ["tree", "--package", package, "--all-features", "--prefix", "none"];
        let edges = ["--edges", "normal,build"];
        let tree = output(workspace.cargo(&tree).args(edges)).unwrap_or_default();
        if tree.is_empty()
            || tree.lines().any(|line| line.starts_with("tch ") || line.starts_with("torch-sys "))
        {
            return Err(Fault::new(
                format!("{package} depends on tch"),
                "move what needs it to tunewise-bert",
            ));
        }
        let test = ["test", "--all-features", "--package", package];
        must_succeed(workspace.cargo(&test).env("LIBTORCH", "/nowhere"), package)?;
    }
    Ok(())
}

fn all_tests(workspace: &Workspace) -> Result<()> {
    test(workspace, &[])
}

fn doc(workspace: &Workspace) -> Result<()> {
    let mut command = workspace.cargo(&["doc", "--workspace", "--no-deps"]);
    must_succeed(command.env("RUSTDOCFLAGS", "-D warnings"), "cargo doc")
}

fn smoke(workspace: &Workspace) -> Result<()> {
    let arguments = ["test", "--package", "tunewise-examples"];
    must_succeed(&mut workspace.cargo(&arguments), "the examples' smoke runs")
}

/// What a registry would need: packages that are complete, and documentation without libtorch.
fn package(workspace: &Workspace) -> Result<()> {
    let package = ["package", "--workspace", "--no-verify", "--allow-dirty"];
    must_succeed(&mut workspace.cargo(&package), "cargo package")?;
    let doc = ["doc", "--no-deps", "--package", "tunewise", "--package", "tunewise-bert"];
    let mut doc = workspace.cargo(&doc);
    doc.args(["--package", "tunewise-torch", "--features", "doc-only"]);
    doc.env("LIBTORCH", "/nowhere").env("RUSTDOCFLAGS", "-D warnings");
    must_succeed(&mut doc, "cargo doc without libtorch")
}
