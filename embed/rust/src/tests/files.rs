//! Files that fail, and that no longer do.

use std::fs;
use std::path::Path;

use crate::abi::{self, Frame, from, to};
use crate::files::Files;

/// What comes of an event: kinds and texts.
fn answers(
    files: &mut Files,
    kind: u32,
    ticket: u32,
    path: &str,
    data: &[u8],
) -> Vec<(u32, String)> {
    let mut payload = 0u64.to_le_bytes().to_vec();
    payload.extend_from_slice(&(path.len() as u32).to_le_bytes());
    payload.extend_from_slice(path.as_bytes());
    payload.extend_from_slice(data);
    let mut inbox = Vec::new();
    files.carry_out(&Frame { kind, conn: 0, ticket, payload: payload.into() }, &mut inbox);
    let text = |frame: Frame| (frame.kind, String::from_utf8_lossy(&frame.payload).into_owned());
    abi::frames(&inbox).map(text).collect()
}

#[test]
fn what_could_not_be_appended_is_kept() {
    let base = std::env::temp_dir().join(format!("redlet-files-{}", std::process::id()));
    let mut files = Files::new(base.clone());
    let path = "folder/file";
    let missing = || vec![(to::APPENDED, "No such file or directory".to_string())];
    let fine = |kind| vec![(kind, String::new())];
    if cfg!(unix) {
        assert_eq!(answers(&mut files, from::APPEND, 1, path, b"a"), missing());
    }
    assert!(!answers(&mut files, from::APPEND, 1, path, b"b").is_empty());
    let failed = answers(&mut files, from::SYNC, 2, path, b"");
    assert_eq!(failed.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [to::APPENDED, to::DONE]);
    fs::create_dir(&base).unwrap(); // the last folder of the path is made by APPEND
    let again = answers(&mut files, from::SYNC, 3, path, b"");
    assert_eq!(again, [fine(to::APPENDED), fine(to::DONE)].concat());
    assert_eq!(answers(&mut files, from::APPEND, 1, path, b"c"), []);
    let text = |path: &str| fs::read_to_string(base.join(path)).unwrap();
    assert_eq!(text(path), if cfg!(unix) { "abc" } else { "bc" });
    assert_eq!(answers(&mut files, from::REPLACE, 4, path, b"new"), fine(to::DONE));
    assert_eq!(text(path), "new");
    assert_eq!(answers(&mut files, from::READ, 5, path, b"")[0].0, to::CONTENT);
    if cfg!(unix) {
        let folder = answers(&mut files, from::READ, 6, "folder", b"");
        assert_eq!(folder, [(to::DONE, "Is a directory".to_string())]);
    }
    assert_eq!(answers(&mut files, from::REMOVE, 7, path, b""), fine(to::DONE));
    assert_eq!(answers(&mut files, from::REMOVE, 8, path, b""), fine(to::DONE));
    assert_eq!(answers(&mut files, from::READ, 9, path, b""), fine(to::ABSENT));
    assert_eq!(answers(&mut files, from::REPLACE, 0, "no/such/folder", b""), []);
    assert!(!Path::new(&base.join("no")).exists());
    fs::remove_dir_all(&base).unwrap();
}
