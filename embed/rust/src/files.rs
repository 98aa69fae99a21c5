//! The verbs of the guest that concern files, on the disk.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::abi::{self, Frame, from, to};

const READ_MAX: u64 = 1 << 20;
const NO_FILES: &str = "there are no files here: the server was started without \"dir\"";

/// The files of one engine, or that it has none.
#[derive(Default)]
pub(crate) struct Files {
    base: Option<PathBuf>, // what relative paths are relative to
    tails: HashMap<PathBuf, Tail>,
}

/// The end of a file that is appended to.
#[derive(Default)]
struct Tail {
    file: Option<File>,
    size: u64,     // what of it is good
    left: Vec<u8>, // what could not be written yet
    failed: bool,
    ticket: u32,
}

impl Files {
    pub(crate) fn new(base: PathBuf) -> Files {
        Files { base: Some(base), tails: HashMap::new() }
    }

    pub(crate) fn exist(&self) -> bool {
        self.base.is_some()
    }

    /// Carries an event out, and appends the frames that answer it.
    pub(crate) fn carry_out(&mut self, frame: &Frame, inbox: &mut Vec<u8>) {
        let (path, offset, data) = abi::cut_path(&frame.payload);
        let path = self.base.as_ref().unwrap_or(&PathBuf::new()).join(path);
        let done = match frame.kind {
            _ if self.base.is_none() => Err(io::Error::other(NO_FILES)),
            from::READ => match read(&path, offset) {
                Ok(content) => return abi::push(inbox, to::CONTENT, 0, frame.ticket, &content),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return abi::push(inbox, to::ABSENT, 0, frame.ticket, &[]);
                }
                failed => failed.map(drop),
            },
            from::APPEND => {
                let tail = self.tails.entry(path.clone()).or_default();
                tail.ticket = frame.ticket;
                tail.left.extend_from_slice(data);
                return drop(tail.append(&path, inbox)); // it has said so
            }
            from::SYNC => self.tails.get_mut(&path).map_or(Ok(()), |tail| {
                tail.append(&path, inbox)?;
                tail.file.as_ref().map_or(Ok(()), File::sync_data)
            }),
            kind => {
                self.tails.remove(&path);
                if kind == from::REPLACE { replace(&path, data) } else { fs::remove_file(&path) }
            }
        };
        let done = done.or_else(|error| match error.kind() {
            ErrorKind::NotFound if frame.kind == from::REMOVE => Ok(()),
            _ => Err(error),
        });
        if frame.ticket != 0 {
            let kind = if frame.kind == from::APPEND { to::APPENDED } else { to::DONE };
            abi::push(inbox, kind, 0, frame.ticket, words(&done).as_bytes());
        }
    }
}

impl Tail {
    /// Writes what is to be written, and says when that fails, or no longer does.
    fn append(&mut self, path: &Path, inbox: &mut Vec<u8>) -> io::Result<()> {
        let written = self.write(path);
        if self.failed || written.is_err() {
            abi::push(inbox, to::APPENDED, 0, self.ticket, words(&written).as_bytes());
        }
        self.failed = written.is_err();
        written
    }

    fn write(&mut self, path: &Path) -> io::Result<()> {
        if self.file.is_none() {
            let _ = path.parent().map(fs::create_dir); // none above it is made
            let file = File::options().append(true).create(true).open(path)?;
            self.size = file.metadata()?.len();
            self.file = Some(file);
        }
        let file = self.file.as_mut().expect("it was opened");
        if self.failed {
            file.set_len(self.size)?; // half of a command may be there
        }
        file.write_all(&self.left)?;
        self.size += self.left.len() as u64;
        self.left.clear();
        Ok(())
    }
}

/// The size of a file, and a piece of it.
fn read(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut content = file.metadata()?.len().to_le_bytes().to_vec();
    file.seek(SeekFrom::Start(offset))?;
    file.take(READ_MAX).read_to_end(&mut content)?;
    Ok(content)
}

/// Puts bytes in the place of a file: at any moment the old ones are there, or these, whole.
pub(crate) fn replace(path: &Path, data: &[u8]) -> io::Result<()> {
    let temporary = path.with_added_extension(format!("{}.tmp", std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(data)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    } else if let (true, Some(folder)) = (cfg!(unix), path.parent()) {
        File::open(folder)?.sync_all()?;
    }
    written
}

/// What the system calls an error.
fn words(done: &io::Result<()>) -> String {
    let said = done.as_ref().err().map(io::Error::to_string).unwrap_or_default();
    said.split(" (os error").next().unwrap_or_default().to_string()
}
