//! What needs the inside: the guest's ABI, the corpus, and engines that break.

mod cache;
mod corpus;
mod death;
mod files;
mod transcript;
mod vectors;

use std::fs;
use std::path::{Path, PathBuf};

/// The files of a folder of the repository, by the end of their names.
fn files_of(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let entries = fs::read_dir(&folder).expect("a checkout of redlet");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == extension));
    files.sort();
    files
}

/// Each byte as a character.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| byte as char).collect()
}

/// The bytes of a text of characters below 256.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|char| u8::try_from(char as u32).expect("a byte")).collect()
}
