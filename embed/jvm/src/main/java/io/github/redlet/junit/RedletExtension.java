package io.github.redlet.junit;

import io.github.redlet.RedletServer;
import java.net.URI;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives parameters that are annotated with {@link Redlet} their servers. */
public final class RedletExtension implements ParameterResolver {
    /** For JUnit. */
    public RedletExtension() {}

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.isAnnotated(Redlet.class);
    }

    /** JUnit says so where a server suits a parameter as little as a URI. */
    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        RedletServer server = server(context);
        return parameter.getParameter().getType() == URI.class ? server.uri() : server;
    }

    /** A test has a fork of its class' server, an inner class one of that of the class around it. */
    private static RedletServer server(ExtensionContext context) {
        Store store = context.getStore(Namespace.create(RedletExtension.class, context.getUniqueId()));
        return store.getOrComputeIfAbsent("server", key -> {
            RedletServer server = context.getParent()
                    .filter(parent -> parent.getTestClass().isPresent())
                    .map(parent -> server(parent).fork())
                    .orElseGet(RedletServer::start);
            store.put("end", (Store.CloseableResource) server::close);
            return server;
        }, RedletServer.class);
    }
}
