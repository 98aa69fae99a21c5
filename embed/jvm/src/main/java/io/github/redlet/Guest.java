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
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.GlobalSection;
import com.dylibso.chicory.wasm.types.ImportSection;
import com.dylibso.chicory.wasm.types.MemorySection;
import com.dylibso.chicory.wasm.types.TableSection;
import com.dylibso.chicory.wasm.types.TypeSection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;

/** One instance of the engine. It has one owner; after a failure it must be dropped. */
final class Guest {
    static final int ABI_VERSION = 2;

    /**
     * What the guest may take, and what its runtime is told to keep below: ABI.md says how far. It is a
     * part of the JVM's heap, and to grow it is copied.
     */
    private static final long MEMORY_MAX = 1L << 30;

    private static final long MEMORY_LIMIT = MEMORY_MAX - MEMORY_MAX / 16 - (8 << 20);
    private static final int PAGE = 65536;
    private static final int LAST_WORDS = 4096;
    private static final int BAD_DESCRIPTOR = 8;

    /** The clock of the shim must not run back behind what an image has seen. */
    private static final long CLOCK_START = 1L << 40;

    final Instance instance;
    private final Memory memory;
    private final ExportFunction input;
    private final ExportFunction step;
    private final int control;
    private final StringBuilder lastWords = new StringBuilder();

    /** When the engine wants its next step, in microseconds. */
    double deadline = Double.POSITIVE_INFINITY;

    /** Starts a guest that goes on where another one was. */
    Guest(Image image) {
        this(make(Own.MODULE, Own::machine), image);
    }

    private Guest(Made made, Image image) {
        made.guest = this;
        instance = made.instance;
        memory = instance.memory();
        if (image == null) {
            instance.export("_initialize").apply();
        } else {
            become(image);
        }
        long version = instance.export("abi_version").apply()[0];
        if (version != ABI_VERSION) {
            throw new IllegalStateException("redlet.wasm speaks ABI " + version + ", not " + ABI_VERSION);
        }
        control = (int) instance.export("control").apply()[0];
        input = instance.export("input");
        step = instance.export("step");
    }

    /** A guest of a whole module, interpreted. */
    static Guest initialised(byte[] wasm) {
        return new Guest(make(Parser.parse(wasm), null), null);
    }

    /** What the guest is now. */
    Image image() {
        long[] globals = new long[globalCount()];
        for (int i = 0; i < globals.length; i++) {
            globals[i] = instance.exports().global("global_" + i).getValue();
        }
        return new Image(memory.readBytes(0, memory.pages() * PAGE), globals);
    }

    private void become(Image image) {
        memory.grow(image.memory.length / PAGE - memory.pages());
        memory.write(0, image.memory);
        for (int i = 0; i < image.globals.length; i++) {
            instance.exports().global("global_" + i).setValue(image.globals[i]);
        }
    }

    private int globalCount() {
        var exports = instance.module().exportSection();
        int count = 0;
        for (int i = 0; i < exports.exportCount(); i++) {
            count += exports.getExport(i).name().startsWith("global_") ? 1 : 0;
        }
        return count;
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

    /** An instance, and the guest of it, once there is one. */
    private static final class Made {
        private Instance instance;
        private Guest guest;
        private final boolean initial;
        private long ticks;

        Made(boolean initial) {
            this.initial = initial;
        }
    }

    private static Made make(WasmModule module, java.util.function.Function<Instance, Machine> machine) {
        Made made = new Made(machine == null);
        ImportValues.Builder imports = ImportValues.builder();
        for (int i = 0; i < module.importSection().importCount(); i++) {
            FunctionImport wanted = (FunctionImport) module.importSection().getImport(i);
            FunctionType type = module.typeSection().getType(wanted.typeIndex());
            String name = wanted.name();
            imports.addFunction(new HostFunction(wanted.module(), name, type, (instance, args) -> {
                int answer = shim(made, name, instance.memory(), args);
                return type.returns().isEmpty() ? null : new long[] {answer};
            }));
        }
        Instance.Builder builder = Instance.builder(module)
                .withImportValues(imports.build())
                .withMemoryFactory(limits -> new ByteArrayMemory(limits, new Growth()))
                .withStart(false);
        made.instance = (machine == null ? builder : builder.withMachineFactory(machine)).build();
        return made;
    }

    /** Carries out an import: the few lines of WASI that the guest needs. */
    private static int shim(Made made, String name, Memory memory, long[] args) {
        switch (name) {
            case "args_get":
            case "sched_yield":
                return 0;
            case "args_sizes_get":
                memory.writeI32((int) args[0], 0);
                memory.writeI32((int) args[1], 0);
                return 0;
            case "environ_sizes_get":
                memory.writeI32((int) args[0], 1);
                memory.writeI32((int) args[1], ENVIRONMENT.length);
                return 0;
            case "environ_get":
                memory.writeI32((int) args[0], (int) args[1]);
                memory.write((int) args[1], ENVIRONMENT);
                return 0;
            case "clock_time_get":
                memory.writeLong((int) args[2], made.initial ? ++made.ticks : CLOCK_START + System.nanoTime() - EPOCH);
                return 0;
            case "random_get":
                byte[] random = new byte[(int) args[1]];
                new SecureRandom().nextBytes(random);
                memory.write((int) args[0], random);
                return 0;
            case "fd_write":
                return write(made, memory, args);
            case "poll_oneoff":
                memory.fill((byte) 0, (int) args[1], (int) (args[1] + args[2] * 32));
                memory.writeI32((int) args[3], (int) args[2]);
                return 0;
            case "proc_exit":
                throw new IllegalStateException("the engine has exited with " + args[0]);
            default:
                return BAD_DESCRIPTOR;
        }
    }

    private static final byte[] ENVIRONMENT = ("GOMEMLIMIT=" + MEMORY_LIMIT + "\0").getBytes(StandardCharsets.UTF_8);
    private static final long EPOCH = System.nanoTime();

    private static int write(Made made, Memory memory, long[] args) {
        int sum = 0;
        for (int i = 0; i < args[2]; i++) {
            int at = memory.readInt((int) args[1] + 8 * i);
            int size = memory.readInt((int) args[1] + 8 * i + 4);
            if (made.guest != null) {
                made.guest.hear(memory.readString(at, size));
            }
            sum += size;
        }
        memory.writeI32((int) args[3], sum);
        return 0;
    }

    private void hear(String words) {
        lastWords.append(words);
        lastWords.delete(0, Math.max(0, lastWords.length() - LAST_WORDS));
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
    static final class Own {
        private static final FunctionBody NO_BODY = new FunctionBody(List.of(), List.of());
        static final Image IMAGE = load("guest.image", Image::read);
        private static final WasmModule MODULE = load("guest.wasm", Own::parse);
        private static final Constructor<?> MACHINE = constructor();

        private Own() {}

        /**
         * Reads a module that has been checked when it was compiled, and has no code here. To the runtime
         * each of its functions is one that does nothing.
         */
        private static WasmModule parse(InputStream in) {
            WasmModule.Builder module = WasmModule.builder().withValidation(false);
            CodeSection.Builder code = CodeSection.builder();
            Parser.builder().build().parse(in, section -> {
                if (section instanceof TypeSection) {
                    module.setTypeSection((TypeSection) section);
                } else if (section instanceof ImportSection) {
                    module.setImportSection((ImportSection) section);
                } else if (section instanceof FunctionSection) {
                    module.setFunctionSection((FunctionSection) section);
                    for (int i = ((FunctionSection) section).functionCount(); i > 0; i--) {
                        code.addFunctionBody(NO_BODY);
                    }
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
            return module.setCodeSection(code.build()).build();
        }

        private static Machine machine(Instance instance) {
            try {
                return (Machine) MACHINE.newInstance(instance);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }

        private static Constructor<?> constructor() {
            try {
                String name = Guest.class.getPackageName() + ".GuestMachine";
                return Class.forName(name).getConstructor(Instance.class);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("redlet's engine is not in the class path", e);
            }
        }

        private static <T> T load(String name, Reader<T> reader) {
            try (InputStream in = Guest.class.getResourceAsStream(name)) {
                return reader.read(in);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private interface Reader<T> {
            T read(InputStream in) throws IOException;
        }
    }
}
