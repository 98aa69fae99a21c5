//! Asynchronous clients, as their users have them.

use std::io::{Read, Write};
use std::sync::LazyLock;
use std::time::Duration;

use deadpool_redis::Runtime;
use fred::prelude::{
    Builder, ClientLike, EventInterface, KeysInterface, ListInterface, PubsubInterface,
    ReconnectPolicy,
};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, AsyncConnectionConfig};
use redlet::Server;

/// Without the half second in which redis-rs wants its replies: this machine may be busy.
fn patient() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None)
}

/// A client of redis-rs without a socket.
async fn inside(server: &Server) -> MultiplexedConnection {
    let (info, stream) = (redis::RedisConnectionInfo::default(), server.stream().unwrap());
    let opened = MultiplexedConnection::new_with_config(&info, stream, patient()).await;
    let (r, driver) = opened.unwrap();
    tokio::spawn(driver);
    r
}

#[tokio::test]
async fn redis_rs() {
    let server = Server::start().unwrap();
    let client = redis::Client::open(format!("{}/?protocol=resp3", server.url())).unwrap();
    let mut r = client.get_multiplexed_async_connection_with_config(&patient()).await.unwrap();
    let _: () = r.set_ex("k", "v", 60).await.unwrap();
    server.clock().advance(Duration::from_secs(60)).unwrap();
    assert!(!r.exists::<_, bool>("k").await.unwrap());
    let mut many = Vec::new();
    for _ in 0..100 {
        let mut r = r.clone();
        many.push(tokio::spawn(async move { r.incr::<_, _, u64>("n", 1).await.unwrap() }));
    }
    for one in many {
        one.await.unwrap();
    }
    assert_eq!(r.get::<_, u64>("n").await.unwrap(), 100);
}

#[tokio::test]
async fn redis_rs_without_a_socket() {
    let server = Server::start().unwrap();
    let mut r = inside(&server).await;
    let _: () = r.set("k", vec![b'x'; 5 << 20]).await.unwrap();
    assert_eq!(r.get::<_, Vec<u8>>("k").await.unwrap().len(), 5 << 20);
    let mut other = inside(&server).await;
    let waits = tokio::spawn(async move { r.blpop::<_, Option<(String, String)>>("q", 0.0).await });
    let blocked = "blocked_clients:1\r\n";
    let mut info = redis::cmd("INFO");
    info.arg("clients");
    while !info.query_async::<String>(&mut other).await.unwrap().contains(blocked) {
        tokio::task::yield_now().await;
    }
    let _: () = other.rpush("q", "x").await.unwrap();
    assert_eq!(waits.await.unwrap().unwrap(), Some(("q".into(), "x".into())));
    drop(server);
    assert!(other.get::<_, Option<String>>("k").await.is_err());
}

#[tokio::test]
async fn fred_client() {
    let server = Server::start().unwrap();
    let mut config = fred::prelude::Config::from_url(&server.url()).unwrap();
    config.version = fred::types::RespVersion::RESP3;
    let reconnect = ReconnectPolicy::new_constant(0, 1);
    let client = Builder::from_config(config).set_policy(reconnect).build().unwrap();
    client.init().await.unwrap();
    let _: () = client.set("k", "v", None, None, false).await.unwrap();
    assert_eq!(client.get::<String, _>("k").await.unwrap(), "v");
    let _: () = client.rpush("l", vec!["a", "b"]).await.unwrap();
    assert_eq!(client.lpop::<String, _>("l", None).await.unwrap(), "a");
    let listener = client.clone_new();
    listener.init().await.unwrap();
    let mut messages = listener.message_rx();
    listener.subscribe("news").await.unwrap();
    let _: () = client.publish("news", "hello").await.unwrap();
    let message = messages.recv().await.unwrap();
    assert_eq!(message.value.convert::<String>().unwrap(), "hello");
    server.reset().unwrap(); // it connects again by itself
    assert_eq!(client.get::<Option<String>, _>("k").await.unwrap(), None);
    client.quit().await.unwrap();
    listener.quit().await.unwrap();
}

#[tokio::test]
async fn deadpool() {
    let server = Server::start().unwrap();
    let pool =
        deadpool_redis::Config::from_url(server.url()).create_pool(Some(Runtime::Tokio1)).unwrap();
    let mut many = Vec::new();
    for _ in 0..20 {
        let pool = pool.clone();
        many.push(tokio::spawn(async move {
            let mut r = pool.get().await.unwrap();
            r.incr::<_, _, u64>("n", 1).await.unwrap()
        }));
    }
    for one in many {
        one.await.unwrap();
    }
    assert_eq!(pool.get().await.unwrap().get::<_, u64>("n").await.unwrap(), 20);
    server.reset().unwrap(); // connections of the pool are found to be closed, and made anew
    assert_eq!(pool.get().await.unwrap().get::<_, Option<u64>>("n").await.unwrap(), None);
}

#[tokio::test]
async fn a_connection_of_a_thread_within_a_runtime() {
    let server = Server::start().unwrap();
    let mut connection = server.connect().unwrap();
    for _ in 0..1000 {
        connection.write_all(b"PING\r\n").unwrap();
        connection.read_exact(&mut [0; 7]).unwrap();
    }
}

/// A server that a test binary's tests share, each with a runtime of its own.
static SHARED: LazyLock<Server> = LazyLock::new(|| Server::start().unwrap());

async fn counts(key: &str) {
    let client = redis::Client::open(SHARED.url()).unwrap();
    let r = client.get_multiplexed_async_connection_with_config(&patient()).await.unwrap();
    let mut inside = inside(&SHARED).await;
    let mut many = Vec::new();
    for _ in 0..20 {
        let (mut r, key) = (r.clone(), key.to_string());
        many.push(tokio::spawn(async move { r.incr::<_, _, u64>(key, 1).await.unwrap() }));
    }
    for one in many {
        one.await.unwrap();
    }
    assert_eq!(inside.get::<_, u64>(key).await.unwrap(), 20);
}

#[tokio::test]
async fn a_static_server() {
    counts("one thread").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_static_server_and_several_threads() {
    counts("several threads").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_within_a_runtime_while_clients_wait() {
    let server = Server::start().unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut r = client.get_multiplexed_async_connection_with_config(&patient()).await.unwrap();
    let mut inside = inside(&server).await;
    let waits = tokio::spawn(async move { r.blpop::<_, Option<(String, String)>>("q", 0.0).await });
    let mut info = redis::cmd("INFO");
    info.arg("clients");
    let blocked = "blocked_clients:1\r\n";
    while !info.query_async::<String>(&mut inside).await.unwrap().contains(blocked) {
        tokio::task::yield_now().await;
    }
    drop(server);
    assert!(waits.await.unwrap().is_err());
}
