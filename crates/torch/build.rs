//! Compiles the C++ shim against libtorch's headers and gives this package's tests the path of its
//! libraries.

use std::path::Path;

fn main() -> Result<(), String> {
    if std::env::var_os("CARGO_FEATURE_DOC_ONLY").is_some() {
        return Ok(()); // documentation needs no libtorch, and nothing links
    }
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB")
        .map_err(|_| "torch-sys did not say where libtorch is: run `cargo xtask setup`")?;
    let include = Path::new(&lib).join("../include");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=shim");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .define("_GLIBCXX_USE_CXX11_ABI", "1")
        .include(include.join("torch/csrc/api/include"))
        .include(include)
        .include("shim") // stands in for gloo's headers: see shim/gloo
        .define("USE_C10D_GLOO", None)
        .flag("-fopenmp") // libtorch's parallel_for is an OpenMP loop in a header
        .debug(false) // as for the dependencies: see the workspace's profile
        .opt_level(3) // loops over rows are useless without vectors
        .warnings(false)
        .files([
            "shim/attention.cpp",
            "shim/group.cpp",
            "shim/linear.cpp",
            "shim/masks.cpp",
            "shim/norm.cpp",
            "shim/optimizer.cpp",
            "shim/runtime.cpp",
        ])
        .compile("tunewise_shim");
    Ok(())
}
