package io.github.redlet.junit;

import io.github.redlet.RedletServer;
import java.net.URI;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives parameters that are annotated with {@link Redlet} their servers. */
public final class RedletExtension implements ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(RedletExtension.class);

    /** For JUnit. */
    public RedletExtension() {}

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.isAnnotated(Redlet.class);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        if (type == RedletServer.class) {
            return server(context);
        }
        if (type == URI.class) {
            return server(context).uri();
        }
        throw new ParameterResolutionException("@Redlet is for a RedletServer or a URI, not " + type.getName());
    }

    /** A test has a fork of its class' server, an inner class one of that of the class around it. */
    private static RedletServer server(ExtensionContext context) {
        Optional<ExtensionContext> around = context.getParent().filter(parent -> parent.getTestClass().isPresent());
        Supplier<RedletServer> make =
                () -> around.map(parent -> server(parent).fork()).orElseGet(RedletServer::start);
        Store store = context.getStore(NAMESPACE);
        return store.getOrComputeIfAbsent(context.getUniqueId(), id -> new Held(make.get()), Held.class).server;
    }

    /** What JUnit closes with the store. */
    private static final class Held implements Store.CloseableResource {
        private final RedletServer server;

        Held(RedletServer server) {
            this.server = server;
        }

        @Override
        public void close() {
            server.close();
        }
    }
}
