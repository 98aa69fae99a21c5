package io.github.redlet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs the test vectors of wasm/vectors, which say what must come of what goes in. */
class VectorsTest {
    private static final Path FOLDER = Path.of("../../wasm/vectors");

    static List<Path> vectors() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.filter(path -> path.toString().endsWith(".jsonl")).sorted().collect(Collectors.toList());
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void vector(Path path) throws IOException {
        Guest guest = null;
        int number = 0;
        for (String line : Files.readAllLines(path)) {
            JsonNode step = new ObjectMapper().readTree(line);
            String place = path.getFileName() + ":" + ++number + " " + step.path("about").asText();
            if (guest == null || step.path("fresh").asBoolean()) {
                guest = new Guest();
            }
            if (step.path("copy").asBoolean()) {
                guest = guest.copy();
            }
            Frames input = input(step);
            long now = step.get("now").asLong();
            if (step.path("status").asInt() != 0) {
                Guest dying = guest;
                Frames.Reader nobody = (kind, conn, ticket, payload) -> {};
                EngineException death =
                        assertThrows(EngineException.class, () -> dying.step(input, now, nobody), place);
                String why = death.getMessage();
                assertTrue(why.startsWith("status " + step.get("status")), place + ": " + why);
                guest = null;
                continue;
            }
            int pages = guest.memory.pages();
            List<String> frames = new ArrayList<>();
            guest.step(input, now, (kind, conn, ticket, payload) -> frames.add(
                    kind.ordinal() + " " + conn + " " + ticket + " " + ISO_8859_1.decode(payload)));
            assertEquals(wanted(step), frames, place);
            assertEquals(step.get("deadline").isNull(), Double.isInfinite(guest.deadline), place);
            if (!step.get("deadline").isNull()) {
                assertEquals(step.get("deadline").asDouble(), guest.deadline, place);
            }
            if (step.path("grows").asBoolean()) {
                assertTrue(guest.memory.pages() > pages, place);
            }
        }
    }

    private static Frames input(JsonNode step) {
        Frames frames = new Frames();
        String raw = step.path("raw").asText();
        for (int i = 0; i < raw.length(); i += 2) {
            frames.write(Integer.parseInt(raw.substring(i, i + 2), 16));
        }
        for (JsonNode frame : step.path("in")) {
            frames.add(
                    Frames.In.values()[frame.get(0).asInt()],
                    frame.get(1).asInt(),
                    frame.get(2).asInt(),
                    payload(frame).getBytes(ISO_8859_1));
        }
        return frames;
    }

    private static List<String> wanted(JsonNode step) {
        List<String> frames = new ArrayList<>();
        step.path("out").forEach(frame -> frames.add(
                frame.get(0) + " " + frame.get(1) + " " + frame.get(2) + " " + payload(frame)));
        return frames;
    }

    private static String payload(JsonNode frame) {
        StringBuilder text = new StringBuilder();
        for (int i = 3; i < frame.size(); i++) {
            JsonNode piece = frame.get(i);
            text.append(piece.isArray() ? piece.get(0).asText().repeat(piece.get(1).asInt()) : piece.asText());
        }
        return text.toString();
    }
}
