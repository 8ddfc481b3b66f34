'use strict';
// Starts our server for the tests of this folder: `POLYCACHE_SERVER` names the program (cargo xtask test sets it).

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => { socket.destroy(); resolve(true); });
    socket.on('error', () => resolve(false));
  });
}

async function start() {
  const program = process.env.POLYCACHE_SERVER
    ?? path.join(__dirname, '../../../target/debug/polycache-server');
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'polycache-node-'));
  const port = await freePort();
  const memcached = await freePort();
  const child = spawn(program, ['--port', String(port), '--memcached-port', String(memcached), '--bind', '127.0.0.1',
    '--dir', directory, '--save', '', '--appendonly', 'no'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stdout.on('data', (chunk) => { log += chunk; });
  child.stderr.on('data', (chunk) => { log += chunk; });
  const exited = new Promise((resolve) => { child.on('exit', resolve); child.on('error', resolve); });
  const deadline = Date.now() + 60_000;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not start:\n${log}`);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
  return {
    port,
    memcached,
    async stop() {
      child.kill();
      await exited;
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

module.exports = { start };
