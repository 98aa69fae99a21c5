package io.github.redlet;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Frames on their way into the engine, and the kinds of those in both directions: see ABI.md. */
final class Frames {
    static final int CONFIGURE = 1;
    static final int OPEN = 2;
    static final int SEND = 3;
    static final int CLOSE = 4;
    static final int CORK = 5;
    static final int UNCORK = 6;
    static final int STOP = 7;
    static final int TAKE_SNAPSHOT = 8;
    static final int RESTORE = 9;
    static final int CONNECTED = 10;
    static final int DONE = 11;
    static final int CONTENT = 12;
    static final int ABSENT = 13;
    static final int APPENDED = 14;
    static final int CONTROL = 15;

    static final int DATA = 1;
    static final int HANGUP = 2;
    static final int CONNECT = 3;
    static final int SHUTDOWN = 4;
    static final int LOG = 5;
    static final int SNAPSHOT = 6;
    static final int RESTORED = 7;
    static final int CONFIGURED = 8;
    static final int READ = 9;
    static final int APPEND = 10;
    static final int SYNC = 11;
    static final int REPLACE = 12;
    static final int REMOVE = 13;
    static final int CONTROLLED = 14;

    /** Begins what SHUTDOWN says after DEBUG PANIC and the like. */
    static final String CRASHED = "crashed";

    private static final int HEADER = 16;
    private static final int KEEP = 1 << 20;

    private ByteBuffer buffer = buffer(4096);

    /** Takes a frame that came out; the payload is lent for the call. */
    interface Reader {
        void frame(int kind, int conn, int ticket, ByteBuffer payload);
    }

    static void read(ByteBuffer output, Reader reader) {
        ByteBuffer from = output.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        while (from.hasRemaining()) {
            int kind = from.getInt();
            int conn = from.getInt();
            int ticket = from.getInt();
            int end = from.getInt() + from.position();
            ByteBuffer payload = from.duplicate().order(ByteOrder.LITTLE_ENDIAN);
            payload.limit(end);
            from.position(end);
            reader.frame(kind, conn, ticket, payload);
        }
    }

    /** Appends a frame. */
    void add(int kind, int conn, int ticket, byte[] payload) {
        add(kind, conn, ticket, ByteBuffer.wrap(payload));
    }

    /** Appends a frame with what remains in a buffer. */
    void add(int kind, int conn, int ticket, ByteBuffer payload) {
        int size = HEADER + payload.remaining();
        if (buffer.remaining() < size) {
            long wanted = Math.max(2L * buffer.capacity(), (long) buffer.position() + size);
            ByteBuffer larger = buffer((int) Math.min(wanted, Integer.MAX_VALUE - 8));
            larger.put(buffer.flip());
            buffer = larger;
        }
        buffer.putInt(kind).putInt(conn).putInt(ticket).putInt(payload.remaining()).put(payload);
    }

    void add(int kind, int conn, int ticket, String text) {
        add(kind, conn, ticket, text.getBytes(StandardCharsets.UTF_8));
    }

    int size() {
        return buffer.position();
    }

    /** The frames: the first {@link #size} of the bytes. */
    byte[] bytes() {
        return buffer.array();
    }

    void clear() {
        if (buffer.capacity() > KEEP) {
            buffer = buffer(4096);
        }
        buffer.clear();
    }

    static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Takes an offset and a path out of a payload, and returns the path. */
    static String path(ByteBuffer payload) {
        payload.getLong();
        byte[] path = new byte[payload.getInt()];
        payload.get(path);
        return new String(path, StandardCharsets.UTF_8);
    }

    /** The payload of CONFIGURE. */
    static byte[] configuration(byte[] seed, Map<String, String> config) {
        StringBuilder text = new StringBuilder();
        config.forEach((name, value) -> text.append(name).append(' ').append(quoted(value)).append('\n'));
        byte[] lines = text.toString().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(seed.length + lines.length).put(seed).put(lines).array();
    }

    private static String quoted(String value) {
        StringBuilder text = new StringBuilder("\"");
        for (byte b : value.getBytes(StandardCharsets.UTF_8)) {
            text.append(String.format("\\x%02x", b));
        }
        return text.append('"').toString();
    }
}
