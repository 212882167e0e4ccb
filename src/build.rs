//! Rebuilds when an embedded file changes: `include_dir!` does not see new files by itself.

fn main() {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=hooks");
}
