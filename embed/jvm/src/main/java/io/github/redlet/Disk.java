package io.github.redlet;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/** What the guest asks of files, on the disk. It belongs to the engine's thread. */
final class Disk {
    private static final int READ_MAX = 1 << 20;
    private static final byte[] NOTHING = {};

    private final Map<Path, Tail> tails = new HashMap<>();

    /** Carries an event out, and appends the frames that answer it. */
    void carryOut(int kind, int ticket, ByteBuffer payload, Frames inbox) {
        long offset = payload.getLong(payload.position());
        Path path = Path.of(Frames.path(payload));
        String why = "";
        try {
            switch (kind) {
                case Frames.READ:
                    inbox.add(Frames.CONTENT, 0, ticket, read(path, offset));
                    return;
                case Frames.APPEND:
                    tails.computeIfAbsent(path, p -> new Tail(p, ticket)).append(payload, inbox);
                    return;
                case Frames.SYNC:
                    if (tails.containsKey(path)) {
                        tails.get(path).sync(inbox);
                    }
                    break;
                case Frames.REPLACE:
                    drop(path);
                    replace(path, payload);
                    break;
                default:
                    drop(path);
                    Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            if (kind == Frames.APPEND) {
                return; // it has said so
            }
            if (kind == Frames.READ && e instanceof NoSuchFileException) {
                inbox.add(Frames.ABSENT, 0, ticket, NOTHING);
                return;
            }
            why = words(e);
        }
        if (ticket != 0) {
            inbox.add(Frames.DONE, 0, ticket, why);
        }
    }

    /** Forgets what is not on the disk. */
    void close() {
        tails.values().forEach(tail -> Engine.quietly(tail.file));
        tails.clear();
    }

    private void drop(Path path) {
        Tail tail = tails.remove(path);
        Engine.quietly(tail == null ? null : tail.file);
    }

    /** The size of a file, and a piece of it. */
    private static ByteBuffer read(Path path, long offset) throws IOException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = file.size();
            int piece = (int) Math.max(0, Math.min(size - offset, READ_MAX));
            ByteBuffer content = Frames.buffer(8 + Math.max(piece, 1)).putLong(size);
            file.read(content, offset); // a folder says here that it is one
            return content.flip();
        }
    }

    private static void replace(Path path, ByteBuffer data) throws IOException {
        Path temporary = path.resolveSibling(path.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            try (FileChannel file = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                write(file, data);
                file.force(true);
            }
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
        if (File.separatorChar == '/') {
            try (FileChannel folder = FileChannel.open(path.getParent(), StandardOpenOption.READ)) {
                folder.force(true);
            }
        }
    }

    private static void write(FileChannel file, ByteBuffer data) throws IOException {
        while (data.hasRemaining()) {
            file.write(data);
        }
    }

    /** What the system calls an error: clients are told. */
    private static String words(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "No such file or directory";
        }
        if (e instanceof AccessDeniedException) {
            return "Permission denied";
        }
        String reason = e instanceof FileSystemException ? ((FileSystemException) e).getReason() : e.getMessage();
        return reason == null ? e.toString() : reason;
    }

    /** The end of a file that is appended to. */
    private static final class Tail {
        private final Path path;
        private final int ticket;
        private FileChannel file;
        /** What of the file is good. */
        private long size;
        /** What could not be written yet. */
        private ByteBuffer left = ByteBuffer.allocate(0);

        private boolean failed;

        Tail(Path path, int ticket) {
            this.path = path;
            this.ticket = ticket;
        }

        void sync(Frames inbox) throws IOException {
            append(ByteBuffer.allocate(0), inbox);
            file.force(false);
        }

        /** Writes what is to be written, and says when that fails, or no longer does. */
        void append(ByteBuffer data, Frames inbox) throws IOException {
            left = ByteBuffer.allocate(left.remaining() + data.remaining())
                    .put(left.duplicate())
                    .put(data)
                    .flip();
            boolean before = failed;
            try {
                failed = true;
                write(before);
                failed = false;
            } catch (IOException e) {
                inbox.add(Frames.APPENDED, 0, ticket, words(e));
                throw e;
            }
            if (before) {
                inbox.add(Frames.APPENDED, 0, ticket, NOTHING);
            }
        }

        private void write(boolean again) throws IOException {
            if (file == null) {
                file = open();
                size = file.size();
            } else if (again) {
                file.truncate(size); // half of a command may be there
            }
            Disk.write(file, left.duplicate());
            size += left.remaining();
            left = ByteBuffer.allocate(0);
        }

        private FileChannel open() throws IOException {
            if (!Files.isDirectory(path.getParent())) {
                Files.createDirectory(path.getParent());
            }
            return FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }
}
