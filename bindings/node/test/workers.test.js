'use strict'
// Worker threads on one engine, and other processes.

const assert = require('node:assert')
const { fork, spawnSync } = require('node:child_process')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { open } = require('polycache')

const root = path.join(__dirname, '..')

/** Runs a program in a worker; resolves when it ended well. */
function inWorker(program, workerData) {
  return new Promise((resolve, reject) => {
    const prelude = `const { open } = require(${JSON.stringify(root)}); const { workerData } = require('node:worker_threads');`
    const worker = new Worker(prelude + program, { eval: true, workerData })
    worker.on('error', reject)
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`worker ended with ${code}`))))
  })
}

test('workers share an engine by name', async () => {
  const cache = open({ name: 'workers' })
  cache.set('from', 'main')
  const program = `
    const cache = open({ name: 'workers' })
    if (cache.get('from') !== 'main') throw new Error('not shared')
    for (let turn = 0; turn < 5000; turn++) cache.incr('n')
    cache.set('worker:' + workerData, 'was here')`
  await Promise.all([0, 1, 2].map((number) => inWorker(program, number)))
  assert.equal(cache.get('n'), '15000')
  assert.deepEqual(cache.getMany(['worker:0', 'worker:1', 'worker:2']), Array(3).fill('was here'))
  cache.closeSync()
  const again = open({ name: 'workers' })
  assert.equal(again.size, 0, 'the handles of the workers ended with them')
  again.closeSync()
})

test('sets of many are seen whole by other threads', async () => {
  const cache = open({ name: 'whole' })
  const keys = Array.from({ length: 30 }, (_, number) => `k${number}`)
  cache.setMany(keys.map((key) => [key, 0]))
  const reading = inWorker(
    `const cache = open({ name: 'whole' })
     while (cache.get('done') === null) {
       if (new Set(cache.getMany(workerData)).size !== 1) throw new Error('half of a write was seen')
     }`,
    keys,
  )
  for (let version = 0; version < 1000; version++) cache.setMany(keys.map((key) => [key, version]))
  cache.set('done', 1)
  await reading
  cache.closeSync()
})

test('closing while workers work', async () => {
  for (let round = 0; round < 3; round++) {
    const cache = open({ name: 'closing' })
    const program = `
      const cache = open({ name: 'closing' })
      const own = cache.database(1)
      cache.incr('started')
      while (cache.get('stop') === null) {
        own.set('k', 'v'.repeat(30000))
        if (own.get('k') !== 'v'.repeat(30000)) throw new Error('wrong value')
      }
      own.closeSync()
      try { own.get('k'); throw new Error('still open') } catch (error) { if (error.code !== 'CLOSED') throw error }`
    const working = Promise.all([0, 1].map(() => inWorker(program)))
    while (Number(cache.get('started')) < 2) await new Promise(setImmediate)
    cache.set('stop', 1)
    cache.closeSync()
    await working
  }
})

test('a terminated worker leaves the engine alone', async () => {
  const cache = open({ name: 'terminated' })
  const program = `const { open } = require(${JSON.stringify(root)}); const cache = open({ name: 'terminated' });
    for (;;) cache.set('k', 'v'.repeat(20000))`
  const worker = new Worker(program, { eval: true })
  while (cache.get('k') === null) await new Promise(setImmediate)
  await worker.terminate()
  assert.equal(cache.get('k').length, 20000)
  cache.closeSync()
})

test('other processes are told that the directory is taken', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'polycache-'))
  const cache = open(folder)
  cache.set('k', 'v')
  const program = `
    try { require(${JSON.stringify(root)}).open(${JSON.stringify(folder)}) } catch (error) { console.log(error.code) }`
  assert.equal(spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' }).stdout, 'LOCKED\n')
  // child_process.fork starts a new process, with nothing of this one.
  const child = fork(path.join(__dirname, 'child.js'), [folder], { stdio: 'ignore' })
  assert.equal(await new Promise((resolve) => child.on('message', resolve)), 'LOCKED')
  assert.equal(cache.get('k'), 'v')
  await cache.close()
  rmSync(folder, { recursive: true })
})
