use std::io;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was asked for is refused, and nothing has changed.
    #[error("{0}")]
    Refused(String),
    /// The engine broke, which is a bug of redlet. Clients were disconnected; another engine has
    /// taken its place, with the data of the last snapshot or restore, or those of its files.
    #[error("the engine died: {reason}\n{}", log.join("\n"))]
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
    Io(#[from] io::Error),
}

/// What most methods return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
