//! Frames of the guest's ABI, version 2: wasm/ABI.md says what each means.

use std::iter;

use bytes::Buf;

pub(crate) const VERSION: i32 = 2;
/// Begins what SHUTDOWN says after DEBUG PANIC and the like.
pub(crate) const CRASHED: &str = "crashed";

/// Kinds of frames to the guest.
pub(crate) mod to {
    pub(crate) const CONFIGURE: u32 = 1;
    pub(crate) const OPEN: u32 = 2;
    pub(crate) const DATA: u32 = 3;
    pub(crate) const CLOSE: u32 = 4;
    pub(crate) const CORK: u32 = 5;
    pub(crate) const UNCORK: u32 = 6;
    pub(crate) const STOP: u32 = 7;
    pub(crate) const SNAPSHOT: u32 = 8;
    pub(crate) const RESTORE: u32 = 9;
    pub(crate) const CONNECTED: u32 = 10;
    pub(crate) const DONE: u32 = 11;
    pub(crate) const CONTENT: u32 = 12;
    pub(crate) const ABSENT: u32 = 13;
    pub(crate) const APPENDED: u32 = 14;
    pub(crate) const CONTROL: u32 = 15;
}

/// Kinds of frames from the guest.
pub(crate) mod from {
    pub(crate) const DATA: u32 = 1;
    pub(crate) const HANGUP: u32 = 2;
    pub(crate) const CONNECT: u32 = 3;
    pub(crate) const SHUTDOWN: u32 = 4;
    pub(crate) const LOG: u32 = 5;
    pub(crate) const READ: u32 = 9;
    pub(crate) const APPEND: u32 = 10;
    pub(crate) const SYNC: u32 = 11;
    pub(crate) const REPLACE: u32 = 12;
    pub(crate) const REMOVE: u32 = 13;
    pub(crate) const CLUSTER: u32 = 15;
    pub(crate) const CONFIG: u32 = 16;
}

#[derive(Debug, PartialEq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: u32,
    pub(crate) conn: u32,
    pub(crate) ticket: u32,
    pub(crate) payload: &'a [u8],
}

/// Appends a frame.
pub(crate) fn push(frames: &mut Vec<u8>, kind: u32, conn: u32, ticket: u32, payload: &[u8]) {
    for field in [kind, conn, ticket, payload.len() as u32] {
        frames.extend_from_slice(&field.to_le_bytes());
    }
    frames.extend_from_slice(payload);
}

/// The frames that stand one behind the other.
pub(crate) fn frames(mut data: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    iter::from_fn(move || {
        let kind = data.try_get_u32_le().ok()?;
        let (conn, ticket) = (data.get_u32_le(), data.get_u32_le());
        let payload = cut(&mut data);
        Some(Frame { kind, conn, ticket, payload })
    })
}

/// Path, offset and bytes of an event about a file.
pub(crate) fn cut_path(mut payload: &[u8]) -> (String, u64, &[u8]) {
    let offset = payload.get_u64_le();
    (String::from_utf8_lossy(cut(&mut payload)).into_owned(), offset, payload)
}

/// Bytes behind their number.
fn cut<'a>(data: &mut &'a [u8]) -> &'a [u8] {
    let size = data.get_u32_le() as usize;
    let (bytes, rest) = data.split_at(size);
    *data = rest;
    bytes
}

/// The payload of CONFIGURE.
pub(crate) fn configuration(seed: [u8; 32], config: &[(String, String)]) -> Vec<u8> {
    let lines = config
        .iter()
        .map(|(name, value)| format!("{name} \"{}\"\n", value.as_bytes().escape_ascii()));
    [&seed, lines.collect::<String>().as_bytes()].concat()
}
