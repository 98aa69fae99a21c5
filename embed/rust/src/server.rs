use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, io};

use parking_lot::Mutex;
use tokio::runtime::{self, Handle};

use crate::abi::to;
use crate::engine::{Engine, Shared};
use crate::files::Files;
use crate::{Connection, Error, Result, connection};

/// A Redis in this process, on a port of its own. Dropping it ends it: clients are disconnected,
/// also those that wait.
///
/// Any thread may call it; calls for the engine take turns.
#[derive(Debug)]
pub struct Server {
    engine: Shared,
    address: SocketAddr,
    #[cfg_attr(not(feature = "tokio"), allow(dead_code))]
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

/// How a server is to start: [`Server::builder`].
#[derive(Clone, Debug)]
#[must_use = "it does nothing until start"]
pub struct Builder {
    address: SocketAddr,
    config: BTreeMap<String, String>,
    seed: Option<[u8; 32]>,
}

impl Builder {
    /// Listens on this port of 127.0.0.1. Without it, or with 0, the system chooses one.
    pub fn port(mut self, port: u16) -> Builder {
        self.address.set_port(port);
        self
    }

    /// Listens on this address.
    pub fn listen(mut self, address: SocketAddr) -> Builder {
        self.address = address;
        self
    }

    /// Sets a parameter of redis.conf, such as `maxmemory` or `requirepass`.
    ///
    /// With `dir` the server loads the files of that folder and saves its data there, as
    /// redis-server does: with `appendonly yes`, by SAVE and save points, and on
    /// [`shutdown`](Server::shutdown) if there are save points. Without it nothing is written,
    /// and SAVE is refused. `port` is what [`port`](Builder::port) says. Other than in redis-server, `save` is `""` where it is not set.
    pub fn config(mut self, name: &str, value: impl ToString) -> Builder {
        self.config.insert(name.to_ascii_lowercase(), value.to_string());
        self
    }

    /// Repeats every random choice: `RANDOMKEY`, `SPOP`, ids, passwords of `ACL GENPASS`.
    pub fn seed(mut self, seed: [u8; 32]) -> Builder {
        self.seed = Some(seed);
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says what is wrong with the configuration or the files, [`Error::Io`]
    /// why the port cannot be had.
    pub fn start(self) -> Result<Server> {
        let files = match self.config.get("dir") {
            Some(dir) if !Path::new(dir).is_dir() => {
                return Err(Error::Refused(format!("\"dir\" is no folder: {dir}")));
            }
            Some(_) => Files::new(env::current_dir()?),
            None => Files::default(), // with "appendonly" the engine then refuses to start
        };
        if self.config.contains_key("port") {
            return Err(Error::Refused("\"port\" is an option of the builder".into()));
        }
        let listener = TcpListener::bind(self.address)?;
        let port = listener.local_addr()?.port(); // INFO and CLUSTER SLOTS tell it
        let seed = self.seed.map_or_else(random, Ok)?;
        let configuration = configuration(seed, &self.config("port", port).config);
        let mut engine = Engine::default();
        (engine.configuration, engine.files) = (configuration, files);
        engine.begin()?;
        Server::serve(engine, listener)
    }
}

fn random() -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(seed)
}

/// The payload of CONFIGURE.
pub(crate) fn configuration(seed: [u8; 32], config: &BTreeMap<String, String>) -> Vec<u8> {
    let lines = config.iter().map(|(name, value)| {
        let value = value.as_bytes().escape_ascii();
        format!("{name} \"{value}\"\n")
    });
    [&seed, lines.collect::<String>().as_bytes()].concat()
}

impl Server {
    /// Starts a server as it is by default, on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where no port, no thread or no memory can be had.
    pub fn start() -> Result<Server> {
        Server::builder().start()
    }

    /// Says how a server is to start.
    ///
    /// ```
    /// # fn main() -> redlet::Result<()> {
    /// let server = redlet::Server::builder().config("maxmemory", "100mb").seed([7; 32]).start()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> Builder {
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        Builder { address, config: BTreeMap::new(), seed: None }.config("save", "")
    }

    fn serve(engine: Engine, listener: TcpListener) -> Result<Server> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (handle, inside) = (runtime.handle().clone(), runtime.enter());
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let listener = listener.try_into()?;
        drop(inside);
        let (engine, name) = (Arc::new(Mutex::new(engine)), "redlet".into());
        let owner = engine.clone();
        let thread = thread::Builder::new().name(name).spawn(move || {
            runtime.spawn(connection::accept(owner.clone(), listener));
            // What wakes a task costs less than what wakes the thread's own future.
            let _ = runtime.block_on(runtime.spawn(connection::run(owner)));
            runtime.shutdown_background(); // it may still look for a name
        })?;
        Ok(Server { engine, address, handle, thread: Some(thread) })
    }

    /// Where clients find the server: `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// A connection without a socket, for what reads and writes.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = redlet::Server::start()?;
    /// let mut connection = server.connect()?;
    /// connection.write_all(b"PING\r\n")?;
    /// let mut reply = [0; 7];
    /// connection.read_exact(&mut reply)?;
    /// assert_eq!(&reply, b"+PONG\r\n");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once the server has ended.
    pub fn connect(&self) -> Result<Connection> {
        let opened = self.engine.lock().connect("127.0.0.1:1 127.0.0.1:0 -1")?;
        Ok(Connection::new(&self.engine, opened))
    }

    /// A connection without a socket, for asynchronous clients.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once the server has ended.
    #[cfg(feature = "tokio")]
    pub fn stream(&self) -> Result<tokio::io::DuplexStream> {
        let (stream, far) = tokio::io::duplex(64 << 10);
        self.handle.spawn(connection::carry(far, self.connect()?));
        Ok(stream)
    }

    /// The server's clock.
    pub fn clock(&self) -> Clock<'_> {
        Clock(&self.engine)
    }

    /// Everything but the connections, as an RDB file, which a real `redis-server` loads too.
    /// Should the engine die, another one begins with it.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if there is no memory for it, and those of a server that is gone.
    pub fn snapshot(&self) -> Result<Vec<u8>> {
        self.engine.lock().snapshot()
    }

    /// Replaces all data by those of an RDB file; connections stay.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it is damaged. All is then as it was.
    pub fn restore(&self, image: &[u8]) -> Result<()> {
        self.engine.lock().restore(image)
    }

    /// Another server, on a port of its own, that goes on where this one is: with its data, its
    /// clock and its chance, without its connections. It takes milliseconds.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it has a `dir`, which two cannot write to, and those of `start`.
    pub fn fork(&self) -> Result<Server> {
        let fork = self.engine.lock().fork()?;
        Server::serve(fork, TcpListener::bind((self.address.ip(), 0))?)
    }

    /// Makes the server what it was when it started: without data, its clock running. Clients are
    /// disconnected.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it has a `dir`: its data are there.
    pub fn reset(&self) -> Result<()> {
        self.engine.lock().reset()
    }

    /// Asks for the end as a signal does, and waits for it: what is to be saved is saved, and for
    /// replicas that lag it waits as long as `shutdown-timeout` says.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it could not be saved. The server then goes on.
    pub fn shutdown(&self) -> Result<()> {
        self.engine.lock().tell(to::STOP, 0, b"sigterm")?;
        loop {
            let mut engine = self.engine.lock();
            match engine.control("info server") {
                Ok(told) if told.contains("shutdown_in_milliseconds") => {}
                Ok(_) => return Err(Error::Refused(engine.lines.pop_back().unwrap_or_default())),
                Err(Error::Closed(_)) => return Ok(()),
                Err(error) => return Err(error),
            }
            drop(engine);
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[cfg(test)]
    pub(crate) fn engine(&self) -> &Shared {
        &self.engine
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.engine.lock().end("the server is closed");
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A server's clock, by which every expiry, timeout and stream id goes.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = redlet::Server::start()?;
/// let mut r = redis::Client::open(server.url())?.get_connection()?;
/// redis::cmd("SET").arg("k").arg("v").arg("EX").arg(60).exec(&mut r)?;
/// server.clock().freeze()?;
/// server.clock().advance(Duration::from_secs(60))?;
/// assert!(!redis::cmd("EXISTS").arg("k").query::<bool>(&mut r)?);
/// # Ok(())
/// # }
/// ```
///
/// Its methods fail as a server does that has ended, or dies.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a>(&'a Shared);

#[allow(clippy::missing_errors_doc)] // the type says it
impl Clock<'_> {
    /// Turns the clock ahead; what falls due on the way happens, in order.
    pub fn advance(self, by: Duration) -> Result<()> {
        self.turn(&format!("clock forward {}", by.as_micros()))
    }

    /// Sets the clock, ahead or back. It goes on from there, or stands there if it is frozen.
    pub fn set(self, at: SystemTime) -> Result<()> {
        let since = at.duration_since(UNIX_EPOCH);
        let since = since.map_err(|_| Error::Refused("a time before the Unix epoch".into()))?;
        self.turn(&format!("clock set {}", since.as_micros()))
    }

    /// Stops the clock where it is.
    pub fn freeze(self) -> Result<()> {
        self.turn("clock freeze")
    }

    /// Lets a frozen clock go on from where it stands.
    pub fn run(self) -> Result<()> {
        self.turn("clock run")
    }

    /// What the clock shows.
    pub fn now(self) -> Result<SystemTime> {
        let told = self.0.lock().control("clock")?;
        let micros = told.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or_default();
        Ok(UNIX_EPOCH + Duration::from_micros(micros))
    }

    fn turn(self, order: &str) -> Result<()> {
        let mut engine = self.0.lock();
        let mut told = engine.control(order)?;
        while told.ends_with(" 1") {
            told = engine.control("clock forward 0")?;
        }
        Ok(())
    }
}
