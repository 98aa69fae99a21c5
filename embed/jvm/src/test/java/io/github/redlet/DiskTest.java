package io.github.redlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.redlet.Frames.In;
import io.github.redlet.Frames.Out;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/** What a server with a folder keeps there. */
@Timeout(120)
class DiskTest {
    @TempDir Path folder;

    private RedletServer.Builder server() {
        return RedletServer.builder().config("dir", folder.toString());
    }

    @Test
    void anImage() throws Exception {
        RedletServer first = server().config("save", "3600 1").start();
        try (Jedis jedis = new Jedis(first.uri())) {
            jedis.set("k", "v");
            first.shutdown();
        }
        assertThrows(EngineException.class, first::snapshot);
        try (RedletServer second = server().start();
                Jedis jedis = new Jedis(second.uri())) {
            assertEquals("v", jedis.get("k"));
            jedis.set("k", "w");
            jedis.save();
            assertThrows(EngineException.class, second::fork);
        }
        try (RedletServer third = server().start();
                Jedis jedis = new Jedis(third.uri())) {
            assertEquals("w", jedis.get("k"));
        }
        Files.writeString(folder.resolve("dump.rdb"), "no image");
        assertThrows(EngineException.class, () -> server().start());
    }

    @Test
    void anAppendOnlyFile() {
        RedletServer.Builder builder = server().config("appendonly", "yes").config("enable-debug-command", "yes");
        String large = "x".repeat(3 << 20);
        try (RedletServer server = builder.start()) {
            try (Jedis jedis = new Jedis(server.uri())) {
                jedis.set("k", "v");
                jedis.bgrewriteaof();
                jedis.rpush("l", "a", large);
                assertThrows(
                        JedisConnectionException.class,
                        () -> jedis.sendCommand(() -> "DEBUG".getBytes(StandardCharsets.US_ASCII), "PANIC"));
            }
            try (Jedis jedis = new Jedis(server.uri())) { // the next engine has loaded its files
                assertEquals(List.of("a", large), jedis.lrange("l", 0, -1));
                server.reset();
                jedis.set("after", "reset");
            }
        }
        try (RedletServer server = builder.start();
                Jedis jedis = new Jedis(server.uri())) {
            assertEquals("reset", jedis.get("after"));
            assertEquals(1, jedis.dbSize());
        }
    }

    @Test
    void aKillLosesNothingThatWasAcknowledged() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder builder = new ProcessBuilder(
                java, "-cp", System.getProperty("java.class.path"), Served.class.getName(), folder.toString());
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        long acknowledged = 0;
        for (int round = 0; round < 2; round++) {
            Process process = builder.start();
            int port = Integer.parseInt(
                    new BufferedReader(new InputStreamReader(process.getInputStream())).readLine());
            try (Jedis jedis = new Jedis("127.0.0.1", port, 60_000);
                    Socket other = new Socket("127.0.0.1", port)) {
                String found = jedis.get("n");
                long n = found == null ? 0 : Long.parseLong(found);
                assertTrue(n == acknowledged || n == acknowledged + 1, n + " of " + acknowledged);
                for (int i = 0; i < 50; i++) {
                    acknowledged = jedis.incr("n");
                }
                other.getOutputStream().write("INCR n\r\n".getBytes(StandardCharsets.US_ASCII)); // on its way
            } finally {
                process.destroyForcibly().waitFor();
            }
        }
    }

    /** A server in a process of its own. */
    static final class Served {
        public static void main(String[] args) throws Exception {
            RedletServer server = RedletServer.builder()
                    .config("dir", args[0])
                    .config("appendonly", "yes")
                    .config("appendfsync", "always")
                    .start();
            System.out.println(server.port());
            System.in.read();
        }
    }

    @Test
    void isAskedBeforeTheNextEngineIsReady() {
        try (RedletServer server = server().seed(1).start()) {
            byte[] image = server.call(() -> {
                assertThrows(EngineException.class, () -> server.ask(In.NONE, new byte[0]));
                return server.ask(In.SNAPSHOT, new byte[0]);
            });
            assertEquals("REDIS", new String(image, 0, 5, StandardCharsets.US_ASCII));
        }
    }

    @Test
    void withoutAFolder() {
        EngineException nowhere = assertThrows(
                EngineException.class, () -> RedletServer.builder().config("appendonly", "yes").start());
        assertTrue(nowhere.getMessage().contains("takes a \"dir\""), nowhere.getMessage());
        EngineException none = assertThrows(
                EngineException.class, () -> RedletServer.builder().config("dir", "/no/such").start());
        assertTrue(none.getMessage().contains("/no/such"), none.getMessage());
        try (RedletServer server = RedletServer.start();
                Jedis jedis = new Jedis(server.uri())) {
            assertThrows(JedisDataException.class, jedis::save);
        }
    }

    @Test
    void whatCouldNotBeAppendedIsKept() throws Exception {
        Frames inbox = new Frames();
        Disk disk = new Disk(inbox);
        Path base = folder.resolve("base");
        Path file = base.resolve("folder").resolve("file");
        String missing = "No such file or directory";
        assertEquals(List.of(In.APPENDED + missing), answers(disk, inbox, Out.APPEND, file, "a"));
        assertEquals(List.of(In.APPENDED + missing), answers(disk, inbox, Out.APPEND, file, "b"));
        assertEquals(
                List.of(In.APPENDED + missing, In.DONE + missing), answers(disk, inbox, Out.SYNC, file, ""));
        Files.createDirectory(base); // the last folder of the path is made by APPEND
        assertEquals(List.of(In.APPENDED + "", In.DONE + ""), answers(disk, inbox, Out.SYNC, file, ""));
        assertEquals(List.of(), answers(disk, inbox, Out.APPEND, file, "c"));
        assertEquals("abc", Files.readString(file));
        assertEquals(List.of(In.DONE + ""), answers(disk, inbox, Out.REPLACE, file, "new"));
        assertEquals("new", Files.readString(file));
        assertEquals(List.of("file"), List.of(file.getParent().toFile().list()));
        assertEquals(List.of(In.CONTENT + "\3\0\0\0\0\0\0\0new"), answers(disk, inbox, Out.READ, file, ""));
        if (File.separatorChar == '/') {
            assertEquals(List.of(In.DONE + "Is a directory"), answers(disk, inbox, Out.READ, base, ""));
        }
        assertEquals(List.of(In.DONE + ""), answers(disk, inbox, Out.REMOVE, file, ""));
        assertEquals(List.of(In.DONE + ""), answers(disk, inbox, Out.REMOVE, file, ""));
        assertEquals(List.of(In.ABSENT + ""), answers(disk, inbox, Out.READ, file, ""));
        assertEquals(List.of(In.DONE + missing), answers(disk, inbox, Out.REPLACE, base.resolve("no/such"), ""));
        disk.close();
    }

    /** What comes of an event: kinds and texts. */
    private static List<String> answers(Disk disk, Frames inbox, Out kind, Path path, String data) {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer payload = ByteBuffer.allocate(12 + name.length + data.length()).order(ByteOrder.LITTLE_ENDIAN);
        payload.putLong(0).putInt(name.length).put(name).put(data.getBytes(StandardCharsets.UTF_8));
        disk.carryOut(kind, 1, payload.flip());
        List<String> answers = new ArrayList<>();
        ByteBuffer frames = ByteBuffer.wrap(inbox.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        while (frames.hasRemaining()) {
            In answer = In.values()[frames.getInt()];
            byte[] text = new byte[frames.position(frames.position() + 8).getInt()];
            frames.get(text);
            answers.add(answer + new String(text, StandardCharsets.UTF_8));
        }
        inbox.reset();
        return answers;
    }
}
