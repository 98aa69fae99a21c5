//! A connection within the process.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::thread::{self, Thread};

use crate::engine::Shared;

/// A connection to a [`Server`](crate::Server) that needs no socket: bytes of RESP in and out.
///
/// What is written is carried out by the thread that writes. A read waits until there is
/// something; it gives nothing once the server has hung up, was reset or is gone.
#[derive(Debug)]
pub struct Connection {
    engine: Shared,
    number: u32,
}

impl Connection {
    pub(crate) fn open(engine: &Shared) -> crate::Result<Connection> {
        let mut owner = engine.lock();
        let number = owner.connect("127.0.0.1:1 127.0.0.1:0 -1", false)?;
        owner.run()?;
        Ok(Connection { engine: engine.clone(), number })
    }

    /// Tells the engine that the client has gone.
    pub(crate) fn close(&self) {
        let mut engine = self.engine.lock();
        engine.close(self.number);
        let _ = engine.run(); // a death is logged, and whoever comes next is told
    }

    /// Reads what is there, or has the waker called when there is something.
    pub(crate) fn poll_take(&self, buffer: &mut [u8], waker: &Waker) -> Poll<io::Result<usize>> {
        let mut engine = self.engine.lock();
        let Some(link) = engine.link(self.number) else { return Poll::Ready(Ok(0)) };
        if link.outbox.is_empty() && !link.ended {
            link.reader = Some(waker.clone());
            return Poll::Pending;
        }
        let size = link.outbox.read(buffer)?;
        if engine.taken(self.number) {
            engine.run()?;
        }
        Poll::Ready(Ok(size))
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        struct Unpark(Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        loop {
            match self.poll_take(buffer, &waker) {
                Poll::Ready(result) => return result,
                Poll::Pending => thread::park(),
            }
        }
    }
}

impl Write for Connection {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut engine = self.engine.lock();
        engine.check()?;
        if !engine.put(self.number, data) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        engine.run()?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}
