//! Frames of the guest's ABI, version 2: wasm/ABI.md says what each means.

use bytes::{Buf, Bytes};

pub(crate) const VERSION: u32 = 2;

macro_rules! kinds {
    ($($name:ident = $number:literal)*) => { $(pub(crate) const $name: u32 = $number;)* };
}

/// Kinds of frames to the guest.
pub(crate) mod to {
    kinds! {
        CONFIGURE = 1 OPEN = 2 DATA = 3 CLOSE = 4 CORK = 5 UNCORK = 6 STOP = 7 SNAPSHOT = 8
        RESTORE = 9 CONNECTED = 10 DONE = 11 CONTENT = 12 ABSENT = 13 APPENDED = 14 CONTROL = 15
    }
}

/// Kinds of frames from the guest; those that are not here answer.
pub(crate) mod from {
    kinds! {
        DATA = 1 HANGUP = 2 CONNECT = 3 SHUTDOWN = 4 LOG = 5
        READ = 9 APPEND = 10 SYNC = 11 REPLACE = 12 REMOVE = 13 CLUSTER = 15 CONFIG = 16
    }
}

#[derive(Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) kind: u32,
    pub(crate) conn: u32,
    pub(crate) ticket: u32,
    pub(crate) payload: Bytes,
}

/// Frames that stand one behind the other.
pub(crate) struct Frames(pub(crate) Bytes);

impl Iterator for Frames {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let kind = self.0.try_get_u32_le().ok()?;
        let (conn, ticket) = (self.0.get_u32_le(), self.0.get_u32_le());
        Some(Frame { kind, conn, ticket, payload: cut(&mut self.0) })
    }
}

/// Bytes behind their number.
fn cut(data: &mut Bytes) -> Bytes {
    let size = data.get_u32_le() as usize;
    data.split_to(size)
}

/// Path, offset and bytes of an event about a file.
pub(crate) fn cut_path(mut payload: Bytes) -> (String, u64, Bytes) {
    let offset = payload.get_u64_le();
    (text(&cut(&mut payload)), offset, payload)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Appends a frame.
pub(crate) fn push(frames: &mut Vec<u8>, kind: u32, conn: u32, ticket: u32, payload: &[u8]) {
    for field in [kind, conn, ticket, payload.len() as u32] {
        frames.extend_from_slice(&field.to_le_bytes());
    }
    frames.extend_from_slice(payload);
}
