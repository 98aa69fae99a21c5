//! The thread that serves a port, and steps the engine when it is due.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use crate::engine::{Engine, Shared};

const READ_MAX: usize = 64 << 10;
const SLEEP_MAX: Duration = Duration::from_secs(60); // deadlines may lie years ahead
const RETRY: Duration = Duration::from_millis(100); // where no descriptor is left to accept with
const LOOK: Duration = Duration::from_micros(30); // for more, before it sleeps
const LISTENER: Token = Token(0); // those of connections are their numbers
const WAKER: Token = Token(usize::MAX);

pub(crate) struct Sockets {
    engine: Shared,
    poll: Poll,
    listener: TcpListener,
    peers: HashMap<u32, TcpStream>,
    /// Those whose socket may have more to read, of which it will not tell again.
    unread: Vec<u32>,
    crowded: bool,
    buffer: Box<[u8]>,
}

impl Sockets {
    /// Listens, and serves by a thread until the engine is over.
    pub(crate) fn serve(
        engine: &Shared,
        listener: std::net::TcpListener,
    ) -> io::Result<(SocketAddr, JoinHandle<()>)> {
        let poll = Poll::new()?;
        listener.set_nonblocking(true)?;
        let mut listener = TcpListener::from_std(listener);
        let address = listener.local_addr()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        engine.lock().sleeper = Some(Arc::new(Waker::new(poll.registry(), WAKER)?));
        let sockets = Sockets {
            engine: engine.clone(),
            poll,
            listener,
            peers: HashMap::new(),
            unread: Vec::new(),
            crowded: false,
            buffer: vec![0; READ_MAX].into(),
        };
        let thread = thread::Builder::new().name("redlet".into()).spawn(|| sockets.run())?;
        Ok((address, thread))
    }

    fn run(mut self) {
        let shared = self.engine.clone();
        let mut events = Events::with_capacity(256);
        loop {
            let mut engine = shared.lock();
            self.flush(&mut engine);
            self.dial(&mut engine);
            if engine.check().is_err() {
                return;
            }
            let wait = self.wait(&engine);
            engine.asleep = true;
            drop(engine);
            if let Err(error) = self.sleep(&mut events, wait)
                && error.kind() != ErrorKind::Interrupted
            {
                return shared.lock().end(error.into());
            }
            let mut engine = shared.lock();
            engine.asleep = false;
            for (number, stream) in engine.connected() {
                let _ = self.carry(&mut engine, TcpStream::from_std(stream), number);
            }
            for number in std::mem::take(&mut self.unread) {
                self.read(&mut engine, number, false);
            }
            if self.crowded || events.iter().any(|event| event.token() == LISTENER) {
                self.accept(&mut engine);
            }
            for event in &events {
                self.take(&mut engine, event);
            }
            if engine.due() == Some(Duration::ZERO) {
                let _ = engine.run(); // a death is logged, and its clients see it
            }
        }
    }

    /// Waits for what comes. Whoever sends one command after another sends the next within
    /// microseconds, and falling asleep and being woken takes longer: so it looks a while first.
    fn sleep(&mut self, events: &mut Events, wait: Duration) -> io::Result<()> {
        let (began, mut looks) = (Instant::now(), !events.is_empty());
        while looks && wait > Duration::ZERO {
            self.poll.poll(events, Some(Duration::ZERO))?;
            if !events.is_empty() {
                return Ok(());
            }
            thread::yield_now(); // to the client, where there is but one processor
            looks = began.elapsed() < LOOK.min(wait);
        }
        self.poll.poll(events, Some(wait))
    }

    fn wait(&self, engine: &Engine) -> Duration {
        let wait = match engine.due() {
            _ if !self.unread.is_empty() => Duration::ZERO,
            None => SLEEP_MAX,
            Some(due) => due.min(SLEEP_MAX),
        };
        if self.crowded { wait.min(RETRY) } else { wait }
    }

    fn take(&mut self, engine: &mut Engine, event: &Event) {
        let Ok(number) = u32::try_from(event.token().0) else { return };
        if event.is_readable() || event.is_read_closed() {
            self.read(engine, number, event.is_read_closed());
        }
        if event.is_writable() {
            self.write(engine, number);
        }
    }

    fn accept(&mut self, engine: &mut Engine) {
        loop {
            match self.listener.accept() {
                Ok((stream, peer)) => {
                    let _ = self.welcome(engine, stream, peer); // it has gone already
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    self.crowded = error.kind() != ErrorKind::WouldBlock;
                    return;
                }
            }
        }
    }

    fn welcome(
        &mut self,
        engine: &mut Engine,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let names = format!("{peer} {} {}", stream.local_addr()?, descriptor(&stream));
        let number = engine.connect(&names, true)?;
        self.carry(engine, stream, number)
    }

    /// Makes the connections that the engine asks for, beside everything else.
    fn dial(&self, engine: &mut Engine) {
        for dial in engine.dials() {
            let shared = self.engine.clone();
            let work = move || {
                let stream = std::net::TcpStream::connect(&dial.address).and_then(|stream| {
                    stream.set_nodelay(true)?;
                    stream.set_nonblocking(true)?;
                    Ok(stream)
                });
                shared.lock().reached(&dial, stream);
            };
            if let Err(error) = thread::Builder::new().name("redlet-dial".into()).spawn(work) {
                log::warn!("a connection cannot be made: {error}");
            }
        }
    }

    /// Has a socket carry a connection.
    fn carry(&mut self, engine: &mut Engine, mut stream: TcpStream, number: u32) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        let token = Token(number as usize);
        if let Err(error) = self.poll.registry().register(&mut stream, token, interest) {
            engine.close(number);
            return Err(error);
        }
        self.peers.insert(number, stream);
        Ok(())
    }

    /// Reads once, so that no client keeps others waiting.
    fn read(&mut self, engine: &mut Engine, number: u32, last: bool) {
        let Some(peer) = self.peers.get_mut(&number) else { return };
        match peer.read(&mut self.buffer) {
            Ok(0) => self.drop(engine, number),
            Ok(size) => {
                engine.put(number, &self.buffer[..size]);
                // Where there was less than asked for, Unix tells of what comes next.
                if size == READ_MAX || last || !cfg!(unix) {
                    self.unread.push(number);
                }
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => {}
                ErrorKind::Interrupted => self.unread.push(number),
                _ => self.drop(engine, number),
            },
        }
    }

    /// Sends what can be sent; what cannot waits until the socket takes more.
    fn flush(&mut self, engine: &mut Engine) {
        let mut numbers = engine.dirty();
        while !numbers.is_empty() {
            for number in numbers {
                self.write(engine, number);
            }
            numbers = engine.dirty(); // what held its output back may have more
        }
    }

    fn write(&mut self, engine: &mut Engine, number: u32) {
        let (Some(peer), Some(link)) = (self.peers.get_mut(&number), engine.link(number)) else {
            return;
        };
        while !link.outbox.is_empty() {
            match peer.write(link.outbox.as_slices().0) {
                Ok(size) => drop(link.outbox.drain(..size)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return self.drop(engine, number),
            }
        }
        if link.ended && link.outbox.is_empty() {
            self.drop(engine, number);
        } else if engine.taken(number) {
            let _ = engine.run();
        }
    }

    fn drop(&mut self, engine: &mut Engine, number: u32) {
        engine.close(number);
        if let Some(mut peer) = self.peers.remove(&number) {
            let _ = self.poll.registry().deregister(&mut peer);
            let _ = peer.shutdown(Shutdown::Both);
        }
    }
}

#[cfg(unix)]
fn descriptor(stream: &TcpStream) -> i64 {
    std::os::fd::AsRawFd::as_raw_fd(stream).into()
}

#[cfg(not(unix))]
fn descriptor(_: &TcpStream) -> i64 {
    -1
}
