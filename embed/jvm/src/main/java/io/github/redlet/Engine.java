package io.github.redlet;

import io.github.redlet.Frames.In;
import io.github.redlet.Frames.Out;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
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
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/** Owns a guest, its connections and its files, on a thread of its own. */
abstract class Engine {
    /** Bytes of input after which a step is made, though more may be ready. */
    private static final int STEP_MAX = 1 << 20;

    /** The guest's frames are deeper on the JVM's stack than on its own. */
    private static final long STACK = 64 << 20;

    private static final long SLEEP_MAX_MS = 3_600_000;
    private static final int DIAL_TIMEOUT_MS = 5000;
    private static final int LINES_KEPT = 20;

    final RedletServer.Builder settings;
    final int port;
    final Thread thread;
    final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Selector selector;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private ServerSocketChannel listener;

    // The rest belongs to the thread.
    final Frames inbox = new Frames();
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    /** Null where the server has no folder. */
    final Disk disk;

    Guest guest;
    /** The last image, or null: another guest begins with it. */
    byte[] kept;

    private final ByteBuffer incoming = ByteBuffer.allocateDirect(1 << 16);
    private final Map<Integer, Connection> connections = new HashMap<>();
    private final Set<Integer> dialling = new HashSet<>();
    private int lastConn;
    private byte[] answer;
    /** Whether the guest has taken its configuration, and its data. */
    private boolean ready;
    private EngineException over;

    /** An engine that does not run yet. */
    Engine(RedletServer.Builder settings, int port) {
        this.settings = settings;
        disk = settings.config.containsKey("dir") ? new Disk(inbox) : null;
        try {
            listener = ServerSocketChannel.open();
            listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            listener.bind(new InetSocketAddress("127.0.0.1", port), 511);
            listener.configureBlocking(false);
            selector = Selector.open();
            listener.register(selector, SelectionKey.OP_ACCEPT, (Runnable) this::accept);
        } catch (IOException e) {
            quietly(listener);
            throw new UncheckedIOException("port " + port + ": " + e.getMessage(), e);
        }
        this.port = listener.socket().getLocalPort();
        thread = new Thread(null, this::run, "redlet-" + this.port, STACK);
        thread.setDaemon(true);
        thread.setContextClassLoader(Engine.class.getClassLoader());
    }

    /** Has a guest begin with the last image, or with its files. */
    private void begin() {
        ready = false;
        guest = new Guest();
        inbox.add(In.CONFIGURE, 0, 0, settings.configuration(port));
        settings.orders.forEach(order -> inbox.add(In.CONTROL, 0, 0, order));
        if (kept != null && disk == null) {
            inbox.add(In.RESTORE, 0, 0, kept);
        }
    }

    /** Goes on where another engine is, but for the connections; on that one's thread. */
    void goOnFrom(Engine other) {
        ready = true;
        guest = other.guest.copy();
        kept = other.kept;
        lastConn = other.lastConn;
        other.connections.keySet().forEach(id -> inbox.add(In.CLOSE, id, 0, ""));
        other.dialling.forEach(ticket -> inbox.add(In.DONE, 0, ticket, "the engine was forked"));
    }

    /** Asks the guest, which answers in the very step; on the engine's thread. */
    byte[] ask(In kind, byte[] payload) {
        answer = null;
        inbox.add(kind, 0, 1, payload);
        while (answer == null) {
            step();
        }
        return answer;
    }

    /** Gives an order of ABI.md's CONTROL and returns its answer. */
    String control(String order) {
        byte[] words = order.getBytes(StandardCharsets.UTF_8);
        String answer = new String(call(() -> ask(In.CONTROL, words)), StandardCharsets.UTF_8);
        if (!answer.startsWith("+")) {
            throw new EngineException(answer.substring(1), null);
        }
        return answer.substring(1);
    }

    /** Sends a command by a connection of the host's own, of which no password is asked. */
    String command(String line) {
        int id = ++lastConn;
        inbox.add(In.OPEN, id, 0, "127.0.0.1:0 127.0.0.1:" + port + " -1 2");
        inbox.add(In.DATA, id, 0, line + "\r\n");
        inbox.add(In.CLOSE, id, 0, "");
        return settle();
    }

    /** Runs something on the engine's thread. */
    <T> T call(Supplier<T> action) {
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException("the engine's own thread, which writes the log, must not wait for it");
        }
        try {
            return CompletableFuture.supplyAsync(action, this::later).join();
        } catch (CompletionException e) {
            // Another exception, so that its stack leads to who asks.
            throw new EngineException(e.getCause().getMessage(), e.getCause());
        }
    }

    void later(Runnable task) {
        tasks.add(task);
        selector.wakeup();
        if (ended.isDone()) {
            drain();
        }
    }

    private void drain() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private void run() {
        try {
            if (guest == null) {
                begin();
            }
            while (over == null) {
                double wait = inbox.size() > 0 ? 0 : Math.max(0, (guest.deadline - now()) / 1000);
                if (wait == 0) {
                    selector.wakeup(); // so that it only looks
                }
                long timeout = (long) Math.ceil(Math.min(wait, SLEEP_MAX_MS));
                selector.select(key -> ((Runnable) key.attachment()).run(), timeout);
                drain();
                try {
                    if (inbox.size() > 0 || over == null && guest.deadline <= now()) {
                        step();
                    }
                } catch (EngineException e) {
                    // It is over, or the log has told of a death and another guest goes on.
                }
            }
        } catch (Throwable e) {
            end(new EngineException("the server has failed: " + e, e));
        } finally {
            selector.keys().forEach(key -> quietly(key.channel()));
            quietly(selector);
            ended.complete(null);
            drain();
        }
    }

    private static long now() {
        return Clock.micros(Instant.now());
    }

    /** Has the guest take what waits; if it dies of that, another takes its place. */
    private void step() {
        if (over != null) {
            throw over;
        }
        try {
            guest.step(inbox, now(), this::receive);
        } catch (EngineException e) {
            throw died(e);
        }
    }

    /** Steps until the guest is ready and nothing waits, and returns the log's last line; throws if it is over. */
    String settle() {
        while (over != null || inbox.size() > 0 || !ready) {
            step();
        }
        return lines.peekLast();
    }

    private EngineException died(EngineException why) {
        String words = "the engine died: " + why.getMessage();
        EngineException death = new EngineException(words + "\n" + String.join("\n", lines), why);
        log(3, words);
        inbox.reset();
        dialling.clear();
        disconnect();
        if (ready) {
            begin();
        } else { // it has died of the image, or of its files
            end(new EngineException("no engine starts with the last data: " + words, why));
        }
        return death;
    }

    void end(EngineException why) {
        if (over == null) {
            over = why;
            disconnect();
        }
    }

    private void disconnect() {
        guest = null;
        connections.values().forEach(connection -> quietly(connection.channel));
        connections.clear();
        if (disk != null) {
            disk.close();
        }
    }

    private void receive(Out kind, int conn, int ticket, ByteBuffer payload) {
        switch (kind) {
            case DATA:
            case HANGUP:
                boolean last = kind == Out.HANGUP;
                Connection connection = last ? connections.remove(conn) : connections.get(conn);
                if (connection != null) {
                    connection.deliver(payload, last);
                }
                break;
            case CONNECT:
                dial(Frames.path(payload), ticket);
                break;
            case SHUTDOWN:
                String why = Frames.text(payload);
                if (why.startsWith("crashed")) { // by DEBUG PANIC and the like
                    throw new EngineException(why, null);
                }
                end(new EngineException("the server was shut down: " + why, null));
                break;
            case LOG:
                log(ticket, Frames.text(payload));
                break;
            case CONFIGURED:
                ready = !payload.hasRemaining();
                if (!ready) {
                    end(new EngineException(Frames.text(payload), null));
                }
                break;
            case SNAPSHOT:
            case RESTORED:
            case CONTROLLED:
                if (ticket != 0) { // of none is what a guest is told when it begins
                    answer = Frames.bytes(payload);
                }
                break;
            default:
                if (disk != null && kind.compareTo(Out.REMOVE) <= 0) {
                    disk.carryOut(kind, ticket, payload);
                } else if (ticket != 0) {
                    In no = kind == Out.APPEND ? In.APPENDED : In.DONE;
                    inbox.add(no, 0, ticket, "there are no files, other nodes or other ports here");
                }
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
                String addresses = channel.getRemoteAddress() + " " + channel.getLocalAddress(); // "/127.0.0.1:6379"
                inbox.add(In.OPEN, new Connection(channel).id, 0, addresses.replace("/", "") + " -1 0");
            }
        } catch (IOException e) {
            log(3, "a connection could not be accepted: " + e.getMessage());
        }
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
                inbox.add(In.CONNECTED, new Connection(channel).id, ticket, "");
                return;
            }
        } catch (IOException e) {
            failure = e.getMessage();
        }
        inbox.add(In.DONE, 0, ticket, failure);
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

    /** A socket, and the engine's connection that it carries. */
    private final class Connection implements Runnable {
        /** Bytes that may wait here, where no limit of the engine's counts them. */
        private static final int UNSENT_MAX = 256 << 10;

        private final int id = ++lastConn;
        private final SocketChannel channel;
        private final SelectionKey key;
        private final Queue<ByteBuffer> unsent = new ArrayDeque<>();
        private long unsentBytes;
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
                flush();
                int size = channel.isOpen() && inbox.size() < STEP_MAX ? channel.read(incoming.clear()) : 0;
                if (size < 0) {
                    lost();
                } else if (size > 0 && !ending) {
                    inbox.add(In.DATA, id, 0, Frames.bytes(incoming.flip()));
                }
            } catch (IOException e) {
                lost();
            }
        }

        void deliver(ByteBuffer payload, boolean last) {
            unsent.add(payload);
            unsentBytes += payload.remaining();
            ending = last;
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
            if (!unsent.isEmpty() || !ending) {
                key.interestOps(SelectionKey.OP_READ | (unsent.isEmpty() ? 0 : SelectionKey.OP_WRITE));
            } else {
                channel.close();
            }
            if (!ending && corked != unsentBytes > UNSENT_MAX) {
                corked = !corked;
                inbox.add(corked ? In.CORK : In.UNCORK, id, 0, "");
            }
        }

        /** The peer has gone. */
        private void lost() {
            quietly(channel);
            if (connections.remove(id) != null) {
                inbox.add(In.CLOSE, id, 0, "");
            }
        }
    }
}
