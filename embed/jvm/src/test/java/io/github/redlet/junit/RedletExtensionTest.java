package io.github.redlet.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.redlet.RedletServer;
import java.net.URI;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;

@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RedletExtensionTest {
    private static URI first;
    private URI before;

    @BeforeAll
    static void store(@Redlet URI uri) {
        try (Jedis jedis = new Jedis(uri)) {
            jedis.set("shared", "yes");
        }
    }

    @BeforeEach
    void remember(@Redlet URI uri) {
        before = uri;
    }

    @Test
    @Order(1)
    void hasAServerOfItsOwn(@Redlet RedletServer server, @Redlet URI uri) {
        assertEquals(server.uri(), uri);
        assertEquals(before, uri);
        try (Jedis jedis = new Jedis(uri)) {
            assertEquals("yes", jedis.get("shared"));
            jedis.set("mine", "yes");
        }
        first = uri;
    }

    @ParameterizedTest
    @Order(2)
    @ValueSource(ints = {1, 2})
    void seesNothingOfOtherTests(int round, @Redlet URI uri) {
        try (Jedis jedis = new Jedis(uri)) {
            assertEquals("yes", jedis.get("shared"));
            assertNull(jedis.get("mine"));
            jedis.set("mine", "yes");
        }
        assertThrows(JedisConnectionException.class, () -> new Jedis(first).ping());
    }

    @Nested
    @TestInstance(Lifecycle.PER_CLASS)
    class Inner {
        private final URI ofClass;

        Inner(@Redlet URI uri) {
            ofClass = uri;
        }

        @BeforeAll
        void store(@Redlet URI uri) {
            assertEquals(ofClass, uri);
            try (Jedis jedis = new Jedis(uri)) {
                assertEquals("yes", jedis.get("shared"));
                assertNull(jedis.get("of an inner class"));
                jedis.set("of an inner class", "yes");
            }
        }

        @RepeatedTest(2)
        void findsWhatAllOfItsClassesStored(@Redlet URI uri) {
            try (Jedis jedis = new Jedis(uri)) {
                assertEquals("yes", jedis.get("shared"));
                assertEquals("yes", jedis.get("of an inner class"));
                assertEquals(1, jedis.incr("rounds"));
            }
        }
    }

    @Nested
    @TestInstance(Lifecycle.PER_CLASS)
    class Sibling extends Inner {
        Sibling(@Redlet URI uri) {
            super(uri);
        }
    }
}
