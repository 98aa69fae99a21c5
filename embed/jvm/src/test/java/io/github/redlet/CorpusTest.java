package io.github.redlet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.redlet.Frames.In;
import io.github.redlet.Frames.Out;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Plays every transcript of the corpus, step by step, on an engine of its own. */
class CorpusTest {
    private static final long EPOCH = 1_700_000_000_000_000L;

    static List<Path> transcripts() throws IOException {
        Path corpus = Path.of("../../core/testdata");
        try (Stream<Path> files = Stream.concat(Files.list(corpus), Files.list(corpus.resolve("lessons")))) {
            return files.filter(path -> path.toString().endsWith(".txt")).sorted().collect(Collectors.toList());
        }
    }

    @ParameterizedTest
    @MethodSource("transcripts")
    void transcript(Path path) throws IOException {
        Transcript transcript = new Transcript(path);
        new Player(transcript.config).play(transcript);
    }

    /** Clients of one engine, by a clock that is turned by hand. */
    private static final class Player {
        private final Guest guest = new Guest();
        private final Map<Character, Integer> conns = new HashMap<>();
        private final Map<Integer, StringBuilder> unread = new HashMap<>();
        private final Map<String, byte[]> files = new HashMap<>();
        private final Map<String, String> ids = new HashMap<>();
        private final Frames frames = new Frames();
        private final String version;
        private long now = EPOCH;

        Player(Map<String, String> settings) {
            Map<String, String> config = new HashMap<>(settings);
            config.put("enable-debug-command", "yes");
            config.put("save", "3600 1 300 100 60 10000");
            frames.add(In.CONFIGURE, 0, 0, "\0".repeat(32) + RedletServer.Builder.parameters(config));
            step();
            String info = exchange('?', List.of("INFO", "server"));
            version = info.replaceAll("(?s).*redis_version:([0-9.]+).*", "$1");
            frames.add(In.CLOSE, conns.remove('?'), 0, "");
            step();
        }

        void play(Transcript transcript) {
            for (Transcript.Step step : transcript.steps) {
                String got = "";
                switch (step.kind) {
                    case SINCE:
                        if (newer(step.text)) {
                            return;
                        }
                        continue;
                    case PART:
                        if (step.text.startsWith("wrong ")) {
                            return;
                        }
                        continue;
                    case TURN:
                        now += Transcript.micros(step.text);
                        step();
                        continue;
                    case COMMAND:
                        List<String> words = Transcript.words(step.text);
                        words.replaceAll(word -> ids.getOrDefault(word, word));
                        got = exchange(step.client, words);
                        break;
                    default:
                        got = take(step.client);
                }
                List<String> lines = Replies.lines(got);
                if (step.text.equalsIgnoreCase("CLIENT ID")) {
                    ids.put("$" + step.client, lines.get(0).replace("(integer) ", ""));
                }
                if (!Transcript.agrees(step.want, lines)) {
                    String place = transcript.name + ":" + step.line + ": " + step.text;
                    assertEquals(String.join("\n", step.want), String.join("\n", lines), place);
                    fail(place);
                }
            }
            conns.forEach((client, conn) -> assertEquals("", take(client), "left over for " + client));
        }

        private boolean newer(String wanted) {
            String[] have = version.split("\\.");
            String[] want = wanted.split("\\.");
            for (int i = 0; i < want.length; i++) {
                int own = i < have.length ? Integer.parseInt(have[i]) : 0;
                if (own != Integer.parseInt(want[i])) {
                    return own < Integer.parseInt(want[i]);
                }
            }
            return false;
        }

        private String take(char client) {
            StringBuilder text = unread.remove(conns.get(client));
            return text == null ? "" : text.toString();
        }

        private String exchange(char client, List<String> words) {
            Integer conn = conns.get(client);
            if (conn == null) {
                conn = conns.size() + 1;
                conns.put(client, conn);
                frames.add(In.OPEN, conn, 0, "127.0.0.1:50000 127.0.0.1:6379 8 0");
            }
            StringBuilder request = new StringBuilder("*" + words.size() + "\r\n");
            words.forEach(word -> request.append('$').append(word.length()).append("\r\n").append(word).append("\r\n"));
            frames.add(In.DATA, conn, 0, request.toString().getBytes(ISO_8859_1));
            step();
            return take(client);
        }

        /** Steps until nothing is due. */
        private void step() {
            do {
                guest.step(frames, now, this::receive);
            } while (frames.size() > 0 || guest.deadline <= now);
        }

        private void receive(Out kind, int conn, int ticket, ByteBuffer payload) {
            if (kind == Out.DATA || kind == Out.HANGUP) {
                unread.computeIfAbsent(conn, c -> new StringBuilder()).append(ISO_8859_1.decode(payload));
            } else if (kind.compareTo(Out.READ) >= 0 && kind.compareTo(Out.REMOVE) <= 0) {
                file(kind, ticket, payload);
            }
        }

        /** Files in memory. */
        private void file(Out kind, int ticket, ByteBuffer payload) {
            long offset = payload.getLong();
            byte[] name = new byte[payload.getInt()];
            payload.get(name);
            String path = new String(name, ISO_8859_1);
            byte[] old = files.getOrDefault(path, new byte[0]);
            byte[] data = new byte[payload.remaining()];
            payload.get(data);
            if (kind == Out.READ && files.containsKey(path)) {
                int from = (int) Math.min(offset, old.length);
                ByteBuffer content = ByteBuffer.allocate(8 + old.length - from).order(ByteOrder.LITTLE_ENDIAN);
                content.putLong(old.length).put(old, from, old.length - from);
                frames.add(In.CONTENT, 0, ticket, content.array());
                return;
            } else if (kind == Out.READ) {
                frames.add(In.ABSENT, 0, ticket, "");
                return;
            } else if (kind == Out.APPEND) {
                files.put(path, ByteBuffer.allocate(old.length + data.length).put(old).put(data).array());
                return;
            } else if (kind == Out.REMOVE) {
                files.remove(path);
            } else if (kind == Out.REPLACE) {
                files.put(path, data);
            }
            if (ticket != 0) {
                frames.add(In.DONE, 0, ticket, "");
            }
        }
    }
}
