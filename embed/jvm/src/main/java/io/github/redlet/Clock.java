package io.github.redlet;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The engine's clock: every expiry, timeout and stream id goes by it. What is less than a microsecond
 * is not counted.
 */
public final class Clock {
    static final String FREEZE = "clock freeze";

    private final Engine engine;

    Clock(Engine engine) {
        this.engine = engine;
    }

    /**
     * Moves the clock forward. What falls due on the way has happened, in order, when this returns: keys
     * have expired, and clients that block have their answers.
     *
     * @param by how far; not negative
     * @throws IllegalArgumentException if it is negative
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("time cannot be turned by less than nothing");
        }
        turn("clock forward " + by.toNanos() / 1000);
    }

    /** Stops the clock where it is. */
    public void freeze() {
        turn(FREEZE);
    }

    /**
     * Stops the clock at a time.
     *
     * @param at the time
     */
    public void freeze(Instant at) {
        freeze();
        set(at);
    }

    /**
     * Sets the clock, forward or back. It goes on from there, or stands there if it is frozen.
     *
     * @param at the time
     */
    public void set(Instant at) {
        turn("clock set " + micros(at));
    }

    /** Lets a frozen clock run again, from where it stands. */
    public void run() {
        turn("clock run");
    }

    /**
     * What the clock shows.
     *
     * @return the time
     */
    public Instant now() {
        return Instant.EPOCH.plus(Long.parseLong(engine.control("clock").split(" ")[0]), ChronoUnit.MICROS);
    }

    static long micros(Instant at) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, at);
    }

    /** Gives an order until nothing more is due. */
    private void turn(String order) {
        for (String next = order; engine.control(next).endsWith(" 1"); next = "clock forward 0") {
            continue;
        }
    }
}
