package io.github.redlet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Owns a guest and its connections, on a thread of its own. */
final class Engine {
    /** Bytes of input after which a step is made, though more may be ready. */
    private static final int STEP_MAX = 1 << 20;

    private static final int READ_MAX = 1 << 16;

    /** The guest's frames are deeper on the JVM's stack than on its own. */
    private static final long STACK = 64 << 20;

    private static final long SLEEP_MAX_MS = 3_600_000;
    private static final int DIAL_TIMEOUT_MS = 5000;
    private static final int LINES_KEPT = 20;
    private static final byte[] NOTHING = {};

    private final Settings settings;
    private final Selector selector;
    private final ServerSocketChannel listener;
    private final Thread thread;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private volatile boolean finished;

    // The rest belongs to the thread.
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(READ_MAX);
    private final Frames inbox = new Frames();
    private final Map<Integer, Connection> connections = new HashMap<>();
    private final Set<Integer> dialling = new HashSet<>();
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    Guest guest;
    private int lastConn;
    private byte[] answer;
    private byte[] kept;
    private EngineException over;
    /** Null where the server has no folder. */
    private final Disk disk;

    /** An engine that does not run yet. */
    private Engine(Settings settings, int port) {
        this.settings = settings;
        disk = settings.config.containsKey("dir") ? new Disk() : null;
        ServerSocketChannel socket = null;
        try {
            socket = ServerSocketChannel.open();
            socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port), 511);
            socket.configureBlocking(false);
            selector = Selector.open();
            socket.register(selector, SelectionKey.OP_ACCEPT, (Runnable) this::accept);
        } catch (IOException e) {
            quietly(socket);
            throw new UncheckedIOException("port " + port + ": " + e.getMessage(), e);
        }
        listener = socket;
        thread = new Thread(null, this::run, "redlet-" + port(), STACK);
        thread.setDaemon(true);
        thread.setContextClassLoader(Engine.class.getClassLoader());
    }

    static Engine start(Settings settings) {
        Engine engine = new Engine(settings, settings.port);
        engine.thread.start();
        engine.call(() -> null); // throws if it has not begun
        return engine;
    }

    int port() {
        return listener.socket().getLocalPort();
    }

    /** Copies the engine as it is, but for the connections. */
    Engine fork() {
        if (disk != null) {
            throw new EngineException("the files in \"dir\" are those of one server", null);
        }
        Engine fork = call(() -> {
            while (inbox.size() > 0) {
                step();
            }
            Engine copy = new Engine(settings, 0);
            copy.guest = guest.copy();
            copy.lastConn = lastConn;
            copy.kept = kept;
            connections.keySet().forEach(id -> copy.inbox.add(Frames.CLOSE, id, 0, NOTHING));
            dialling.forEach(ticket -> copy.inbox.add(Frames.DONE, 0, ticket, "the engine was forked"));
            return copy;
        });
        fork.thread.start();
        return fork;
    }

    byte[] snapshot() {
        return call(() -> {
            byte[] image = ask(Frames.TAKE_SNAPSHOT, NOTHING);
            if (image.length == 0) {
                throw new EngineException("there is no memory for a snapshot", null);
            }
            kept = image.clone();
            return image;
        });
    }

    void restore(byte[] image) {
        call(() -> {
            String refusal = text(ask(Frames.RESTORE, image));
            if (!refusal.isEmpty()) {
                throw new EngineException(refusal, null);
            }
            return kept = image.clone();
        });
    }

    /** Gives an order of ABI.md's CONTROL and returns its answer. */
    String control(String order) {
        String answer = text(call(() -> ask(Frames.CONTROL, order.getBytes(StandardCharsets.UTF_8))));
        if (!answer.startsWith("+")) {
            throw new EngineException(answer.substring(1), null);
        }
        return answer.substring(1);
    }

    /** Runs a command on a connection of the host's own, of which no password is asked. */
    void command(String line) {
        call(() -> {
            int id = ++lastConn;
            inbox.add(Frames.OPEN, id, 0, "127.0.0.1:0 127.0.0.1:" + port() + " -1 2");
            inbox.add(Frames.SEND, id, 0, line + "\r\n");
            inbox.add(Frames.CLOSE, id, 0, NOTHING);
            return null;
        });
    }

    /** Asks for the end as a signal does, and waits for it. */
    void shutdown() {
        call(() -> {
            inbox.add(Frames.STOP, 0, 0, "sigterm");
            settle();
            return null;
        });
        String refusal;
        try {
            while (control("info server").contains("shutdown_in_milliseconds")) { // for replicas that lag
                LockSupport.parkNanos(1_000_000);
            }
            refusal = call(lines::peekLast);
        } catch (EngineException e) {
            return; // it has ended
        }
        throw new EngineException(refusal, null);
    }

    /** Ends the engine; whoever waits for it is told, and its thread is gone. */
    void close() {
        later(() -> end(new EngineException("the server is closed", null)));
        boolean interrupted = false;
        while (thread.isAlive() && Thread.currentThread() != thread) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs something on the engine's thread. */
    <T> T call(Supplier<T> action) {
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException("the engine's own thread, which writes the log, must not wait for it");
        }
        Supplier<T> unlessOver = () -> {
            if (over != null) {
                throw over;
            }
            return action.get();
        };
        try {
            return CompletableFuture.supplyAsync(unlessOver, this::later).join();
        } catch (CompletionException e) {
            // Another exception, so that its stack leads to who asks.
            throw new EngineException(e.getCause().getMessage(), e.getCause());
        }
    }

    private void later(Runnable task) {
        tasks.add(task);
        selector.wakeup();
        if (finished) {
            drain();
        }
    }

    private synchronized void drain() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** Asks the guest, which answers in this very step; on the engine's thread. */
    byte[] ask(int kind, byte[] payload) {
        answer = null;
        inbox.add(kind, 0, 1, payload);
        while (answer == null) {
            step();
        }
        return answer;
    }

    private void run() {
        try {
            if (guest == null) {
                begin();
            }
            while (over == null) {
                long wait = sleep();
                if (wait > 0) {
                    selector.select(Engine::ready, wait);
                } else {
                    selector.selectNow(Engine::ready);
                }
                drain();
                if (over == null && sleep() == 0) {
                    try {
                        step();
                    } catch (EngineException e) {
                        // The log has told of it, and another guest goes on.
                    }
                }
            }
        } catch (Throwable e) {
            end(new EngineException("the server has failed: " + e, e));
        } finally {
            selector.keys().forEach(key -> quietly(key.channel()));
            quietly(selector);
            finished = true;
            drain();
        }
    }

    private static void ready(SelectionKey key) {
        if (key.isValid()) {
            ((Runnable) key.attachment()).run();
        }
    }

    /** How long to wait for input, in milliseconds. */
    private long sleep() {
        if (inbox.size() > 0) {
            return 0;
        }
        double wait = Math.ceil((guest.deadline - now()) / 1000);
        return (long) Math.max(0, Math.min(wait, SLEEP_MAX_MS));
    }

    private static long now() {
        return Clock.micros(Instant.now());
    }

    /** Starts a guest: with the last snapshot, or with its files. */
    private void begin() {
        guest = new Guest();
        Map<String, String> config = new HashMap<>(settings.config);
        config.put("port", Integer.toString(port())); // INFO and CLUSTER SLOTS tell it
        inbox.add(Frames.CONFIGURE, 0, 0, Frames.configuration(settings.seed, config));
        settings.orders.forEach(order -> inbox.add(Frames.CONTROL, 0, 0, order));
        if (kept != null && disk == null) {
            inbox.add(Frames.RESTORE, 0, 0, kept);
        }
        settle();
    }

    private void settle() {
        while (over == null && inbox.size() > 0) {
            take();
        }
    }

    /** Has the guest take what waits; if it dies of that, another takes its place. */
    private void step() {
        try {
            take();
        } catch (EngineException e) {
            throw died(e);
        }
        if (over != null) {
            throw over;
        }
    }

    private void take() {
        ByteBuffer output = guest.step(inbox.bytes(), inbox.size(), now());
        inbox.clear();
        Frames.read(output, this::receive);
    }

    private EngineException died(EngineException why) {
        String words = "the engine died: " + why.getMessage();
        EngineException death = new EngineException(words + "\n" + String.join("\n", lines), why);
        log(3, words);
        inbox.clear();
        dialling.clear();
        disconnect();
        try {
            begin();
        } catch (EngineException e) {
            // A guest that dies before it has answered was killed by the snapshot, or its files.
            end(new EngineException("no engine starts with the last data: " + e.getMessage(), e));
        }
        return death;
    }

    private void end(EngineException why) {
        if (over == null) {
            over = why;
            guest = null;
            disconnect();
        }
    }

    private void disconnect() {
        List.copyOf(connections.values()).forEach(Connection::close);
        connections.clear();
        if (disk != null) {
            disk.close();
        }
    }

    private void receive(int kind, int conn, int ticket, ByteBuffer payload) {
        switch (kind) {
            case Frames.DATA:
            case Frames.HANGUP:
                Connection connection = connections.get(conn);
                if (connection != null) {
                    connection.deliver(payload, kind == Frames.HANGUP);
                }
                break;
            case Frames.CONNECT:
                dial(Frames.path(payload), ticket);
                break;
            case Frames.SHUTDOWN:
                String why = text(bytes(payload));
                if (why.startsWith(Frames.CRASHED)) {
                    throw new EngineException(why, null);
                }
                end(new EngineException("the server was shut down: " + why, null));
                break;
            case Frames.LOG:
                log(ticket, text(bytes(payload)));
                break;
            case Frames.CONFIGURED:
                if (payload.hasRemaining()) {
                    end(new EngineException(text(bytes(payload)), null));
                }
                break;
            case Frames.SNAPSHOT:
            case Frames.RESTORED:
            case Frames.CONTROLLED:
                answer = bytes(payload);
                break;
            default:
                act(kind, ticket, payload);
        }
    }

    /** What the guest asks of the world: of files, other nodes, and ports. */
    private void act(int kind, int ticket, ByteBuffer payload) {
        if (kind <= Frames.REMOVE && disk != null) {
            disk.carryOut(kind, ticket, payload, inbox);
        } else if (ticket != 0) {
            String none = kind <= Frames.REMOVE ? "there are no files here" : "redlet is alone here, on one port";
            inbox.add(kind == Frames.APPEND ? Frames.APPENDED : Frames.DONE, 0, ticket, none);
        }
    }

    private void log(int level, String line) {
        lines.add(line);
        if (lines.size() > LINES_KEPT) {
            lines.remove();
        }
        settings.log.accept(RedletServer.Level.values()[Math.min(level, 3)], line);
    }

    private void accept() {
        try {
            for (SocketChannel channel = listener.accept(); channel != null; channel = listener.accept()) {
                Connection connection = new Connection(channel);
                String addresses = address(channel.getRemoteAddress()) + " " + address(channel.getLocalAddress());
                inbox.add(Frames.OPEN, connection.id, 0, addresses + " -1 0");
            }
        } catch (IOException e) {
            log(3, "a connection could not be accepted: " + e.getMessage());
        }
    }

    private static String address(SocketAddress address) {
        InetSocketAddress inet = (InetSocketAddress) address;
        return inet.getAddress().getHostAddress() + ":" + inet.getPort();
    }

    /** Makes a connection that the guest asks for, beside everything else. */
    private void dial(String address, int ticket) {
        dialling.add(ticket);
        Guest asking = guest;
        Runnable connect = () -> {
            int colon = address.lastIndexOf(':');
            try {
                SocketChannel channel = SocketChannel.open();
                int port = Integer.parseInt(address.substring(colon + 1));
                channel.socket().connect(new InetSocketAddress(address.substring(0, colon), port), DIAL_TIMEOUT_MS);
                later(() -> dialled(asking, ticket, channel, null));
            } catch (IOException | RuntimeException e) {
                later(() -> dialled(asking, ticket, null, String.valueOf(e.getMessage())));
            }
        };
        new Thread(connect, thread.getName() + "-dial").start(); // a daemon, as its parent is
    }

    private void dialled(Guest asking, int ticket, SocketChannel channel, String failure) {
        if (asking != guest) {
            quietly(channel);
            return;
        }
        dialling.remove(ticket);
        try {
            if (failure == null) {
                inbox.add(Frames.CONNECTED, new Connection(channel).id, ticket, NOTHING);
                return;
            }
        } catch (IOException e) {
            failure = e.getMessage();
        }
        inbox.add(Frames.DONE, 0, ticket, failure);
    }

    /** A socket, and the engine's connection that it carries. */
    private final class Connection implements Runnable {
        /** Bytes that may wait here, where no limit of the engine's counts them. */
        private static final int UNSENT_MAX = 256 << 10;

        private final SocketChannel channel;
        private final SelectionKey key;
        private final ArrayDeque<ByteBuffer> unsent = new ArrayDeque<>();
        private final int id = ++lastConn;
        private int unsentBytes;
        private boolean corked;
        private boolean ending;

        Connection(SocketChannel channel) throws IOException {
            this.channel = channel;
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            key = channel.register(selector, SelectionKey.OP_READ, this);
            connections.put(id, this);
        }

        /** Does what the socket is ready for. */
        @Override
        public void run() {
            try {
                if (key.isWritable()) {
                    flush();
                }
                if (key.isValid() && key.isReadable() && inbox.size() < STEP_MAX) {
                    read();
                }
            } catch (IOException e) {
                lost();
            }
        }

        private void read() throws IOException {
            if (channel.read(incoming.clear()) < 0) {
                lost();
            } else if (!ending) {
                inbox.add(Frames.SEND, id, 0, incoming.flip());
            }
        }

        void deliver(ByteBuffer payload, boolean last) {
            unsentBytes += payload.remaining();
            unsent.add(payload);
            if (last) {
                ending = true;
                connections.remove(id);
            }
            try {
                flush();
            } catch (IOException e) {
                lost();
            }
        }

        private void flush() throws IOException {
            while (!unsent.isEmpty()) {
                unsentBytes -= channel.write(unsent.peek());
                if (unsent.peek().hasRemaining()) {
                    break;
                }
                unsent.remove();
            }
            if (unsent.isEmpty() && ending) {
                close();
                return;
            }
            key.interestOps(SelectionKey.OP_READ | (unsent.isEmpty() ? 0 : SelectionKey.OP_WRITE));
            if (!ending && corked != unsentBytes > (corked ? UNSENT_MAX / 2 : UNSENT_MAX)) {
                corked = !corked;
                inbox.add(corked ? Frames.CORK : Frames.UNCORK, id, 0, NOTHING);
            }
        }

        /** The peer has gone. */
        private void lost() {
            if (connections.remove(id) != null) {
                inbox.add(Frames.CLOSE, id, 0, NOTHING);
            }
            close();
        }

        void close() {
            key.cancel();
            quietly(channel);
        }
    }

    static void quietly(AutoCloseable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (Exception e) {
            // It is gone all the same.
        }
    }

    private static byte[] bytes(ByteBuffer payload) {
        byte[] copy = new byte[payload.remaining()];
        payload.get(copy);
        return copy;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
