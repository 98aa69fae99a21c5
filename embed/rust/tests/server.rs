//! What the crate promises: servers, clocks, connections without sockets, and ends without hangs.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::{Commands, Connection, RedisResult, Value, cmd};
use redlet::{Error, Server};

fn client(server: &Server) -> Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

/// Waits until clients block.
fn blocked(server: &Server, count: usize) {
    let mut r = client(server);
    let wanted = format!("blocked_clients:{count}\r\n");
    while !cmd("INFO").arg("clients").query::<String>(&mut r).unwrap().contains(&wanted) {
        thread::yield_now();
    }
}

/// What a client within the process is told.
fn told(connection: &mut redlet::Connection, command: &str, size: usize) -> String {
    connection.write_all(command.as_bytes()).unwrap();
    let mut reply = vec![0; size];
    connection.read_exact(&mut reply).unwrap();
    String::from_utf8(reply).unwrap()
}

#[test]
fn commands() {
    let server = Server::start().unwrap();
    let mut r = client(&server);
    let _: () = r.set("k", "v").unwrap();
    assert_eq!(r.get::<_, String>("k").unwrap(), "v");
    let _: () = r.hset("h", "a", 1).unwrap();
    let error = r.incr::<_, _, i64>("h", 1).unwrap_err();
    assert_eq!(error.code(), Some("WRONGTYPE"));
    let script = redis::Script::new("return redis.call('GET', KEYS[1])");
    assert_eq!(script.key("k").invoke::<String>(&mut r).unwrap(), "v");
    let (a, b): (i64, i64) =
        redis::pipe().atomic().incr("n", 1).incr("n", 1).query(&mut r).unwrap();
    assert_eq!((a, b), (1, 2));
}

#[test]
fn cluster_of_one() {
    let server = Server::builder().config("cluster-enabled", "yes").start().unwrap();
    let mut r = client(&server);
    let _: () = cmd("CLUSTER").arg(&["ADDSLOTSRANGE", "0", "16383"]).query(&mut r).unwrap();
    let nodes: String = cmd("CLUSTER").arg("NODES").query(&mut r).unwrap();
    assert!(nodes.contains(&format!(":{}@", server.port())), "{nodes}");
    let other = (server.port() ^ 1).to_string();
    let error = cmd("CONFIG").arg(&["SET", "port", &other]).exec(&mut r).unwrap_err();
    assert!(error.to_string().contains("listen on this port"), "{error}");
}

#[test]
fn large_values() {
    let server = Server::start().unwrap();
    let large = vec![b'x'; 20 << 20];
    let mut r = client(&server);
    let _: () = r.set("k", &large).unwrap();
    assert!(r.get::<_, Vec<u8>>("k").unwrap() == large);
    let mut connection = server.connect().unwrap();
    connection.write_all(b"GET k\r\n").unwrap();
    let mut reply = vec![0; large.len() + 13];
    connection.read_exact(&mut reply).unwrap();
    assert!(reply.starts_with(b"$20971520\r\nxxx") && reply.ends_with(b"xx\r\n"));
}

#[test]
fn push_messages() {
    let server = Server::start().unwrap();
    let mut r = client(&server);
    let mut pubsub = r.as_pubsub();
    pubsub.subscribe("news").unwrap();
    let mut other = server.connect().unwrap();
    assert_eq!(told(&mut other, "PUBLISH news hello\r\n", 4), ":1\r\n");
    assert_eq!(pubsub.get_message().unwrap().get_payload::<String>().unwrap(), "hello");
}

#[test]
fn blocking() {
    let server = Server::start().unwrap();
    thread::scope(|scope| {
        let tcp = scope.spawn(|| client(&server).blpop::<_, (String, String)>("q", 0.0));
        blocked(&server, 1);
        let inside = scope.spawn(|| {
            let mut connection = server.connect().unwrap();
            told(&mut connection, "BLPOP q 0\r\n", 18)
        });
        blocked(&server, 2);
        let _: () = client(&server).rpush("q", &["x", "y"]).unwrap();
        assert_eq!(tcp.join().unwrap().unwrap(), ("q".into(), "x".into()));
        assert_eq!(inside.join().unwrap(), "*2\r\n$1\r\nq\r\n$1\r\ny\r\n");
    });
    let none: Option<(String, String)> = client(&server).blpop("q", 0.01).unwrap();
    assert_eq!(none, None);
}

#[test]
fn clock() {
    let server = Server::start().unwrap();
    let (mut r, clock) = (client(&server), server.clock());
    let apart = SystemTime::now().duration_since(clock.now().unwrap()).unwrap_or_default();
    assert!(apart < Duration::from_secs(20));
    clock.freeze().unwrap();
    clock.set(UNIX_EPOCH + Duration::from_secs(1_000_000)).unwrap();
    let _: () = r.set_ex("k", "v", 60).unwrap();
    clock.advance(Duration::from_secs(59)).unwrap();
    assert_eq!(r.pttl::<_, i64>("k").unwrap(), 1000);
    clock.advance(Duration::from_millis(1000)).unwrap();
    assert!(!r.exists::<_, bool>("k").unwrap());
    assert_eq!(cmd("TIME").query::<(u64, u64)>(&mut r).unwrap(), (1_000_060, 0));
    assert_eq!(clock.now().unwrap(), UNIX_EPOCH + Duration::from_secs(1_000_060));
    clock.run().unwrap();
    let error = clock.set(UNIX_EPOCH - Duration::from_secs(1)).unwrap_err();
    assert!(matches!(error, Error::Refused(_)));
}

#[test]
fn advance_ends_waits() {
    let server = Server::start().unwrap();
    thread::scope(|scope| {
        let waits =
            scope.spawn(|| client(&server).blpop::<_, Option<(String, String)>>("q", 3000.0));
        blocked(&server, 1);
        server.clock().advance(Duration::from_secs(3000)).unwrap();
        assert_eq!(waits.join().unwrap().unwrap(), None);
    });
}

#[test]
fn snapshot_and_restore() {
    let server = Server::start().unwrap();
    let mut r = client(&server);
    let _: () = r.set("k", "v").unwrap();
    let image = server.snapshot().unwrap();
    assert!(image.starts_with(b"REDIS"));
    let _: () = r.set("k", "w").unwrap();
    assert!(matches!(server.restore(&image[..image.len() - 9]), Err(Error::Refused(_))));
    assert_eq!(r.get::<_, String>("k").unwrap(), "w");
    server.restore(&image).unwrap();
    assert_eq!(r.get::<_, String>("k").unwrap(), "v");
}

#[test]
fn fork() {
    let server = Server::start().unwrap();
    let mut r = client(&server);
    let _: () = r.set("k", "v").unwrap();
    server.clock().freeze().unwrap();
    let fork = server.fork().unwrap();
    assert_eq!(fork.clock().now().unwrap(), server.clock().now().unwrap());
    let mut other = client(&fork);
    let (mine, its): (u64, u64) = (
        cmd("CLIENT").arg("ID").query(&mut r).unwrap(),
        cmd("CLIENT").arg("ID").query(&mut other).unwrap(),
    );
    assert!(its > mine);
    let clients: String = cmd("CLIENT").arg("LIST").query(&mut other).unwrap();
    assert_eq!(clients.lines().count(), 1);
    let _: () = other.set("k", "w").unwrap();
    drop(server);
    assert_eq!(other.get::<_, String>("k").unwrap(), "w");
    assert!(r.get::<_, String>("k").is_err());
}

#[test]
fn reset() {
    let server = Server::start().unwrap();
    let mut r = client(&server);
    let _: () = r.set("k", "v").unwrap();
    let _: () = cmd("CONFIG").arg(&["SET", "maxmemory", "10mb"]).query(&mut r).unwrap();
    server.clock().set(UNIX_EPOCH).unwrap();
    server.reset().unwrap();
    assert!(r.get::<_, String>("k").is_err());
    let mut r = client(&server);
    assert_eq!(cmd("DBSIZE").query::<u64>(&mut r).unwrap(), 0);
    let (_, limit): (String, String) =
        cmd("CONFIG").arg(&["GET", "maxmemory"]).query(&mut r).unwrap();
    assert_eq!(limit, "0");
    assert!(server.clock().now().unwrap() > UNIX_EPOCH + Duration::from_secs(1_000_000_000));
}

#[test]
fn configuration_and_seed() {
    let start = || {
        let builder =
            Server::builder().config("requirepass", "a \"b\"\n\\").config("maxmemory", "5mb");
        builder.seed([7; 32]).start().unwrap()
    };
    let passwords: [String; 2] = [start(), start()].map(|server| {
        let mut r = client(&server);
        assert_eq!(r.get::<_, String>("k").unwrap_err().code(), Some("NOAUTH"));
        let _: () = cmd("AUTH").arg("a \"b\"\n\\").query(&mut r).unwrap();
        let (_, limit): (String, String) =
            cmd("CONFIG").arg(&["GET", "maxmemory"]).query(&mut r).unwrap();
        assert_eq!(limit, "5242880");
        cmd("ACL").arg("GENPASS").query(&mut r).unwrap()
    });
    assert_eq!(passwords[0], passwords[1]);
    let refused = |builder: redlet::Builder| match builder.start() {
        Err(Error::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(refused(Server::builder().config("nonsense", 1)).contains("nonsense"));
    assert!(refused(Server::builder().config("appendonly", "yes")).contains("dir"));
    assert!(refused(Server::builder().config("port", 6379)).contains("builder"));
    assert!(refused(Server::builder().config("dir", "/no/such/folder")).contains("/no/such"));
}

#[test]
fn ports() {
    let server = Server::start().unwrap();
    assert_eq!(server.url(), format!("redis://127.0.0.1:{}", server.port()));
    let taken = Server::builder().port(server.port()).start();
    let Err(Error::Io(error)) = taken else { panic!("{taken:?}") };
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let address = "[::1]:0".parse().unwrap();
    match Server::builder().listen(address).start() {
        Ok(server) => {
            assert!(server.url().starts_with("redis://[::1]:"));
            let _: () = client(&server).set("k", "v").unwrap();
        }
        Err(error) => assert!(matches!(error, Error::Io(_)), "{error}"), // no IPv6 here
    }
}

struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("redlet-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn server(&self) -> redlet::Builder {
        Server::builder().config("dir", self.0.display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_image_on_the_disk() {
    let folder = Folder::new("image");
    let server = folder.server().config("save", "3600 1").start().unwrap();
    let _: () = client(&server).set("k", "v").unwrap();
    server.shutdown().unwrap();
    assert!(matches!(server.snapshot(), Err(Error::Closed(_))));
    let server = folder.server().start().unwrap();
    assert_eq!(client(&server).get::<_, String>("k").unwrap(), "v");
    assert!(matches!(server.fork(), Err(Error::Refused(_))));
    assert!(matches!(server.reset(), Err(Error::Refused(_))));
    std::fs::write(folder.0.join("dump.rdb"), "no image").unwrap();
    assert!(matches!(folder.server().start(), Err(Error::Refused(_))));
}

#[test]
fn an_append_only_file() {
    let folder = Folder::new("aof");
    let start = || folder.server().config("appendonly", "yes").start().unwrap();
    let server = start();
    let mut r = client(&server);
    let _: () = r.set("k", "v").unwrap();
    let _: () = cmd("BGREWRITEAOF").query(&mut r).unwrap();
    let _: () = r.rpush("l", &["a", "b"]).unwrap();
    drop(server); // as if it were killed
    let server = start();
    let mut r = client(&server);
    assert_eq!(r.get::<_, String>("k").unwrap(), "v");
    assert_eq!(r.lrange::<_, Vec<String>>("l", 0, -1).unwrap(), ["a", "b"]);
}

#[test]
fn no_files() {
    let server = Server::start().unwrap();
    let mut r = client(&server);
    assert!(cmd("SAVE").query::<Value>(&mut r).is_err());
    server.shutdown().unwrap();
    assert!(cmd("PING").query::<Value>(&mut r).is_err());
}

#[test]
fn shutdown_by_a_client() {
    let server = Server::start().unwrap();
    let mut r = client(&server);
    let _: RedisResult<Value> = cmd("SHUTDOWN").arg("NOSAVE").query(&mut r);
    loop {
        match server.connect() {
            Ok(_) => thread::yield_now(),
            Err(Error::Closed(why)) => break assert!(why.contains("shut down"), "{why}"),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(server.fork().is_err() && server.clock().now().is_err());
}

#[test]
fn drop_while_clients_block() {
    let server = Server::start().unwrap();
    let mut inside = server.connect().unwrap();
    inside.write_all(b"BLPOP q 0\r\n").unwrap();
    let mut r = client(&server);
    thread::scope(|scope| {
        let inside = scope.spawn(move || inside.read(&mut [0; 10]).unwrap());
        let tcp = scope.spawn(move || r.blpop::<_, (String, String)>("q", 0.0));
        blocked(&server, 2);
        drop(server);
        assert_eq!(inside.join().unwrap(), 0);
        assert!(tcp.join().unwrap().is_err());
    });
}

#[test]
fn a_client_that_goes() {
    let server = Server::start().unwrap();
    let mut connection = server.connect().unwrap();
    for _ in 0..3 {
        drop(client(&server));
        drop(server.connect().unwrap());
    }
    loop {
        connection.write_all(b"INFO clients\r\n").unwrap();
        let mut reply = [0; 4096];
        let size = connection.read(&mut reply).unwrap();
        if String::from_utf8_lossy(&reply[..size]).contains("connected_clients:1\r\n") {
            return;
        }
    }
}

#[test]
fn who_only_reads_from_now_on_is_answered() {
    let server = Server::start().unwrap();
    let mut socket = TcpStream::connect(server.address()).unwrap();
    socket.write_all(b"PING\r\nPING\r\n").unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut replies = String::new();
    socket.read_to_string(&mut replies).unwrap();
    assert_eq!(replies, "+PONG\r\n+PONG\r\n");
}

#[test]
fn a_slow_reader_is_corked() {
    let server = Server::start().unwrap();
    let mut r = client(&server);
    let _: () = r.set("k", vec![b'x'; 1 << 20]).unwrap();
    let mut slow = server.connect().unwrap();
    slow.write_all("GET k\r\n".repeat(64).as_bytes()).unwrap();
    let memory: String = cmd("INFO").arg("memory").query(&mut r).unwrap();
    let held = memory.split("mem_clients_normal:").nth(1).unwrap().lines().next().unwrap();
    assert!(held.parse::<u64>().unwrap() > 32 << 20, "{held} bytes are counted");
    let mut replies = vec![0; 64 * ((1 << 20) + 12)];
    slow.read_exact(&mut replies).unwrap();
    assert!(replies.ends_with(b"xx\r\n"));
}

#[test]
fn any_thread() {
    let server = Server::start().unwrap();
    thread::scope(|scope| {
        for i in 0..8 {
            let server = &server;
            scope.spawn(move || {
                let mut connection = server.connect().unwrap();
                let mut r = client(server);
                for _ in 0..50 {
                    if i % 2 == 0 {
                        let _: () = r.incr("n", 1).unwrap();
                    } else {
                        connection.write_all(b"INCR n\r\n").unwrap();
                        let _ = connection.read(&mut [0; 32]).unwrap();
                    }
                }
                server.clock().advance(Duration::from_secs(1)).unwrap();
                server.snapshot().unwrap();
            });
        }
    });
    assert_eq!(client(&server).get::<_, u64>("n").unwrap(), 400);
}

#[test]
fn many_servers() {
    let servers: Vec<Server> = (0..32).map(|_| Server::start().unwrap()).collect();
    thread::scope(|scope| {
        for (i, server) in servers.iter().enumerate() {
            scope.spawn(move || {
                let mut r = client(server);
                let _: () = r.set("k", i).unwrap();
                let fork = server.fork().unwrap();
                assert_eq!(client(&fork).get::<_, usize>("k").unwrap(), i);
            });
        }
    });
}

/// Waits until a replica has what its master has.
fn in_line(replica: &mut Connection, master: &mut Connection) {
    let up = "master_link_status:up\r\n";
    while !cmd("INFO").arg("replication").query::<String>(replica).unwrap().contains(up) {
        thread::yield_now();
    }
    assert_eq!(cmd("WAIT").arg(&[1, 20_000]).query::<u32>(master).unwrap(), 1);
}

#[test]
fn replicaof() {
    let (master, other) = (Server::start().unwrap(), Server::start().unwrap());
    let (mut m, mut o) = (client(&master), client(&other));
    let _: () = m.set("k", "v").unwrap();
    let _: () = o.set("other", 1).unwrap();
    let address = format!("127.0.0.1 {}", master.port());
    let replica = Server::builder().config("replicaof", address).start().unwrap();
    let mut r = client(&replica);
    in_line(&mut r, &mut m);
    assert_eq!(r.get::<_, String>("k").unwrap(), "v");
    let _: () = m.set("k", vec![b'x'; 3 << 20]).unwrap();
    in_line(&mut r, &mut m);
    assert_eq!(r.strlen::<_, usize>("k").unwrap(), 3 << 20);
    let _: () = cmd("REPLICAOF").arg("localhost").arg(other.port()).query(&mut r).unwrap();
    in_line(&mut r, &mut o);
    assert_eq!(r.keys::<_, Vec<String>>("*").unwrap(), ["other"]);
    let fork = replica.fork().unwrap();
    assert!(client(&fork).exists::<_, bool>("other").unwrap());
    replica.reset().unwrap();
    in_line(&mut client(&replica), &mut m);
}

#[test]
fn shutdown_waits_for_replicas() {
    let server = Server::start().unwrap();
    let mut replica = server.connect().unwrap(); // it never says how far it has come
    assert!(told(&mut replica, "PSYNC ? -1\r\n", 11).starts_with("+FULLRESYNC"));
    let _: () = client(&server).set("k", "v").unwrap();
    thread::scope(|scope| {
        let shutdown = scope.spawn(|| server.shutdown());
        let waits = || cmd("INFO").arg("server").query::<String>(&mut client(&server)).unwrap();
        while !waits().contains("shutdown_in_milliseconds") {
            thread::yield_now();
        }
        assert!(!shutdown.is_finished());
        drop(replica);
        shutdown.join().unwrap().unwrap();
    });
}

#[test]
fn migrate() {
    let (server, other) = (Server::start().unwrap(), Server::start().unwrap());
    let mut r = client(&server);
    let _: () = r.set("k", "v").unwrap();
    let port = other.port().to_string();
    let migrate = |r: &mut Connection| {
        cmd("MIGRATE").arg(&["127.0.0.1", &port, "k", "0", "20000"]).query::<String>(r)
    };
    assert_eq!(migrate(&mut r).unwrap(), "OK");
    assert_eq!(client(&other).get::<_, String>("k").unwrap(), "v");
    assert_eq!(migrate(&mut r).unwrap(), "NOKEY");
    drop(other);
    let _: () = r.set("k", "v").unwrap();
    assert_eq!(migrate(&mut r).unwrap_err().code(), Some("IOERR"));
    assert!(r.exists::<_, bool>("k").unwrap());
}
