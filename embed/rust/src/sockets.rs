//! The thread that serves a port, and steps the engine when it is due.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::engine::{Dial, Shared};
use crate::{Connection, Result};

const READ_MAX: usize = 64 << 10;
const SLEEP_MAX: Duration = Duration::from_secs(60); // deadlines may lie years ahead
const LOOK: Duration = Duration::from_micros(30); // for more, before it sleeps
const RETRY: Duration = Duration::from_millis(100); // where no descriptor is left to accept with

/// Listens, and serves by a thread until the engine is over.
pub(crate) fn serve(engine: Shared, listener: std::net::TcpListener) -> Result<JoinHandle<()>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    listener.set_nonblocking(true)?;
    let listener = {
        let _inside = runtime.enter();
        TcpListener::from_std(listener)?
    };
    let work = move || {
        runtime.spawn(accept(engine.clone(), listener));
        // What wakes a task costs less than what wakes the thread's own future.
        let _ = runtime.block_on(runtime.spawn(run(engine)));
        runtime.shutdown_background(); // it may still look for a name
    };
    Ok(thread::Builder::new().name("redlet".into()).spawn(work)?)
}

async fn run(engine: Shared) {
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
    if owner.due() == Some(Duration::ZERO) {
        let _ = owner.run(); // a death is logged, and its clients see it
    }
    for dial in owner.dials() {
        tokio::spawn(reach(engine.clone(), dial));
    }
    owner.check()
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
    let wait = engine.lock().due().unwrap_or(SLEEP_MAX);
    sleep(wait.min(SLEEP_MAX)).await;
}

async fn accept(engine: Shared, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => drop(tokio::spawn(welcome(engine.clone(), socket, peer))),
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {} // it has gone already
            Err(_) => sleep(RETRY).await,
        }
    }
}

async fn welcome(engine: Shared, socket: TcpStream, peer: SocketAddr) -> io::Result<()> {
    let names = format!("{peer} {} {}", socket.local_addr()?, descriptor(&socket));
    let number = engine.lock().connect(&names)?;
    carry(socket, Connection { engine, number }).await
}

/// Makes a connection that the engine asks for.
async fn reach(engine: Shared, dial: Dial) -> io::Result<()> {
    let made = TcpStream::connect(&dial.address).await;
    let number = engine.lock().reached(&dial, &made);
    match (made, number) {
        (Ok(socket), Some(number)) => carry(socket, Connection { engine, number }).await,
        _ => Ok(()),
    }
}

/// Has a socket carry a connection, until one of its ends is closed.
async fn carry(mut socket: TcpStream, connection: Connection) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let Connection { engine, number } = &connection;
    let (mut requests, replies) = socket.split();
    let send = |context: &mut Context<'_>| loop {
        ready!(replies.as_ref().poll_write_ready(context))?;
        let write = |output: &[u8]| replies.try_write(output);
        match ready!(engine.lock().take(*number, context.waker(), write)) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Ok(1..) => {}
            end => return Poll::Ready(end.map(drop)),
        }
    };
    poll_fn(|context| {
        let mut buffer = [MaybeUninit::uninit(); READ_MAX]; // no connection keeps it
        loop {
            let mut request = ReadBuf::uninit(&mut buffer);
            match Pin::new(&mut requests).poll_read(context, &mut request)? {
                Poll::Ready(()) if request.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(()) => {
                    let mut owner = engine.lock();
                    owner.put(*number, request.filled())?;
                    owner.bell.notify_one(); // others who have sent are stepped for with it
                }
                Poll::Pending => return send(context),
            }
        }
    })
    .await?;
    yield_now().await; // what was asked for last is answered
    let _ = poll_fn(|context| Poll::Ready(send(context))).await;
    Ok(())
}

#[cfg(unix)]
fn descriptor(stream: &TcpStream) -> i64 {
    std::os::fd::AsRawFd::as_raw_fd(stream).into()
}

#[cfg(not(unix))]
fn descriptor(_: &TcpStream) -> i64 {
    -1
}
