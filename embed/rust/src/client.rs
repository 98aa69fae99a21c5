//! A connection within the process.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::task::{Context, Poll};

use crate::engine::Shared;

/// A connection to a [`Server`](crate::Server) that needs no socket: bytes of RESP in and out.
///
/// What is written is carried out by the thread that writes. A read waits until there is
/// something; it gives nothing once the server has hung up, was reset or is gone.
#[derive(Debug)]
pub struct Connection {
    pub(crate) engine: Shared,
    pub(crate) number: u32,
}

impl Connection {
    pub(crate) fn poll_read(
        &self,
        buffer: &mut [u8],
        context: &Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.engine.lock().take(self.number, context.waker(), |mut output| output.read(buffer))
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        pollster::block_on(poll_fn(|context| self.poll_read(buffer, context)))
    }
}

impl Write for Connection {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut engine = self.engine.lock();
        let size = engine.put(self.number, data)?;
        engine.run()?;
        Ok(size)
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
