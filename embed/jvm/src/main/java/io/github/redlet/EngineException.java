package io.github.redlet;

/**
 * The engine refused an order, is closed, or has died. Of a death the message tells the last lines of
 * the log; another engine has taken its place by then, with the data of the last {@link
 * RedletServer#snapshot()} or {@link RedletServer#restore restore}, or those of its files.
 */
public final class EngineException extends RuntimeException {
    private static final long serialVersionUID = 1;

    EngineException(String message, Throwable cause) {
        super(message, cause);
    }
}
