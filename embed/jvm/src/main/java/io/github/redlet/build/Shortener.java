package io.github.redlet.build;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.IntInsnNode;
import org.objectweb.asm.tree.JumpInsnNode;
import org.objectweb.asm.tree.LabelNode;
import org.objectweb.asm.tree.LdcInsnNode;
import org.objectweb.asm.tree.LookupSwitchInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TableSwitchInsnNode;

/**
 * Has methods say the same in fewer bytes. HotSpot compiles none of more than 8,000, however often it runs,
 * and some of the guest's hottest functions are above that as they come.
 */
final class Shortener {
    /** Comparisons that give an int, and the jump that is taken where they hold: of ints, and of lcmp. */
    private static final Map<String, int[]> COMPARISONS = Map.of(
            "EQ", new int[] {Opcodes.IF_ICMPEQ, Opcodes.IFEQ},
            "NE", new int[] {Opcodes.IF_ICMPNE, Opcodes.IFNE},
            "LT_S", new int[] {Opcodes.IF_ICMPLT, Opcodes.IFLT},
            "GE_S", new int[] {Opcodes.IF_ICMPGE, Opcodes.IFGE},
            "GT_S", new int[] {Opcodes.IF_ICMPGT, Opcodes.IFGT},
            "LE_S", new int[] {Opcodes.IF_ICMPLE, Opcodes.IFLE});

    private final InsnList code;
    private Shortener(MethodNode method) {
        code = method.instructions;
    }

    /** Shortens a method. */
    static void shorten(MethodNode method) {
        Shortener shortener = new Shortener(method);
        for (AbstractInsnNode at : method.instructions.toArray()) {
            if (at instanceof TableSwitchInsnNode) {
                shortener.table((TableSwitchInsnNode) at);
            } else if (at instanceof JumpInsnNode) {
                shortener.jump((JumpInsnNode) at);
            } else if (isCall(at, "checkInterruption")) {
                shortener.code.remove(at); // nobody interrupts the engine
            } else if (at.getOpcode() == Opcodes.L2I) {
                shortener.narrow((InsnNode) at);
            }
        }
    }

    /** A table of which most entries lead to one place becomes a list of the others. */
    private void table(TableSwitchInsnNode table) {
        int[] keys = IntStream.range(0, table.labels.size())
                .filter(i -> table.labels.get(i) != table.dflt)
                .toArray();
        if (2 * keys.length >= table.labels.size()) {
            return;
        }
        List<LabelNode> labels = new ArrayList<>();
        for (int i = 0; i < keys.length; i++) {
            labels.add(table.labels.get(keys[i]));
            keys[i] += table.min;
        }
        code.set(table, new LookupSwitchInsnNode(table.dflt, keys, labels.toArray(new LabelNode[0])));
    }

    /** Takes a comparison, and the negations of what comes of it, into the jump that they decide. */
    private void jump(JumpInsnNode jump) {
        boolean ifTrue = jump.getOpcode() == Opcodes.IFNE;
        if (!ifTrue && jump.getOpcode() != Opcodes.IFEQ) {
            return;
        }
        AbstractInsnNode last = jump.getPrevious();
        while (true) {
            if (isCall(last, "I32_EQZ")) {
                last = removed(last);
            } else if (isCall(last, "I64_EQZ") && isCall(last.getPrevious(), "I64_EXTEND_I32_U")) {
                last = removed(removed(last));
            } else {
                break;
            }
            ifTrue = !ifTrue;
        }
        jump.setOpcode(ifTrue ? Opcodes.IFNE : Opcodes.IFEQ);
        if (!(last instanceof MethodInsnNode)) {
            return;
        }
        String name = ((MethodInsnNode) last).name;
        if (name.equals("I64_EQZ")) {
            code.insertBefore(last, new InsnNode(Opcodes.LCONST_0));
            code.set(last, new InsnNode(Opcodes.LCMP));
            jump.setOpcode(ifTrue ? Opcodes.IFEQ : Opcodes.IFNE);
        } else if (name.startsWith("I64_") && COMPARISONS.containsKey(name.substring(4))) {
            code.set(last, new InsnNode(Opcodes.LCMP));
            jump.setOpcode(turned(COMPARISONS.get(name.substring(4))[1], ifTrue));
        } else if (name.startsWith("I32_") && COMPARISONS.containsKey(name.substring(4))) {
            code.remove(last);
            jump.setOpcode(turned(COMPARISONS.get(name.substring(4))[0], ifTrue));
        }
    }

    /** Opposite jumps are neighbours: IFEQ and IFNE, IFLT and IFGE, and so on. */
    private static int turned(int jump, boolean ifTrue) {
        return ifTrue ? jump : (jump - Opcodes.IFEQ ^ 1) + Opcodes.IFEQ;
    }

    /** Computes in ints what is computed in longs and then cut. */
    private void narrow(InsnNode cut) {
        AbstractInsnNode last = cut.getPrevious();
        if (isCall(last, "I64_EXTEND_I32_U") || last.getOpcode() == Opcodes.I2L) {
            removed(last);
            code.remove(cut);
        } else if (last instanceof LdcInsnNode && ((LdcInsnNode) last).cst instanceof Long) {
            code.set(last, constant(((Long) ((LdcInsnNode) last).cst).intValue()));
            code.remove(cut);
        } else if (last.getOpcode() == Opcodes.LADD && isExtended(last.getPrevious())) {
            AbstractInsnNode number = last.getPrevious();
            removed(number.getPrevious());
            code.set(number, constant(((Long) ((LdcInsnNode) number).cst).intValue()));
            code.set(last, new InsnNode(Opcodes.IADD));
            code.remove(cut);
        }
    }

    /** Whether a long number follows a long that was made of an int. */
    private static boolean isExtended(AbstractInsnNode number) {
        AbstractInsnNode before = number.getPrevious();
        return number instanceof LdcInsnNode
                && ((LdcInsnNode) number).cst instanceof Long
                && (isCall(before, "I64_EXTEND_I32_U") || before.getOpcode() == Opcodes.I2L);
    }

    private static AbstractInsnNode constant(int value) {
        if (value >= -1 && value <= 5) {
            return new InsnNode(Opcodes.ICONST_0 + value);
        }
        if (value == (byte) value) {
            return new IntInsnNode(Opcodes.BIPUSH, value);
        }
        return value == (short) value ? new IntInsnNode(Opcodes.SIPUSH, value) : new LdcInsnNode(value);
    }

    /** Removes an instruction and answers the one before it. */
    private AbstractInsnNode removed(AbstractInsnNode insn) {
        AbstractInsnNode before = insn.getPrevious();
        code.remove(insn);
        return before;
    }

    private static boolean isCall(AbstractInsnNode insn, String name) {
        return insn instanceof MethodInsnNode && ((MethodInsnNode) insn).name.equals(name);
    }
}
