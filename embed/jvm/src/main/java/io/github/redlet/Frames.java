package io.github.redlet;

import com.dylibso.chicory.runtime.Memory;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Frames on their way into the engine, and the reading of those that come out: see ABI.md. */
final class Frames extends ByteArrayOutputStream {
    private static final int HEADER = 16;
    private static final int KEEP = 1 << 20;

    /** Kinds of frames into the engine; the number of each is its place. */
    enum In {
        NONE, CONFIGURE, OPEN, DATA, CLOSE, CORK, UNCORK, STOP, SNAPSHOT, RESTORE,
        CONNECTED, DONE, CONTENT, ABSENT, APPENDED, CONTROL, CLUSTER
    }

    /** Kinds of frames out of the engine; the number of each is its place. */
    enum Out {
        NONE, DATA, HANGUP, CONNECT, SHUTDOWN, LOG, SNAPSHOT, RESTORED, CONFIGURED,
        READ, APPEND, SYNC, REPLACE, REMOVE, CONTROLLED, CLUSTER, CONFIG;

        private static final Out[] ALL = values();
    }

    /** Takes a frame that came out. */
    interface Reader {
        void frame(Out kind, int conn, int ticket, ByteBuffer payload);
    }

    static void read(ByteBuffer output, Reader reader) {
        output.order(ByteOrder.LITTLE_ENDIAN);
        while (output.hasRemaining()) {
            int kind = output.getInt();
            int conn = output.getInt();
            int ticket = output.getInt();
            int end = output.getInt() + output.position();
            reader.frame(Out.ALL[kind], conn, ticket, output.duplicate().order(ByteOrder.LITTLE_ENDIAN).limit(end));
            output.position(end);
        }
    }

    /** Appends a frame. */
    void add(In kind, int conn, int ticket, byte[] payload) {
        ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
        writeBytes(header.putInt(kind.ordinal()).putInt(conn).putInt(ticket).putInt(payload.length).array());
        writeBytes(payload);
    }

    void add(In kind, int conn, int ticket, String text) {
        add(kind, conn, ticket, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Empties itself into a guest's memory. */
    void moveTo(Memory memory, int address) {
        memory.write(address, buf, 0, count);
        buf = count > KEEP ? new byte[KEEP] : buf;
        reset();
    }

    /** Takes the bytes that are left of a payload. */
    static byte[] bytes(ByteBuffer payload) {
        byte[] bytes = new byte[payload.remaining()];
        payload.get(bytes);
        return bytes;
    }

    /** Takes an offset and a path out of a payload, and returns the path. */
    static String path(ByteBuffer payload) {
        byte[] path = new byte[payload.getInt(payload.position() + 8)];
        payload.position(payload.position() + 12).get(path);
        return new String(path, StandardCharsets.UTF_8);
    }

    static String text(ByteBuffer payload) {
        return StandardCharsets.UTF_8.decode(payload).toString();
    }
}
