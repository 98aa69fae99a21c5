package io.github.redlet.bench;

import com.github.fppt.jedismock.RedisServer;
import io.github.redlet.RedletServer;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Measures redlet beside jedis-mock and redis-server. Each runs in a process of its own, which starts the
 * server; the client is in this one, so that all are asked by the same.
 */
public final class Bench {
    private static final int PIPELINE = 100;

    /** How long the JVM's compiler is given, and how long is measured, in nanoseconds. */
    private static final long WARM_UP = TimeUnit.SECONDS.toNanos(4);

    private static final long MEASURED = TimeUnit.SECONDS.toNanos(1);
    private static final int STARTS = 5;

    private Bench() {}

    /**
     * Prints the table.
     *
     * @param args the path of redis-server; or, within a process, which server to start
     * @throws Exception if a server does not start
     */
    public static void main(String[] args) throws Exception {
        if (args.length == 2) {
            serve(args[1]);
            return;
        }
        System.out.println("| server | first start | next starts | PING | SET | GET | PING, pipelined | SET | GET |"
                + " LRANGE 100 | EVAL | memory |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|---|---|");
        measure("redlet", java("redlet"));
        measure("jedis-mock", java("jedis-mock"));
        if (args.length == 1 && new File(args[0]).canExecute()) {
            try (ServerSocket free = new ServerSocket(0)) {
                port = free.getLocalPort();
            }
            measure("redis-server", List.of(args[0], "--port", "" + port, "--save", "", "--bind", "127.0.0.1"));
        } else {
            System.out.println("left out: redis-server, which is not here");
        }
    }

    private static int port;

    private static List<String> java(String name) {
        String java = System.getProperty("java.home") + "/bin/java";
        return List.of(java, "-cp", System.getProperty("java.class.path"), Bench.class.getName(), "serve", name);
    }

    /** Starts a server again and again, says how long that took, and leaves one. */
    private static void serve(String name) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err); // what a server has to say is no result
        long first = 0;
        long others = 0;
        for (int i = 0; i <= STARTS; i++) {
            long began = System.nanoTime();
            int port;
            AutoCloseable server;
            if (name.equals("redlet")) {
                RedletServer redlet = RedletServer.start();
                port = redlet.port();
                server = redlet;
            } else {
                RedisServer mock = RedisServer.newRedisServer().start();
                port = mock.getBindPort();
                server = mock::stop;
            }
            try (Client client = new Client(port)) {
                client.run(command("PING"), 7, 1);
            }
            long took = System.nanoTime() - began;
            first = i == 0 ? took : first;
            others += i == 0 ? 0 : took;
            if (i < STARTS) {
                server.close();
            } else {
                out.println(port + " " + first / 1000 + " " + others / STARTS / 1000);
            }
        }
        System.in.read();
        System.exit(0);
    }

    private static void measure(String name, List<String> command) throws Exception {
        long began = System.nanoTime();
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            String starts = "%s ms | |";
            int at = port;
            if (name.equals("redis-server")) {
                while (!answers(at)) {
                    Thread.onSpinWait();
                }
                starts = String.format("%.0f ms | |", (System.nanoTime() - began) / 1e6);
            } else {
                byte[] line = new byte[100];
                int size = process.getInputStream().read(line);
                String[] words = new String(line, 0, size, StandardCharsets.US_ASCII).trim().split(" ");
                at = Integer.parseInt(words[0]);
                starts = String.format(
                        "%.0f ms | %.1f ms |", Long.parseLong(words[1]) / 1e3, Long.parseLong(words[2]) / 1e3);
            }
            System.out.println("| " + name + " | " + starts + rates(at) + memory(process.pid()) + " |");
        } finally {
            process.destroy();
            process.waitFor();
        }
    }

    private static boolean answers(int port) {
        try (Client client = new Client(port)) {
            client.run(command("PING"), 7, 1);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static String rates(int port) throws IOException {
        String ping = command("PING");
        String set = command("SET", "key", "value");
        String get = command("GET", "key");
        StringBuilder text = new StringBuilder();
        try (Client client = new Client(port)) {
            for (int batch : new int[] {1, PIPELINE}) {
                text.append(rate(client, ping, "+PONG\r\n".length(), batch));
                text.append(rate(client, set, "+OK\r\n".length(), batch));
                text.append(rate(client, get, "$5\r\nvalue\r\n".length(), batch));
            }
            for (int i = 0; i < 100; i++) {
                client.run(command("RPUSH", "list", "value"), String.format(":%d\r\n", i + 1).length(), 1);
            }
            text.append(rate(client, command("LRANGE", "list", "0", "-1"), 6 + 100 * 11, 10));
            String script = "local n = 0 for i = 1, 100 do n = n + i end return n";
            text.append(rate(client, command("EVAL", script, "0"), ":5050\r\n".length(), 10));
        }
        return text.toString();
    }

    private static String command(String... words) {
        StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        return text.toString();
    }

    /** How many a second. */
    private static String rate(Client client, String command, int reply, int batch) {
        try {
            run(client, command, reply, batch, WARM_UP);
            return String.format(" %,.0f |", run(client, command, reply, batch, MEASURED));
        } catch (IOException e) {
            return " – |";
        }
    }

    private static double run(Client client, String command, int reply, int batch, long time) throws IOException {
        String commands = command.repeat(batch);
        long began = System.nanoTime();
        long count = 0;
        for (; System.nanoTime() - began < time; count += batch) {
            client.run(commands, reply, batch);
        }
        return count * 1e9 / (System.nanoTime() - began);
    }

    /** What the process has of the machine's memory, where the system tells. */
    private static String memory(long pid) throws IOException {
        File status = new File("/proc/" + pid + "/status");
        if (!status.exists()) {
            return " ";
        }
        for (String line : java.nio.file.Files.readAllLines(status.toPath())) {
            if (line.startsWith("VmRSS:")) {
                return String.format(" %d MB", Long.parseLong(line.replaceAll("\\D", "")) / 1024);
            }
        }
        return " ";
    }

    /** A client that knows how long the replies are. */
    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        private final byte[] buffer = new byte[1 << 16];

        Client(int port) throws IOException {
            socket = new Socket("127.0.0.1", port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(20_000);
            in = socket.getInputStream();
            out = socket.getOutputStream();
        }

        void run(String commands, int reply, int count) throws IOException {
            out.write(commands.getBytes(StandardCharsets.US_ASCII));
            for (long missing = (long) reply * count; missing > 0; ) {
                int size = in.read(buffer);
                if (size < 0 || buffer[0] == '-') {
                    throw new IOException("no reply");
                }
                missing -= size;
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
