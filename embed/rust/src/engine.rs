//! The owner of one guest: whoever has something for it takes the lock and steps.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fmt, io};

use crate::abi::{self, Frame, from, to};
use crate::files::Files;
use crate::guest::{Death, Guest};
use crate::{Error, Result};

const LINES_KEPT: usize = 20; // of the log, which Error::Died tells
const STEP_MAX: usize = 1 << 20; // bytes handed in at once: the guest is asked whether it has room
const CORK: usize = 1 << 20; // bytes that may wait outside of the guest, whose limits miss them

/// An engine that several threads share. A panic of one of them leaves it as it is.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Engine>>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

impl Shared {
    pub(crate) fn new(engine: Engine) -> Shared {
        Shared(Arc::new(Mutex::new(engine)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Engine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's connection, as the engine has it.
#[derive(Default)]
pub(crate) struct Link {
    /// What is still to be sent to the client.
    pub(crate) outbox: VecDeque<u8>,
    /// The engine has hung up; what is in the outbox is the last.
    pub(crate) ended: bool,
    /// Whom to wake when there is output, or the end.
    pub(crate) reader: Option<Waker>,
    socket: bool, // the thread that serves sockets is told instead
    corked: bool,
}

/// A connection that the guest asks for.
pub(crate) struct Dial {
    pub(crate) address: String,
    ticket: u32,
    life: u32, // of the guest that asked: another one's tickets begin anew
}

/// What the guest acts on.
#[derive(Default)]
struct Outside {
    life: u32,
    dials: Vec<Dial>,
    dialling: HashSet<u32>,
    reached: Vec<(u32, TcpStream)>,
    inbox: Vec<u8>,
    links: HashMap<u32, Link>,
    dirty: Vec<u32>,
    answers: HashMap<u32, Vec<u8>>,
    lines: VecDeque<String>,
    files: Option<Files>,
    shutdown: Option<String>,
}

pub(crate) struct Engine {
    guest: Option<Guest>,
    outside: Outside,
    configuration: Vec<u8>,
    now: Box<dyn Fn() -> f64 + Send>,
    last_number: u32, // of a connection: CLIENT ID shows them, so none comes twice
    last_ticket: u32,
    kept: Option<Vec<u8>>,
    over: Option<Error>,
    /// Wakes the thread that serves sockets, while it sleeps.
    pub(crate) sleeper: Option<Arc<mio::Waker>>,
    pub(crate) asleep: bool,
}

impl Engine {
    /// Starts a guest and configures it. Its files are on the disk, or it has none.
    pub(crate) fn start(
        configuration: Vec<u8>,
        files: Option<Files>,
        now: Box<dyn Fn() -> f64 + Send>,
    ) -> Result<Engine> {
        let mut engine = Engine::new(Guest::new()?, configuration, now);
        engine.outside.files = files;
        engine.configure()?;
        Ok(engine)
    }

    fn new(guest: Guest, configuration: Vec<u8>, now: Box<dyn Fn() -> f64 + Send>) -> Engine {
        Engine {
            guest: Some(guest),
            outside: Outside::default(),
            configuration,
            now,
            last_number: 0,
            last_ticket: 0,
            kept: None,
            over: None,
            sleeper: None,
            asleep: false,
        }
    }

    fn configure(&mut self) -> Result<()> {
        let configuration = self.configuration.clone();
        let refusal = self.ask(to::CONFIGURE, 1, &configuration)?;
        if refusal.is_empty() { Ok(()) } else { Err(Error::Refused(text(&refusal))) }
    }

    /// Another engine that goes on where this one is, but for the connections.
    pub(crate) fn fork(&mut self) -> Result<Engine> {
        self.no_files()?;
        self.check()?;
        self.run()?;
        let copy = self.guest.as_mut().ok_or_else(Error::closed)?.copy()?;
        let mut fork = Engine::new(copy, self.configuration.clone(), Box::new(wall));
        fork.kept = self.kept.clone();
        fork.last_number = self.last_number;
        for (&number, _) in self.outside.links.iter().filter(|(_, link)| !link.ended) {
            fork.send(to::CLOSE, number, &[]);
        }
        for &ticket in &self.outside.dialling {
            fork.outside.refuse(ticket, "the server was forked");
        }
        fork.run()?;
        Ok(fork)
    }

    /// Begins anew; connections are closed.
    pub(crate) fn reset(&mut self) -> Result<()> {
        self.no_files()?;
        self.check()?;
        self.hang_up();
        self.kept = None;
        self.guest = Some(Guest::new()?);
        self.configure()
    }

    fn no_files(&self) -> Result<()> {
        match self.outside.files {
            Some(_) => Err(Error::Refused("the files in \"dir\" are those of one server".into())),
            None => Ok(()),
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        self.over.clone().map_or(Ok(()), Err)
    }

    /// Whether an end that was asked for waits for replicas that lag.
    pub(crate) fn lingers(&mut self) -> bool {
        self.control("info server").is_ok_and(|told| told.contains("shutdown_in_milliseconds"))
    }

    /// Whether the engine ended when it was asked to.
    pub(crate) fn ended(&self) -> Result<()> {
        match self.over {
            Some(_) => Ok(()),
            None => Err(Error::Refused(self.outside.lines.back().cloned().unwrap_or_default())),
        }
    }

    /// Opens a connection; peer is address, local address and descriptor, as CLIENT LIST has them.
    pub(crate) fn connect(&mut self, peer: &str, socket: bool) -> Result<u32> {
        self.check()?;
        let number = self.open(socket);
        self.send(to::OPEN, number, format!("{peer} 0").as_bytes());
        Ok(number)
    }

    fn open(&mut self, socket: bool) -> u32 {
        self.last_number += 1;
        self.outside.links.insert(self.last_number, Link { socket, ..Link::default() });
        self.last_number
    }

    /// What the guest wants to be connected to.
    pub(crate) fn dials(&mut self) -> Vec<Dial> {
        std::mem::take(&mut self.outside.dials)
    }

    /// Is called with what came of one of these.
    pub(crate) fn reached(&mut self, dial: &Dial, stream: io::Result<TcpStream>) {
        if dial.life != self.outside.life || !self.outside.dialling.remove(&dial.ticket) {
            return;
        }
        match stream {
            Ok(stream) => self.outside.reached.push((dial.ticket, stream)),
            Err(error) => self.outside.refuse(dial.ticket, &error.to_string()),
        }
        self.wake();
    }

    /// The connections that stand, by their numbers, for the thread that serves sockets.
    pub(crate) fn connected(&mut self) -> Vec<(u32, TcpStream)> {
        let reached = std::mem::take(&mut self.outside.reached);
        let connected = reached.into_iter().map(|(ticket, stream)| {
            let number = self.open(true);
            abi::push(&mut self.outside.inbox, to::CONNECTED, number, ticket, &[]);
            (number, stream)
        });
        connected.collect()
    }

    /// Hands bytes of a client to the engine, for its next step; whether it still wants any.
    pub(crate) fn put(&mut self, number: u32, data: &[u8]) -> bool {
        let open = self.outside.links.get(&number).is_some_and(|link| !link.ended);
        for piece in data.chunks(STEP_MAX).filter(|_| open) {
            self.send(to::DATA, number, piece);
        }
        open
    }

    /// A connection, until it was closed.
    pub(crate) fn link(&mut self, number: u32) -> Option<&mut Link> {
        self.outside.links.get_mut(&number)
    }

    /// Is called when something was taken out of an outbox; whether the guest is to be told.
    pub(crate) fn taken(&mut self, number: u32) -> bool {
        let link = self.outside.links.get_mut(&number);
        let Some(link) =
            link.filter(|link| link.corked && link.outbox.len() <= CORK / 2 && !link.ended)
        else {
            return false;
        };
        link.corked = false;
        self.send(to::UNCORK, number, &[]);
        true
    }

    /// Tells the engine that a client has gone.
    pub(crate) fn close(&mut self, number: u32) {
        if self.outside.links.remove(&number).is_some_and(|link| !link.ended) {
            self.send(to::CLOSE, number, &[]);
        }
    }

    /// The connections that have output, or have come to their end.
    pub(crate) fn dirty(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.outside.dirty)
    }

    pub(crate) fn send(&mut self, kind: u32, number: u32, payload: &[u8]) {
        abi::push(&mut self.outside.inbox, kind, number, 0, payload);
    }

    /// Sends a frame that is answered, which happens in the step that carries it.
    pub(crate) fn ask(&mut self, kind: u32, number: u32, payload: &[u8]) -> Result<Vec<u8>> {
        self.check()?;
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        abi::push(&mut self.outside.inbox, kind, number, ticket, payload);
        while self.due() == Some(Duration::ZERO) {
            self.run()?;
            if let Some(answer) = self.outside.answers.remove(&ticket) {
                return Ok(answer);
            }
        }
        self.check()?; // it was shut down in that step
        Err(Error::Refused("the engine gave no answer".into()))
    }

    /// Gives an order of the host's own.
    pub(crate) fn control(&mut self, order: &str) -> Result<String> {
        let answer = text(&self.ask(to::CONTROL, 0, order.as_bytes())?);
        answer
            .strip_prefix('+')
            .map(str::to_string)
            .ok_or_else(|| Error::Refused(answer[1..].into()))
    }

    pub(crate) fn snapshot(&mut self) -> Result<Vec<u8>> {
        let image = self.ask(to::SNAPSHOT, 0, &[])?;
        if image.is_empty() {
            return Err(Error::Refused("there is no memory for a snapshot".into()));
        }
        self.kept = Some(image.clone());
        Ok(image)
    }

    pub(crate) fn restore(&mut self, image: &[u8]) -> Result<()> {
        let refusal = self.ask(to::RESTORE, 0, image)?;
        if !refusal.is_empty() {
            return Err(Error::Refused(text(&refusal)));
        }
        self.kept = Some(image.to_vec());
        Ok(())
    }

    /// How long until the engine wants to be stepped; None is never.
    pub(crate) fn due(&self) -> Option<Duration> {
        if !self.outside.inbox.is_empty() {
            return Some(Duration::ZERO);
        }
        let wait = self.guest.as_ref()?.deadline - (self.now)();
        wait.is_finite().then(|| Duration::from_micros(wait.max(0.0) as u64))
    }

    /// Steps, and goes on while what comes of it asks for more.
    pub(crate) fn run(&mut self) -> Result<()> {
        let before = self.guest.as_ref().map(|guest| guest.deadline);
        let mut result = Ok(());
        while self.over.is_none() {
            result = self.step().or_else(|death| self.died(death));
            if result.is_err() || self.outside.inbox.is_empty() {
                break;
            }
        }
        let nearer = self.guest.as_ref().map(|guest| guest.deadline) < before;
        let outside = &self.outside;
        if nearer || !outside.dirty.is_empty() || !outside.dials.is_empty() || self.over.is_some() {
            self.wake();
        }
        result
    }

    pub(crate) fn wake(&mut self) {
        if std::mem::take(&mut self.asleep)
            && let Some(sleeper) = &self.sleeper
        {
            let _ = sleeper.wake(); // it fails where there are no descriptors left
        }
    }

    fn step(&mut self) -> std::result::Result<(), Death> {
        let Some(guest) = &mut self.guest else { return Ok(()) };
        let size = abi::first(&self.outside.inbox, STEP_MAX);
        guest.step(&self.outside.inbox[..size], (self.now)())?;
        self.outside.inbox.drain(..size);
        for frame in abi::frames(guest.output()) {
            self.outside.carry_out(&frame);
        }
        if let Some(why) = self.outside.shutdown.take() {
            if why.starts_with(abi::CRASHED) {
                return Err(Death { reason: why, log: Vec::new() });
            }
            self.end(Error::Closed(format!("the server was shut down: {why}")));
        }
        Ok(())
    }

    /// Another guest takes the place of one that has died, with the last snapshot.
    fn died(&mut self, death: Death) -> Result<()> {
        let log = self.outside.lines.drain(..).chain(death.log).collect();
        let error = Error::Died { reason: death.reason, log };
        log::error!("{error}");
        if self.guest.take().is_none() {
            return Err(error);
        }
        self.outside.answers.clear();
        self.hang_up();
        if let Err(again) = self.replace() {
            self.end(again);
        }
        Err(error)
    }

    fn replace(&mut self) -> Result<()> {
        self.guest = Some(Guest::new()?);
        let configuration = self.configuration.clone();
        abi::push(&mut self.outside.inbox, to::CONFIGURE, 1, 0, &configuration);
        if let (Some(image), None) = (self.kept.clone(), &self.outside.files) {
            self.send(to::RESTORE, 0, &image);
        }
        while !self.outside.inbox.is_empty() {
            self.step().map_err(|death| Error::Died { reason: death.reason, log: death.log })?;
        }
        let refusal = self.outside.answers.remove(&0).unwrap_or_default();
        if refusal.is_empty() { Ok(()) } else { Err(Error::Refused(text(&refusal))) }
    }

    fn hang_up(&mut self) {
        for (&number, link) in &mut self.outside.links {
            link.ended = true;
            tell(&mut self.outside.dirty, number, link);
        }
        self.outside.inbox.clear();
        self.outside.life += 1;
        self.outside.dials.clear();
        self.outside.dialling.clear();
        self.outside.reached.clear();
    }

    /// Drops the guest; whoever waits is told why.
    pub(crate) fn end(&mut self, why: Error) {
        if self.over.is_none() {
            self.over = Some(why);
            self.guest = None;
            self.hang_up();
            self.wake();
        }
    }

    #[cfg(test)]
    pub(crate) fn guest(&mut self) -> &mut Guest {
        self.guest.as_mut().expect("a guest")
    }
}

impl Outside {
    fn carry_out(&mut self, frame: &Frame) {
        let &Frame { kind, conn, ticket, payload } = frame;
        match kind {
            from::DATA | from::HANGUP => self.deliver(conn, kind == from::HANGUP, payload),
            from::LOG => self.hear(ticket, text(payload)),
            from::SHUTDOWN => self.shutdown = Some(text(payload)),
            from::CONNECT => {
                let (address, ..) = abi::cut_path(payload);
                self.dials.push(Dial { address, ticket, life: self.life });
                self.dialling.insert(ticket);
            }
            from::CLUSTER if ticket != 0 => {
                self.refuse(ticket, "no other node is in this process");
            }
            from::CONFIG if ticket != 0 => self.refuse(ticket, "redlet has no ports here"),
            from::CLUSTER | from::CONFIG => {} // this node is its cluster's only one
            from::READ..=from::REMOVE => match &mut self.files {
                Some(files) => files.carry_out(frame, &mut self.inbox),
                None if ticket == 0 => {}
                None if kind == from::APPEND => {
                    abi::push(&mut self.inbox, to::APPENDED, 0, ticket, NO_FILES.as_bytes());
                }
                None => self.refuse(ticket, NO_FILES),
            },
            _ => drop(self.answers.insert(ticket, payload.to_vec())),
        }
    }

    fn refuse(&mut self, ticket: u32, why: &str) {
        abi::push(&mut self.inbox, to::DONE, 0, ticket, why.as_bytes());
    }

    fn deliver(&mut self, number: u32, last: bool, data: &[u8]) {
        let Some(link) = self.links.get_mut(&number) else { return };
        link.outbox.extend(data);
        link.ended |= last;
        tell(&mut self.dirty, number, link);
        if link.outbox.len() > CORK && !link.corked && !last {
            link.corked = true;
            abi::push(&mut self.inbox, to::CORK, number, 0, &[]);
        }
    }

    fn hear(&mut self, level: u32, line: String) {
        let levels = [log::Level::Debug, log::Level::Debug, log::Level::Info];
        log::log!(*levels.get(level as usize).unwrap_or(&log::Level::Warn), "{line}");
        if self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

const NO_FILES: &str = "there are no files here: the server was started without \"dir\"";

fn tell(dirty: &mut Vec<u32>, number: u32, link: &mut Link) {
    if link.socket {
        dirty.push(number);
    } else if let Some(reader) = link.reader.take() {
        reader.wake();
    }
}

/// The time in microseconds.
pub(crate) fn wall() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as f64
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
