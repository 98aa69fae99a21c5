package io.github.redlet;

import io.github.redlet.Frames.In;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;

/**
 * A Redis in this process, on a port of 127.0.0.1. Any client can use it; its methods may be called from
 * any thread.
 *
 * <pre>{@code
 * try (RedletServer server = RedletServer.start();
 *         Jedis jedis = new Jedis(server.uri())) {
 *     jedis.setex("session", 3600, "…");
 *     server.clock().advance(Duration.ofHours(1));
 *     assertNull(jedis.get("session"));
 * }
 * }</pre>
 *
 * <p>A server that is not closed ends with the JVM.
 */
public final class RedletServer extends Engine implements AutoCloseable {
    /** An image without data. */
    private static final byte[] EMPTY = ("REDIS0012\u00ff" + "\0".repeat(8)).getBytes(StandardCharsets.ISO_8859_1);

    private final Clock clock = new Clock(this);

    private RedletServer(Builder settings, int port) {
        super(settings, port);
    }

    /** How grave a line of the log is. */
    public enum Level {
        /** Of use to redlet's developers. */
        DEBUG,
        /** What happens often. */
        VERBOSE,
        /** What one wants to know. */
        NOTICE,
        /** What should not be. */
        WARNING
    }

    /**
     * Starts a server on a free port, as Redis is by default.
     *
     * @return the server; close it
     */
    public static RedletServer start() {
        return builder().start();
    }

    /**
     * What a server can be told before it starts.
     *
     * @return a builder with the defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * What to tell a client.
     *
     * @return such as {@code redis://127.0.0.1:41873}, or {@code redis://:secret@127.0.0.1:41873} where
     *     the configuration has a password
     */
    public URI uri() {
        String password = URLEncoder.encode(settings.config.getOrDefault("requirepass", ""), StandardCharsets.UTF_8);
        String user = password.isEmpty() ? "" : ":" + password.replace("+", "%20") + "@";
        return URI.create("redis://" + user + "127.0.0.1:" + port());
    }

    /**
     * The port.
     *
     * @return its number
     */
    public int port() {
        return port;
    }

    /**
     * The clock that everything in the server goes by.
     *
     * @return the clock
     */
    public Clock clock() {
        return clock;
    }

    /**
     * Takes all data, without the connections.
     *
     * @return an RDB file, which a real Redis loads too
     * @throws EngineException if there is no memory for it
     */
    public byte[] snapshot() {
        return call(() -> {
            byte[] image = ask(In.SNAPSHOT, new byte[0]);
            if (image.length == 0) {
                throw new EngineException("there is no memory for a snapshot", null);
            }
            kept = image;
            return image.clone();
        });
    }

    /**
     * Replaces all data, functions included, by that of a snapshot, or changes nothing. Connections stay.
     *
     * @param image an RDB file
     * @throws EngineException if it is refused
     */
    public void restore(byte[] image) {
        call(() -> {
            String refusal = new String(ask(In.RESTORE, image), StandardCharsets.UTF_8);
            if (!refusal.isEmpty()) {
                throw new EngineException(refusal, null);
            }
            return kept = image.clone();
        });
    }

    /**
     * Makes the server empty, and the clock what it was at first. Functions and scripts go too;
     * connections and configuration stay: {@link #fork} gives a test all of its own.
     */
    public void reset() {
        restore(EMPTY);
        call(() -> command("SCRIPT FLUSH"));
        if (!settings.orders.contains(Clock.FREEZE)) {
            clock.freeze(Instant.now());
            clock.run();
        }
        settings.orders.forEach(this::control);
    }

    /**
     * Copies the server, with all data, scripts, configuration and the clock, and without the connections,
     * to another port. It is another server from then on, to be closed by itself.
     *
     * @return the copy
     * @throws EngineException if the server has a {@code dir}, which two cannot write to
     */
    public RedletServer fork() {
        return call(() -> {
            if (disk != null) {
                throw new EngineException("the files in \"dir\" are those of one server", null);
            }
            settle();
            RedletServer fork = new RedletServer(settings, 0);
            fork.goOnFrom(this);
            fork.thread.start();
            return fork;
        });
    }

    /**
     * Ends the server as a signal does: what is to be saved is saved, and replicas that lag are waited for
     * as long as {@code shutdown-timeout} says.
     *
     * @throws EngineException if it could not be saved; the server then goes on
     */
    public void shutdown() {
        String refusal;
        try {
            call(() -> {
                inbox.add(In.STOP, 0, 0, "sigterm");
                return settle();
            });
            while (control("info server").contains("shutdown_in_milliseconds")) { // for replicas that lag
                LockSupport.parkNanos(1_000_000);
            }
            refusal = call(this::settle);
        } catch (EngineException e) {
            close(); // it has ended
            return;
        }
        throw new EngineException(refusal, null);
    }

    /** Ends the server and drops all data that is not in its files; clients are disconnected. */
    @Override
    public void close() {
        later(() -> end(new EngineException("the server is closed", null)));
        if (Thread.currentThread() != thread) {
            ended.join();
            while (thread.isAlive()) { // on its last steps
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public String toString() {
        return "redlet on 127.0.0.1:" + port();
    }

    /** What a server is started with. */
    public static final class Builder {
        final Map<String, String> config = new LinkedHashMap<>(Map.of("save", ""));
        /** What each engine is told first, and when it is reset. */
        final List<String> orders = new ArrayList<>();

        BiConsumer<Level, String> log = (level, line) -> {};
        private int port;

        private Builder() {}

        /** Copies one, so that a server keeps what it was started with. */
        private Builder(Builder from) {
            config.putAll(from.config);
            orders.addAll(from.orders);
            log = from.log;
        }

        /** The payload of CONFIGURE: a seed of 32 bytes, of which chance makes 122 bits, and parameters. */
        String configuration(int port) {
            return UUID.randomUUID().toString().replace("-", "") + "port " + port + "\n" + parameters(config);
        }

        static String parameters(Map<String, String> config) {
            StringBuilder text = new StringBuilder();
            config.forEach((name, value) -> {
                String quoted = value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
                text.append(name).append(" \"").append(quoted).append("\"\n");
            });
            return text.toString();
        }

        /**
         * The port; by default one that is free.
         *
         * @param port its number; 0 is any
         * @return this
         */
        public Builder port(int port) {
            this.port = port;
            return this;
        }

        /**
         * A parameter of redis.conf, such as {@code maxmemory 100mb}. With {@code dir} the server loads the
         * files of that folder and saves its data there, as redis-server does, with {@code appendonly yes}
         * too. Without it nothing is written, and SAVE is refused.
         *
         * @param name of the parameter
         * @param value as CONFIG SET takes it
         * @return this
         * @throws IllegalArgumentException for {@code port}, which {@link #port} takes
         */
        public Builder config(String name, String value) {
            if (name.equalsIgnoreCase("port")) {
                throw new IllegalArgumentException("the port is told to Builder.port");
            }
            config.put(name.toLowerCase(Locale.ROOT), Objects.requireNonNull(value, name));
            return this;
        }

        /**
         * Has the clock stand still; {@link Clock#advance} moves it.
         *
         * @param at where it stands
         * @return this
         */
        public Builder frozenAt(Instant at) {
            orders.add(Clock.FREEZE);
            orders.add("clock set " + Clock.micros(at));
            return this;
        }

        /**
         * Makes the random choices the same each time: RANDOMKEY, SPOP, the names of nodes.
         *
         * @param seed any number; by default chance makes one
         * @return this
         */
        public Builder seed(long seed) {
            orders.add("seed " + seed);
            return this;
        }

        /**
         * Takes the log; by default nobody does.
         *
         * @param log is called by the server's thread, and must not wait for the server
         * @return this
         */
        public Builder log(BiConsumer<Level, String> log) {
            this.log = log;
            return this;
        }

        /**
         * Starts the server.
         *
         * @return the server; close it
         * @throws EngineException if the configuration or what {@code dir} holds is refused
         * @throws java.io.UncheckedIOException if the port is taken
         */
        public RedletServer start() {
            String folder = config.get("dir");
            if (folder != null && !Files.isDirectory(Path.of(folder))) {
                throw new EngineException("\"dir\" is no folder: " + folder, null);
            }
            if (folder == null && !config.getOrDefault("appendonly", "no").equalsIgnoreCase("no")) {
                throw new EngineException("\"appendonly\" takes a \"dir\"", null);
            }
            RedletServer server = new RedletServer(new Builder(this), port);
            server.thread.start();
            server.call(server::settle);
            return server;
        }
    }
}
