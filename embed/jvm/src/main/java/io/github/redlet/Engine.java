package io.github.redlet;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(READ_MAX);
    private volatile boolean closing;
    private volatile boolean finished;

    // The rest belongs to the thread.
    private final Frames inbox = new Frames();
    private final Map<Integer, Connection> connections = new HashMap<>();
    private final Map<Integer, CompletableFuture<byte[]>> waiters = new HashMap<>();
    private final Set<Integer> dialling = new HashSet<>();
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    Guest guest;
    private int life;
    private int lastConn;
    private int lastTicket;
    private byte[] kept;
    private EngineException over;
    /** Null where the server has no folder. */
    private final Disk disk;

    /** Starts an engine, or what {@link #fork} has copied. */
    private Engine(Settings settings, int port, Fork fork) throws IOException {
        this.settings = settings;
        disk = settings.config.containsKey("dir") ? new Disk() : null;
        listener = ServerSocketChannel.open();
        listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        try {
            listener.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port), 511);
            listener.configureBlocking(false);
            selector = Selector.open();
        } catch (IOException e) {
            listener.close();
            throw e;
        }
        listener.register(selector, SelectionKey.OP_ACCEPT);
        thread = new Thread(null, () -> run(fork), "redlet-" + port(), STACK);
        thread.setDaemon(true);
        thread.setContextClassLoader(Engine.class.getClassLoader());
        thread.start();
    }

    static Engine start(Settings settings) throws IOException {
        Engine engine = new Engine(settings, settings.port, null);
        try {
            engine.ask(() -> engine.configure(new CompletableFuture<>()));
            return engine;
        } catch (RuntimeException e) {
            engine.close();
            throw e;
        }
    }

    int port() {
        return listener.socket().getLocalPort();
    }

    /** Copies the engine as it is, but for the connections. */
    Engine fork() throws IOException {
        if (disk != null) {
            throw new EngineException("the files in \"dir\" are those of one server", null);
        }
        return new Engine(settings, 0, call(() -> {
            while (over == null && inbox.size() > 0) {
                step();
            }
            if (over != null) {
                throw over;
            }
            return new Fork(this);
        }));
    }

    /** What a fork takes with it. */
    private static final class Fork {
        private final Image image;
        private final Frames first = new Frames();
        private final int lastConn;
        private final int lastTicket;
        private final byte[] kept;

        Fork(Engine engine) {
            image = engine.guest.image();
            engine.connections.keySet().forEach(id -> first.add(Frames.CLOSE, id, 0, NOTHING));
            engine.dialling.forEach(ticket -> first.add(Frames.DONE, 0, ticket, "the engine was forked"));
            lastConn = engine.lastConn;
            lastTicket = engine.lastTicket;
            kept = engine.kept;
        }
    }

    byte[] snapshot() {
        byte[] image = ask(() -> question(Frames.TAKE_SNAPSHOT, NOTHING));
        if (image.length == 0) {
            throw new EngineException("there is no memory for a snapshot", null);
        }
        return keep(image);
    }

    void restore(byte[] image) {
        String refusal = text(ask(() -> question(Frames.RESTORE, image)));
        if (!refusal.isEmpty()) {
            throw new EngineException(refusal, null);
        }
        keep(image);
    }

    private byte[] keep(byte[] image) {
        byte[] copy = image.clone();
        tasks.add(() -> kept = copy);
        return image;
    }

    /** Gives an order of ABI.md's CONTROL and returns its answer. */
    String control(String order) {
        String answer = text(ask(() -> question(Frames.CONTROL, order.getBytes(StandardCharsets.UTF_8))));
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
            while (over == null && inbox.size() > 0) {
                step();
            }
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
        closing = true;
        selector.wakeup();
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

    byte[] ask(Supplier<CompletableFuture<byte[]>> question) {
        return await(call(question));
    }

    /** Runs something on the engine's thread. */
    <T> T call(Supplier<T> action) {
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException("the engine's own thread, which writes the log, must not wait for it");
        }
        CompletableFuture<T> done = new CompletableFuture<>();
        tasks.add(() -> {
            try {
                if (over != null) {
                    throw over;
                }
                done.complete(action.get());
            } catch (RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
        selector.wakeup();
        if (finished) {
            drain();
        }
        return await(done);
    }

    private static <T> T await(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            // Another exception, so that its stack leads to who asks.
            throw new EngineException(e.getCause().getMessage(), e.getCause());
        }
    }

    CompletableFuture<byte[]> question(int kind, byte[] payload) {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        waiters.put(++lastTicket, answer);
        inbox.add(kind, 0, lastTicket, payload);
        return answer;
    }

    private CompletableFuture<byte[]> configure(CompletableFuture<byte[]> ready) {
        waiters.put(++lastTicket, ready);
        Map<String, String> config = new LinkedHashMap<>(settings.config);
        config.put("port", Integer.toString(port())); // INFO and CLUSTER SLOTS tell it
        inbox.add(Frames.CONFIGURE, 0, lastTicket, Frames.configuration(settings.seed, config));
        for (String order : settings.orders) {
            inbox.add(Frames.CONTROL, 0, 0, order);
        }
        return ready.thenApply(refusal -> {
            if (refusal.length > 0) {
                end(new EngineException(text(refusal), null));
                throw over;
            }
            return refusal;
        });
    }

    private void run(Fork fork) {
        try {
            guest = new Guest(fork == null ? Guest.Own.IMAGE : fork.image);
            if (fork != null) {
                lastConn = fork.lastConn;
                lastTicket = fork.lastTicket;
                kept = fork.kept;
                step(fork.first);
            }
            while (!closing && over == null) {
                long wait = sleep();
                if (wait > 0) {
                    selector.select(this::ready, wait);
                } else {
                    selector.selectNow(this::ready);
                }
                drain();
                if (over == null && (inbox.size() > 0 || guest.deadline <= settings.now.getAsLong())) {
                    step();
                }
            }
            end(new EngineException("the server is closed", null));
        } catch (Throwable e) {
            end(new EngineException("the server has failed: " + e, e));
        } finally {
            selector.keys().forEach(key -> quietly(key.channel()));
            quietly(selector);
            finished = true;
            drain();
        }
    }

    private synchronized void drain() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** How long to wait for input, in milliseconds. */
    private long sleep() {
        if (inbox.size() > 0) {
            return 0;
        }
        double wait = Math.ceil((guest.deadline - settings.now.getAsLong()) / 1000);
        return (long) Math.max(0, Math.min(wait, SLEEP_MAX_MS));
    }

    private void step() {
        step(inbox);
    }

    private void step(Frames frames) {
        try {
            ByteBuffer output = guest.step(frames.bytes(), frames.size(), settings.now.getAsLong());
            frames.clear();
            Frames.read(output, this::receive);
        } catch (EngineException e) {
            frames.clear();
            died(e);
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
            case Frames.CLUSTER: // this node is its cluster's only one
                if (ticket != 0) {
                    inbox.add(Frames.DONE, 0, ticket, "no other node is in this process");
                }
                break;
            case Frames.CONFIG: // ports and the like are whose process this is
                if (ticket != 0) {
                    inbox.add(Frames.DONE, 0, ticket, "redlet has no ports here");
                }
                break;
            case Frames.SHUTDOWN:
                String why = text(payload);
                if (why.startsWith(Frames.CRASHED)) {
                    throw new EngineException(why, null);
                }
                end(new EngineException("the server was shut down: " + why, null));
                break;
            case Frames.LOG:
                log(ticket, text(payload));
                break;
            default:
                if (kind >= Frames.READ && kind <= Frames.REMOVE) {
                    files(kind, ticket, payload);
                } else {
                    CompletableFuture<byte[]> waiter = waiters.remove(ticket);
                    if (waiter != null) {
                        waiter.complete(bytes(payload));
                    }
                }
        }
    }

    private void files(int kind, int ticket, ByteBuffer payload) {
        if (disk != null) {
            disk.carryOut(kind, ticket, payload, inbox);
        } else if (ticket != 0) {
            inbox.add(kind == Frames.APPEND ? Frames.APPENDED : Frames.DONE, 0, ticket, "there are no files here");
        }
    }

    private void log(int level, String line) {
        lines.add(line);
        if (lines.size() > LINES_KEPT) {
            lines.remove();
        }
        settings.log.accept(RedletServer.Level.values()[Math.min(level, 3)], line);
    }

    /** Another guest takes the place of one that has died, with the last snapshot. */
    private void died(EngineException why) {
        String words = "the engine died: " + why.getMessage();
        EngineException death = new EngineException(words + "\n" + String.join("\n", lines), why);
        log(3, words);
        life++;
        inbox.clear();
        dialling.clear();
        disconnect();
        List<CompletableFuture<byte[]>> waiting = new ArrayList<>(waiters.values());
        waiters.clear();
        try {
            guest = new Guest(Guest.Own.IMAGE);
            configure(new CompletableFuture<>());
            if (kept != null && disk == null) {
                inbox.add(Frames.RESTORE, 0, 0, kept);
            }
            while (over == null && inbox.size() > 0) {
                ByteBuffer output = guest.step(inbox.bytes(), inbox.size(), settings.now.getAsLong());
                inbox.clear();
                Frames.read(output, this::receive);
            }
        } catch (EngineException e) {
            // A guest that dies before it has answered was killed by the snapshot, or its files.
            inbox.clear();
            end(new EngineException("no engine starts with the last data: " + e.getMessage(), e));
        }
        waiting.forEach(waiter -> waiter.completeExceptionally(death));
    }

    private void end(EngineException why) {
        if (over != null) {
            return;
        }
        over = why;
        guest = null;
        disconnect();
        waiters.values().forEach(waiter -> waiter.completeExceptionally(why));
        waiters.clear();
    }

    private void disconnect() {
        for (Connection connection : List.copyOf(connections.values())) {
            connection.close();
        }
        connections.clear();
        if (disk != null) {
            disk.close();
        }
    }

    private void ready(SelectionKey key) {
        if (!key.isValid()) {
            return;
        }
        if (key.attachment() == null) {
            accept();
        } else {
            ((Connection) key.attachment()).ready(key);
        }
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

    private static String address(java.net.SocketAddress address) {
        InetSocketAddress inet = (InetSocketAddress) address;
        return inet.getAddress().getHostAddress() + ":" + inet.getPort();
    }

    /** Makes a connection that the engine asks for, beside everything else. */
    private void dial(String address, int ticket) {
        dialling.add(ticket);
        int began = life;
        Thread dialler = new Thread(() -> {
            int colon = address.lastIndexOf(':');
            String host = address.substring(0, colon).replaceAll("[\\[\\]]", "");
            try {
                SocketChannel channel = SocketChannel.open();
                int port = Integer.parseInt(address.substring(colon + 1));
                channel.socket().connect(new InetSocketAddress(host, port), DIAL_TIMEOUT_MS);
                tasks.add(() -> dialled(began, ticket, channel, null));
            } catch (IOException | RuntimeException e) {
                tasks.add(() -> dialled(began, ticket, null, String.valueOf(e.getMessage())));
            }
            selector.wakeup();
        }, thread.getName() + "-dial");
        dialler.setDaemon(true);
        dialler.start();
    }

    private void dialled(int began, int ticket, SocketChannel channel, String failure) {
        if (began != life || over != null) {
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
    private final class Connection {
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

        void ready(SelectionKey key) {
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
        payload.duplicate().get(copy);
        return copy;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static String text(ByteBuffer payload) {
        return text(bytes(payload));
    }
}
