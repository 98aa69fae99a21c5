//! The ABI's test vectors: wasm/vectors/README.md says what stands in them.

use std::fs;

use serde_json::Value;

use super::{bytes, files_of};
use crate::abi::{self, Frame};
use crate::guest::Guest;

#[test]
fn vectors() {
    let files = files_of("wasm/vectors", "jsonl");
    assert!(files.len() > 10);
    for path in files {
        let mut guest: Option<Guest> = None;
        let text = fs::read_to_string(&path).expect("a file");
        for (line, step) in text.lines().enumerate() {
            let step: Value = serde_json::from_str(step).expect("JSON");
            let place = format!("{}:{} {}", path.display(), line + 1, step["about"]);
            let mut running = match guest.take() {
                Some(mut guest) if step["copy"] == true => guest.copy().expect("a copy"),
                Some(guest) if step["fresh"] != true => guest,
                _ => Guest::new().expect("a guest"),
            };
            if take(&mut running, &step, &place) {
                guest = Some(running);
            }
        }
    }
}

/// Makes a step; whether the guest has outlived it.
fn take(guest: &mut Guest, step: &Value, place: &str) -> bool {
    let mut input = Vec::new();
    for frame in step["in"].as_array().into_iter().flatten() {
        abi::push(
            &mut input,
            number(frame, 0),
            number(frame, 1),
            number(frame, 2),
            &payload(frame),
        );
    }
    if let Some(raw) = step["raw"].as_str() {
        let digits = raw.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("digits"));
        input = digits.map(|pair| u8::from_str_radix(pair, 16).expect("digits")).collect();
    }
    let before = guest.pages();
    let done = guest.step(&input, step["now"].as_f64().expect("a time"));
    if let Some(status) = step["status"].as_u64() {
        let Err(death) = done else { panic!("{place}: it lives") };
        assert!(death[0].starts_with(&format!("status {status}: ")), "{place}: {death:?}");
        return false;
    }
    let wanted = step["out"].as_array().into_iter().flatten().map(|frame| {
        let (kind, conn, ticket) = (number(frame, 0), number(frame, 1), number(frame, 2));
        Frame { kind, conn, ticket, payload: payload(frame).into() }
    });
    assert_eq!(done.expect(place), wanted.collect::<Vec<_>>(), "{place}");
    assert_eq!(guest.deadline, step["deadline"].as_f64().unwrap_or(f64::INFINITY), "{place}");
    assert!(step["grows"] != true || guest.pages() > before, "{place}: the memory did not grow");
    true
}

fn number(frame: &Value, field: usize) -> u32 {
    frame[field].as_u64().expect("a number") as u32
}

fn payload(frame: &Value) -> Vec<u8> {
    let pieces = &frame.as_array().expect("a frame")[3..];
    let text = pieces.iter().map(|piece| match piece {
        Value::String(text) => text.clone(),
        _ => {
            let times = piece[1].as_u64().expect("a number") as usize;
            piece[0].as_str().expect("a text").repeat(times)
        }
    });
    bytes(&text.collect::<String>())
}
