package io.github.redlet.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.redlet.RedletServer;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Spring Data Redis, which takes Java 17. */
@Timeout(120)
class SpringDataTest {
    @Test
    void template() {
        try (RedletServer server = RedletServer.start()) {
            use(server);
        }
    }

    private static void use(RedletServer server) {
        LettuceConnectionFactory factory =
                new LettuceConnectionFactory(new RedisStandaloneConfiguration("127.0.0.1", server.port()));
        factory.afterPropertiesSet();
        factory.start();
        try {
            StringRedisTemplate template = new StringRedisTemplate(factory);
            template.opsForValue().set("session", "s", Duration.ofMinutes(30));
            assertEquals("s", template.opsForValue().get("session"));
            server.clock().advance(Duration.ofMinutes(30));
            assertNull(template.opsForValue().get("session"));
            template.opsForStream().add("stream", Map.of("field", "value"));
            assertEquals(1, template.opsForStream().size("stream"));
        } finally {
            factory.destroy();
        }
    }
}
