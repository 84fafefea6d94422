//! Finds or installs libtorch.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::{Python, disk, wheels};
use crate::fault::{At, Fault, Result};
use crate::process::{Workspace, megabytes, output};

/// The libtorch that tch 0.24 links.
pub(crate) const VERSION: &str = "2.11.0";

/// Wheels beside what is unpacked of them.
const NEEDED_MB: u64 = 1100;

/// A libtorch folder.
#[derive(Debug, Clone)]
pub(crate) struct Libtorch {
    pub(crate) folder: PathBuf,
}

impl Libtorch {
    /// The version that `build-version` names, if the folder has headers and libraries.
    pub(crate) fn version(&self) -> Option<String> {
        let complete = self.folder.join("lib/libtorch_cpu.so").exists()
            && self.folder.join("include/ATen/ATen.h").exists();
        let version = fs::read_to_string(self.folder.join("build-version")).ok()?;
        complete.then(|| release(&version).to_owned())
    }

    /// Whether it is only links to a libtorch elsewhere.
    pub(crate) fn is_linked(&self) -> bool {
        self.folder.join("lib").is_symlink()
    }
}

/// `2.11.0+cu130` is release 2.11.0.
fn release(version: &str) -> &str {
    version.trim().split('+').next().unwrap_or_default()
}

/// Leaves a libtorch of the right version in `third_party/libtorch`.
pub(super) fn ensure(workspace: &Workspace) -> Result<()> {
    require_compiler()?;
    let here = Libtorch { folder: workspace.libtorch() };
    if let Some(folder) = workspace.libtorch_of_user() {
        return use_of_user(&here, &folder);
    }
    match here.version() {
        Some(version) if version == VERSION => {
            println!("libtorch {VERSION}: already in {}", here.folder.display());
            return Ok(());
        }
        Some(version) => {
            let what = format!("{}: libtorch {version}, expected {VERSION}", here.folder.display());
            return Err(Fault::new(what, "remove the folder and run `cargo xtask setup` again"));
        }
        None => {}
    }
    let python = Python::find();
    if let Some(found) = python.as_ref().ok().and_then(Python::pytorch) {
        if release(&found.version) == VERSION {
            println!(
                "libtorch {VERSION}: linked to PyTorch {} in {}",
                found.version,
                found.folder.display()
            );
            return link(&here, &found.folder);
        }
        println!("PyTorch {} is not {VERSION}: left alone", found.version);
    }
    require_platform()?;
    install(workspace, &python?)
}

/// A LIBTORCH in the environment wins over `third_party` in every build; here it is checked and linked.
fn use_of_user(here: &Libtorch, folder: &Path) -> Result<()> {
    let theirs = Libtorch { folder: folder.to_owned() };
    match theirs.version() {
        Some(version) if version == VERSION => {}
        Some(version) => {
            let what =
                format!("LIBTORCH={}: libtorch {version}, expected {VERSION}", folder.display());
            return Err(Fault::new(what, "unset LIBTORCH, or point it to a libtorch 2.11.0"));
        }
        None => {
            let what = format!(
                "LIBTORCH={}: no libtorch (lib/libtorch_cpu.so, include/ATen/ATen.h, build-version)",
                folder.display()
            );
            return Err(Fault::new(what, "unset LIBTORCH, or point it to a libtorch 2.11.0"));
        }
    }
    println!("libtorch {VERSION}: LIBTORCH={}", folder.display());
    if here.version().is_none() || here.is_linked() { link(here, folder) } else { Ok(()) }
}

/// A folder of links, under a temporary name first.
fn link(here: &Libtorch, folder: &Path) -> Result<()> {
    let partial = here.folder.with_file_name(".libtorch.partial");
    remove(&partial)?;
    fs::create_dir_all(&partial).at(&partial)?;
    for part in ["include", "lib"] {
        let target = fs::canonicalize(folder.join(part)).at(&folder.join(part))?;
        symlink(&target, &partial.join(part))?;
    }
    fs::write(partial.join("build-version"), VERSION).at(&partial)?;
    remove(&here.folder)?;
    fs::rename(&partial, &here.folder).at(&here.folder)
}

#[cfg(unix)]
pub(super) fn symlink(target: &Path, link: &Path) -> Result<()> {
    std::os::unix::fs::symlink(target, link).at(link)
}

#[cfg(not(unix))]
pub(super) fn symlink(_: &Path, link: &Path) -> Result<()> {
    Err(Fault::new(format!("{}: no links on this platform", link.display()), MANUAL))
}

/// Removes a folder or link, if there is one.
pub(super) fn remove(path: &Path) -> Result<()> {
    if path.is_symlink() {
        return fs::remove_file(path).at(path);
    }
    if path.exists() { fs::remove_dir_all(path).at(path) } else { Ok(()) }
}

fn install(workspace: &Workspace, python: &Python) -> Result<()> {
    python.require_pip()?;
    let third_party = workspace.third_party();
    disk::require(&third_party, NEEDED_MB)?;
    println!("libtorch {VERSION}: installing the CPU libraries from PyTorch's wheels");
    println!(
        "  downloads 544 MB, needs {NEEDED_MB} MB on the way, keeps 480 MB in {}",
        third_party.display()
    );
    let begin = Instant::now();
    let downloads = third_party.join(".download");
    let files = wheels::download(python, &wheels::LIBTORCH, &downloads)?;
    println!("  downloaded {} MB in {:.0} s", megabytes(&downloads), begin.elapsed().as_secs_f64());

    let begin = Instant::now();
    let partial = third_party.join(".libtorch.partial");
    remove(&partial)?;
    for (wheel, file) in wheels::LIBTORCH.iter().zip(&files) {
        wheels::unpack(python, wheel, file, &partial)?;
    }
    let script = partial.join("lib/libtorch.so");
    // torch-sys links -ltorch; the library of that name would pull in CUDA.
    fs::write(&script, "INPUT(-ltorch_cpu)\n").at(&script)?;
    fs::write(partial.join("build-version"), format!("{VERSION}\n")).at(&partial)?;
    remove(&workspace.libtorch())?;
    fs::rename(&partial, workspace.libtorch()).at(&partial)?;
    remove(&downloads)?;
    let kept = megabytes(&workspace.libtorch());
    println!("  unpacked {kept} MB in {:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}

const MANUAL: &str = "download libtorch 2.11.0 for your platform from pytorch.org (\"LibTorch\", C++11 ABI) or install \
    PyTorch 2.11.0, set LIBTORCH to the unpacked folder (or to PyTorch's `torch` folder with a file \
    build-version holding 2.11.0), put its lib folder into LD_LIBRARY_PATH (macOS: DYLD_LIBRARY_PATH; \
    Windows: PATH), then use plain cargo commands";

fn require_platform() -> Result<()> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    if (os, arch) == ("linux", "x86_64") {
        return Ok(());
    }
    Err(Fault::new(
        format!("set-up is automatic on Linux x86_64 only, this is {os} {arch}"),
        MANUAL,
    ))
}

/// tch and our shim are C++.
fn require_compiler() -> Result<()> {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    match output(Command::new(&compiler).arg("--version")) {
        Some(_) => Ok(()),
        None => Err(Fault::new(
            format!("no C++ compiler: {} does not run", compiler.to_string_lossy()),
            "install one (Debian, Ubuntu: apt install g++), or set CXX",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fake(name: &str, version: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        remove(&folder).unwrap();
        for file in ["lib/libtorch_cpu.so", "include/ATen/ATen.h"] {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        fs::write(folder.join("build-version"), version).unwrap();
        folder
    }

    #[test]
    fn a_users_libtorch_is_checked_and_linked() {
        let (right, wrong) = (fake("right", "2.11.0+cu130\n"), fake("wrong", "2.10.0\n"));
        let here = Libtorch {
            folder: std::env::temp_dir().join(format!("xtask-here-{}", std::process::id())),
        };
        remove(&here.folder).unwrap();
        let fault = use_of_user(&here, &wrong).unwrap_err().to_string();
        assert!(fault.contains("libtorch 2.10.0, expected 2.11.0"), "{fault}");
        assert!(
            use_of_user(&here, Path::new("/nowhere"))
                .unwrap_err()
                .to_string()
                .contains("no libtorch")
        );
        for _ in 0..2 {
            use_of_user(&here, &right).unwrap();
            assert_eq!(here.version().as_deref(), Some(VERSION));
            assert!(here.is_linked());
        }
        for folder in [right, wrong, here.folder] {
            remove(&folder).unwrap();
        }
    }

    #[test]
    fn a_folder_without_headers_is_not_a_libtorch() {
        let folder = fake("half", "2.11.0");
        remove(&folder.join("include")).unwrap();
        assert_eq!(Libtorch { folder: folder.clone() }.version(), None);
        remove(&folder).unwrap();
    }
}
