//! Engines that break.

use std::io::{Read, Write};
use std::net::TcpStream;

use wasmtime::Val;

use crate::{Error, Server};

/// What a connection answers to a command.
fn ask(connection: &mut (impl Read + Write), command: &str) -> std::io::Result<String> {
    connection.write_all(format!("{command}\r\n").as_bytes())?;
    let mut reply = [0; 4096];
    let size = connection.read(&mut reply)?;
    Ok(String::from_utf8_lossy(&reply[..size]).into_owned())
}

#[test]
fn a_frame_of_no_kind() {
    let server = Server::start().unwrap();
    let mut old = server.connect().unwrap();
    let mut socket = TcpStream::connect(server.address()).unwrap();
    assert_eq!(ask(&mut old, "SET k v").unwrap(), "+OK\r\n");
    assert_eq!(ask(&mut socket, "PING").unwrap(), "+PONG\r\n");
    server.snapshot().unwrap();
    assert_eq!(ask(&mut old, "SET k w").unwrap(), "+OK\r\n");
    server.engine().lock().push(99, 0, 0, &[]);
    let Err(Error::Died { reason, log }) = server.clock().now() else { panic!("it lives") };
    assert!(reason.starts_with("status 2") && reason.contains("kind"), "{reason} {log:?}");
    assert_eq!(socket.read(&mut [0]).unwrap(), 0);
    assert_eq!(old.read(&mut [0]).unwrap(), 0);
    assert!(ask(&mut old, "PING").is_err());
    let mut socket = TcpStream::connect(server.address()).unwrap();
    assert_eq!(ask(&mut socket, "GET k").unwrap(), "$1\r\nv\r\n"); // of the last snapshot
}

#[test]
fn a_trap() {
    let server = Server::start().unwrap();
    let mut connection = server.connect().unwrap();
    assert_eq!(ask(&mut connection, "SET k v").unwrap(), "+OK\r\n");
    let broken = server.engine().lock().guest().unwrap().set_global("global_0", Val::I32(8));
    broken.unwrap(); // a stack that is not there
    let error = ask(&mut connection, "GET k").unwrap_err();
    assert!(error.to_string().starts_with("the engine died: "), "{error}");
    let mut connection = server.connect().unwrap();
    assert_eq!(ask(&mut connection, "GET k").unwrap(), "$-1\r\n");
    assert!(server.snapshot().unwrap().starts_with(b"REDIS"));
}

#[test]
fn a_crash_that_a_client_asks_for() {
    let server = Server::builder().config("enable-debug-command", "yes").start().unwrap();
    for way in ["PANIC", "SEGFAULT"] {
        let mut connection = server.connect().unwrap();
        assert_eq!(ask(&mut connection, "SET k v").unwrap(), "+OK\r\n");
        server.snapshot().unwrap();
        assert_eq!(ask(&mut connection, "SET k w").unwrap(), "+OK\r\n");
        let error = ask(&mut connection, &format!("DEBUG {way}")).unwrap_err().to_string();
        assert!(error.contains("by signal") && error.contains("argv[1]"), "{error}");
        let mut connection = server.connect().unwrap();
        assert_eq!(ask(&mut connection, "GET k").unwrap(), "$1\r\nv\r\n");
    }
}

#[test]
fn a_death_that_a_client_meets() {
    let server = Server::start().unwrap();
    let mut socket = TcpStream::connect(server.address()).unwrap();
    assert_eq!(ask(&mut socket, "PING").unwrap(), "+PONG\r\n");
    server.engine().lock().guest().unwrap().set_global("global_0", Val::I32(8)).unwrap();
    assert!(matches!(ask(&mut socket, "PING").as_deref(), Ok("") | Err(_)));
    let mut socket = TcpStream::connect(server.address()).unwrap();
    assert_eq!(ask(&mut socket, "PING").unwrap(), "+PONG\r\n");
}
