package io.github.redlet.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.github.redlet.RedletServer;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.data.redis.core.StringRedisTemplate;

@SpringBootTest(classes = AutoConfigureRedletTest.Application.class)
@AutoConfigureRedlet
class AutoConfigureRedletTest {
    @SpringBootApplication
    static class Application {}

    @Autowired private RedletServer redlet;
    @Autowired private StringRedisTemplate template;

    @BeforeEach
    void empty() {
        redlet.reset();
    }

    @Test
    void counts() {
        assertEquals(1, template.opsForValue().increment("visits"));
        template.expire("visits", Duration.ofHours(1));
        redlet.clock().advance(Duration.ofHours(1));
        assertNull(template.opsForValue().get("visits"));
    }

    @Test
    void countsAnew() {
        assertEquals(1, template.opsForValue().increment("visits"));
    }

    @Nested
    class Inner {
        @Autowired private RedletServer same;

        @Test
        void hasTheContextOfItsClass() {
            assertSame(redlet, same);
            assertEquals(1, template.opsForValue().increment("visits"));
        }
    }
}
