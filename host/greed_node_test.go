package host

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
)

// greedyNode opens a guest of so many bytes in Node, says where it listens and what is logged, and
// ends when nobody holds its input any more.
const greedyNode = `import { open } from '../js/src/node.js';
const [memoryMax, dir] = [Number(process.argv[1]), process.argv[2]];
const redis = await open({ memoryMax, config: { save: '', 'enable-debug-command': 'yes', dir },
  onlog: (level, text) => console.log(text) });
console.log('port', (await redis.listen()).port);
process.stdin.resume().on('end', () => process.exit());`

// nodeGuest starts a guest in Node, whose log goes to a logbook. It returns what dials it.
func nodeGuest(t *testing.T, memoryMax int64, log *logbook) func() (net.Conn, error) {
	t.Helper()
	cmd := exec.Command("node", "--input-type=module", "-e", greedyNode, "--",
		fmt.Sprint(memoryMax), t.TempDir())
	var said strings.Builder
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, port := bufio.NewScanner(out), ""
	for port == "" && lines.Scan() {
		port, _ = strings.CutPrefix(lines.Text(), "port ")
		if port == lines.Text() {
			log.log(0, port)
			port = ""
		}
	}
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		for lines.Scan() {
			log.log(0, lines.Text())
		}
	}()
	t.Cleanup(func() {
		in.Close()
		<-logged
		if err := cmd.Wait(); err != nil {
			t.Error(err, said.String())
		}
	})
	return func() (net.Conn, error) { return net.Dial("tcp", "127.0.0.1:"+port) }
}
