package io.github.redlet;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** What an engine is started with. */
final class Settings {
    final int port;
    final byte[] seed = new byte[32];
    final Map<String, String> config;
    /** Where the clock stands still, or null. */
    final Instant frozenAt;
    /** What each engine is told first, and when it is reset. */
    final List<String> orders = new ArrayList<>();
    final BiConsumer<RedletServer.Level, String> log;

    Settings(RedletServer.Builder builder) {
        this.port = builder.port;
        new SecureRandom().nextBytes(seed);
        this.config = Map.copyOf(builder.config);
        String folder = config.get("dir");
        if (folder != null && !Files.isDirectory(Path.of(folder))) {
            throw new EngineException("\"dir\" is no folder: " + folder, null);
        }
        if (folder == null && !config.getOrDefault("appendonly", "no").equalsIgnoreCase("no")) {
            throw new EngineException("\"appendonly\" takes a \"dir\"", null);
        }
        this.frozenAt = builder.frozenAt;
        if (frozenAt != null) {
            orders.addAll(Clock.frozenAt(frozenAt));
        }
        if (builder.seed != null) {
            orders.add("seed " + builder.seed);
        }
        this.log = builder.log;
    }
}
