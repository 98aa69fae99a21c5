//! Tells the crate which redlet.wasm it holds, so that what is compiled of it can be kept by that.

use std::hash::{DefaultHasher, Hasher};

fn main() {
    println!("cargo::rerun-if-changed=redlet.wasm");
    let wasm = std::fs::read("redlet.wasm")
        .expect("redlet.wasm is part of the packed crate; in a checkout `make rust` puts it here");
    let mut digest = DefaultHasher::new();
    digest.write(&wasm);
    println!("cargo::rustc-env=REDLET_WASM_DIGEST={:016x}", digest.finish());
}
