package io.github.redlet.build;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.commons.CodeSizeEvaluator;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.JumpInsnNode;
import org.objectweb.asm.tree.LabelNode;
import org.objectweb.asm.tree.LookupSwitchInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TableSwitchInsnNode;
import org.objectweb.asm.tree.VarInsnNode;
import org.objectweb.asm.tree.analysis.Analyzer;
import org.objectweb.asm.tree.analysis.AnalyzerException;
import org.objectweb.asm.tree.analysis.BasicInterpreter;
import org.objectweb.asm.tree.analysis.BasicValue;
import org.objectweb.asm.tree.analysis.Frame;

/**
 * Cuts a function of the guest into parts that HotSpot compiles, which is none of more than 8,000 bytes.
 *
 * <p>A part is a method of its own. A jump from one into another ends the first, whose answer is the
 * number of the place at which the next begins; what local variables are still wanted there goes through
 * an array. What is left of the function itself is a loop that calls parts until one returns for good,
 * of which the answer is negative: functions of Go return 0 or 1.
 */
final class Splitter {
    private static final int LIMIT = 8000;
    private static final String FUNCTION = "(ILcom/dylibso/chicory/runtime/Memory;Lcom/dylibso/chicory/runtime/Instance;)I";
    private static final String PART = FUNCTION.replace(")I", "[J)I");
    private static final int PC = 0; // where the function begins, which is kept in its parameter
    private static final int SAVED = 3; // the last parameter of a part

    private final MethodNode method;
    private final AbstractInsnNode[] code;
    private final Map<AbstractInsnNode, Integer> index = new HashMap<>();
    private final Frame<BasicValue>[] frames;
    private final BitSet[] live;
    private final List<Integer> cuts = new ArrayList<>();
    /** The labels that other parts jump to: their position is their number. */
    private final List<LabelNode> entries = new ArrayList<>();

    private Splitter(ClassNode owner, MethodNode method) throws AnalyzerException {
        this.method = method;
        method.instructions.insert(new LabelNode());
        thread();
        code = method.instructions.toArray();
        for (int i = 0; i < code.length; i++) {
            index.put(code[i], i);
        }
        frames = new Analyzer<>(new BasicInterpreter()).analyze(owner.name, method);
        live = liveness();
    }

    /** Cuts a method into parts, which are added to its class, if it is too long. */
    static void split(ClassNode owner, MethodNode method) {
        if (size(method) < LIMIT || !method.desc.equals(FUNCTION) || !method.tryCatchBlocks.isEmpty()) {
            return;
        }
        try {
            Splitter splitter = new Splitter(owner, method);
            List<MethodNode> parts;
            int length = LIMIT;
            do {
                length -= LIMIT / 16;
                if (length <= 0) {
                    throw new IllegalStateException(method.name + " cannot be cut into parts that are short enough");
                }
                splitter.cut(length);
                parts = splitter.parts();
            } while (parts.stream().anyMatch(part -> size(part) >= LIMIT));
            splitter.drive(owner.name, parts);
            owner.methods.addAll(parts);
        } catch (AnalyzerException e) {
            throw new IllegalStateException(method.name + " is not understood", e);
        }
    }

    private static int size(MethodNode method) {
        CodeSizeEvaluator size = new CodeSizeEvaluator(null);
        method.accept(size);
        return size.getMaxSize();
    }

    private static int size(AbstractInsnNode insn) {
        CodeSizeEvaluator size = new CodeSizeEvaluator(null);
        insn.accept(size);
        return size.getMaxSize();
    }

    /** Go jumps back by the switch at a function's head: such jumps go to where it leads at once. */
    private void thread() {
        for (AbstractInsnNode at : method.instructions.toArray()) {
            if (at.getOpcode() != Opcodes.GOTO || !stores(at.getPrevious())) {
                continue;
            }
            AbstractInsnNode head = ((JumpInsnNode) at).label;
            while (head.getOpcode() < 0) {
                head = head.getNext();
            }
            Integer number = GuestCompiler.number(at.getPrevious().getPrevious());
            if (number != null && head.getOpcode() == Opcodes.ILOAD && ((VarInsnNode) head).var == PC) {
                Map<Integer, LabelNode> cases = GuestCompiler.cases(head.getNext());
                if (cases.containsKey(number)) {
                    ((JumpInsnNode) at).label = cases.get(number);
                }
            }
        }
    }

    private static boolean stores(AbstractInsnNode insn) {
        return insn.getOpcode() == Opcodes.ISTORE && ((VarInsnNode) insn).var == PC;
    }

    private static List<LabelNode> targets(AbstractInsnNode insn) {
        if (insn instanceof JumpInsnNode) {
            return List.of(((JumpInsnNode) insn).label);
        }
        List<LabelNode> targets = new ArrayList<>();
        if (insn instanceof LookupSwitchInsnNode) {
            targets.addAll(((LookupSwitchInsnNode) insn).labels);
            targets.add(((LookupSwitchInsnNode) insn).dflt);
        } else if (insn instanceof TableSwitchInsnNode) {
            targets.addAll(((TableSwitchInsnNode) insn).labels);
            targets.add(((TableSwitchInsnNode) insn).dflt);
        }
        return targets;
    }

    private static boolean goesOn(AbstractInsnNode insn) {
        int opcode = insn.getOpcode();
        return opcode < Opcodes.GOTO || opcode > Opcodes.RETURN && opcode != Opcodes.ATHROW;
    }

    /** The variables of which something is wanted, before each instruction. */
    private BitSet[] liveness() {
        BitSet[] live = new BitSet[code.length + 1];
        live[code.length] = new BitSet();
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int i = code.length - 1; i >= 0; i--) {
                BitSet now = new BitSet();
                if (goesOn(code[i])) {
                    now.or(live[i + 1]);
                }
                for (LabelNode target : targets(code[i])) {
                    BitSet there = live[index.get(target)];
                    if (there != null) {
                        now.or(there);
                    }
                }
                if (code[i] instanceof VarInsnNode) {
                    boolean reads = code[i].getOpcode() <= Opcodes.ALOAD;
                    now.set(((VarInsnNode) code[i]).var, reads);
                }
                now.clear(1, 3); // memory and instance, which every part is given
                changed |= !now.equals(live[i]);
                live[i] = now;
            }
        }
        return live;
    }

    /** Finds where parts begin, and what others jump to. */
    private void cut(int length) {
        cuts.clear();
        entries.clear();
        cuts.add(0);
        int size = 0;
        for (int i = 0; i < code.length; i++) {
            boolean empty = frames[i] != null && frames[i].getStackSize() == 0;
            if (size > length && code[i] instanceof LabelNode && empty) {
                cuts.add(i);
                size = 0;
            }
            size += size(code[i]);
        }
        cuts.add(code.length);
        BitSet wanted = new BitSet();
        cuts.forEach(wanted::set);
        for (int i = 0; i < code.length; i++) {
            for (LabelNode target : frames[i] == null ? List.<LabelNode>of() : targets(code[i])) {
                if (part(index.get(target)) != part(i)) {
                    wanted.set(index.get(target));
                }
            }
        }
        wanted.clear(code.length);
        wanted.stream().forEach(i -> entries.add((LabelNode) code[i]));
    }

    private int part(int at) {
        int part = 0;
        while (cuts.get(part + 1) <= at) {
            part++;
        }
        return part;
    }

    private List<MethodNode> parts() {
        List<MethodNode> parts = new ArrayList<>();
        for (int i = 0; i + 1 < cuts.size(); i++) {
            parts.add(part(i, cuts.get(i), cuts.get(i + 1)));
        }
        return parts;
    }

    private MethodNode part(int number, int from, int to) {
        MethodNode part = new MethodNode(method.access, method.name + "_" + number, PART, null, null);
        Map<LabelNode, LabelNode> labels = new HashMap<>();
        for (int i = from; i < to; i++) {
            if (code[i] instanceof LabelNode) {
                labels.put((LabelNode) code[i], new LabelNode());
            }
        }
        enter(part, labels);
        Map<LabelNode, LabelNode> exits = new LinkedHashMap<>();
        for (int i = from; i < to; i++) {
            if (frames[i] == null && !(code[i] instanceof LabelNode)) {
                continue; // nothing leads here
            }
            for (LabelNode target : targets(code[i])) {
                if (!labels.containsKey(target)) {
                    exits.put(target, new LabelNode());
                    labels.put(target, exits.get(target));
                }
            }
            if (code[i].getOpcode() == Opcodes.IRETURN) {
                part.visitInsn(Opcodes.ICONST_M1);
                part.visitInsn(Opcodes.IXOR);
            }
            part.instructions.add(code[i].clone(labels));
        }
        if (to < code.length && goesOn(code[to - 1])) {
            leave(part, (LabelNode) code[to]);
        }
        exits.forEach((target, exit) -> {
            part.instructions.add(exit);
            leave(part, target);
        });
        return part;
    }

    /** Goes to the place of the number that the part is given. */
    private void enter(MethodNode part, Map<LabelNode, LabelNode> labels) {
        part.visitVarInsn(Opcodes.ALOAD, SAVED);
        part.visitVarInsn(Opcodes.ASTORE, method.maxLocals);
        Map<LabelNode, LabelNode> stubs = new LinkedHashMap<>();
        entries.stream().filter(labels::containsKey).forEach(entry -> stubs.put(entry, new LabelNode()));
        int first = entries.indexOf(stubs.keySet().iterator().next());
        LabelNode[] table = stubs.values().toArray(new LabelNode[0]);
        part.visitVarInsn(Opcodes.ILOAD, 0);
        part.instructions.add(new TableSwitchInsnNode(first, first + table.length - 1, table[0], table));
        stubs.forEach((entry, stub) -> {
            part.instructions.add(stub);
            live[index.get(entry)].stream().forEach(local -> {
                Type type = type(entry, local);
                element(part, local);
                part.visitInsn(Opcodes.LALOAD);
                if (type == Type.INT_TYPE) {
                    part.visitInsn(Opcodes.L2I);
                } else if (type == Type.DOUBLE_TYPE) {
                    part.visitMethodInsn(Opcodes.INVOKESTATIC, "java/lang/Double", "longBitsToDouble", "(J)D", false);
                }
                part.visitVarInsn(type.getOpcode(Opcodes.ISTORE), local);
            });
            part.instructions.add(new JumpInsnNode(Opcodes.GOTO, labels.get(entry)));
        });
    }

    /** Saves what is wanted at a place in another part, and answers its number. */
    private void leave(MethodNode part, LabelNode entry) {
        live[index.get(entry)].stream().forEach(local -> {
            Type type = type(entry, local);
            element(part, local);
            part.visitVarInsn(type.getOpcode(Opcodes.ILOAD), local);
            if (type == Type.INT_TYPE) {
                part.visitInsn(Opcodes.I2L);
            } else if (type == Type.DOUBLE_TYPE) {
                part.visitMethodInsn(
                        Opcodes.INVOKESTATIC, "java/lang/Double", "doubleToRawLongBits", "(D)J", false);
            }
            part.visitInsn(Opcodes.LASTORE);
        });
        part.visitIntInsn(Opcodes.SIPUSH, entries.indexOf(entry));
        part.visitInsn(Opcodes.IRETURN);
    }

    private void element(MethodNode part, int local) {
        part.visitVarInsn(Opcodes.ALOAD, method.maxLocals);
        part.visitIntInsn(local <= Byte.MAX_VALUE ? Opcodes.BIPUSH : Opcodes.SIPUSH, local);
    }

    private Type type(LabelNode entry, int local) {
        Frame<BasicValue> frame = frames[index.get(entry)];
        Type type = frame.getStackSize() == 0 ? frame.getLocal(local).getType() : null;
        if (type != Type.INT_TYPE && type != Type.LONG_TYPE && type != Type.DOUBLE_TYPE) {
            throw new IllegalStateException(method.name + " cannot be cut where it is to be: " + type);
        }
        return type;
    }

    /** Has the method itself call its parts. */
    private void drive(String owner, List<MethodNode> parts) {
        method.instructions = new InsnList();
        method.visitIntInsn(Opcodes.SIPUSH, method.maxLocals);
        method.visitIntInsn(Opcodes.NEWARRAY, Opcodes.T_LONG);
        method.visitVarInsn(Opcodes.ASTORE, SAVED);
        method.visitVarInsn(Opcodes.ALOAD, SAVED);
        method.visitInsn(Opcodes.ICONST_0);
        method.visitVarInsn(Opcodes.ILOAD, PC);
        method.visitInsn(Opcodes.I2L);
        method.visitInsn(Opcodes.LASTORE);
        method.visitInsn(Opcodes.ICONST_0);
        method.visitVarInsn(Opcodes.ISTORE, PC); // the number of the next place, from here on
        LabelNode again = new LabelNode();
        LabelNode called = new LabelNode();
        method.instructions.add(again);
        for (int i = 0; i < parts.size(); i++) {
            LabelNode next = new LabelNode();
            if (i + 1 < parts.size()) {
                method.visitVarInsn(Opcodes.ILOAD, PC);
                method.visitIntInsn(Opcodes.SIPUSH, entries.indexOf((LabelNode) code[cuts.get(i + 1)]));
                method.instructions.add(new JumpInsnNode(Opcodes.IF_ICMPGE, next));
            }
            for (int parameter = 0; parameter <= SAVED; parameter++) {
                method.visitVarInsn(parameter == PC ? Opcodes.ILOAD : Opcodes.ALOAD, parameter);
            }
            method.visitMethodInsn(Opcodes.INVOKESTATIC, owner, parts.get(i).name, PART, false);
            method.instructions.add(new JumpInsnNode(Opcodes.GOTO, called));
            method.instructions.add(next);
        }
        method.instructions.add(called);
        method.visitInsn(Opcodes.DUP);
        method.visitVarInsn(Opcodes.ISTORE, PC);
        method.instructions.add(new JumpInsnNode(Opcodes.IFGE, again));
        method.visitVarInsn(Opcodes.ILOAD, PC);
        method.visitInsn(Opcodes.ICONST_M1);
        method.visitInsn(Opcodes.IXOR);
        method.visitInsn(Opcodes.IRETURN);
    }
}
