//! The verbs of the guest that concern files, on the disk.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::abi::{self, Frame, from, to};

const READ_MAX: u64 = 1 << 20;

/// The files of one engine.
pub(crate) struct Files {
    base: PathBuf, // what relative paths are relative to
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
        Files { base, tails: HashMap::new() }
    }

    /// Carries an event out, and appends the frames that answer it.
    pub(crate) fn carry_out(&mut self, frame: &Frame, inbox: &mut Vec<u8>) {
        let (path, offset, data) = abi::cut_path(frame.payload);
        let path = self.base.join(path);
        let done = match frame.kind {
            from::READ => match read(&path, offset) {
                Ok(content) => return abi::push(inbox, to::CONTENT, 0, frame.ticket, &content),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return abi::push(inbox, to::ABSENT, 0, frame.ticket, &[]);
                }
                Err(error) => Err(error),
            },
            from::APPEND => {
                let tail = self.tails.entry(path.clone()).or_default();
                tail.ticket = frame.ticket;
                tail.left.extend_from_slice(data);
                let _ = tail.append(&path, inbox); // it has said so
                return;
            }
            from::SYNC => self.tails.get_mut(&path).map_or(Ok(()), |tail| {
                tail.append(&path, inbox)?;
                tail.file.as_ref().map_or(Ok(()), File::sync_data)
            }),
            from::REPLACE => {
                self.tails.remove(&path);
                replace(&path, data)
            }
            _ => {
                self.tails.remove(&path);
                absent_is_fine(fs::remove_file(&path))
            }
        };
        if frame.ticket != 0 {
            let why = done.err().map_or(String::new(), words);
            abi::push(inbox, to::DONE, 0, frame.ticket, why.as_bytes());
        } else if let Err(error) = done {
            log::warn!("{}: {error}", path.display());
        }
    }
}

impl Tail {
    /// Writes what is to be written, and says when that fails, or no longer does.
    fn append(&mut self, path: &Path, inbox: &mut Vec<u8>) -> io::Result<()> {
        let written = self.write(path);
        if let Err(error) = &written {
            abi::push(inbox, to::APPENDED, 0, self.ticket, words(error).as_bytes());
        } else if self.failed {
            abi::push(inbox, to::APPENDED, 0, self.ticket, &[]);
        }
        self.failed = written.is_err();
        written
    }

    fn write(&mut self, path: &Path) -> io::Result<()> {
        if self.file.is_none() {
            let file = open(path)?;
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

fn open(path: &Path) -> io::Result<File> {
    let open = || OpenOptions::new().append(true).create(true).open(path);
    match (open(), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir(folder)?;
            open()
        }
        (file, _) => file,
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
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
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

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    done.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// What the system calls an error.
fn words(error: impl std::borrow::Borrow<io::Error>) -> String {
    let said = error.borrow().to_string();
    said.split(" (os error").next().unwrap_or_default().to_string()
}
