package io.github.redlet;

import io.github.redlet.Frames.In;
import io.github.redlet.Frames.Out;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the guest asks of files, on the disk. It belongs to the engine's thread. */
final class Disk {
    private static final int READ_MAX = 1 << 20;

    private final Map<File, Tail> tails = new HashMap<>();
    private final Frames inbox;

    /** @param inbox where the answers go */
    Disk(Frames inbox) {
        this.inbox = inbox;
    }

    /** Carries out what a frame asks for, and answers it. */
    void carryOut(Out kind, int ticket, ByteBuffer payload) {
        long offset = payload.getLong(payload.position());
        File path = new File(Frames.path(payload));
        String why = "";
        try {
            switch (kind) {
                case READ:
                    boolean absent = Files.notExists(path.toPath());
                    inbox.add(absent ? In.ABSENT : In.CONTENT, 0, ticket, absent ? new byte[0] : read(path, offset));
                    return;
                case APPEND:
                    tails.computeIfAbsent(path, file -> new Tail(file, ticket)).append(Frames.bytes(payload));
                    return;
                case SYNC:
                    why = tails.containsKey(path) ? tails.get(path).sync() : "";
                    break;
                case REPLACE:
                    forget(path);
                    replace(path, payload);
                    break;
                default:
                    forget(path);
                    Files.deleteIfExists(path.toPath());
            }
        } catch (IOException e) {
            why = words(e);
        }
        if (ticket != 0) {
            inbox.add(In.DONE, 0, ticket, why);
        }
    }

    /** Forgets what is not on the disk. */
    void close() {
        List.copyOf(tails.keySet()).forEach(this::forget);
    }

    private void forget(File path) {
        Tail tail = tails.remove(path);
        Engine.quietly(tail == null ? null : tail.file);
    }

    /** The size of a file, and a piece of it. */
    private static byte[] read(File path, long offset) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path, "r")) {
            byte[] piece = new byte[(int) Math.max(0, Math.min(file.length() - offset, READ_MAX))];
            file.seek(offset);
            file.readFully(piece);
            ByteBuffer content = ByteBuffer.allocate(8 + piece.length).order(ByteOrder.LITTLE_ENDIAN);
            return content.putLong(file.length()).put(piece).array();
        }
    }

    private static void replace(File path, ByteBuffer data) throws IOException {
        File temporary = new File(path + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            try (FileOutputStream out = new FileOutputStream(temporary)) {
                out.write(data.array(), data.position(), data.remaining());
                out.getFD().sync();
            }
            Files.move(temporary.toPath(), path.toPath(), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            temporary.delete(); // which is there after a failure
        }
        if (File.separatorChar == '/') {
            try (FileChannel folder = FileChannel.open(path.toPath().resolveSibling("."), StandardOpenOption.READ)) {
                folder.force(true);
            }
        }
    }

    /** What the system calls an error: clients are told. Java puts the path before it. */
    private static String words(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "Permission denied";
        }
        return String.valueOf(e.getMessage()).replaceFirst("(?s).*(?: \\(|: )(.*?)\\)?$", "$1");
    }

    /** The end of a file that is appended to. */
    private final class Tail {
        private final File path;
        private final int ticket;
        private final ByteArrayOutputStream left = new ByteArrayOutputStream();
        private RandomAccessFile file;
        /** What of the file is good. */
        private long size;
        /** Why what is left could not be written, or nothing. */
        private String failure = "";

        Tail(File path, int ticket) {
            this.path = path;
            this.ticket = ticket;
        }

        /** Writes what is left and what comes, and says when that fails, or no longer does. */
        String append(byte[] data) {
            String before = failure;
            left.writeBytes(data);
            try {
                if (file == null) {
                    path.getParentFile().mkdir();
                    file = new RandomAccessFile(path, "rw");
                    size = file.length();
                }
                file.seek(size); // half of what is left may be there
                file.write(left.toByteArray());
                size += left.size();
                left.reset();
                failure = "";
            } catch (IOException e) {
                failure = words(e);
            }
            if (!failure.isEmpty() || !before.isEmpty()) {
                inbox.add(In.APPENDED, 0, ticket, failure);
            }
            return failure;
        }

        /** Tries again, has the disk hold what is written, and returns what failed. */
        String sync() throws IOException {
            if (append(new byte[0]).isEmpty()) {
                file.getChannel().force(false);
            }
            return failure;
        }
    }
}
