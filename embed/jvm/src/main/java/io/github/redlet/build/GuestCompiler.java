package io.github.redlet.build;

import com.dylibso.chicory.compiler.InterpreterFallback;
import com.dylibso.chicory.compiler.internal.Compiler;
import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.wasi.WasiOptions;
import com.dylibso.chicory.wasi.WasiPreview1;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.WasmWriter;
import com.dylibso.chicory.wasm.types.Global;
import com.dylibso.chicory.wasm.types.OpCode;
import com.dylibso.chicory.wasm.types.RawSection;
import com.dylibso.chicory.wasm.types.SectionId;
import com.dylibso.chicory.wasm.types.ValType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.IntInsnNode;
import org.objectweb.asm.tree.LabelNode;
import org.objectweb.asm.tree.LdcInsnNode;
import org.objectweb.asm.tree.LookupSwitchInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TableSwitchInsnNode;
import org.objectweb.asm.tree.VarInsnNode;

/**
 * Turns {@code redlet.wasm} into what the package carries: classes that are its code, the module
 * without code and data, and an image of an instance that has just been initialised. It runs while
 * the package is built and is no part of it.
 */
public final class GuestCompiler {
    private static final int ABI_VERSION = 2;

    /** Functions in one class: the JVM loads and verifies few that are not needed. */
    private static final int PER_CLASS = 24;

    /** Cases of one method that calls functions by number, in bits: HotSpot compiles none above 8,000 bytes. */
    private static final int CASE_BITS = 8;

    /**
     * What the guest may take, and what its runtime is told to keep below: ABI.md says how far. It is a
     * part of the JVM's heap, and to grow it is copied.
     */
    private static final long MEMORY_MAX = 1L << 30;

    private static final long MEMORY_LIMIT = MEMORY_MAX - MEMORY_MAX / 16 - (8 << 20);

    private GuestCompiler() {}

    /**
     * Compiles.
     *
     * @param args the module, the folder of classes, and the name that the main class is to have
     * @throws IOException if a file cannot be read or written
     */
    public static void main(String[] args) throws IOException {
        Path classes = Path.of(args[1]);
        String folder = args[2].substring(0, args[2].lastIndexOf('.')).replace('.', '/');
        if (isCurrent(classes.resolve(folder), Path.of(args[0]))) {
            return;
        }
        byte[] wasm = Files.readAllBytes(Path.of(args[0]));
        var result =
                Compiler.builder(Parser.parse(wasm))
                        .withClassName(args[2])
                        .withMaxFunctionsPerClass(PER_CLASS)
                        .withInterpreterFallback(InterpreterFallback.FAIL)
                        .build()
                        .compile();
        result.collector()
                .classBytes()
                .forEach((name, bytes) -> write(classes, name.replace('.', '/') + ".class", rewrite(bytes)));
        write(classes, folder + "/guest.bin", image(wasm));
    }

    /** Whether what was written last is newer than the module and this compiler. */
    private static boolean isCurrent(Path folder, Path wasm) throws IOException {
        Path last = folder.resolve("guest.bin");
        Path self = folder.resolve("build/GuestCompiler.class");
        return Files.exists(last)
                && Files.getLastModifiedTime(last).compareTo(Files.getLastModifiedTime(wasm)) > 0
                && Files.getLastModifiedTime(last).compareTo(Files.getLastModifiedTime(self)) > 0;
    }

    private static void write(Path folder, String name, byte[] bytes) {
        try {
            Path path = folder.resolve(name);
            Files.createDirectories(path.getParent());
            Files.write(path, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Splits the methods that are one great switch over functions: HotSpot would interpret them for ever,
     * and with them each indirect call.
     */
    private static byte[] rewrite(byte[] bytes) {
        ClassNode node = new ClassNode();
        new ClassReader(bytes).accept(node, ClassReader.SKIP_FRAMES | ClassReader.SKIP_DEBUG);
        for (MethodNode method : List.copyOf(node.methods)) {
            if (!splitMethod(node, method)) {
                Shortener.shorten(method);
                Splitter.split(node, method);
            }
        }
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_FRAMES);
        node.accept(writer);
        return writer.toByteArray();
    }

    private static boolean splitMethod(ClassNode node, MethodNode method) {
        AbstractInsnNode at = method.instructions.getFirst();
        List<AbstractInsnNode> loads = new ArrayList<>();
        for (; at instanceof VarInsnNode || at != null && at.getOpcode() < 0; at = at.getNext()) {
            if (at instanceof VarInsnNode) {
                loads.add(at);
            }
        }
        TreeMap<Integer, LabelNode> cases = cases(at);
        if (cases.isEmpty()) {
            return false;
        }
        LabelNode other = at instanceof LookupSwitchInsnNode
                ? ((LookupSwitchInsnNode) at).dflt
                : ((TableSwitchInsnNode) at).dflt;
        int first = cases.firstKey() >> CASE_BITS;
        int last = cases.lastKey() >> CASE_BITS;
        if (first == last) {
            return false;
        }
        int key = ((VarInsnNode) loads.get(loads.size() - 1)).var;
        LabelNode[] groups = new LabelNode[last - first + 1];
        MethodNode main = new MethodNode(method.access, method.name, method.desc, null, null);
        parameters(main);
        main.visitVarInsn(Opcodes.ILOAD, key);
        main.instructions.add(new IntInsnNode(Opcodes.BIPUSH, CASE_BITS));
        main.instructions.add(new InsnNode(Opcodes.ISHR));
        for (int i = 0; i < groups.length; i++) {
            groups[i] = new LabelNode();
        }
        main.instructions.add(new TableSwitchInsnNode(first, last, groups[0], groups));
        for (int i = 0; i < groups.length; i++) {
            int from = (first + i) << CASE_BITS;
            var some = cases.subMap(from, from + (1 << CASE_BITS));
            MethodNode group = group(method, method.name + "_" + i, loads, some, other);
            node.methods.add(group);
            main.instructions.add(groups[i]);
            main.instructions.add(new MethodInsnNode(Opcodes.INVOKESTATIC, node.name, group.name, group.desc, false));
            main.instructions.add(new InsnNode(Type.getReturnType(method.desc).getOpcode(Opcodes.IRETURN)));
        }
        node.methods.set(node.methods.indexOf(method), main);
        return true;
    }

    /** Where a switch leads, by number; nowhere if it is none. */
    static TreeMap<Integer, LabelNode> cases(AbstractInsnNode at) {
        TreeMap<Integer, LabelNode> cases = new TreeMap<>();
        if (at instanceof LookupSwitchInsnNode) {
            LookupSwitchInsnNode insn = (LookupSwitchInsnNode) at;
            for (int i = 0; i < insn.keys.size(); i++) {
                cases.put(insn.keys.get(i), insn.labels.get(i));
            }
        } else if (at instanceof TableSwitchInsnNode) {
            TableSwitchInsnNode insn = (TableSwitchInsnNode) at;
            for (int i = 0; i < insn.labels.size(); i++) {
                cases.put(insn.min + i, insn.labels.get(i));
            }
        }
        return cases;
    }

    /** The int that an instruction pushes, or null. */
    static Integer number(AbstractInsnNode insn) {
        if (insn instanceof IntInsnNode) {
            return ((IntInsnNode) insn).operand;
        }
        if (insn instanceof LdcInsnNode && ((LdcInsnNode) insn).cst instanceof Integer) {
            return (Integer) ((LdcInsnNode) insn).cst;
        }
        boolean small = insn.getOpcode() >= Opcodes.ICONST_M1 && insn.getOpcode() <= Opcodes.ICONST_5;
        return small ? insn.getOpcode() - Opcodes.ICONST_0 : null;
    }

    private static void parameters(MethodNode method) {
        int slot = 0;
        for (Type type : Type.getArgumentTypes(method.desc)) {
            method.visitVarInsn(type.getOpcode(Opcodes.ILOAD), slot);
            slot += type.getSize();
        }
    }

    /** A method of some of the cases. */
    private static MethodNode group(
            MethodNode whole,
            String name,
            List<AbstractInsnNode> loads,
            java.util.Map<Integer, LabelNode> cases,
            LabelNode other) {
        MethodNode group = new MethodNode(whole.access, name, whole.desc, null, null);
        for (AbstractInsnNode load : loads) {
            group.instructions.add(load.clone(null));
        }
        LabelNode dflt = new LabelNode();
        int[] keys = cases.keySet().stream().mapToInt(Integer::intValue).toArray();
        LabelNode[] labels = new LabelNode[keys.length];
        for (int i = 0; i < keys.length; i++) {
            labels[i] = new LabelNode();
        }
        group.instructions.add(new LookupSwitchInsnNode(dflt, keys, labels));
        for (int i = 0; i < keys.length; i++) {
            copy(group, labels[i], cases.get(keys[i]));
        }
        copy(group, dflt, other);
        return group;
    }

    /** Copies what stands behind a label, up to the end of the method. */
    private static void copy(MethodNode to, LabelNode label, LabelNode from) {
        to.instructions.add(label);
        for (AbstractInsnNode at = from.getNext(); ; at = at.getNext()) {
            if (at.getOpcode() < 0) {
                continue;
            }
            if (!(at instanceof MethodInsnNode || at instanceof InsnNode || at instanceof VarInsnNode)) {
                throw new IllegalStateException("a switch over functions is not laid out as expected");
            }
            to.instructions.add(at.clone(null));
            int code = at.getOpcode();
            if (code >= Opcodes.IRETURN && code <= Opcodes.RETURN || code == Opcodes.ATHROW) {
                return;
            }
        }
    }

    /** What Guest reads: the module without code and data but with the globals of a begun guest, and its memory. */
    private static byte[] image(byte[] wasm) {
        WasmModule module = Parser.parse(wasm);
        Instance instance = initialised(module);
        WasmWriter writer = new WasmWriter();
        Parser.parseWithoutDecoding(wasm, section -> {
            switch (section.sectionId()) {
                case SectionId.GLOBAL:
                    writer.writeSection(SectionId.GLOBAL, globals(module, instance));
                    break;
                case SectionId.CODE:
                case SectionId.DATA:
                case SectionId.CUSTOM:
                    break;
                default:
                    writer.writeSection((RawSection) section);
            }
        });
        byte[] memory = instance.memory().readBytes(0, instance.memory().pages() * Memory.PAGE_SIZE);
        int size = writer.bytes().length;
        return ByteBuffer.allocate(4 + size + memory.length).putInt(size).put(writer.bytes()).put(memory).array();
    }

    private static Instance initialised(WasmModule module) {
        WasiOptions options = WasiOptions.builder()
                .withEnvironment("GOMEMLIMIT", Long.toString(MEMORY_LIMIT))
                .withRandom(new Random(1))
                .build();
        AtomicLong ticks = new AtomicLong();
        ImportValues.Builder imports = ImportValues.builder();
        for (HostFunction function : WasiPreview1.builder().withOptions(options).build().toHostFunctions()) {
            imports.addFunction(function.name().equals("clock_time_get") ? clock(function, ticks) : function);
        }
        Instance instance = Instance.builder(module)
                .withImportValues(imports.build())
                .withStart(false)
                .build();
        instance.export("_initialize").apply();
        long version = instance.export("abi_version").apply()[0];
        if (version != ABI_VERSION) {
            throw new IllegalStateException("redlet.wasm speaks ABI " + version + ", not " + ABI_VERSION);
        }
        return instance;
    }

    /** A clock that only moves on, so that what is built is the same each time. */
    private static HostFunction clock(HostFunction function, AtomicLong ticks) {
        return new HostFunction(
                function.module(), function.name(), function.functionType(), (instance, args) -> {
                    instance.memory().writeLong((int) args[2], ticks.incrementAndGet());
                    return new long[] {0};
                });
    }

    private static byte[] globals(WasmModule module, Instance instance) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int count = module.globalSection().globalCount();
        out.write(count);
        for (int i = 0; i < count; i++) {
            Global global = module.globalSection().getGlobal(i);
            out.write(global.valueType().opcode());
            out.write(global.mutabilityType().id());
            boolean isInt = global.valueType().equals(ValType.I32);
            out.write(isInt ? OpCode.I32_CONST.opcode() : OpCode.I64_CONST.opcode());
            long value = instance.global(i).getValue();
            signed(out, isInt ? (int) value : value);
            out.write(OpCode.END.opcode());
        }
        return out.toByteArray();
    }

    private static void signed(ByteArrayOutputStream out, long value) {
        long rest = value;
        for (; rest != rest << 57 >> 57; rest >>= 7) {
            out.write((int) rest & 0x7f | 0x80);
        }
        out.write((int) rest & 0x7f);
    }
}
