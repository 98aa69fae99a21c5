package io.github.redlet;

import com.dylibso.chicory.runtime.ByteArrayMemory;
import com.dylibso.chicory.runtime.ExportFunction;
import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.runtime.alloc.MemAllocStrategy;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.CodeSection;
import com.dylibso.chicory.wasm.types.ElementSection;
import com.dylibso.chicory.wasm.types.ExportSection;
import com.dylibso.chicory.wasm.types.FunctionBody;
import com.dylibso.chicory.wasm.types.FunctionImport;
import com.dylibso.chicory.wasm.types.FunctionSection;
import com.dylibso.chicory.wasm.types.GlobalSection;
import com.dylibso.chicory.wasm.types.ImportSection;
import com.dylibso.chicory.wasm.types.MemoryLimits;
import com.dylibso.chicory.wasm.types.MemorySection;
import com.dylibso.chicory.wasm.types.TableSection;
import com.dylibso.chicory.wasm.types.TypeSection;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;

/** One instance of the engine. It has one owner; after a failure it must be dropped. */
final class Guest {
    private static final int ABI_VERSION = 2;
    private static final int PAGE = 65536;
    private static final int LAST_WORDS = 4096;
    private static final int BAD_DESCRIPTOR = 8;

    /** What the clock of the shim, in nanoseconds, is ahead: it begins later than what the image has seen. */
    private static final long CLOCK = (1L << 40) - System.nanoTime();

    final Instance instance;
    private final Memory memory;
    private final ExportFunction input;
    private final ExportFunction step;
    private final int control;
    private final StringBuilder lastWords = new StringBuilder();

    /** When the engine wants its next step, in microseconds. */
    double deadline = Double.POSITIVE_INFINITY;

    /** Starts a guest. */
    Guest() {
        this(Own.IMAGE, Own.GLOBALS);
    }

    /** Starts a guest that goes on where another one was. */
    private Guest(byte[] image, long[] globals) {
        ImportValues.Builder imports = ImportValues.builder();
        for (int i = 0; i < Own.MODULE.importSection().importCount(); i++) {
            FunctionImport wanted = (FunctionImport) Own.MODULE.importSection().getImport(i);
            imports.addFunction(new HostFunction(
                    wanted.module(),
                    wanted.name(),
                    Own.MODULE.typeSection().getType(wanted.typeIndex()),
                    (instance, args) -> new long[] {shim(wanted.name(), args)}));
        }
        instance = Instance.builder(Own.MODULE)
                .withImportValues(imports.build())
                .withMemoryLimits(new MemoryLimits(image.length / PAGE))
                .withMemoryFactory(limits -> new ByteArrayMemory(limits, new Growth()))
                .withMachineFactory(Own::machine)
                .withStart(false)
                .build();
        memory = instance.memory();
        memory.write(0, image);
        for (int i = 0; i < globals.length; i++) {
            instance.global(i).setValue(globals[i]);
        }
        long version = instance.export("abi_version").apply()[0];
        if (version != ABI_VERSION) {
            throw new IllegalStateException("redlet.wasm speaks ABI " + version + ", not " + ABI_VERSION);
        }
        control = (int) instance.export("control").apply()[0];
        input = instance.export("input");
        step = instance.export("step");
    }

    /** Another guest, which is what this one is now. */
    Guest copy() {
        long[] globals = new long[Own.GLOBALS.length];
        for (int i = 0; i < globals.length; i++) {
            globals[i] = instance.global(i).getValue();
        }
        Guest copy = new Guest(memory.readBytes(0, memorySize()), globals);
        copy.deadline = deadline;
        return copy;
    }

    /**
     * Lets the engine take frames, and returns those that come of it.
     *
     * @param now microseconds since the Unix epoch
     * @throws EngineException if the engine has died
     */
    ByteBuffer step(byte[] frames, int size, long now) {
        try {
            if (size > 0) {
                memory.write((int) input.apply(size)[0], frames, 0, size);
            }
            long status = step.apply(size, Double.doubleToRawLongBits(now))[0];
            ByteBuffer output = ByteBuffer.wrap(memory.readBytes(memory.readInt(control), memory.readInt(control + 4)));
            deadline = memory.readDouble(control + 8);
            if (status != 0) {
                throw new EngineException("status " + status + complaint(output), null);
            }
            return output.order(ByteOrder.LITTLE_ENDIAN);
        } catch (EngineException e) {
            throw e;
        } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
            throw new EngineException((e + "\n" + lastWords).trim(), e);
        }
    }

    int memorySize() {
        return memory.pages() * PAGE;
    }

    /** What a guest that failed logged about it. */
    private static String complaint(ByteBuffer output) {
        StringBuilder text = new StringBuilder();
        Frames.read(output, (kind, conn, ticket, payload) -> {
            if (kind == Frames.LOG) {
                text.append(": ").append(StandardCharsets.UTF_8.decode(payload));
            }
        });
        return text.toString();
    }

    /** Carries out an import: the few lines of WASI that a guest needs that has been initialised. */
    private long shim(String name, long[] args) {
        switch (name) {
            case "sched_yield":
            case "poll_oneoff": // the guest does not look at what it is told
                return 0;
            case "clock_time_get":
                memory.writeLong((int) args[2], CLOCK + System.nanoTime());
                return 0;
            case "random_get":
                byte[] random = new byte[(int) args[1]];
                new SecureRandom().nextBytes(random);
                memory.write((int) args[0], random);
                return 0;
            case "fd_write":
                memory.writeI32((int) args[3], hear((int) args[1], (int) args[2]));
                return 0;
            case "proc_exit":
                throw new IllegalStateException("the engine has exited with " + args[0]);
            default:
                return BAD_DESCRIPTOR;
        }
    }

    /** Keeps the last of what the guest's runtime says, and returns how much that was. */
    private int hear(int pieces, int count) {
        int sum = 0;
        for (int piece = pieces; piece < pieces + 8 * count; piece += 8) {
            int size = memory.readInt(piece + 4);
            lastWords.append(memory.readString(memory.readInt(piece), size));
            sum += size;
        }
        lastWords.delete(0, Math.max(0, lastWords.length() - LAST_WORDS));
        return sum;
    }

    /** Memory grows by an eighth more than is asked for, so that little is copied and little lies idle. */
    private static final class Growth implements MemAllocStrategy {
        @Override
        public int initial(int min) {
            return min;
        }

        @Override
        public int next(int current, int target) {
            long wanted = target <= current ? current : target + (long) target / 8;
            return (int) Math.min(wanted, Integer.MAX_VALUE - 8);
        }
    }

    /** What the package carries, once for all guests: it goes with the class loader. */
    private static final class Own {
        private static final FunctionBody NO_BODY = new FunctionBody(List.of(), List.of());
        private static final WasmModule MODULE;

        /** Memory and globals of a guest that has just been initialised. */
        private static final byte[] IMAGE;

        private static final long[] GLOBALS;

        static {
            try (DataInputStream in = new DataInputStream(Guest.class.getResourceAsStream("guest.bin"))) {
                MODULE = parse(new ByteArrayInputStream(in.readNBytes(in.readInt())));
                GLOBALS = new long[in.readInt()];
                for (int i = 0; i < GLOBALS.length; i++) {
                    GLOBALS[i] = in.readLong();
                }
                IMAGE = in.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /**
         * Reads a module that has been checked when it was compiled, and has no code here. To the runtime
         * each of its functions is one that does nothing.
         */
        private static WasmModule parse(InputStream in) {
            WasmModule.Builder module = WasmModule.builder().withValidation(false);
            Parser.builder().build().parse(in, section -> {
                if (section instanceof TypeSection) {
                    module.setTypeSection((TypeSection) section);
                } else if (section instanceof ImportSection) {
                    module.setImportSection((ImportSection) section);
                } else if (section instanceof FunctionSection) {
                    module.setFunctionSection((FunctionSection) section);
                    CodeSection.Builder code = CodeSection.builder();
                    for (int i = ((FunctionSection) section).functionCount(); i > 0; i--) {
                        code.addFunctionBody(NO_BODY);
                    }
                    module.setCodeSection(code.build());
                } else if (section instanceof TableSection) {
                    module.setTableSection((TableSection) section);
                } else if (section instanceof MemorySection) {
                    module.setMemorySection((MemorySection) section);
                } else if (section instanceof GlobalSection) {
                    module.setGlobalSection((GlobalSection) section);
                } else if (section instanceof ExportSection) {
                    module.setExportSection((ExportSection) section);
                } else if (section instanceof ElementSection) {
                    module.setElementSection((ElementSection) section);
                }
            });
            return module.build();
        }

        private static Machine machine(Instance instance) {
            try {
                Class<?> type = Class.forName(Guest.class.getPackageName() + ".GuestMachine");
                return (Machine) type.getConstructor(Instance.class).newInstance(instance);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("redlet's engine is not in the class path", e);
            }
        }
    }
}
