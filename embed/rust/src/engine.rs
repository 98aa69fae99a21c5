//! The owner of one guest: whoever has something for it takes the lock and steps.

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};
use std::{fmt, mem};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::abi::{self, Frame, from, text, to};
use crate::files::Files;
use crate::guest::Guest;
use crate::{Error, Result};

const LINES_KEPT: usize = 20; // of the log, which Error::Died tells
pub(crate) const STEP_MAX: usize = 1 << 20; // bytes at once: the guest is asked whether it has room
const CORK: usize = 1 << 20; // bytes that may wait outside of the guest, whose limits miss them
const WAIT_MAX: f64 = 60e6; // microseconds: deadlines may lie years ahead

/// An engine that several threads share. A panic of one of them leaves it as it is.
pub(crate) type Shared = Arc<Mutex<Engine>>;

/// A connection's number, and what comes for its client; the end of that is the connection's.
pub(crate) type Opened = (u32, UnboundedReceiver<Bytes>);

/// A connection, as the engine has it: until the guest or the client has ended it.
struct Link {
    replies: UnboundedSender<Bytes>,
    waiting: usize, // bytes that the client has not taken
    corked: bool,
}

/// A connection that the guest asks for.
pub(crate) struct Dial {
    pub(crate) address: String,
    ticket: u32,
    wanted: Weak<()>, // by the guest that asked: another one's tickets begin anew
}

#[derive(Default)]
pub(crate) struct Engine {
    pub(crate) configuration: Vec<u8>,
    pub(crate) files: Files,
    /// The time in microseconds where it stands still, or else it is the system's.
    pub(crate) fixed: Option<f64>,
    guest: Option<Guest>, // none when it is over
    over: String,         // why
    died: bool,           // and another is to begin
    inbox: Vec<u8>,
    links: HashMap<u32, Link>,
    last_number: u32, // of a connection: CLIENT ID shows them, so none comes twice
    pub(crate) dials: Vec<Dial>,
    dialling: HashMap<u32, Arc<()>>,
    answer: Option<Bytes>,
    kept: Option<Bytes>,
    pub(crate) lines: VecDeque<String>,
    /// Rings when the thread that serves sockets has to look again.
    pub(crate) bell: Arc<Notify>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// Takes a guest that has the data of the last snapshot, or those of its files.
    pub(crate) fn begin(&mut self) -> Result<()> {
        self.hang_up();
        self.guest = Some(Guest::new().map_err(io::Error::other)?);
        accepted(self.ask(to::CONFIGURE, 1, &self.configuration.clone())?)?;
        match self.kept.clone() {
            Some(image) if !self.files.exist() => accepted(self.ask(to::RESTORE, 0, &image)?),
            _ => Ok(()),
        }
    }

    /// Begins anew, without data.
    pub(crate) fn reset(&mut self) -> Result<()> {
        self.apart()?;
        self.kept = None;
        self.begin().inspect_err(|error| self.end(&error.to_string()))
    }

    /// Another engine that goes on where this one is, but for the connections.
    pub(crate) fn fork(&mut self) -> Result<Engine> {
        self.apart()?;
        let mut fork = Engine {
            guest: Some(self.guest()?.copy().map_err(io::Error::other)?),
            configuration: self.configuration.clone(),
            kept: self.kept.clone(),
            last_number: self.last_number,
            ..Engine::default()
        };
        for &number in self.links.keys() {
            fork.push(to::CLOSE, number, 0, &[]);
        }
        for &ticket in self.dialling.keys() {
            fork.refuse(ticket, "the server was forked");
        }
        fork.run()?;
        Ok(fork)
    }

    /// Whether what comes next may go another way than what is on the disk.
    fn apart(&mut self) -> Result<()> {
        if self.files.exist() {
            return Err(Error::Refused("the files in \"dir\" are those of one server".into()));
        }
        self.run()
    }

    /// The guest, unless it is over.
    pub(crate) fn guest(&mut self) -> Result<&mut Guest> {
        self.guest.as_mut().ok_or_else(|| Error::Closed(self.over.clone()))
    }

    /// Opens a connection; peer is address, local address and descriptor, as CLIENT LIST has them.
    pub(crate) fn connect(&mut self, peer: &str) -> Result<Opened> {
        let opened = self.open(to::OPEN, 0, format!("{peer} 0").as_bytes());
        self.run().and(Ok(opened))
    }

    fn open(&mut self, kind: u32, ticket: u32, payload: &[u8]) -> Opened {
        let (replies, taken) = unbounded_channel();
        self.last_number += 1;
        self.links.insert(self.last_number, Link { replies, waiting: 0, corked: false });
        self.push(kind, self.last_number, ticket, payload);
        (self.last_number, taken)
    }

    /// Is told what came of a dial; the connection, if it is wanted.
    pub(crate) fn reached<T>(&mut self, dial: &Dial, made: &io::Result<T>) -> Option<Opened> {
        dial.wanted.upgrade().and_then(|_| self.dialling.remove(&dial.ticket))?;
        let opened = made.as_ref().map(|_| self.open(to::CONNECTED, dial.ticket, &[]));
        let opened = opened.map_err(|error| self.refuse(dial.ticket, &error.to_string())).ok();
        self.run().ok().and(opened)
    }

    /// Takes bytes of a client; how many. They are for the next step, which this is if more than
    /// `most` bytes wait.
    pub(crate) fn put(&mut self, number: u32, data: &[u8], most: usize) -> io::Result<usize> {
        if !self.links.contains_key(&number) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let size = data.len().min(STEP_MAX);
        self.push(to::DATA, number, 0, &data[..size]);
        if self.inbox.len() > most {
            self.run().map_err(|death| io::Error::new(ErrorKind::ConnectionAborted, death))?;
        }
        Ok(size)
    }

    /// Is told that a client has taken so much of what came for it.
    pub(crate) fn taken(&mut self, number: u32, size: usize) {
        let Some(link) = self.links.get_mut(&number) else { return };
        link.waiting -= size;
        if link.corked && link.waiting <= CORK / 2 {
            link.corked = false;
            let _ = self.tell(to::UNCORK, number, &[]); // a death is logged
        }
    }

    /// Is told that a client has gone; what it asked for before is answered.
    pub(crate) fn close(&mut self, number: u32) {
        let _ = self.run();
        if self.links.remove(&number).is_some() {
            let _ = self.tell(to::CLOSE, number, &[]);
        }
    }

    pub(crate) fn push(&mut self, kind: u32, number: u32, ticket: u32, payload: &[u8]) {
        abi::push(&mut self.inbox, kind, number, ticket, payload);
    }

    /// Sends a frame, and what waits with it.
    pub(crate) fn tell(&mut self, kind: u32, number: u32, payload: &[u8]) -> Result<()> {
        self.push(kind, number, 0, payload);
        self.run()
    }

    /// Sends a frame that is answered.
    fn ask(&mut self, kind: u32, number: u32, payload: &[u8]) -> Result<Bytes> {
        self.answer = None;
        self.push(kind, number, 0, payload);
        while self.answer.is_none() {
            self.run()?;
        }
        Ok(self.answer.take().unwrap_or_default())
    }

    /// Gives an order of the host's own.
    pub(crate) fn control(&mut self, order: &str) -> Result<String> {
        let answer = text(&self.ask(to::CONTROL, 0, order.as_bytes())?);
        let told = answer.strip_prefix('+').map(str::to_string);
        told.ok_or_else(|| Error::Refused(answer[1..].into()))
    }

    pub(crate) fn snapshot(&mut self) -> Result<Vec<u8>> {
        let image = self.ask(to::SNAPSHOT, 0, &[])?;
        if image.is_empty() {
            return Err(Error::Refused("there is no memory for a snapshot".into()));
        }
        Ok(self.kept.insert(image).to_vec())
    }

    pub(crate) fn restore(&mut self, image: &[u8]) -> Result<()> {
        accepted(self.ask(to::RESTORE, 0, image)?)?;
        self.kept = Some(Bytes::copy_from_slice(image));
        Ok(())
    }

    /// How long until the engine wants to be stepped, or to be asked again.
    pub(crate) fn due(&self) -> Duration {
        let deadline = self.guest.as_ref().map_or(f64::INFINITY, |guest| guest.deadline);
        let wait = if self.inbox.is_empty() { deadline - self.now() } else { 0.0 };
        Duration::from_micros(wait.clamp(0.0, WAIT_MAX) as u64)
    }

    fn now(&self) -> f64 {
        let micros = || SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros() as f64;
        self.fixed.unwrap_or_else(micros)
    }

    /// Steps, and goes on while what comes of it asks for more. Another guest takes the place of
    /// one that dies, unless that was to take another's.
    pub(crate) fn run(&mut self) -> Result<()> {
        self.guest()?;
        let done = self.steps();
        if let Err(death @ Error::Died { .. }) = &done
            && !mem::replace(&mut self.died, true)
        {
            log::error!("{death}");
            if let Err(error) = self.begin() {
                self.end(&error.to_string());
            }
            self.died = false;
        }
        done
    }

    fn steps(&mut self) -> Result<()> {
        let before = self.guest.as_ref().map(|guest| guest.deadline);
        loop {
            let now = self.now();
            let Some(guest) = &mut self.guest else { break };
            let frames = guest.step(&self.inbox, now).map_err(|words| self.death(words))?;
            self.inbox.clear();
            for frame in frames {
                self.carry_out(frame)?;
            }
            if self.inbox.is_empty() {
                break;
            }
        }
        let nearer = self.guest.as_ref().map(|guest| guest.deadline) < before;
        if nearer || !self.dials.is_empty() {
            self.bell.notify_one();
        }
        Ok(())
    }

    fn carry_out(&mut self, frame: Frame) -> Result<()> {
        let Frame { kind, conn, ticket, .. } = frame;
        match kind {
            from::DATA | from::HANGUP => self.deliver(conn, kind == from::HANGUP, frame.payload),
            from::LOG => self.hear(ticket, text(&frame.payload)),
            from::SHUTDOWN => match text(&frame.payload) {
                // It is what DEBUG PANIC and the like say, and is to be followed by what follows.
                why if why.starts_with("crashed") => return Err(self.death(vec![why])),
                why => self.end(&format!("the server was shut down: {why}")),
            },
            from::CONNECT => {
                let (address, ..) = abi::cut_path(&frame.payload);
                let wanted = Arc::downgrade(self.dialling.entry(ticket).or_default());
                self.dials.push(Dial { address, ticket, wanted });
            }
            from::READ..=from::REMOVE => self.files.carry_out(&frame, &mut self.inbox),
            from::CLUSTER => self.refuse(ticket, "no other node is in this process"),
            from::CONFIG => self.refuse(ticket, "redlet has no ports here"),
            _ => self.answer = Some(frame.payload),
        }
        Ok(())
    }

    fn refuse(&mut self, ticket: u32, why: &str) {
        if ticket != 0 {
            self.push(to::DONE, 0, ticket, why.as_bytes());
        }
    }

    fn deliver(&mut self, number: u32, last: bool, data: Bytes) {
        let Some(link) = self.links.get_mut(&number) else { return };
        link.waiting += data.len();
        let _ = link.replies.send(data); // or its client is about to say that it has gone
        if last {
            self.links.remove(&number);
        } else if link.waiting > CORK && !link.corked {
            link.corked = true;
            self.push(to::CORK, number, 0, &[]);
        }
    }

    fn hear(&mut self, level: u32, line: String) {
        let levels = [log::Level::Debug, log::Level::Debug, log::Level::Info, log::Level::Warn];
        log::log!(levels[level.min(3) as usize], "{line}");
        self.lines.push_back(line);
        if self.lines.len() > LINES_KEPT {
            self.lines.pop_front();
        }
    }

    fn death(&mut self, mut words: Vec<String>) -> Error {
        let reason = words.remove(0);
        Error::Died { reason, log: self.lines.drain(..).chain(words).collect() }
    }

    fn hang_up(&mut self) {
        self.links.clear();
        self.inbox.clear();
        self.dialling.clear();
    }

    /// Drops the guest; whoever waits is told why.
    pub(crate) fn end(&mut self, why: &str) {
        if self.over.is_empty() {
            self.over = why.into();
        }
        self.guest = None;
        self.hang_up();
        self.bell.notify_one();
    }
}

fn accepted(refusal: Bytes) -> Result<()> {
    if refusal.is_empty() { Ok(()) } else { Err(Error::Refused(text(&refusal))) }
}
