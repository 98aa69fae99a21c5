package io.github.redlet;

import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
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
public final class RedletServer implements AutoCloseable {
    /** An image without data. */
    private static final byte[] EMPTY = empty();

    private final Engine engine;
    private final Settings settings;
    private final Clock clock;

    private RedletServer(Engine engine, Settings settings) {
        this.engine = engine;
        this.settings = settings;
        this.clock = new Clock(engine);
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
        String password = settings.config.get("requirepass");
        String user = password == null || password.isEmpty() ? null : ":" + password;
        try {
            return new URI("redis", user, "127.0.0.1", port(), null, null, null);
        } catch (java.net.URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The port.
     *
     * @return its number
     */
    public int port() {
        return engine.port();
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
        return engine.snapshot();
    }

    /**
     * Replaces all data, functions included, by that of a snapshot, or changes nothing. Connections stay.
     *
     * @param image an RDB file
     * @throws EngineException if it is refused
     */
    public void restore(byte[] image) {
        engine.restore(image);
    }

    /**
     * Makes the server empty, and the clock what it was at first. Functions and scripts go too;
     * connections and configuration stay: {@link #fork} gives a test all of its own.
     */
    public void reset() {
        engine.restore(EMPTY);
        engine.command("SCRIPT FLUSH");
        if (settings.frozenAt == null) {
            clock.freeze(Instant.now());
            clock.run();
        }
        settings.orders.forEach(engine::control);
    }

    /**
     * Copies the server, with all data, scripts, configuration and the clock, and without the connections,
     * to another port. It is another server from then on, to be closed by itself.
     *
     * @return the copy
     * @throws EngineException if the server has a {@code dir}, which two cannot write to
     */
    public RedletServer fork() {
        return new RedletServer(engine.fork(), settings);
    }

    /**
     * Ends the server as a signal does: what is to be saved is saved, and replicas that lag are waited for
     * as long as {@code shutdown-timeout} says.
     *
     * @throws EngineException if it could not be saved; the server then goes on
     */
    public void shutdown() {
        engine.shutdown();
        engine.close();
    }

    /** Ends the server and drops all data that is not in its files; clients are disconnected. */
    @Override
    public void close() {
        engine.close();
    }

    @Override
    public String toString() {
        return "redlet on 127.0.0.1:" + port();
    }

    Engine engine() {
        return engine;
    }

    private static byte[] empty() {
        return ByteBuffer.allocate(18).put("REDIS0012".getBytes(StandardCharsets.US_ASCII)).put((byte) 255).array();
    }

    /** What a server is started with. */
    public static final class Builder {
        int port;
        final Map<String, String> config = new LinkedHashMap<>();
        Instant frozenAt;
        BiConsumer<Level, String> log = (level, line) -> {};
        Long seed;

        private Builder() {
            config.put("save", "");
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
            this.frozenAt = at;
            return this;
        }

        /**
         * Makes the random choices the same each time: RANDOMKEY, SPOP, the names of nodes.
         *
         * @param seed any number; by default chance makes one
         * @return this
         */
        public Builder seed(long seed) {
            this.seed = seed;
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
            Settings settings = new Settings(this);
            return new RedletServer(Engine.start(settings), settings);
        }
    }
}
