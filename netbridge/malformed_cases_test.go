package netbridge

import "strings"

// malformed are inputs of connections, broken and odd ones, and what redis-server 8.0 answers to
// each until it closes the connection, or until it waits for more.
var malformed = []exchange{
	{in: "*1\r\n+x\r\n", want: "-ERR Protocol error: expected '$', got '+'\r\n"},
	{in: "*x\r\n", want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "*-5\r\nPING\r\nQUIT\r\n", want: "+PONG\r\n+OK\r\n"},
	{in: "*0\r\nPING\r\nQUIT\r\n", want: "+PONG\r\n+OK\r\n"},
	{in: "*1048577\r\n", want: "", open: true},
	{in: "*2147483647\r\n", want: "", open: true},
	{in: "*2147483648\r\n", want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "*9223372036854775808\r\n",
		want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "*1\r\n$-1\r\n", want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "*1\r\n$x\r\n", want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "*1\r\n$536870913\r\n", want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "*1\r\n$99999999999999999999\r\n",
		want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n",
		want: "-ERR Protocol error: expected '$', got 'f'\r\n"},
	{in: "\r\n\r\nPING\r\nQUIT\r\n", want: "+PONG\r\n+OK\r\n"},
	{in: "PING \"foo\r\n", want: "-ERR Protocol error: unbalanced quotes in request\r\n"},
	{in: "SET 'x\r\n", want: "-ERR Protocol error: unbalanced quotes in request\r\n"},
	{in: "PING \"a\"b\r\n", want: "-ERR Protocol error: unbalanced quotes in request\r\n"},
	{in: "PING\nQUIT\n", want: "+PONG\r\n+OK\r\n"},
	{in: "PING \"a\\x41\\n\\\"\"\r\nQUIT\r\n", want: "$4\r\naA\n\"\r\n+OK\r\n"},
	{in: "PING 'a\\'b\\n'\r\nQUIT\r\n", want: "$5\r\na'b\\n\r\n+OK\r\n"},
	{in: strings.Repeat("x", 70000), want: "-ERR Protocol error: too big inline request\r\n"},
	{in: "*" + strings.Repeat("1", 70000),
		want: "-ERR Protocol error: too big mbulk count string\r\n"},
	{in: "*1\r\n$" + strings.Repeat("1", 70000),
		want: "-ERR Protocol error: too big bulk count string\r\n"},
	{in: "*1\r\n" + strings.Repeat("x", 70000),
		want: "-ERR Protocol error: too big bulk count string\r\n"},
	{in: "$3\r\nabc\r\nQUIT\r\n",
		want: "-ERR unknown command '$3', with args beginning with: \r\n-ERR unknown comman" +
			"d 'abc', with args beginning with: \r\n+OK\r\n"},
	{in: "GET\x00x\r\nQUIT\r\n", want: "", open: true},
	{in: "*1\x00\r\n*1\r\n$4\r\nQUIT\r\n", want: "", open: true},
	{in: "*1\r\n\x00\r\n*1\r\n$4\r\nQUIT\r\n", want: "", open: true},
	{in: "*1\r\n$4\x00\r\nQUIT\r\n", want: "", open: true},
	{in: "POST / HTTP/1.1\r\nQUIT\r\n", want: ""},
	{in: "Host: foo\r\nQUIT\r\n", want: ""},
	{in: "*1\r\n$4\r\nPOST\r\nQUIT\r\n", want: ""},
	{in: "*2\r\n$5\r\nhost:\r\n$1\r\nx\r\nQUIT\r\n", want: ""},
	{in: "foo " + strings.Repeat("a", 300) + " b\r\nQUIT\r\n",
		want: "-ERR unknown command 'foo', with args beginning with: '" +
			strings.Repeat("a", 128) +
			"' \r\n+OK\r\n"},
	{in: strings.Repeat("f", 300) + "\r\nQUIT\r\n",
		want: "-ERR unknown command '" +
			strings.Repeat("f", 128) +
			"', with args beginning with: \r\n+OK\r\n"},
	{in: "*2\r\n$3\r\nfoo\r\n$9\r\na\r\nb\"c'\x00\xff\r\n*1\r\n$4\r\nQUIT\r\n",
		want: "-ERR unknown command 'foo', with args beginning with: 'a  b\"c'' \r\n+OK\r\n"},
	{in: "*1\r\n$5\r\na\r\nb'\r\n*1\r\n$4\r\nQUIT\r\n",
		want: "-ERR unknown command 'a  b'', with args beginning with: \r\n+OK\r\n"},
	{in: "foo a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j " +
		"k l m n o p q r s t u v w x y z\r\nQUIT\r\n",
		want: "-ERR unknown command 'foo', with args beginning with: 'a' 'b' 'c' 'd' 'e' 'f" +
			"' 'g' 'h' 'i' 'j' 'k' 'l' 'm' 'n' 'o' 'p' 'q' 'r' 's' 't' 'u' 'v' 'w' 'x' 'y" +
			"' 'z' 'a' 'b' 'c' 'd' 'e' 'f' \r\n+OK\r\n"},
	{in: "*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$4\r\nQUIT\r\n", want: "$-1\r\n+OK\r\n"},
	{in: "*1\r\n$0\r\n\r\n*1\r\n$4\r\nQUIT\r\n",
		want: "-ERR unknown command '', with args beginning with: \r\n+OK\r\n"},
	{in: "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nQUIT\r\n", want: "+PONG\r\n+OK\r\n"},
	{in: "*1\r\n$4\r\nPING\n\n*1\r\n$4\r\nQUIT\r\n", want: "+PONG\r\n+OK\r\n"},
	{in: "*+1\r\n$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n",
		want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "* 1\r\n", want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "*01\r\n$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n",
		want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "*1 \r\n", want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "*1\r\n$+4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n",
		want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "*1\r\n$04\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n",
		want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "*1\r\n$ 4\r\n", want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "*\r\n", want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "*1\r\n$\r\n", want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "*1x\r\n", want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "*1\r\n$4x\r\n", want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "*-1\r\n*1\r\n$4\r\nQUIT\r\n", want: "+OK\r\n"},
	{in: "*-0\r\n*1\r\n$4\r\nQUIT\r\n",
		want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "*1\r\n$-0\r\n", want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "*1.0\r\n", want: "-ERR Protocol error: invalid multibulk length\r\n"},
	{in: "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$-1\r\n",
		want: "-ERR Protocol error: invalid bulk length\r\n"},
	{in: "\x00\x01\x02\r\nQUIT\r\n", want: "", open: true},
	{in: " \t \r\nQUIT\r\n", want: "+OK\r\n"},
	{in: "GET\r\nQUIT\r\n",
		want: "-ERR wrong number of arguments for 'get' command\r\n+OK\r\n"},
	{in: "GET a b\r\nQUIT\r\n",
		want: "-ERR wrong number of arguments for 'get' command\r\n+OK\r\n"},
	{in: "get\tk\x0bx\r\nQUIT\r\n", want: "$-1\r\n+OK\r\n"},
	{in: "*1\r\n$4\r\nPING\r\n*1\r\nx", want: "+PONG\r\n", open: true},
	{in: "QUIT\r\nPING\r\n", want: "+OK\r\n"},
	{in: "PING a b c\r\nQUIT extra\r\n",
		want: "-ERR wrong number of arguments for 'ping' command\r\n+OK\r\n"},
	{in: "*1\r$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n",
		want: "-ERR Protocol error: expected '$', got '4'\r\n"},
	{in: "*1\rx$4\rxPING\r\n*1\r\n$4\r\nQUIT\r\n", want: "+PONG\r\n+OK\r\n"},
	{in: "client\r\nclient foo\r\nconfig\r\nconfig foo\r\nQUIT\r\n",
		want: "-ERR wrong number of arguments for 'client' command\r\n-ERR unknown subcomma" +
			"nd 'foo'. Try CLIENT HELP.\r\n-ERR wrong number of arguments for 'config' co" +
			"mmand\r\n-ERR unknown subcommand 'foo'. Try CONFIG HELP.\r\n+OK\r\n"},
	{in: "HELLO 9\r\nHELLO x\r\nHELLO 3 foo\r\nHELLO 3 AUTH a\r\nQUIT\r\n",
		want: "-NOPROTO unsupported protocol version\r\n-ERR Protocol version is not an int" +
			"eger or out of range\r\n-ERR Syntax error in HELLO option 'foo'\r\n-ERR Synt" +
			"ax error in HELLO option 'AUTH'\r\n+OK\r\n"},
	{in: "SELECT 99\r\nSELECT x\r\nQUIT\r\n",
		want: "-ERR DB index is out of range\r\n-ERR value is not an integer or out of rang" +
			"e\r\n+OK\r\n"},
	{in: "MULTI\r\nfoo\r\nEXEC\r\nEXEC\r\nDISCARD\r\nQUIT\r\n",
		want: "+OK\r\n-ERR unknown command 'foo', with args beginning with: \r\n-EXECABORT " +
			"Transaction discarded because of previous errors.\r\n-ERR EXEC without MULTI" +
			"\r\n-ERR DISCARD without MULTI\r\n+OK\r\n"},
	{in: "lpush k a\r\nget k\r\nincr k\r\nappend k x\r\nhset k a b\r\nquit\r\n",
		want: ":1\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n" +
			"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n-WRONG" +
			"TYPE Operation against a key holding the wrong kind of value\r\n-WRONGTYPE O" +
			"peration against a key holding the wrong kind of value\r\n+OK\r\n"},
}

// malformedGuest are the same for connections that have not given the password.
var malformedGuest = []exchange{
	{in: "*11\r\n", want: "-ERR Protocol error: unauthenticated multibulk length\r\n"},
	{in: "*10\r\n$4\r\nPING\r\n$16385\r\n",
		want: "-ERR Protocol error: unauthenticated bulk length\r\n"},
	{in: "*1\r\n$16385\r\n", want: "-ERR Protocol error: unauthenticated bulk length\r\n"},
	{in: "*1\r\n$16384\r\n" + strings.Repeat("x", 16384) + "\r\n*1\r\n$4\r\nQUIT\r\n",
		want: "-ERR unknown command '" +
			strings.Repeat("x", 128) +
			"', with args beginning with: \r\n+OK\r\n"},
	{in: "AUTH a b c\r\nRESET\r\nQUIT\r\n", want: "-ERR syntax error\r\n+RESET\r\n+OK\r\n"},
	{in: strings.Repeat("x", 20000) + "\r\nQUIT\r\n",
		want: "-ERR unknown command '" +
			strings.Repeat("x", 128) +
			"', with args beginning with: \r\n+OK\r\n"},
	{in: "ping a a a a a a a a a a a a a a a a a a a a \r\nQUIT\r\n",
		want: "-NOAUTH Authentication required.\r\n+OK\r\n"},
	{in: "AUTH bad\r\nQUIT\r\n",
		want: "-WRONGPASS invalid username-password pair or user is disabled.\r\n+OK\r\n"},
	{in: "PING\r\nAUTH bad\r\nHELLO 3 AUTH default bad\r\nQUIT\r\n",
		want: "-NOAUTH Authentication required.\r\n+OK\r\n"},
}
