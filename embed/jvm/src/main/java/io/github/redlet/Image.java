package io.github.redlet;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * All that a guest is between two steps: its memory and its globals. For redlet's own use, while the
 * package is built too.
 *
 * @hidden
 */
public final class Image {
    final byte[] memory;
    final long[] globals;

    Image(byte[] memory, long[] globals) {
        this.memory = memory;
        this.globals = globals;
    }

    /**
     * What a guest is that has just been initialised.
     *
     * @param wasm the whole module
     * @return the image
     */
    public static Image initial(byte[] wasm) {
        return Guest.initialised(wasm).image();
    }

    /**
     * The image as bytes.
     *
     * @return bytes that {@link #read} reads
     */
    public byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(globals.length);
            for (long value : globals) {
                out.writeLong(value);
            }
            out.writeInt(memory.length);
            out.write(memory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static Image read(InputStream from) throws IOException {
        DataInputStream in = new DataInputStream(from);
        long[] globals = new long[in.readInt()];
        for (int i = 0; i < globals.length; i++) {
            globals[i] = in.readLong();
        }
        return new Image(in.readNBytes(in.readInt()), globals);
    }
}
