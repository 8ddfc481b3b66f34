'use strict';
// BullMQ does its jobs on our server: its scripts touch keys that they do not declare, from several workers at once.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { FlowProducer, Queue, QueueEvents, Worker } = require('bullmq');
const { start } = require('./server.js');

let server;
let connection;

before(async () => {
  server = await start();
  connection = { host: '127.0.0.1', port: server.port };
});

after(() => server?.stop());

/** A queue with its events, closed when the test is over. */
async function open(t, name) {
  const queue = new Queue(name, { connection });
  const events = new QueueEvents(name, { connection });
  t.after(async () => { await events.close(); await queue.close(); });
  await events.waitUntilReady();
  return { queue, events };
}

/** A worker, closed when the test is over. */
function work(t, name, does, options = {}) {
  const worker = new Worker(name, does, { connection, ...options });
  worker.on('error', () => {});
  t.after(() => worker.close());
  return worker;
}

test('a job is done', async (t) => {
  const { queue, events } = await open(t, 'plain');
  work(t, 'plain', async (job) => job.data.first + job.data.second);
  const job = await queue.add('add', { first: 2, second: 3 });
  assert.equal(await job.waitUntilFinished(events, 60_000), 5);
  assert.equal(await job.getState(), 'completed');
});

test('a delayed job comes after one that is not', async (t) => {
  const { queue, events } = await open(t, 'delayed');
  const done = [];
  work(t, 'delayed', async (job) => { done.push(job.name); });
  const late = await queue.add('late', {}, { delay: 300 });
  assert.equal(await late.getState(), 'delayed');
  await queue.add('soon', {});
  await late.waitUntilFinished(events, 60_000);
  assert.deepEqual(done, ['soon', 'late']);
});

test('a failed job is tried again', async (t) => {
  const { queue, events } = await open(t, 'failing');
  work(t, 'failing', async (job) => {
    if (job.attemptsMade < job.data.failures) throw new Error(`attempt ${job.attemptsMade}`);
    return job.attemptsMade;
  });
  const options = { attempts: 3, backoff: { type: 'fixed', delay: 10 } };
  const saved = await queue.add('saved', { failures: 2 }, options);
  assert.equal(await saved.waitUntilFinished(events, 60_000), 2);
  const lost = await queue.add('lost', { failures: 100 }, options);
  await assert.rejects(lost.waitUntilFinished(events, 60_000), /attempt 2/);
  assert.equal(await lost.getState(), 'failed');
  await lost.retry();
  await assert.rejects(lost.waitUntilFinished(events, 60_000), /attempt/);
});

test('a scheduled job repeats', async (t) => {
  const { queue } = await open(t, 'repeated');
  let runs = 0;
  const thrice = new Promise((resolve) => {
    work(t, 'repeated', async () => {
      runs += 1;
      if (runs === 3) resolve();
    });
  });
  await queue.upsertJobScheduler('every', { every: 50 }, { name: 'tick' });
  await thrice;
  assert.equal(await queue.removeJobScheduler('every'), true);
});

test('several workers do every job once, by priority where there is one', async (t) => {
  const { queue } = await open(t, 'concurrent');
  const total = 300;
  const done = new Map();
  const jobs = Array.from({ length: total }, (_, number) => ({
    name: 'note', data: { number }, opts: number % 3 === 0 ? { priority: 1 + (number % 10) } : {},
  }));
  await queue.addBulk(jobs);
  await new Promise((resolve) => {
    for (let worker = 0; worker < 4; worker += 1) {
      work(t, 'concurrent', async (job) => {
        done.set(job.data.number, (done.get(job.data.number) ?? 0) + 1);
        if (done.size === total) resolve();
      }, { concurrency: 8 });
    }
  });
  assert.deepEqual([...new Set(done.values())], [1]);
});

test('a parent waits for its children', async (t) => {
  const { events } = await open(t, 'parents');
  const flows = new FlowProducer({ connection });
  t.after(() => flows.close());
  work(t, 'children', async (job) => job.data.value);
  work(t, 'parents', async (job) => {
    const values = Object.values(await job.getChildrenValues());
    return values.reduce((sum, value) => sum + value, 0);
  });
  const flow = await flows.add({
    name: 'sum', queueName: 'parents', data: {},
    children: [1, 2, 3].map((value) => ({ name: 'part', queueName: 'children', data: { value } })),
  });
  assert.equal(await flow.job.waitUntilFinished(events, 60_000), 6);
});

test('paused, drained and obliterated', async (t) => {
  const { queue } = await open(t, 'control');
  await queue.pause();
  await queue.add('one', {});
  await queue.add('two', {}, { delay: 100_000 });
  assert.equal(await queue.isPaused(), true);
  const counts = await queue.getJobCounts('paused', 'delayed');
  assert.deepEqual(counts, { paused: 1, delayed: 1 });
  await queue.drain(true);
  assert.deepEqual(await queue.getJobCounts('paused', 'delayed'), { paused: 0, delayed: 0 });
  await queue.obliterate({ force: true });
  assert.deepEqual(await (await queue.client).keys('bull:control:*'), []);
});
