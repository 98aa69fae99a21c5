package io.github.redlet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;

@Timeout(120)
class RedletServerTest {
    private static final Instant TIME = Instant.parse("2030-01-02T03:04:05.000006Z");

    @Test
    void turnsTheClock() {
        try (RedletServer server = RedletServer.builder().frozenAt(TIME).start();
                Jedis jedis = new Jedis(server.uri())) {
            assertEquals(TIME, server.clock().now());
            jedis.setex("k", 60, "v");
            server.clock().advance(Duration.ofSeconds(59));
            assertEquals("v", jedis.get("k"));
            server.clock().advance(Duration.ofSeconds(1));
            assertNull(jedis.get("k"));
            server.clock().set(TIME.plusSeconds(1000));
            assertEquals(TIME.plusSeconds(1000), server.clock().now());
            server.clock().run();
            assertFalse(server.clock().now().isBefore(TIME.plusSeconds(1000)));
            assertThrows(
                    IllegalArgumentException.class, () -> server.clock().advance(Duration.ofSeconds(-1)));
        }
    }

    @Test
    void advancingWakesWhoBlocks() throws Exception {
        try (RedletServer server = RedletServer.builder().frozenAt(TIME).start();
                Jedis jedis = new Jedis(server.uri())) {
            CompletableFuture<List<String>> popped = CompletableFuture.supplyAsync(() -> {
                try (Jedis blocked = new Jedis("127.0.0.1", server.port(), 60_000)) {
                    return blocked.blpop(3600, "queue");
                }
            });
            awaitBlocked(jedis);
            server.clock().advance(Duration.ofHours(1));
            assertNull(popped.get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void keepsSnapshots() {
        try (RedletServer server = RedletServer.start();
                Jedis jedis = new Jedis(server.uri())) {
            jedis.set("k", "v");
            byte[] image = server.snapshot();
            jedis.flushAll();
            server.restore(image);
            assertEquals("v", jedis.get("k"));
            assertThrows(EngineException.class, () -> server.restore(new byte[] {1, 2, 3}));
            assertEquals("v", jedis.get("k"));
        }
    }

    @Test
    void forks() {
        try (RedletServer server = RedletServer.builder().frozenAt(TIME).start();
                Jedis jedis = new Jedis(server.uri())) {
            jedis.set("k", "v");
            try (RedletServer fork = server.fork();
                    Jedis other = new Jedis(fork.uri())) {
                other.set("k", "w");
                assertEquals(TIME, fork.clock().now());
                assertEquals("v", jedis.get("k"));
                assertEquals("w", other.get("k"));
                assertEquals(1, other.clientList().lines().count());
            }
            assertEquals("v", jedis.get("k"));
        }
    }

    @Test
    void resets() {
        try (RedletServer server = RedletServer.builder().frozenAt(TIME).seed(7).start();
                Jedis jedis = new Jedis(server.uri())) {
            jedis.set("k", "v");
            final String sha = jedis.scriptLoad("return 1");
            jedis.functionLoad("#!lua name=l\nredis.register_function('f', function() return 1 end)");
            server.clock().advance(Duration.ofDays(1));
            server.reset();
            assertEquals(0, jedis.dbSize());
            assertFalse(jedis.scriptExists(sha));
            assertTrue(jedis.functionList().isEmpty());
            assertEquals(TIME, server.clock().now());
        }
    }

    @Test
    void seedsMakeTheSameChoices() {
        List<String> drawn = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            try (RedletServer server = RedletServer.builder().seed(42).start();
                    Jedis jedis = new Jedis(server.uri())) {
                for (int round = 0; round < 2; round++) {
                    jedis.sadd("s", "abcdefghijklmnopqrstuvwxyz".split(""));
                    drawn.add(String.join("", jedis.srandmember("s", 10)));
                    server.reset();
                }
            }
        }
        assertEquals(Collections.nCopies(4, drawn.get(0)), drawn);
    }

    @Test
    void takesConfiguration() {
        try (RedletServer server = RedletServer.builder().config("requirepass", "a b@:/ü\"\\\n'").start();
                Jedis jedis = new Jedis(server.uri())) {
            assertEquals("PONG", jedis.ping());
        }
        EngineException refusal =
                assertThrows(EngineException.class, () -> RedletServer.builder().config("maxmemory", "much").start());
        assertTrue(refusal.getMessage().contains("maxmemory"), refusal.getMessage());
    }

    @Test
    void takesAnyPortThatIsFree() {
        try (RedletServer server = RedletServer.start()) {
            java.io.UncheckedIOException taken = assertThrows(
                    java.io.UncheckedIOException.class, () -> RedletServer.builder().port(server.port()).start());
            assertTrue(taken.getMessage().contains("port " + server.port()), taken.getMessage());
        }
    }

    @Test
    void servesAThreadThatIsInterrupted() {
        Thread.currentThread().interrupt();
        RedletServer server = RedletServer.start();
        server.restore(server.snapshot());
        server.clock().advance(Duration.ofSeconds(1));
        server.fork().close();
        server.close();
        assertTrue(Thread.interrupted(), "the interruption is kept");
        assertTrue(threads().noneMatch(name -> name.equals("redlet-" + server.port())));
    }

    @Test
    void closesWhileClientsBlock() throws Exception {
        RedletServer server = RedletServer.start();
        try (Socket blocked = new Socket("127.0.0.1", server.port());
                Jedis jedis = new Jedis(server.uri())) {
            blocked.getOutputStream().write("BLPOP never 0\r\n".getBytes(StandardCharsets.US_ASCII));
            awaitBlocked(jedis);
            server.close();
            assertEquals(-1, blocked.getInputStream().read());
        }
        assertThrows(EngineException.class, server::snapshot);
        assertTrue(threads().noneMatch(name -> name.equals("redlet-" + server.port())));
        server.close();
    }

    @Test
    void shutdownEndsIt() {
        RedletServer server = RedletServer.start();
        try (Jedis jedis = new Jedis(server.uri())) {
            jedis.shutdown();
        } catch (JedisConnectionException e) {
            // The connection has ended, as it should.
        }
        assertThrows(EngineException.class, server::snapshot);
        server.close();
    }

    @Test
    void waitsForReplicasBeforeItsEnd() throws Exception {
        RedletServer server = RedletServer.start();
        try (Socket replica = new Socket("127.0.0.1", server.port());
                Jedis jedis = new Jedis(server.uri())) {
            replica.getOutputStream().write("PSYNC ? -1\r\n".getBytes(StandardCharsets.US_ASCII));
            replica.getInputStream().read(); // it never says how far it has come
            jedis.set("k", "v");
            CompletableFuture<Void> shutdown = CompletableFuture.runAsync(server::shutdown);
            while (!jedis.info("server").contains("shutdown_in_milliseconds")) {
                Thread.onSpinWait();
            }
            assertFalse(shutdown.isDone());
            replica.shutdownOutput(); // it has gone
            shutdown.get(60, TimeUnit.SECONDS);
        }
        assertThrows(EngineException.class, server::snapshot);
    }

    @Test
    void outlivesTheDeathOfItsEngine() throws Exception {
        List<String> log = Collections.synchronizedList(new ArrayList<>());
        try (RedletServer server = RedletServer.builder().log((level, line) -> log.add(line)).start();
                Jedis jedis = new Jedis(server.uri())) {
            jedis.set("k", "kept");
            server.snapshot();
            jedis.set("k", "lost");
            EngineException death = assertThrows( // a frame of no kind is no input
                    EngineException.class, () -> server.call(() -> server.ask(Frames.In.NONE, new byte[0])));
            assertTrue(death.getMessage().contains("status 2"), death.getMessage());
            assertTrue(log.stream().anyMatch(line -> line.contains("the engine died")), log.toString());
            assertThrows(JedisConnectionException.class, () -> jedis.get("k"));
            try (Jedis again = new Jedis(server.uri())) {
                assertEquals("kept", again.get("k"));
            }
        }
    }

    @Test
    void outlivesATrap() {
        List<String> log = Collections.synchronizedList(new ArrayList<>());
        try (RedletServer server = RedletServer.builder().log((level, line) -> log.add(line)).start()) {
            try (Jedis jedis = new Jedis(server.uri())) {
                jedis.set("k", "kept");
                server.snapshot();
                jedis.set("k", "lost");
                EngineException death = assertThrows(EngineException.class, () -> server.call(() -> {
                    server.guest.instance.global(0).setValue(8); // a stack that is not there
                    return server.ask(Frames.In.SNAPSHOT, new byte[0]);
                }));
                assertTrue(death.getMessage().contains("the engine died"), death.getMessage());
                assertThrows(JedisConnectionException.class, () -> jedis.get("k"));
            }
            try (Jedis again = new Jedis(server.uri())) {
                assertEquals("kept", again.get("k"));
            }
            assertTrue(log.stream().anyMatch(line -> line.contains("the engine died")), log.toString());
        }
    }

    @Test
    void outlivesACrashThatAClientAsksFor() {
        List<String> log = Collections.synchronizedList(new ArrayList<>());
        RedletServer.Builder builder = RedletServer.builder().config("enable-debug-command", "yes");
        try (RedletServer server = builder.log((level, line) -> log.add(line)).start()) {
            for (String way : List.of("PANIC", "SEGFAULT")) {
                try (Jedis jedis = new Jedis(server.uri())) {
                    jedis.set("k", "kept");
                    server.snapshot();
                    jedis.set("k", "lost");
                    assertThrows(
                            JedisConnectionException.class,
                            () -> jedis.sendCommand(() -> "DEBUG".getBytes(StandardCharsets.US_ASCII), way));
                }
                try (Jedis jedis = new Jedis(server.uri())) {
                    assertEquals("kept", jedis.get("k"));
                }
            }
            assertEquals(2, log.stream().filter(line -> line.contains("died: crashed by signal")).count());
        }
    }

    @Test
    void keepsWhatAPeerDoesNotReadInTheEngine() throws Exception {
        try (RedletServer server = RedletServer.start();
                Socket lazy = new Socket("127.0.0.1", server.port());
                Jedis jedis = new Jedis(server.uri())) {
            byte[] value = new byte[1 << 20];
            jedis.set("k".getBytes(StandardCharsets.US_ASCII), value);
            StringBuilder asked = new StringBuilder();
            for (int i = 0; i < 32; i++) {
                asked.append("GET k\r\n");
            }
            lazy.getOutputStream().write(asked.toString().getBytes(StandardCharsets.US_ASCII));
            while (jedis.clientList().lines().noneMatch(line -> !line.contains(" omem=0 "))) {
                Thread.onSpinWait();
            }
            byte[] head = "$1048576\r\n".getBytes(StandardCharsets.US_ASCII);
            InputStream in = lazy.getInputStream();
            for (int i = 0; i < 32; i++) {
                assertArrayEquals(head, in.readNBytes(head.length));
                assertArrayEquals(value, in.readNBytes(value.length));
                in.readNBytes(2);
            }
        }
    }

    @Test
    void connectsToWhomItReplicates() {
        try (RedletServer master = RedletServer.start();
                RedletServer replica = RedletServer.start();
                Jedis jedis = new Jedis(master.uri());
                Jedis other = new Jedis(replica.uri())) {
            jedis.set("k", "v");
            other.replicaof("127.0.0.1", master.port());
            while (!other.info("replication").contains("master_link_status:up")) {
                Thread.onSpinWait();
            }
            assertEquals("v", other.get("k"));
        }
    }

    @Test
    void servesManyThreads() throws Exception {
        try (RedletServer server = RedletServer.start()) {
            CountDownLatch begin = new CountDownLatch(1);
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(CompletableFuture.runAsync(() -> {
                    try (Jedis jedis = new Jedis(server.uri())) {
                        begin.await();
                        for (int n = 0; n < 100; n++) {
                            jedis.incr("n");
                            server.snapshot();
                        }
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }, task -> new Thread(task).start()));
            }
            begin.countDown();
            CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0])).get(100, TimeUnit.SECONDS);
            try (Jedis jedis = new Jedis(server.uri())) {
                assertEquals("800", jedis.get("n"));
            }
        }
    }

    @Test
    void leavesNothingToAClassLoader() throws Exception {
        WeakReference<ClassLoader> gone = new WeakReference<>(useInALoaderOfItsOwn());
        while (gone.get() != null) {
            System.gc();
        }
    }

    private static ClassLoader useInALoaderOfItsOwn() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(java.io.File.pathSeparator)) {
            urls.add(java.nio.file.Path.of(entry).toUri().toURL());
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Class<?> type = loader.loadClass(RedletServer.class.getName());
            AutoCloseable server = (AutoCloseable) type.getMethod("start").invoke(null);
            assertTrue(server.getClass() != RedletServer.class);
            server.close();
            return loader;
        }
    }

    private static void awaitBlocked(Jedis jedis) {
        while (!jedis.info("clients").contains("blocked_clients:1")) {
            Thread.onSpinWait();
        }
    }

    private static java.util.stream.Stream<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName);
    }
}
