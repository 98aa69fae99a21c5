package io.github.redlet.spring;

import io.github.redlet.RedletServer;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.support.DefaultSingletonBeanRegistry;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.test.context.TestContextAnnotationUtils;

/** Sees to {@link AutoConfigureRedlet}; Spring finds it by {@code META-INF/spring.factories}. */
public final class RedletContextCustomizerFactory implements ContextCustomizerFactory {
    /** For Spring. */
    public RedletContextCustomizerFactory() {}

    @Override
    public ContextCustomizer createContextCustomizer(
            Class<?> testClass, List<ContextConfigurationAttributes> attributes) {
        return TestContextAnnotationUtils.hasAnnotation(testClass, AutoConfigureRedlet.class) ? Customizer.ONE : null;
    }

    /** There is one, so that tests share a cached context: what customizes it is a part of its key. */
    private enum Customizer implements ContextCustomizer {
        ONE;

        @Override
        public void customizeContext(ConfigurableApplicationContext context, MergedContextConfiguration configuration) {
            RedletServer server = RedletServer.start();
            Map<String, Object> properties = Map.of("spring.data.redis.url", server.uri().toString());
            context.getEnvironment().getPropertySources().addFirst(new MapPropertySource("redlet", properties));
            DefaultSingletonBeanRegistry beans = (DefaultSingletonBeanRegistry) context.getBeanFactory();
            beans.registerSingleton("redlet", server);
            beans.registerDisposableBean("redlet", server::close);
        }
    }
}
