//! Gives this package's doctests the path of libtorch's libraries, and the build scripts of its
//! dependents too.

fn main() {
    if let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
        println!("cargo:libtorch_lib={lib}");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
