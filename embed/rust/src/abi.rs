//! Frames of the guest's ABI, version 2: wasm/ABI.md says what each means.

pub(crate) const VERSION: i32 = 2;
/// Begins what SHUTDOWN says after DEBUG PANIC and the like.
pub(crate) const CRASHED: &str = "crashed";
const HEADER: usize = 16;

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
    let size = payload.len() as u32;
    frames.reserve(HEADER + payload.len());
    for field in [kind, conn, ticket, size] {
        frames.extend_from_slice(&field.to_le_bytes());
    }
    frames.extend_from_slice(payload);
}

/// The frames that stand one behind the other.
pub(crate) fn frames(mut data: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    std::iter::from_fn(move || {
        let (header, rest) = data.split_at_checked(HEADER)?;
        let (payload, rest) = rest.split_at(u32_at(header, 12) as usize);
        data = rest;
        let (kind, conn, ticket) = (u32_at(header, 0), u32_at(header, 4), u32_at(header, 8));
        Some(Frame { kind, conn, ticket, payload })
    })
}

/// The size of the first frames: at most `max` bytes, but a frame at least.
pub(crate) fn first(data: &[u8], max: usize) -> usize {
    let mut size = 0;
    for frame in frames(data) {
        let more = size + HEADER + frame.payload.len();
        if size > 0 && more > max {
            break;
        }
        size = more;
    }
    size
}

/// Path, offset and bytes of an event about a file.
pub(crate) fn cut_path(payload: &[u8]) -> (String, u64, &[u8]) {
    let (path, data) = payload[12..].split_at(u32_at(payload, 8) as usize);
    (String::from_utf8_lossy(path).into_owned(), u64_at(payload, 0), data)
}

/// The payload of CONFIGURE.
pub(crate) fn configuration(seed: [u8; 32], config: &[(String, String)]) -> Vec<u8> {
    let mut text = seed.to_vec();
    for (name, value) in config {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b" \"");
        for byte in value.bytes() {
            text.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
        text.extend_from_slice(b"\"\n");
    }
    text
}

pub(crate) fn u32_at(data: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes"))
}

pub(crate) fn u64_at(data: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(data[at..at + 8].try_into().expect("eight bytes"))
}
