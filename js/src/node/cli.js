#!/usr/bin/env node
/**
 * The program `redlet`: a server that takes the arguments of redis-server, a prompt where a
 * terminal and nothing else is given, and a client for health checks and scripts.
 *
 * @module
 */

import { ask } from './ask.js';
import { ConfigError, parseArguments, readConfig } from './config.js';
import { messageOf } from '../message.js';
import { repl } from './repl.js';
import { serve } from './serve.js';

const USAGE = `Usage: redlet                          a prompt, on a terminal; else a server
       redlet [/path/to/redis.conf] [--name value ...] [-]
       redlet ping [-h HOST] [-p PORT] [-s SOCKET] [-a PASSWORD]
       redlet cli [-h HOST] [-p PORT] [-s SOCKET] [-a PASSWORD] [-n DB] COMMAND [ARGUMENT ...]
       redlet -v or --version
       redlet --help

The server takes every parameter of redis.conf as an option; - reads further ones from standard
input. It keeps its data in the folder that it is started in, or in --dir, as redis-server does.
Those of redlet's own:
  --cluster N               serve a cluster of N nodes, on this port and those behind it
  --cluster-replicas N      have N of its nodes follow each master; without it all are masters
  --cluster-create no       leave the nodes alone, for redis-cli --cluster create

Examples:
       redlet --port 7777 --save ''
       redlet /etc/redis/redis.conf --loglevel verbose
       redlet ping -p 7777      (ends with 0 if the server answers: for health checks)
       redlet cli -p 7777 SET greeting hello
`;

/** @param {string[]} args */
async function main(args) {
  const [first] = args;
  if (first === '-v' || first === '--version') {
    console.log(`Redis server v=8.0.2 sha=00000000:0 malloc=wasm bits=64 build=redlet`);
  } else if (first === '--help' || (first === '-h' && args.length === 1)) {
    process.stderr.write(USAGE);
    process.exitCode = 1;
  } else if (first === 'ping' || first === 'cli') {
    process.exitCode = await ask(first, args.slice(1));
  } else if (first === undefined && process.stdin.isTTY && process.stdout.isTTY) {
    await repl(process.stdin, process.stdout);
  } else {
    const given = parseArguments(args);
    await serve(readConfig(given), given.file);
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof ConfigError ? error.message : `redlet: ${messageOf(error)}`);
  process.exitCode = 1;
});
