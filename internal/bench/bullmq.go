package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
)

// recorder is a program for Node that has BullMQ, as the npm package's tests install it, add a job
// and fetch it, and prints what it sent for that: nothing of BullMQ's scripts is in this checkout.
const recorder = `
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
const send = Redis.prototype.sendCommand;
let sent = [];
Redis.prototype.sendCommand = function (command, ...rest) {
  if (command.name === 'evalsha') {
    const [sha, ...args] = command.args;
    const script = Object.values(this.scriptsSet).find((s) => s.sha === sha);
    const bytes = (a) => Buffer.from(typeof a === 'number' ? String(a) : a);
    sent = [script.lua, ...args].map((a) => bytes(a).toString('base64'));
  }
  return send.call(this, command, ...rest);
};
const connection = new Redis({ port, maxRetriesPerRequest: null });
const queue = new Queue('bench', { connection });
await queue.add('mail', { to: 'somebody@example.com', subject: 'hello', attempt: 1 });
const add = sent;
const worker = new Worker('bench', async () => {}, { connection, autorun: false });
await worker.getNextJob('token');
process.stdout.write(JSON.stringify([add, sent]), () => process.exit());
`

// recorded gives the rows of BullMQ's scripts that every job runs, as recorded on a server.
func recorded(p *peer) ([]luaRow, error) {
	cmd := exec.Command("node", "--input-type=module", "-e", recorder, "--", "--port",
		strconv.Itoa(p.port))
	cmd.Dir = "js"
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("BullMQ does not run: %w", err)
	}
	var evals [][][]byte
	if err := json.Unmarshal(out, &evals); err != nil {
		return nil, err
	}
	var rows []luaRow
	for i, name := range []string{"addStandardJob", "moveToActive"} {
		if len(evals) <= i || len(evals[i]) < 2 {
			return nil, fmt.Errorf("BullMQ has sent no script for %s", name)
		}
		row := luaRow{luaScript: luaScript{"BullMQ's " + name, string(evals[i][0]), 1000}}
		for _, arg := range evals[i][1:] {
			row.args = append(row.args, string(arg))
		}
		rows = append(rows, row)
	}
	rows[1].before = &rows[0]
	return rows, nil
}
