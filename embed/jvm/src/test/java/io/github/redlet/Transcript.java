package io.github.redlet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A transcript of core/testdata, whose notation core/coretest describes. Bytes are held in strings of as
 * many characters.
 */
final class Transcript {
    final String name;
    final List<Step> steps = new ArrayList<>();
    /** What the server is started with besides. */
    final Map<String, String> config = new HashMap<>();

    /** A line of a transcript, and the lines that it wants. */
    static final class Step {
        enum Kind {
            COMMAND,
            RECEIVE,
            TURN,
            SINCE,
            PART
        }

        final Kind kind;
        final int line;
        final char client;
        final String text;
        final List<String> want = new ArrayList<>();

        Step(Kind kind, int line, char client, String text) {
            this.kind = kind;
            this.line = line;
            this.client = client;
            this.text = text;
        }
    }

    Transcript(Path path) throws IOException {
        name = path.getFileName().toString();
        int number = 0;
        for (String line : Files.readString(path, ISO_8859_1).split("\n")) {
            number++;
            if (line.startsWith("! config ")) {
                String[] setting = line.split(" ", 4);
                config.put(setting[2], setting[3]);
                continue;
            }
            Step step = parse(line, number);
            if (step != null) {
                steps.add(step);
            } else if (!line.isEmpty() && !line.equals("#") && !line.startsWith("# ")) {
                steps.get(steps.size() - 1).want.add(line);
            }
        }
    }

    private static Step parse(String line, int number) {
        boolean named = line.matches("[B-Z][<>].*");
        char client = named ? line.charAt(0) : 'A';
        String rest = named ? line.substring(1) : line;
        if (rest.startsWith("> ")) {
            return new Step(Step.Kind.COMMAND, number, client, rest.substring(2));
        }
        if (named && rest.equals("<") || line.equals("A<")) {
            return new Step(Step.Kind.RECEIVE, number, client, "");
        }
        if (line.startsWith("@ +")) {
            return new Step(Step.Kind.TURN, number, client, line.substring(3));
        }
        if (line.startsWith("! since ")) {
            return new Step(Step.Kind.SINCE, number, client, line.substring(8));
        }
        if (line.startsWith("= ")) {
            return new Step(Step.Kind.PART, number, client, line.substring(2));
        }
        return null;
    }

    /** The words of a command, as redis-cli splits a line. */
    static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        int at = 0;
        while (true) {
            while (at < line.length() && line.charAt(at) == ' ') {
                at++;
            }
            if (at == line.length()) {
                return words;
            }
            StringBuilder word = new StringBuilder();
            for (char quote = 0; at < line.length() && (quote != 0 || line.charAt(at) != ' '); at++) {
                char c = line.charAt(at);
                if (c == quote) {
                    quote = 0;
                } else if (quote == 0 && (c == '"' || c == '\'')) {
                    quote = c;
                } else if (c == '\\' && quote == '\'' && line.charAt(at + 1) == '\'') {
                    word.append(line.charAt(++at));
                } else if (c == '\\' && quote == '"') {
                    at = escape(line, at + 1, word);
                } else {
                    word.append(c);
                }
            }
            words.add(word.toString());
        }
    }

    private static int escape(String line, int at, StringBuilder word) {
        if (line.startsWith("x", at) && line.substring(at + 1).matches("(?s)[0-9a-fA-F]{2}.*")) {
            word.append((char) Integer.parseInt(line.substring(at + 1, at + 3), 16));
            return at + 2;
        }
        int escape = "nrtab".indexOf(line.charAt(at));
        word.append(escape < 0 ? line.charAt(at) : "\n\r\t\u0007\b".charAt(escape));
        return at;
    }

    /** The microseconds of a duration as Go writes it: 1m30s, 1.5s, 20ms. */
    static long micros(String duration) {
        Matcher parts = Pattern.compile("(\\d+(?:\\.\\d+)?)(h|ms|m|us|s)").matcher(duration);
        double sum = 0;
        while (parts.find()) {
            double unit = 0;
            switch (parts.group(2)) {
                case "h": unit = 3_600e6; break;
                case "m": unit = 60e6; break;
                case "s": unit = 1e6; break;
                case "ms": unit = 1e3; break;
                default: unit = 1;
            }
            sum += Double.parseDouble(parts.group(1)) * unit;
        }
        return Math.round(sum);
    }

    /** Whether the lines of a reply are those that a step wants. */
    static boolean agrees(List<String> want, List<String> got) {
        if (!want.isEmpty() && want.get(0).equals("(any order)")) {
            want = sorted(want.subList(1, want.size()));
            got = sorted(got);
        }
        if (want.size() != got.size()) {
            return false;
        }
        for (int i = 0; i < want.size(); i++) {
            String line = want.get(i);
            if (!line.equals(got.get(i)) && !(line.startsWith("~ ") && isLike(line.substring(2), got.get(i)))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLike(String pattern, String line) {
        StringBuilder regex = new StringBuilder();
        List<int[]> ranges = new ArrayList<>();
        Matcher special = Pattern.compile("\\*|\\{(-?\\d+)\\.\\.(-?\\d+)\\}").matcher(pattern);
        int at = 0;
        while (special.find()) {
            regex.append(Pattern.quote(pattern.substring(at, special.start())));
            if (special.group(1) == null) {
                regex.append(".*");
            } else {
                regex.append("(-?\\d+)");
                ranges.add(new int[] {Integer.parseInt(special.group(1)), Integer.parseInt(special.group(2))});
            }
            at = special.end();
        }
        regex.append(Pattern.quote(pattern.substring(at)));
        Matcher found = Pattern.compile(regex.toString(), Pattern.DOTALL).matcher(line);
        if (!found.matches()) {
            return false;
        }
        for (int i = 0; i < ranges.size(); i++) {
            int number = Integer.parseInt(found.group(i + 1));
            if (number < ranges.get(i)[0] || number > ranges.get(i)[1]) {
                return false;
            }
        }
        return true;
    }

    private static List<String> sorted(List<String> lines) {
        List<String> bare = new ArrayList<>();
        lines.forEach(line -> bare.add(line.replaceFirst("^ *\\d+[)~#] ", "").replaceFirst("^ +", "")));
        bare.sort(null);
        return bare;
    }
}
