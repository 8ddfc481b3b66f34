'use strict';
// ioredis against our server, as its users would write it.

const assert = require('node:assert/strict');
const { after, before, beforeEach, test } = require('node:test');
const Redis = require('ioredis');
const { start } = require('./server.js');

let server;
let client;

before(async () => {
  server = await start();
  client = new Redis({ port: server.port, host: '127.0.0.1' });
});

after(async () => {
  client?.disconnect();
  await server?.stop();
});

beforeEach(() => client.flushall());

test('strings', async () => {
  assert.equal(await client.set('key', 'value', 'EX', 1000, 'NX'), 'OK');
  assert.equal(await client.set('key', 'other', 'NX'), null);
  assert.equal(await client.get('key'), 'value');
  assert.deepEqual(await client.mget('key', 'none'), ['value', null]);
  assert.equal(await client.incrby('counter', 5), 5);
  assert.equal(await client.incrbyfloat('counter', 0.5), '5.5');
  assert.equal(await client.append('key', '!'), 6);
  assert.equal(await client.getrange('key', -3, -1), 'ue!');
  assert.equal(await client.getdel('key'), 'value!');
});

test('buffers keep every byte', async () => {
  const value = Buffer.from(Array.from({ length: 256 * 300 }, (_, index) => index % 256));
  await client.set(Buffer.from([0, 255, 13, 10]), value);
  assert.deepEqual(await client.getBuffer(Buffer.from([0, 255, 13, 10])), value);
});

test('keys and expiry', async () => {
  const pipeline = client.pipeline();
  for (let number = 0; number < 1000; number += 1) pipeline.set(`key:${number}`, number);
  await pipeline.exec();
  assert.equal(await client.dbsize(), 1000);
  const seen = new Set();
  for await (const keys of client.scanStream({ match: 'key:*', count: 100 })) keys.forEach((key) => seen.add(key));
  assert.equal(seen.size, 1000);
  assert.equal(await client.expire('key:1', 100), 1);
  const ttl = await client.ttl('key:1');
  assert.ok(ttl > 90 && ttl <= 100);
  assert.equal(await client.del('key:1', 'key:2', 'none'), 2);
  assert.equal(await client.type('key:3'), 'string');
});

test('pipelines keep order and carry errors', async () => {
  const replies = await client.pipeline().set('text', 'abc').incr('text').get('text').exec();
  assert.equal(replies[0][1], 'OK');
  assert.match(replies[1][0].message, /not an integer/);
  assert.equal(replies[2][1], 'abc');
});

test('errors are rejections', async () => {
  await assert.rejects(client.call('NONSENSE'), /unknown command/);
  await assert.rejects(client.call('GET'), /wrong number of arguments for 'get' command/);
});

test('many commands in flight', async () => {
  const replies = await Promise.all(Array.from({ length: 5000 }, () => client.incr('counter')));
  assert.deepEqual(replies, Array.from({ length: 5000 }, (_, index) => index + 1));
});

test('databases, names and information', async () => {
  const other = new Redis({ port: server.port, host: '127.0.0.1', db: 2, connectionName: 'second' });
  await other.set('key', 'in two');
  assert.equal(await client.get('key'), null);
  assert.match(await client.client('LIST'), /name=second/);
  assert.match(await other.info('keyspace'), /db2:keys=1/);
  other.disconnect();
});

test('bitfields and bitmaps', async () => {
  assert.equal(await client.setbit('bits', 9, 1), 0);
  assert.equal(await client.bitcount('bits'), 1);
  assert.deepEqual(await client.bitfield('field', 'SET', 'u8', 0, 200, 'GET', 'i8', 0), [0, -56]);
});
