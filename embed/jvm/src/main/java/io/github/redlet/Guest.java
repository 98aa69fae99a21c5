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
import com.dylibso.chicory.wasm.types.*;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.List;

/** One instance of the engine. It has one owner; after a failure it must be dropped. */
final class Guest {
    private static final int BAD_DESCRIPTOR = 8;
    private static final FunctionBody NO_BODY = new FunctionBody(List.of(), List.of());

    /** What the clock of the shim, in nanoseconds, is ahead: it begins later than what the image has seen. */
    private static final long CLOCK = (1L << 40) - System.nanoTime();

    /** What guests are made of, and the memory of one that has been initialised: once for all. */
    private static final WasmModule MODULE;

    private static final byte[] IMAGE;

    static {
        try (DataInputStream in = new DataInputStream(Guest.class.getResourceAsStream("guest.bin"))) {
            MODULE = module(new ByteArrayInputStream(in.readNBytes(in.readInt())));
            IMAGE = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    final Instance instance;
    final Memory memory;
    private final ExportFunction input;
    private final ExportFunction step;
    private final int control;
    private final StringBuilder lastWords = new StringBuilder();

    /** When the engine wants its next step, in microseconds. */
    double deadline = Double.POSITIVE_INFINITY;

    /** Starts a guest. */
    Guest() {
        this(IMAGE);
    }

    private Guest(byte[] image) {
        ImportValues.Builder imports = ImportValues.builder();
        MODULE.importSection().stream().map(FunctionImport.class::cast).forEach(wanted ->
                imports.addFunction(new HostFunction(
                        wanted.module(),
                        wanted.name(),
                        MODULE.typeSection().getType(wanted.typeIndex()),
                        (caller, args) -> new long[] {shim(wanted.name(), args)})));
        instance = Instance.builder(MODULE)
                .withImportValues(imports.build())
                .withMemoryLimits(new MemoryLimits(image.length / Memory.PAGE_SIZE))
                .withMemoryFactory(limits -> new ByteArrayMemory(limits, new Growth()))
                .withMachineFactory(Guest::machine)
                .build();
        memory = instance.memory();
        memory.write(0, image);
        control = (int) instance.export("control").apply()[0];
        input = instance.export("input");
        step = instance.export("step");
    }

    /** Another guest, which is what this one is now. */
    Guest copy() {
        Guest copy = new Guest(memory.readBytes(0, memory.pages() * Memory.PAGE_SIZE));
        for (int i = 0; i < MODULE.globalSection().globalCount(); i++) {
            copy.instance.global(i).setValue(instance.global(i).getValue());
        }
        copy.deadline = deadline;
        return copy;
    }

    /**
     * Lets the engine take frames, and hands on those that come of it.
     *
     * @param frames is empty when this returns, but for what the reader adds
     * @param now microseconds since the Unix epoch
     * @throws EngineException if the engine has died
     */
    void step(Frames frames, long now, Frames.Reader reader) {
        long status;
        byte[] output;
        try {
            int size = frames.size();
            if (size > 0) {
                frames.moveTo(memory, (int) input.apply(size)[0]);
            }
            status = step.apply(size, Double.doubleToRawLongBits(now))[0];
            output = memory.readBytes(memory.readInt(control), memory.readInt(control + 4));
            deadline = memory.readDouble(control + 8);
        } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
            throw new EngineException((e + "\n" + lastWords).trim(), e);
        }
        Frames.read(ByteBuffer.wrap(output), reader); // after a failure it is the LOG that tells of it
        if (status != 0) {
            throw new EngineException("status " + status, null);
        }
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
            case "fd_write": // its last words, in one piece each
                int size = memory.readInt((int) args[1] + 4);
                lastWords.append(memory.readString(memory.readInt((int) args[1]), size));
                memory.writeI32((int) args[3], size);
                return 0;
            case "proc_exit":
                throw new IllegalStateException("the engine has exited with " + args[0]);
            default:
                return BAD_DESCRIPTOR;
        }
    }

    /**
     * Reads the module, which was checked when it was compiled, and has no code here. To the runtime each of
     * its functions is one that does nothing.
     */
    private static WasmModule module(InputStream in) {
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
}
