//! Frames of the guest's ABI, version 2: wasm/ABI.md says what each means.

use std::iter;

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

/// The frames that stand one behind the other.
pub(crate) fn frames(mut data: &[u8]) -> impl Iterator<Item = Frame> {
    iter::from_fn(move || {
        let kind = data.try_get_u32_le().ok()?;
        let (conn, ticket) = (data.get_u32_le(), data.get_u32_le());
        Some(Frame { kind, conn, ticket, payload: Bytes::copy_from_slice(cut(&mut data)) })
    })
}

/// Path, offset and bytes of an event about a file.
pub(crate) fn cut_path(mut payload: &[u8]) -> (String, u64, &[u8]) {
    let offset = payload.get_u64_le();
    (text(cut(&mut payload)), offset, payload)
}

/// Bytes behind their number.
fn cut<'a>(data: &mut &'a [u8]) -> &'a [u8] {
    let size = data.get_u32_le() as usize;
    data.split_off(..size).expect("whole frames")
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
