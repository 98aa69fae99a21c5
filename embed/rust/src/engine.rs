//! The owner of one guest: whoever has something for it takes the lock and steps.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fmt, mem};

use tokio::sync::Notify;

use crate::abi::{self, Frame, from, to};
use crate::files::Files;
use crate::guest::{Guest, LastWords};
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
struct Link {
    outbox: VecDeque<u8>,
    ended: bool, // the engine has hung up; what is in the outbox is the last
    corked: bool,
    reader: Option<Waker>,
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
    inbox: Vec<u8>,
    links: HashMap<u32, Link>,
    life: u32,
    dials: Vec<Dial>,
    dialling: HashSet<u32>,
    answer: Option<Vec<u8>>,
    lines: VecDeque<String>,
    files: Option<Files>,
    shutdown: Option<String>,
}

pub(crate) struct Engine {
    guest: Option<Guest>, // none when it is over
    outside: Outside,
    configuration: Vec<u8>,
    now: Box<dyn Fn() -> f64 + Send>,
    last_number: u32, // of a connection: CLIENT ID shows them, so none comes twice
    kept: Option<Vec<u8>>,
    over: Option<Error>,
    /// Rings when the thread that serves sockets has to look again.
    pub(crate) bell: Arc<Notify>,
}

impl Engine {
    /// Starts a guest and configures it. Its files are on the disk, or it has none.
    pub(crate) fn start(
        configuration: Vec<u8>,
        files: Option<Files>,
        now: Box<dyn Fn() -> f64 + Send>,
    ) -> Result<Engine> {
        let mut engine = Engine::new(configuration, now);
        engine.outside.files = files;
        engine.begin()?;
        Ok(engine)
    }

    fn new(configuration: Vec<u8>, now: Box<dyn Fn() -> f64 + Send>) -> Engine {
        Engine {
            guest: None,
            outside: Outside::default(),
            configuration,
            now,
            last_number: 0,
            kept: None,
            over: None,
            bell: Arc::default(),
        }
    }

    /// Takes a guest that has the data of the last snapshot, or those of its files.
    fn begin(&mut self) -> Result<()> {
        self.guest = Some(Guest::new()?);
        accepted(&self.answer(to::CONFIGURE, 1, &self.configuration.clone())?)?;
        match (&self.kept, &self.outside.files) {
            (Some(image), None) => accepted(&self.answer(to::RESTORE, 0, &image.clone())?),
            _ => Ok(()),
        }
    }

    /// Begins anew, or is over. Clients are disconnected.
    fn renew(&mut self) -> Result<()> {
        self.hang_up();
        let begun = self.begin();
        if let Err(error) = &begun {
            self.end(error.clone());
        }
        begun
    }

    /// Begins anew, without data.
    pub(crate) fn reset(&mut self) -> Result<()> {
        self.no_files()?;
        self.check()?;
        self.kept = None;
        self.renew()
    }

    /// Another engine that goes on where this one is, but for the connections.
    pub(crate) fn fork(&mut self) -> Result<Engine> {
        self.no_files()?;
        self.run()?;
        let mut fork = Engine::new(self.configuration.clone(), Box::new(wall));
        fork.guest = Some(self.guest.as_mut().ok_or_else(Error::closed)?.copy()?);
        fork.kept = self.kept.clone();
        fork.last_number = self.last_number;
        for &number in self.outside.links.keys() {
            fork.send(to::CLOSE, number, &[]);
        }
        for &ticket in &self.outside.dialling {
            fork.outside.refuse(ticket, "the server was forked");
        }
        fork.run()?;
        Ok(fork)
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
    pub(crate) fn connect(&mut self, peer: &str) -> Result<u32> {
        self.check()?;
        let number = self.open();
        self.send(to::OPEN, number, format!("{peer} 0").as_bytes());
        self.run()?;
        Ok(number)
    }

    fn open(&mut self) -> u32 {
        self.last_number += 1;
        self.outside.links.insert(self.last_number, Link::default());
        self.last_number
    }

    /// What the guest wants to be connected to.
    pub(crate) fn dials(&mut self) -> Vec<Dial> {
        mem::take(&mut self.outside.dials)
    }

    /// Is called with what came of one of these; the number of the connection, if it is wanted.
    pub(crate) fn reached<T>(&mut self, dial: &Dial, made: &io::Result<T>) -> Option<u32> {
        if dial.life != self.outside.life || !self.outside.dialling.remove(&dial.ticket) {
            return None;
        }
        let number = match made {
            Ok(_) => {
                let number = self.open();
                abi::push(&mut self.outside.inbox, to::CONNECTED, number, dial.ticket, &[]);
                Some(number)
            }
            Err(error) => {
                self.outside.refuse(dial.ticket, &error.to_string());
                None
            }
        };
        self.run().ok().and(number)
    }

    /// Takes bytes of a client, for the next step; how many.
    pub(crate) fn put(&mut self, number: u32, data: &[u8]) -> io::Result<usize> {
        self.check()?;
        if self.outside.links.get(&number).is_none_or(|link| link.ended) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let size = data.len().min(STEP_MAX);
        self.send(to::DATA, number, &data[..size]);
        if self.outside.inbox.len() > STEP_MAX {
            self.run()?;
        }
        Ok(size)
    }

    /// Hands what there is for a client to `write`, which tells how much it took; nothing is the
    /// end. Or has the waker called when there is something.
    pub(crate) fn take(
        &mut self,
        number: u32,
        waker: &Waker,
        write: impl FnOnce(&[u8]) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let Some(link) = self.outside.links.get_mut(&number) else { return Poll::Ready(Ok(0)) };
        if link.outbox.is_empty() && !link.ended {
            link.reader = Some(waker.clone());
            return Poll::Pending;
        }
        let size = write(link.outbox.as_slices().0)?;
        link.outbox.drain(..size);
        if link.corked && link.outbox.len() <= CORK / 2 {
            link.corked = false;
            self.send(to::UNCORK, number, &[]);
            self.run()?;
        }
        Poll::Ready(Ok(size))
    }

    /// Tells the engine that a client has gone.
    pub(crate) fn close(&mut self, number: u32) {
        if self.outside.links.remove(&number).is_some_and(|link| !link.ended) {
            self.send(to::CLOSE, number, &[]);
            let _ = self.run(); // a death is logged, and whoever comes next is told
        }
    }

    pub(crate) fn send(&mut self, kind: u32, number: u32, payload: &[u8]) {
        abi::push(&mut self.outside.inbox, kind, number, 0, payload);
    }

    /// Sends a frame that is answered, which happens in the step that carries it.
    fn ask(&mut self, kind: u32, payload: &[u8]) -> Result<Vec<u8>> {
        let answer = self.answer(kind, 0, payload);
        self.outlive(answer)
    }

    fn answer(&mut self, kind: u32, number: u32, payload: &[u8]) -> Result<Vec<u8>> {
        self.check()?;
        self.outside.answer = None;
        self.send(kind, number, payload);
        while self.outside.answer.is_none() && self.due() == Some(Duration::ZERO) {
            self.steps()?;
        }
        // Without one it was shut down in that step.
        self.outside.answer.take().ok_or_else(|| self.over.clone().unwrap_or_else(Error::closed))
    }

    /// Gives an order of the host's own.
    pub(crate) fn control(&mut self, order: &str) -> Result<String> {
        let answer = text(&self.ask(to::CONTROL, order.as_bytes())?);
        let told = answer.strip_prefix('+').map(str::to_string);
        told.ok_or_else(|| Error::Refused(answer[1..].into()))
    }

    pub(crate) fn snapshot(&mut self) -> Result<Vec<u8>> {
        let image = self.ask(to::SNAPSHOT, &[])?;
        if image.is_empty() {
            return Err(Error::Refused("there is no memory for a snapshot".into()));
        }
        self.kept = Some(image.clone());
        Ok(image)
    }

    pub(crate) fn restore(&mut self, image: &[u8]) -> Result<()> {
        accepted(&self.ask(to::RESTORE, image)?)?;
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
        self.check()?;
        let done = self.steps();
        self.outlive(done)
    }

    /// Has another guest take the place of one that has died.
    fn outlive<T>(&mut self, done: Result<T>) -> Result<T> {
        if let Err(error @ Error::Died { .. }) = &done {
            log::error!("{error}");
            let _ = self.renew(); // or it is over, as whoever comes next is told
        }
        done
    }

    fn steps(&mut self) -> Result<()> {
        let before = self.guest.as_ref().map(|guest| guest.deadline);
        while let Some(guest) = &mut self.guest {
            let step = guest.step(&self.outside.inbox, (self.now)());
            step.map_err(|words| self.outside.death(words))?;
            self.outside.inbox.clear();
            for frame in abi::frames(guest.output()) {
                self.outside.carry_out(&frame);
            }
            match self.outside.shutdown.take() {
                Some(why) if why.starts_with(abi::CRASHED) => {
                    return Err(self.outside.death(vec![why]));
                }
                Some(why) => self.end(Error::Closed(format!("the server was shut down: {why}"))),
                None if self.outside.inbox.is_empty() => break,
                None => {}
            }
        }
        let nearer = self.guest.as_ref().map(|guest| guest.deadline) < before;
        if nearer || !self.outside.dials.is_empty() {
            self.bell.notify_one();
        }
        Ok(())
    }

    fn hang_up(&mut self) {
        for link in self.outside.links.values_mut() {
            link.end();
        }
        self.outside.inbox.clear();
        self.outside.life += 1;
        self.outside.dials.clear();
        self.outside.dialling.clear();
    }

    /// Drops the guest; whoever waits is told why.
    pub(crate) fn end(&mut self, why: Error) {
        self.guest = None;
        self.over.get_or_insert(why);
        self.hang_up();
        self.bell.notify_one();
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
            from::READ..=from::REMOVE => match &mut self.files {
                Some(files) => files.carry_out(frame, &mut self.inbox),
                None if kind == from::APPEND => {
                    abi::push(&mut self.inbox, to::APPENDED, 0, ticket, NO_FILES.as_bytes());
                }
                None => self.refuse(ticket, NO_FILES),
            },
            from::CLUSTER => self.refuse(ticket, "no other node is in this process"),
            from::CONFIG => self.refuse(ticket, "redlet has no ports here"),
            _ => self.answer = Some(payload.to_vec()),
        }
    }

    fn refuse(&mut self, ticket: u32, why: &str) {
        if ticket != 0 {
            abi::push(&mut self.inbox, to::DONE, 0, ticket, why.as_bytes());
        }
    }

    fn deliver(&mut self, number: u32, last: bool, data: &[u8]) {
        let Some(link) = self.links.get_mut(&number) else { return };
        link.outbox.extend(data);
        if last {
            link.end();
        } else if link.outbox.len() > CORK && !link.corked {
            link.corked = true;
            abi::push(&mut self.inbox, to::CORK, number, 0, &[]);
        }
        link.wake();
    }

    fn hear(&mut self, level: u32, line: String) {
        let levels = [log::Level::Debug, log::Level::Debug, log::Level::Info];
        log::log!(*levels.get(level as usize).unwrap_or(&log::Level::Warn), "{line}");
        self.lines.push_back(line);
        if self.lines.len() > LINES_KEPT {
            self.lines.pop_front();
        }
    }

    fn death(&mut self, mut words: LastWords) -> Error {
        let reason = words.remove(0);
        Error::Died { reason, log: self.lines.drain(..).chain(words).collect() }
    }
}

impl Link {
    fn end(&mut self) {
        self.ended = true;
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

const NO_FILES: &str = "there are no files here: the server was started without \"dir\"";

fn accepted(refusal: &[u8]) -> Result<()> {
    if refusal.is_empty() { Ok(()) } else { Err(Error::Refused(text(refusal))) }
}

/// The time in microseconds.
pub(crate) fn wall() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as f64
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
