'use strict'
// Getting or loading: one loader for promises, worker threads and clients of memcached.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { once } = require('node:events')
const net = require('node:net')
const path = require('node:path')
const { test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { Worker } = require('node:worker_threads')
const { open } = require('polycache')

const root = path.join(__dirname, '..')

const blocked = (cache) => Number(cache.info('clients').blocked_clients)

async function until(condition) {
  for (let turn = 0; turn < 2000; turn++) {
    if (condition()) return
    await sleep(5)
  }
  throw new Error('it did not come to pass')
}

/** A promise that others settle. */
function signal() {
  let give
  const promise = new Promise((resolve) => (give = resolve))
  return { promise, give }
}

test('a value is loaded once', async () => {
  const cache = open()
  let loads = 0
  const gate = signal()
  const loader = async () => {
    loads++
    assert.equal(cache.get('k'), null)
    assert.deepEqual([...cache.keys()], [])
    await gate.promise
    return 'välue'
  }
  const asking = Array.from({ length: 50 }, () => cache.getOrLoad('k', loader, { ttl: 60_000 }))
  await until(() => blocked(cache) === 49)
  gate.give()
  assert.deepEqual(await Promise.all(asking), Array(50).fill('välue'))
  assert.equal(loads, 1)
  assert.ok(cache.ttl('k') > 59_000)
  assert.equal(await cache.getOrLoad('k', loader), 'välue')
  assert.deepEqual(await cache.getOrLoad('k', loader, { buffers: true }), Buffer.from('välue'))
  assert.equal(await cache.getOrLoad(Buffer.from('n'), () => 5), '5')
  assert.deepEqual(await cache.getOrLoad('b', () => new Uint8Array([1, 255]), { buffers: true }), Buffer.from([1, 255]))
  assert.equal(loads, 1)
  await cache.close()
})

test('a loader that fails or finds nothing lets the next try', async () => {
  const cache = open()
  const gate = signal()
  let attempts = 0
  const loader = async () => {
    attempts++
    if (attempts > 1) return attempts === 2 ? undefined : 'v'
    await gate.promise
    throw new Error('the database is away')
  }
  const asking = Array.from({ length: 4 }, () => cache.getOrLoad('k', loader))
  await until(() => blocked(cache) === 3)
  gate.give()
  const ended = await Promise.allSettled(asking)
  assert.equal(ended[0].reason.message, 'the database is away')
  assert.deepEqual(ended.slice(1).map(({ value }) => value), [null, 'v', 'v'])
  assert.equal(attempts, 3)
  await assert.rejects(cache.getOrLoad('other', () => ({})), /strings or Uint8Arrays/)
  assert.equal(await cache.getOrLoad('other', () => 'v'), 'v')
  await assert.rejects(cache.getOrLoad('k', 'v'), TypeError)
  await assert.rejects(cache.getOrLoad('k', loader, { wait: 0 }), { code: 'MISUSE' })
  cache.list('list').push('a')
  await assert.rejects(cache.getOrLoad('list', loader), { code: 'WRONGTYPE' })
  await cache.close()
})

test('loaders that load, and one that asks for its own key', async () => {
  const cache = open()
  const inner = () => cache.getOrLoad('b', () => 'inner')
  assert.equal(await cache.getOrLoad('a', inner), 'inner')
  await assert.rejects(
    cache.getOrLoad('c', () => cache.getOrLoad(Buffer.from('c'), () => 'v')),
    { code: 'MISUSE' },
  )
  assert.equal(await cache.getOrLoad('c', () => 'v'), 'v')
  await cache.close()
})

test('a loader that hangs is passed by', async () => {
  const cache = open()
  const gate = signal()
  const hanging = cache.getOrLoad('k', () => gate.promise)
  assert.equal(await cache.getOrLoad('k', () => 'v', { wait: 20 }), 'v')
  gate.give('late')
  assert.equal(await hanging, 'late')
  assert.equal(cache.get('k'), 'v')
  await cache.close()
})

test('old values serve while one loads', async () => {
  const cache = open()
  const gate = signal()
  cache.set('k', 'old')
  assert.equal(cache.invalidate('k'), true)
  assert.equal(cache.invalidate('none'), false)
  const loading = cache.getOrLoad('k', () => gate.promise, { ttl: 60_000 })
  assert.equal(await cache.getOrLoad('k', assert.fail), 'old')
  const patient = cache.getOrLoad('k', assert.fail, { stale: false })
  await until(() => blocked(cache) === 1)
  gate.give('new')
  assert.deepEqual(await Promise.all([loading, patient]), ['new', 'new'])
  assert.equal(await cache.getOrLoad('k', assert.fail, { early: 1000 }), 'new')
  assert.equal(await cache.getOrLoad('k', () => 'renewed', { early: 100_000 }), 'renewed')
  await cache.close()
})

test('clients of memcached and this process wait for one loader', async () => {
  const cache = open()
  const server = await cache.serve({ memcached: '127.0.0.1:0' })
  const wire = net.connect(server.memcachedPort, '127.0.0.1')
  const say = async (request) => {
    wire.write(request)
    return String((await once(wire, 'data'))[0])
  }
  const won = await say('mg k c N30\r\n')
  assert.match(won, / W\r\n$/)
  const other = cache.getOrLoad('k', assert.fail)
  await until(() => blocked(cache) === 1)
  assert.equal(await say(`ms k 4 C${won.split(' ')[1].slice(1)}\r\nwire\r\n`), 'HD\r\n')
  assert.equal(await other, 'wire')
  const loader = async () => {
    assert.equal(await say('mg other v N30\r\n'), 'VA 0 Z\r\n\r\n')
    return 'ours'
  }
  assert.equal(await cache.getOrLoad('other', loader), 'ours')
  assert.equal(await say('mg other v N30\r\n'), 'VA 4\r\nours\r\n')
  wire.destroy()
  await server.stop()
  await cache.close()
})

test('worker threads wait for one loader, and one that is terminated gives its lease back', async (t) => {
  const cache = open({ name: 'loading' })
  const program = `
    const { open } = require(${JSON.stringify(root)})
    const cache = open({ name: 'loading' })
    cache.getOrLoad('k', async () => {
      cache.incr('loads')
      while (cache.get('go') === null) await new Promise(setImmediate)
      return 'v'
    }).then((value) => cache.incr('got:' + value))
    const hangs = process.argv.includes('hangs')
    // Reachable: a promise that nobody can settle is collected, and its lease goes back.
    const hang = (settle) => { globalThis.settle = settle; setInterval(() => {}, 1000) }
    if (hangs) cache.getOrLoad('other', () => { cache.set('hangs', 1); return new Promise(hang) })`
  const workers = Array.from({ length: 4 }, () => new Worker(program, { eval: true }))
  await until(() => blocked(cache) === 3)
  cache.set('go', 1)
  await Promise.all(workers.map((worker) => once(worker, 'exit')))
  assert.deepEqual(cache.getMany(['loads', 'got:v']), ['1', '4'])
  const hanging = new Worker(program, { eval: true, argv: ['hangs'] })
  t.after(() => hanging.terminate())
  await until(() => cache.exists('hangs'))
  const waiting = cache.getOrLoad('other', () => 'v', { wait: 3_600_000 })
  await until(() => blocked(cache) === 1)
  await hanging.terminate()
  assert.equal(await waiting, 'v')
  cache.closeSync()
})

test('closing ends the waiting', async () => {
  const cache = open()
  const gate = signal()
  const loading = cache.getOrLoad('k', () => gate.promise)
  const waiting = cache.getOrLoad('k', assert.fail)
  await until(() => blocked(cache) === 1)
  const closed = assert.rejects(waiting, { code: 'CLOSED' })
  await cache.close()
  await closed
  gate.give('v')
  await assert.rejects(loading, { code: 'CLOSED' })
})

test('the process ends when nothing is waited for any more', () => {
  const program = `
    const cache = require(${JSON.stringify(root)}).open()
    let give
    const loading = cache.getOrLoad('k', () => new Promise((resolve) => (give = resolve)))
    cache.getOrLoad('k', () => 'no').then((value) => console.log(value))
    setTimeout(() => give('v'), 10)`
  const ended = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 60_000 })
  assert.deepEqual([ended.status, ended.stdout, ended.stderr], [0, 'v\n', ''])
})
