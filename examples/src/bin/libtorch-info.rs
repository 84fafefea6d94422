//! Says what libtorch is and sees, a `key: value` a line; `cargo xtask doctor` prints it.
#![allow(clippy::print_stdout, reason = "a command line")]

use tunewise_bert::runtime_info;

fn main() {
    for (key, value) in runtime_info() {
        println!("{key}: {value}");
    }
}
