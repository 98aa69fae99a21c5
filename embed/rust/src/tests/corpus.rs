//! The corpus that every host of the engine plays.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fs, thread};

use super::transcript::{Reply, blocks, difference, words};
use super::{bytes, files_of, latin1};
use crate::engine::{Engine, Opened};
use crate::files::Files;
use crate::server::configuration;

const EPOCH: Duration = Duration::from_secs(1_700_000_000);

#[test]
fn corpus() {
    let mut files = files_of("core/testdata", "txt");
    files.extend(files_of("core/testdata/lessons", "txt"));
    assert!(files.len() > 80);
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, |count| count.get()) {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let text = latin1(&fs::read(path).expect("a file"));
                    let name = path.file_name().expect("a name").to_string_lossy();
                    if let Err(what) = Player::new(&name, &text).play(&text) {
                        let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                        wrong.push(format!("{name}:{what}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

/// An engine with a clock that is turned by hand.
struct Player {
    engine: Engine,
    time: Duration,
    clients: HashMap<char, (Opened, Vec<u8>)>, // and what they have not read
    ids: HashMap<String, String>,
    folder: std::path::PathBuf,
}

impl Player {
    /// An engine with what a transcript wants to be configured.
    fn new(name: &str, text: &str) -> Player {
        let wanted =
            text.lines().filter_map(|line| line.strip_prefix("! config ")?.split_once(' '));
        let config = [("enable-debug-command", "yes"), ("save", "3600 1 300 100 60 10000")];
        let config = config.into_iter().chain(wanted);
        let config = config.map(|(name, value)| (name.into(), value.into())).collect();
        let folder = format!("redlet-corpus-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        let mut engine = Engine::default();
        engine.configuration = configuration([0; 32], &config);
        engine.files = Files::new(folder.clone());
        engine.fixed = Some(micros(EPOCH));
        engine.begin().expect("an engine");
        Player { engine, time: EPOCH, clients: HashMap::new(), ids: HashMap::new(), folder }
    }

    /// Fails with what goes wrong first.
    fn play(mut self, text: &str) -> Result<(), String> {
        for (number, line, want) in blocks(text) {
            if let Some(version) = line.strip_prefix("! since ") {
                if version.split('.').gt("8.0.2".split('.')) {
                    break;
                }
                continue;
            }
            if line.starts_with("= wrong ") {
                break; // another try at a lesson
            }
            if line.starts_with("! ") || line.starts_with("= ") {
                continue;
            }
            if let Some(wrong) = difference(&want, &self.take(line)) {
                return Err(format!("{number}: {line}\n{wrong}"));
            }
        }
        for name in self.clients.keys().copied().collect::<Vec<_>>() {
            if !self.replies(name).is_empty() || !self.clients[&name].1.is_empty() {
                return Err(format!(" something is left over for {name}"));
            }
        }
        Ok(())
    }

    fn take(&mut self, line: &str) -> Vec<String> {
        if let Some(turn) = line.strip_prefix("@ +") {
            self.time += duration(turn);
            self.engine.fixed = Some(micros(self.time));
            self.step();
            return Vec::new();
        }
        let client = line.chars().next().filter(|char| *char != '>').unwrap_or('A');
        let (_, command) = line.split_once("> ").unwrap_or_default();
        let words: Vec<String> = words(command)
            .into_iter()
            .map(|word| self.ids.get(&word).cloned().unwrap_or(word))
            .collect();
        if !words.is_empty() {
            self.send(client, &words);
        }
        self.step();
        let lines = self.replies(client);
        if words.iter().map(|word| word.to_uppercase()).eq(["CLIENT", "ID"]) {
            self.ids.insert(format!("${client}"), lines[0].replace("(integer) ", ""));
        }
        lines
    }

    fn send(&mut self, client: char, words: &[String]) {
        let ((number, _), _) = self.clients.entry(client).or_insert_with(|| {
            let names = "127.0.0.1:50000 127.0.0.1:6379 8";
            (self.engine.connect(names).expect("a connection"), Vec::new())
        });
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request += &format!("${}\r\n{word}\r\n", word.chars().count());
        }
        self.engine.put(*number, &bytes(&request), usize::MAX).expect("a living connection");
    }

    fn step(&mut self) {
        self.engine.run().expect("a living engine");
        while self.engine.due().is_zero() {
            self.engine.run().expect("a living engine");
        }
    }

    fn replies(&mut self, client: char) -> Vec<String> {
        let ((number, replies), unread) = self.clients.get_mut(&client).expect("a client");
        while let Ok(output) = replies.try_recv() {
            unread.extend_from_slice(&output);
            self.engine.taken(*number, output.len());
        }
        let (mut lines, mut at) = (Vec::new(), 0);
        while let Some((reply, end)) = Reply::parse(unread, at) {
            lines.extend(reply.show("").split('\n').map(str::to_string));
            at = end;
        }
        unread.drain(..at);
        lines
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn micros(time: Duration) -> f64 {
    time.as_micros() as f64
}

/// A time as Go writes it: `1h2m3.5s`.
fn duration(mut text: &str) -> Duration {
    let mut total = Duration::ZERO;
    while !text.is_empty() {
        let digits = text.find(|char: char| !char.is_ascii_digit() && char != '.').expect("a unit");
        let (number, rest) = text.split_at(digits);
        let end = rest.find(|char: char| char.is_ascii_digit()).unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(end);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => panic!("the unit {unit}"),
        };
        total += Duration::from_secs_f64(number.parse::<f64>().expect("a number") * seconds);
        text = rest;
    }
    total
}
