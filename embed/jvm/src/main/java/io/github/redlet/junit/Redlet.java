package io.github.redlet.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Has JUnit hand a server to a parameter, which is a {@link io.github.redlet.RedletServer} or its {@link
 * java.net.URI}.
 *
 * <p>A test, and what runs before and after each test, is given a server of its own, which ends with the
 * test: a fork of the class' server, which a constructor or a method before all is given. So each test
 * finds what was stored before all of them, and nothing of any other test. The server of an inner
 * class is in turn a fork of that of the class around it.
 *
 * <pre>{@code
 * class VisitsTest {
 *     @Test
 *     void counts(@Redlet URI uri) {
 *         try (Jedis jedis = new Jedis(uri)) {
 *             assertEquals(1, jedis.incr("visits"));
 *         }
 *     }
 * }
 * }</pre>
 */
@Documented
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RedletExtension.class)
public @interface Redlet {}
