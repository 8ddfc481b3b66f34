'use strict';
// ioredis' and node-redis' harder parts: transactions, scripts, messages, the offline queue.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { after, before, beforeEach, test } = require('node:test');
const Redis = require('ioredis');
const { createClient } = require('redis');
const { start } = require('./server.js');

let server;
let io;
let node;

before(async () => {
  server = await start();
  io = new Redis({ port: server.port, host: '127.0.0.1' });
  node = await createClient({ url: `redis://127.0.0.1:${server.port}`, RESP: 3 }).connect();
});

after(async () => {
  io?.disconnect();
  node?.destroy();
  await server?.stop();
});

beforeEach(() => io.flushall());

test('ioredis: a transaction', async () => {
  const replies = await io.multi().set('key', 1).incr('key').get('key').exec();
  assert.deepEqual(replies, [[null, 'OK'], [null, 2], [null, '2']]);
  await io.watch('key');
  await node.set('key', 'other');
  assert.equal(await io.multi().set('key', 'lost').exec(), null);
  await assert.rejects(io.multi().set('key').exec(), /EXECABORT/);
});

test('ioredis: a command defined by a script', async (t) => {
  const client = new Redis({ port: server.port, host: '127.0.0.1' });
  t.after(() => client.disconnect());
  client.defineCommand('limit', {
    numberOfKeys: 1,
    lua: `local used = redis.call('INCR', KEYS[1])
      if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
      return used <= tonumber(ARGV[1]) and 1 or 0`,
  });
  const allowed = await Promise.all([1, 2, 3, 4].map(() => client.limit('limit:client', 2, 60_000)));
  assert.deepEqual(allowed, [1, 1, 0, 0]);
});

test('ioredis: commands wait while the client is offline', async (t) => {
  const client = new Redis({ port: server.port, host: '127.0.0.1', lazyConnect: true });
  t.after(() => client.disconnect());
  const waiting = [client.set('offline', 'value'), client.get('offline')];
  assert.deepEqual(await Promise.all(waiting), ['OK', 'value']);
  const closed = once(client, 'close');
  await io.client('KILL', 'ID', await client.client('ID'));
  await closed;
  assert.equal(await client.get('offline'), 'value');
});

test('ioredis: messages', async (t) => {
  const subscriber = new Redis({ port: server.port, host: '127.0.0.1' });
  t.after(() => subscriber.disconnect());
  assert.equal(await subscriber.subscribe('news', 'sport'), 2);
  const message = once(subscriber, 'message');
  assert.equal(await io.publish('news', 'text'), 1);
  assert.deepEqual(await message, ['news', 'text']);
  assert.equal(await subscriber.psubscribe('new*'), 3);
  const matched = once(subscriber, 'pmessage');
  await io.publish('newest', 'other');
  assert.deepEqual(await matched, ['new*', 'newest', 'other']);
});

test('ioredis: a stream group', async () => {
  await io.xgroup('CREATE', 'stream', 'group', '$', 'MKSTREAM');
  const id = await io.xadd('stream', '*', 'field', 'value');
  const read = await io.xreadgroup('GROUP', 'group', 'me', 'STREAMS', 'stream', '>');
  assert.deepEqual(read, [['stream', [[id, ['field', 'value']]]]]);
  assert.equal(await io.xack('stream', 'group', id), 1);
});

test('node-redis: a transaction in RESP3', async () => {
  const replies = await node.multi().set('key', '1').hSet('hash', { a: '1' }).hGetAll('hash').exec();
  assert.equal(replies[0], 'OK');
  assert.equal(replies[1], 1);
  assert.deepEqual({ ...replies[2] }, { a: '1' });
});

test('node-redis: messages by push', async (t) => {
  const subscriber = node.duplicate();
  await subscriber.connect();
  t.after(() => subscriber.destroy());
  const heard = new Promise((resolve) => {
    subscriber.subscribe('channel', (message, channel) => resolve([channel, message]));
  });
  // The subscription is confirmed before others of this client are answered.
  await subscriber.ping();
  await node.publish('channel', 'message');
  assert.deepEqual(await heard, ['channel', 'message']);
});

test('node-redis: a cache that the server invalidates', async (t) => {
  const cached = createClient({
    url: `redis://127.0.0.1:${server.port}`, RESP: 3, clientSideCache: { ttl: 0, maxEntries: 0, evictPolicy: 'LRU' },
  });
  await cached.connect();
  t.after(() => cached.destroy());
  await io.set('cached', 'first');
  assert.equal(await cached.get('cached'), 'first');
  assert.equal(await cached.get('cached'), 'first');
  await io.set('cached', 'second');
  while ((await cached.get('cached')) !== 'second') await new Promise((resolve) => { setTimeout(resolve, 5); });
});
