//! Connections, within the process and of sockets, and the thread that serves a port.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{unconstrained, yield_now};
use tokio::time::sleep;

use crate::Result;
use crate::engine::{Dial, Opened, STEP_MAX, Shared};

const READ_MAX: usize = 64 << 10;
const LOOK: Duration = Duration::from_micros(30); // for more, before it sleeps
const RETRY: Duration = Duration::from_millis(1); // where no descriptor is left to accept with

/// A connection to a [`Server`](crate::Server) that needs no socket: bytes of RESP in and out.
///
/// What is written is carried out by the thread that writes. A read waits until there is
/// something; it gives nothing once the server has hung up, was reset or is gone.
#[derive(Debug)]
pub struct Connection {
    engine: Shared,
    number: u32,
    replies: UnboundedReceiver<Bytes>,
    unread: Bytes,
}

impl Connection {
    pub(crate) fn new(engine: &Shared, (number, replies): Opened) -> Connection {
        Connection { engine: engine.clone(), number, replies, unread: Bytes::new() }
    }

    /// What came for the client, until the end.
    async fn next(&mut self) -> Option<Bytes> {
        let data = self.replies.recv().await?;
        self.engine.lock().taken(self.number, data.len());
        Some(data)
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            // Within a task of tokio's it would not end once the task has had its share.
            self.unread = pollster::block_on(unconstrained(self.next())).unwrap_or_default();
        }
        (&mut self.unread).reader().read(buffer)
    }
}

impl Write for Connection {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.engine.lock().put(self.number, data, 0)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.engine.lock().close(self.number);
    }
}

/// Steps the engine when it is due, until it is over.
pub(crate) async fn run(engine: Shared) {
    let bell = engine.lock().bell.clone();
    while step(&engine).is_ok() {
        tokio::select! {
            biased;
            () = bell.notified() => {}
            () = due(&engine) => {}
        }
    }
    yield_now().await; // what came last is sent
}

/// Does what is to be done now, or says why the engine is over.
fn step(engine: &Shared) -> Result<()> {
    let mut owner = engine.lock();
    if owner.due().is_zero() {
        let _ = owner.run(); // a death is logged, and its clients see it
    }
    for dial in owner.dials.drain(..) {
        tokio::spawn(reach(engine.clone(), dial));
    }
    owner.guest().map(drop)
}

/// Waits until the engine wants to be stepped. Whoever sends one command after another sends the
/// next within microseconds, and falling asleep and being woken takes longer: so it looks a while
/// first.
async fn due(engine: &Shared) {
    let began = Instant::now();
    while began.elapsed() < LOOK {
        yield_now().await;
        thread::yield_now(); // to the client, where there is but one processor
    }
    let wait = engine.lock().due();
    sleep(wait).await;
}

/// Takes clients, until the thread ends.
pub(crate) async fn accept(engine: Shared, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => drop(tokio::spawn(welcome(engine.clone(), socket, peer))),
            Err(_) => sleep(RETRY).await,
        }
    }
}

async fn welcome(engine: Shared, socket: TcpStream, peer: SocketAddr) -> Result<()> {
    #[cfg(unix)]
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&socket);
    #[cfg(not(unix))]
    let descriptor = -1;
    let names = format!("{peer} {} {descriptor}", socket.local_addr()?);
    let opened = engine.lock().connect(&names)?;
    socket.set_nodelay(true)?;
    Ok(carry(socket, Connection::new(&engine, opened)).await?)
}

/// Makes a connection that the engine asks for.
async fn reach(engine: Shared, dial: Dial) -> io::Result<()> {
    let made = TcpStream::connect(&dial.address).await;
    let opened = engine.lock().reached(&dial, &made);
    let (Ok(socket), Some(opened)) = (made, opened) else { return Ok(()) };
    socket.set_nodelay(true)?;
    carry(socket, Connection::new(&engine, opened)).await
}

/// Has a stream carry a connection, until one of its ends is closed.
pub(crate) async fn carry(
    stream: impl AsyncRead + AsyncWrite,
    mut connection: Connection,
) -> io::Result<()> {
    let (mut from, mut to) = tokio::io::split(stream);
    let (engine, number) = (connection.engine.clone(), connection.number);
    let requests = poll_fn(|context| {
        let mut buffer = [MaybeUninit::uninit(); READ_MAX]; // no connection keeps it
        loop {
            let mut data = ReadBuf::uninit(&mut buffer);
            ready!(Pin::new(&mut from).poll_read(context, &mut data))?;
            if data.filled().is_empty() {
                return Poll::Ready(io::Result::Ok(()));
            }
            let mut owner = engine.lock();
            owner.put(number, data.filled(), STEP_MAX)?;
            owner.bell.notify_one(); // others who have sent are stepped for with it
        }
    });
    let replies = async {
        while let Some(data) = connection.next().await {
            to.write_all(&data).await?;
        }
        Ok(())
    };
    tokio::pin!(replies);
    tokio::select! {
        biased;
        sent = &mut replies => sent,
        _ = requests => {
            engine.lock().close(number);
            replies.await
        }
    }
}
