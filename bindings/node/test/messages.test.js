'use strict'

const assert = require('node:assert/strict')
const net = require('node:net')
const test = require('node:test')
const { once } = require('node:events')
const polycache = require('..')

test('an iterator hears messages in order', async () => {
  const cache = polycache.open()
  const subscription = cache.subscribe(['news', 'other'], { patterns: 'n*' })
  assert.equal(cache.publish('news', 'a'), 2)
  assert.equal(cache.publish('other', 'b'), 1)
  assert.equal(cache.publish('nine', 'c'), 1)
  assert.equal(cache.publish('silence', 'd'), 0)
  const heard = []
  setTimeout(() => cache.publish('news', 'end'), 20)
  for await (const { channel, message } of subscription) {
    heard.push(`${channel}=${message}`)
    if (String(message) === 'end') break
  }
  assert.deepEqual(heard, ['news=a', 'news=a', 'other=b', 'nine=c', 'news=end'])
  assert.equal(cache.publish('news', 'late'), 0)
  await cache.close()
})

test('a callback hears publishers on the wire, and the other way round', async () => {
  const cache = polycache.open()
  const server = await cache.serve()
  const wire = net.connect(server.respPort, '127.0.0.1')
  const heard = new Promise((resolve) => {
    const subscription = cache.subscribe('to the process', (message, channel) => {
      subscription.close()
      resolve(`${channel}=${message}`)
    })
  })
  wire.write('PUBLISH "to the process" hi\r\n')
  assert.equal(await heard, 'to the process=hi')
  assert.equal(String((await once(wire, 'data'))[0]), ':1\r\n')
  wire.write('SUBSCRIBE back\r\n')
  await once(wire, 'data')
  assert.equal(cache.publish('back', 'hi'), 1)
  assert.match(String((await once(wire, 'data'))[0]), /message\r\n.*back\r\n.*hi\r\n/s)
  wire.destroy()
  await server.stop()
  await cache.close()
})

test('iterating ends with the subscription, and with the cache', async () => {
  const cache = polycache.open()
  const closed = cache.subscribe('c')
  cache.publish('c', 'kept')
  closed.close()
  const kept = []
  for await (const { message } of closed) kept.push(String(message))
  assert.deepEqual(kept, ['kept'])
  const open = cache.subscribe('c')
  const next = open.next()
  await cache.close()
  assert.deepEqual(await next, { value: undefined, done: true })
  assert.throws(() => cache.subscribe('c'), { code: 'CLOSED' })
})

test('the process ends once its subscriptions have ended, and not before', () => {
  const root = require('node:path').join(__dirname, '..')
  const { spawnSync } = require('node:child_process')
  const run = (program) =>
    spawnSync(process.execPath, ['-e', `const cache = require(${JSON.stringify(root)}).open()\n${program}`], {
      encoding: 'utf8',
      timeout: 60_000,
    })
  for (const program of [
    `cache.subscribe('c').close()`,
    `cache.subscribe('c'); cache.closeSync()`,
    `cache.subscribe('c', () => {}); cache.close()`,
    `const s = cache.subscribe('c', () => s.close()); setTimeout(() => cache.publish('c', 'x'), 10).unref()`,
    `const s = cache.subscribe('c'); s.next(); s.return()`,
    `;(async () => { for await (const m of cache.subscribe('c')) break })(); cache.publish('c', 'x')`,
  ]) {
    const ended = run(program)
    assert.deepEqual([ended.status, ended.stderr], [0, ''], program)
  }
  const kept = run(`cache.subscribe('c', (message) => { console.log(String(message)); cache.closeSync() })
    setTimeout(() => cache.publish('c', 'heard'), 50).unref()`)
  assert.deepEqual([kept.status, kept.stdout], [0, 'heard\n'], 'an open one keeps it running')
})

test('worker threads hear each other', async () => {
  const { Worker } = require('node:worker_threads')
  const cache = polycache.open({ name: 'messages' })
  const root = require('node:path').join(__dirname, '..')
  const program = `
    const cache = require(${JSON.stringify(root)}).open({ name: 'messages' })
    const subscription = cache.subscribe('to workers', (message) => {
      cache.publish('to main', 'heard ' + message)
      subscription.close()
    })
    cache.publish('to main', 'ready')`
  const subscription = cache.subscribe('to main')
  const worker = new Worker(program, { eval: true })
  const exited = once(worker, 'exit')
  const heard = []
  for await (const { message } of subscription) {
    heard.push(String(message))
    if (heard.length === 1) assert.equal(cache.publish('to workers', 'you'), 1)
    if (heard.length === 2) break
  }
  assert.deepEqual(heard, ['ready', 'heard you'])
  await exited
  const hanging = new Worker(program, { eval: true })
  const ready = cache.subscribe('to main')
  await ready.next()
  await hanging.terminate()
  ready.close()
  cache.publish('to workers', 'nobody')
  cache.closeSync()
})

test('a callback gets more than one turn can hold, in order', async () => {
  const cache = polycache.open()
  const heard = []
  await new Promise((resolve) => {
    const subscription = cache.subscribe('c', (message) => {
      heard.push(Number(message))
      if (heard.length === 1000) resolve(subscription.close())
    })
    for (let number = 0; number < 1000; number++) cache.publish('c', number)
  })
  assert.deepEqual(heard, Array.from({ length: 1000 }, (_, number) => number))
  await cache.close()
})
