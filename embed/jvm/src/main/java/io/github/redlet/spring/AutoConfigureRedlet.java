package io.github.redlet.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Gives a Spring test's application context a server: {@code spring.data.redis.url} leads to it, and it
 * is a bean of the type {@link io.github.redlet.RedletServer}, to be reset between tests and to turn its
 * clock. It ends with the context.
 *
 * <pre>{@code
 * @SpringBootTest
 * @AutoConfigureRedlet
 * class VisitsTest {
 *     @Autowired RedletServer redlet;
 *
 *     @BeforeEach
 *     void empty() {
 *         redlet.reset();
 *     }
 * }
 * }</pre>
 */
@Documented
@Inherited
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface AutoConfigureRedlet {}
