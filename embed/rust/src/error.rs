use std::sync::Arc;
use std::{io, slice};

/// What went wrong.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was asked for is refused, and nothing has changed.
    #[error("{0}")]
    Refused(String),
    /// The engine broke, which is a bug of redlet. Clients were disconnected; another engine has
    /// taken its place, with the data of the last snapshot or restore, or those of its files.
    #[error("the engine died: {}", [slice::from_ref(reason), log].concat().join("\n"))]
    Died {
        /// What it died of.
        reason: String,
        /// The last lines of its log, and of what its runtime said.
        log: Vec<String>,
    },
    /// The server has ended; the text says why.
    #[error("{0}")]
    Closed(String),
    /// The system refused what a server needs: a port, a thread, memory that holds code.
    #[error(transparent)]
    Io(Arc<io::Error>),
}

/// What most methods return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn closed() -> Error {
        Error::Closed("the server is closed".into())
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(Arc::new(error))
    }
}

impl From<wasmtime::Error> for Error {
    fn from(error: wasmtime::Error) -> Error {
        io::Error::other(format!("{error:#}")).into()
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = match &error {
            Error::Io(inner) => inner.kind(),
            Error::Closed(_) => io::ErrorKind::BrokenPipe,
            Error::Died { .. } => io::ErrorKind::ConnectionAborted,
            Error::Refused(_) => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}
