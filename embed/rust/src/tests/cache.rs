//! The folder of compiled modules, with a module of no functions.

use std::fs;
use std::path::PathBuf;
use std::thread;

use wasmtime::Engine;

use crate::module::compiled;

const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("redlet-cache-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn names(folder: &PathBuf, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|e| e == extension)).collect()
}

#[test]
fn many_at_once() {
    let (engine, folder) = (Engine::default(), folder("many"));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| compiled(&engine, EMPTY, "a", Some(folder.clone())).unwrap());
        }
    });
    assert_eq!((names(&folder, "cwasm").len(), names(&folder, "tmp").len()), (1, 0));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn damage() {
    let (engine, folder) = (Engine::default(), folder("damage"));
    compiled(&engine, EMPTY, "a", Some(folder.clone())).unwrap();
    let [path] = &names(&folder, "cwasm")[..] else { panic!("not one file") };
    let good = fs::read(path).unwrap();
    for bad in [&b""[..], b"no module", &good[..good.len() / 2]] {
        fs::remove_file(path).unwrap();
        fs::write(path, bad).unwrap();
        compiled(&engine, EMPTY, "a", Some(folder.clone())).unwrap();
        assert!(fs::read(path).unwrap() == good);
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_oldest_go() {
    let (engine, folder) = (Engine::default(), folder("old"));
    for digest in ["a", "b", "c", "d", "e", "f"] {
        compiled(&engine, EMPTY, digest, Some(folder.clone())).unwrap();
    }
    assert_eq!(names(&folder, "cwasm").len(), 4);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn no_folder() {
    let (engine, folder) = (Engine::default(), folder("none"));
    fs::write(&folder, "a file in its place").unwrap();
    compiled(&engine, EMPTY, "a", Some(folder.clone())).unwrap();
    compiled(&engine, EMPTY, "a", None).unwrap();
    fs::remove_file(&folder).unwrap();
}
