package io.github.redlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.support.caching.CacheAccessor;
import io.lettuce.core.support.caching.CacheFrontend;
import io.lettuce.core.support.caching.ClientSideCaching;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.Redisson;
import org.redisson.api.RLock;
import org.redisson.api.RRateLimiter;
import org.redisson.api.RateType;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisCluster;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;

/** The clients that Java's programs use, as they come. */
@Timeout(120)
class ClientsTest {
    private static RedletServer server;

    @BeforeAll
    static void start() {
        server = RedletServer.start();
    }

    @AfterAll
    static void close() {
        server.close();
    }

    @BeforeEach
    void reset() {
        server.reset();
    }

    @Test
    void jedis() {
        for (RedisProtocol protocol : RedisProtocol.values()) {
            DefaultJedisClientConfig config = DefaultJedisClientConfig.builder().protocol(protocol).build();
            try (JedisPooled jedis = new JedisPooled(new HostAndPort("127.0.0.1", server.port()), config)) {
                jedis.hset("user:1", Map.of("name", "Ada", "born", "1815"));
                assertEquals("Ada", jedis.hget("user:1", "name"));
                jedis.zadd("scores", Map.of("a", 1.5, "b", 2.0));
                assertEquals(List.of("a", "b"), jedis.zrange("scores", 0, -1));
                try (Pipeline pipeline = jedis.pipelined()) {
                    Response<Long> last = null;
                    for (int i = 0; i < 1000; i++) {
                        last = pipeline.incr("n:" + protocol);
                    }
                    pipeline.sync();
                    assertEquals(1000, last.get());
                }
                assertEquals("x", jedis.eval("return redis.call('SET', KEYS[1], 'x') and 'x'", 1, "script"));
            }
        }
    }

    @Test
    void lettuce() throws Exception {
        RedisClient client = RedisClient.create(server.uri().toString());
        client.setOptions(ClientOptions.builder().protocolVersion(ProtocolVersion.RESP3).build());
        try (StatefulRedisConnection<String, String> connection = client.connect();
                StatefulRedisConnection<String, String> other = client.connect();
                StatefulRedisPubSubConnection<String, String> pubsub = client.connectPubSub()) {
            connection.sync().set("k", "v");
            assertEquals("v", connection.async().get("k").get());
            CompletableFuture<String> heard = new CompletableFuture<>();
            pubsub.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    heard.complete(channel + " " + message);
                }
            });
            pubsub.sync().subscribe("news");
            assertEquals(1, other.sync().publish("news", "hello"));
            assertEquals("news hello", heard.get(60, TimeUnit.SECONDS));

            Map<String, String> cached = new ConcurrentHashMap<>();
            CacheFrontend<String, String> cache =
                    ClientSideCaching.enable(CacheAccessor.forMap(cached), connection, TrackingArgs.Builder.enabled());
            assertEquals("v", cache.get("k"));
            other.sync().set("k", "w");
            while (cached.containsKey("k")) {
                Thread.onSpinWait();
            }
            assertEquals("w", cache.get("k"));
        } finally {
            client.shutdown(0, 0, TimeUnit.SECONDS);
        }
    }

    @Test
    void clusterClients() {
        try (RedletServer node = RedletServer.builder().config("cluster-enabled", "yes").start()) {
            try (Jedis jedis = new Jedis(node.uri())) {
                jedis.clusterAddSlotsRange(0, 16383);
            }
            RedisClusterClient client = RedisClusterClient.create(node.uri().toString());
            try (StatefulRedisClusterConnection<String, String> connection = client.connect()) {
                for (int i = 0; i < 20; i++) {
                    connection.sync().set("key:" + i, "" + i);
                }
                assertEquals(2, connection.sync().mget("key:1", "key:2").size());
                assertEquals(20, connection.sync().dbsize());
            } finally {
                client.shutdown(0, 0, TimeUnit.SECONDS);
            }
            try (JedisCluster cluster = new JedisCluster(new HostAndPort("127.0.0.1", node.port()))) {
                assertEquals("7", cluster.get("key:7"));
            }
        }
    }

    @Test
    void redisson() throws Exception {
        Config config = new Config();
        config.useSingleServer().setAddress(server.uri().toString());
        RedissonClient client = Redisson.create(config);
        try {
            RLock lock = client.getLock("lock");
            assertTrue(lock.tryLock(0, 30, TimeUnit.SECONDS));
            assertFalse(CompletableFuture.supplyAsync(() -> {
                try {
                    return client.getLock("lock").tryLock(0, 30, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }).get(60, TimeUnit.SECONDS));
            lock.unlock();
            client.getMap("map").put("key", List.of(1, 2, 3));
            assertEquals(List.of(1, 2, 3), client.getMap("map").get("key"));
            RRateLimiter limiter = client.getRateLimiter("limiter");
            limiter.trySetRate(RateType.OVERALL, 2, Duration.ofMinutes(1));
            assertTrue(limiter.tryAcquire(2));
            assertFalse(limiter.tryAcquire());
            client.getBlockingQueue("queue").add("work");
            assertEquals("work", client.getBlockingQueue("queue").poll(30, TimeUnit.SECONDS));
        } finally {
            client.shutdown(0, 1, TimeUnit.SECONDS);
        }
    }
}
