//! Measures redlet beside redis-server, and beside redlet's server, natively and under wazero:
//! `make bench-rust`. Each server has a process of its own; the client is in this one.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const BATCH: usize = 100;
const STARTS: usize = 5;
const WARM_UP: Duration = Duration::from_millis(300);
const MEASURED: Duration = Duration::from_secs(1);
const KEYS: usize = 100_000;

fn main() -> Result<()> {
    if env::args().nth(1).as_deref() == Some("serve") {
        return serve();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let reference = env::var("REDLET_REFERENCE").unwrap_or("redis-server".into());
    let own = root.join("bin/redlet").display().to_string();
    let mut rows = vec![starts_and_row()?];
    rows.push(row("redlet's server, wazero", &own, &["--engine", "wasm"], 16_981)?);
    rows.push(row("redlet's server, native", &own, &[], 16_982)?);
    rows.push(row("redis-server", &reference, &[], 16_983)?);
    println!(
        "| | PING | SET | GET | PING by {BATCH} | SET | GET | LRANGE 100 by 10 | EVAL | empty | \
         {KEYS} keys |\n|---|---|---|---|---|---|---|---|---|---|---|"
    );
    rows.iter().for_each(|row| println!("{row}"));
    inside()
}

/// Starts a server, tells its port and how long it took, and waits for the end of the input.
fn serve() -> Result<()> {
    let began = Instant::now();
    let server = redlet::Server::start()?;
    Client::new(server.port())?.run(&command(&["PING"]), 7)?;
    println!("{} {}", server.port(), began.elapsed().as_micros());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// The crate's server: a process of its own, and how long that took to start one.
fn started(cache: Option<&Path>) -> Result<(Process, u16, f64)> {
    let mut command = Command::new(env::current_exe()?);
    if let Some(cache) = cache {
        command.env("REDLET_CACHE_DIR", cache);
    }
    command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = Process(command.spawn()?);
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let (port, micros) = line.trim().split_once(' ').ok_or("it did not start")?;
    Ok((process, port.parse()?, micros.parse::<f64>()? / 1e3))
}

fn starts_and_row() -> Result<String> {
    let cache = env::temp_dir().join(format!("redlet-bench-{}", std::process::id()));
    let (_, _, first) = started(Some(&cache))?;
    let mut others = Vec::new();
    for _ in 0..STARTS {
        others.push(started(Some(&cache))?.2);
    }
    fs::remove_dir_all(&cache)?;
    others.sort_by(f64::total_cmp);
    println!(
        "start and first reply: first {:.1} s, from the cache {:.0} ms (the best of {STARTS}; the \
         median {:.0} ms)",
        first / 1e3,
        others[0],
        others[STARTS / 2]
    );
    let (process, port, _) = started(None)?;
    measured("redlet", port, process.0.id())
}

fn row(name: &str, program: &str, options: &[&str], port: u16) -> Result<String> {
    let number = port.to_string();
    let common = ["--port", &number, "--save", "", "--bind", "127.0.0.1"];
    let mut command = Command::new(program);
    command.args(common).args(options).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(child) = command.spawn() else {
        return Ok(format!("| {name} | is not here |"));
    };
    let process = Process(child);
    while Client::new(port).is_err() {
        std::thread::yield_now();
    }
    measured(name, port, process.0.id())
}

fn measured(name: &str, port: u16, process: u32) -> Result<String> {
    let mut client = Client::new(port)?;
    let empty = memory(process);
    let mut row = format!("| {name}");
    for batch in [1, BATCH] {
        for (words, reply) in [
            (&["PING"][..], "+PONG\r\n"),
            (&["SET", "key", "value"], "+OK\r\n"),
            (&["GET", "key"], "$5\r\nvalue\r\n"),
        ] {
            row += &rate(&mut client, words, reply.len(), batch)?;
        }
    }
    let mut push = vec!["RPUSH", "list"];
    push.extend(["value"; 100]);
    client.run(&command(&push), ":100\r\n".len())?;
    row += &rate(&mut client, &["LRANGE", "list", "0", "-1"], 6 + 100 * 11, 10)?;
    let script = "local n = 0 for i = 1, 100 do n = n + i end return n";
    row += &rate(&mut client, &["EVAL", script, "0"], ":5050\r\n".len(), 10)?;
    for first in (0..KEYS).step_by(BATCH) {
        let sets = (first..first + BATCH).map(|i| command(&["SET", &format!("key:{i}"), "value"]));
        client.run(&sets.collect::<String>(), BATCH * "+OK\r\n".len())?;
    }
    Ok(row + &format!(" | {empty:.0} MB | {:.0} MB |", memory(process) - empty))
}

/// Commands a second.
fn rate(client: &mut Client, words: &[&str], reply: usize, batch: usize) -> Result<String> {
    let commands = command(words).repeat(batch);
    let mut run = |time: Duration| -> Result<f64> {
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < time {
            client.run(&commands, reply * batch)?;
            count += batch;
        }
        Ok(count as f64 / began.elapsed().as_secs_f64())
    };
    run(WARM_UP)?;
    Ok(format!(" | {:.0}", run(MEASURED)?))
}

fn command(words: &[&str]) -> String {
    let parts = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", words.len(), parts.collect::<String>())
}

/// MB that a process has of the machine's memory, where the system tells.
fn memory(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1e3
}

/// What needs no other process: connections without a socket, forks and resets.
fn inside() -> Result<()> {
    let server = redlet::Server::start()?;
    let mut connection = server.connect()?;
    let mut count = 0;
    let began = Instant::now();
    while began.elapsed() < MEASURED {
        connection.write_all(b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n")?;
        connection.read_exact(&mut [0; 5])?;
        count += 1;
    }
    let each = |work: &mut dyn FnMut() -> redlet::Result<()>| -> redlet::Result<f64> {
        let began = Instant::now();
        for _ in 0..20 {
            work()?;
        }
        Ok(began.elapsed().as_secs_f64() * 50.0)
    };
    let fork = each(&mut || server.fork().map(drop))?;
    let reset = each(&mut || server.reset())?;
    println!("GET without a socket {count} a second; fork {fork:.1} ms, reset {reset:.1} ms");
    Ok(())
}

/// A process that ends with this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A client that knows how long the replies are.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    fn new(port: u16) -> Result<Client> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Client { stream, buffer: vec![0; 1 << 16] })
    }

    fn run(&mut self, commands: &str, mut missing: usize) -> Result<()> {
        self.stream.write_all(commands.as_bytes())?;
        while missing > 0 {
            let size = self.stream.read(&mut self.buffer)?;
            if size == 0 || self.buffer[0] == b'-' {
                return Err("no reply".into());
            }
            missing = missing.saturating_sub(size);
        }
        Ok(())
    }
}
