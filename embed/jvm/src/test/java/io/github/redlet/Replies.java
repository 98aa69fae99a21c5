package io.github.redlet;

import java.util.ArrayList;
import java.util.List;

/** Reads replies, a character for each byte, and writes them as redis-cli prints them to a terminal. */
final class Replies {
    private final String source;
    private int at;

    private Replies(String source) {
        this.source = source;
    }

    /** The lines of all replies. */
    static List<String> lines(String source) {
        Replies replies = new Replies(source);
        List<String> lines = new ArrayList<>();
        while (replies.at < source.length()) {
            lines.addAll(List.of(replies.format("").split("\n", -1)));
        }
        return lines;
    }

    private String line() {
        int end = source.indexOf("\r\n", at);
        String line = source.substring(at, end);
        at = end + 2;
        return line;
    }

    private String bytes(int size) {
        String bytes = source.substring(at, at + size);
        at += size + 2;
        return bytes;
    }

    private String format(String indent) {
        String line = line();
        char kind = line.charAt(0);
        String text = line.substring(1);
        switch (kind) {
            case '+':
            case '(':
                return text;
            case '-':
                return "(error) " + text;
            case ':':
                return "(integer) " + text;
            case ',':
                return "(double) " + text;
            case '#':
                return text.equals("t") ? "(true)" : "(false)";
            case '_':
                return "(nil)";
            default:
        }
        int size = Integer.parseInt(text);
        if (size < 0) {
            return "(nil)";
        }
        switch (kind) {
            case '!':
                return "(error) " + bytes(size);
            case '=':
                return bytes(size).substring(4);
            case '$':
                return quoted(bytes(size));
            case '*':
                return items(size, 1, ")", "(empty array)", indent);
            case '~':
                return items(size, 1, "~", "(empty set)", indent);
            case '>':
                return items(size, 1, ">", "(empty push)", indent);
            case '%':
                return items(size, 2, "#", "(empty hash)", indent);
            default:
                throw new IllegalArgumentException("no reply begins with " + line);
        }
    }

    private String items(int size, int step, String mark, String empty, String indent) {
        if (size == 0) {
            return empty;
        }
        int width = String.valueOf(size).length();
        String deeper = indent + " ".repeat(width + 2);
        StringBuilder text = new StringBuilder();
        for (int i = 1; i <= size; i++) {
            text.append(i > 1 ? "\n" + indent : "").append(String.format("%" + width + "d%s ", i, mark));
            text.append(format(deeper));
            if (step == 2) {
                // What is nested in a map begins on a line of its own.
                boolean nested = "*~>%".indexOf(source.charAt(at)) >= 0 && source.charAt(at + 1) != '0'
                        && source.charAt(at + 1) != '-';
                text.append(" => ").append(nested ? "\n" + deeper : "").append(format(deeper));
            }
        }
        return text.toString();
    }

    private static String quoted(String bytes) {
        StringBuilder text = new StringBuilder("\"");
        for (char c : bytes.toCharArray()) {
            int escape = "\n\r\t\u0007\b".indexOf(c);
            if (escape >= 0) {
                text.append('\\').append("nrtab".charAt(escape));
            } else if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c >= ' ' && c < 127) {
                text.append(c);
            } else {
                text.append(String.format("\\x%02x", (int) c));
            }
        }
        return text.append('"').toString();
    }
}
