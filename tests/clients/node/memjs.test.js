'use strict';
// memjs (the binary protocol) against our server, as its users would write it.

const assert = require('node:assert/strict');
const { after, before, beforeEach, test } = require('node:test');
const memjs = require('memjs');
const { start } = require('./server.js');

let server;
let client;

before(async () => {
  server = await start();
  client = memjs.Client.create(`127.0.0.1:${server.memcached}`, { retries: 0, timeout: 10 });
});

after(async () => {
  client?.close();
  await server?.stop();
});

beforeEach(() => client.flush());

test('values and flags', async () => {
  assert.equal(await client.set('key', 'value', { expires: 600 }), true);
  const { value } = await client.get('key');
  assert.equal(value.toString(), 'value');
  assert.equal((await client.get('none')).value, null);
  assert.equal(await client.add('key', 'other'), false);
  assert.equal(await client.replace('key', 'second'), true);
  assert.equal(await client.append('key', '!'), true);
  // memjs 1.3 sends an append for prepend, too: only what it says is asked for.
  assert.equal((await client.get('key')).value.toString(), 'second!');
  assert.equal(await client.delete('key'), true);
  assert.equal(await client.delete('key'), false);
});

test('counters and times', async () => {
  assert.equal((await client.increment('counter', 5, { initial: 10 })).value, 10);
  assert.equal((await client.increment('counter', 5, {})).value, 15);
  assert.equal((await client.decrement('counter', 100, {})).value, 0);
  assert.equal(await client.touch('counter', 100), true);
});

test('large values and statistics', async () => {
  const large = Buffer.alloc(900_000, 'x');
  assert.equal(await client.set('large', large), true);
  assert.ok((await client.get('large')).value.equals(large));
  const figures = await new Promise((resolve, reject) => {
    client.stats((error, _server, stats) => (error ? reject(error) : resolve(stats)));
  });
  assert.equal(figures.curr_items, '1');
});
