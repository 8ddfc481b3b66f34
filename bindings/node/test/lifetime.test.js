'use strict'
// Opening and closing: options, sharing by name, closing while in use, a missing native module.

const assert = require('node:assert')
const { execFileSync, spawnSync } = require('node:child_process')
const { cpSync, mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { Cache, open, version } = require('polycache')

const root = path.join(__dirname, '..')

test('a closed cache says so', async () => {
  const cache = open()
  cache.set('k', 'v')
  const walk = cache.keys()
  assert.equal(cache.closed, false)
  await cache.close()
  await cache.close()
  cache.closeSync()
  assert.equal(cache.closed, true)
  const acts = [
    () => cache.get('k'),
    () => cache.getBuffer('k'),
    () => cache.set('k', 'v'),
    () => cache.getMany(['k']),
    () => cache.size,
    () => cache.execute('GET', 'k'),
    () => cache.stats(),
    () => walk.next(),
    () => cache.database(1),
  ]
  for (const act of acts) assert.throws(act, { code: 'CLOSED', message: 'the cache is closed' })
  for (const act of [() => cache.save(), () => cache.flush(), () => cache.serve(), () => cache.executeAsync('PING')]) {
    await assert.rejects(act, { code: 'CLOSED' })
  }
})

test('closing waits for long work', async () => {
  const cache = open()
  cache.set('long', 'x'.repeat(2000))
  const work = Array.from({ length: 8 }, () => cache.executeAsync('LCS', 'long', 'long', 'LEN'))
  const outcomes = Promise.allSettled(work)
  await cache.close()
  for (const outcome of await outcomes) {
    if (outcome.status === 'fulfilled') assert.equal(outcome.value, 2000)
    else assert.equal(outcome.reason.code, 'CLOSED')
  }
})

test('impossible options', () => {
  for (const options of [
    { eviction: 'least-loved' },
    { persist: 'always' },
    { path: 'never-made', persist: 'sometimes' },
    { path: '' },
    { maxBytes: 'lots' },
    { maxBytes: -1 },
    { maintenance: 'nobody' },
    { path: 'never-made', name: 'both' },
    { nonsense: 1 },
  ]) {
    assert.throws(() => open(options), { code: 'CONFIG' }, JSON.stringify(options))
  }
  assert.throws(() => new Cache({}), TypeError)
})

test('a limit holds', () => {
  const cache = open({ maxBytes: '2mb', maintenance: 'caller' })
  for (let number = 0; number < 5000; number++) cache.set(`k${number}`, 'x'.repeat(1000))
  const stats = cache.stats()
  assert.ok(stats.evicted > 0 && stats.usedBytes < 3 * 1024 * 1024)
  cache.closeSync()
  const full = open({ maxBytes: 1_000_000, eviction: 'noeviction' })
  assert.throws(
    () => {
      for (let number = 0; number < 5000; number++) full.set(`k${number}`, 'x'.repeat(1000))
    },
    { code: 'OOM' },
  )
  full.closeSync()
})

test('a name is shared', () => {
  const first = open({ name: 'shared' })
  const second = open({ name: 'shared' })
  first.set('k', 'v')
  assert.equal(second.get('k'), 'v')
  first.closeSync()
  assert.equal(second.get('k'), 'v')
  second.closeSync()
  const again = open({ name: 'shared' })
  assert.equal(again.get('k'), null)
  again.closeSync()
})

test('forgotten caches are collected', () => {
  const program = `
    const { open } = require('polycache')
    function forget() { open({ name: 'forgotten' }).set('k', 'v') }
    forget()
    let tries = 0
    function look() {
      gc()
      const cache = open({ name: 'forgotten' })
      const left = cache.get('k')
      cache.closeSync()
      if (left === null) process.exit(0)
      if (++tries > 500) process.exit(3)
      setTimeout(look, 10)
    }
    look()`
  const ended = spawnSync(process.execPath, ['--expose-gc', '-e', program], { cwd: root, encoding: 'utf8' })
  assert.equal(ended.status, 0, ended.stderr)
})

test('modules of both kinds', () => {
  const program = `
    import polycache, { open, Cache, version } from 'polycache'
    const cache = open()
    cache.set('k', version)
    console.log(cache instanceof Cache && polycache.open === open, cache.get('k'))`
  const shown = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: root, encoding: 'utf8' })
  assert.equal(shown, `true ${version}\n`)
})

test('a missing native module says what to do', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'polycache-'))
  const { files } = require('../package.json')
  for (const file of [...files.filter((name) => /^\w+\.js$/.test(name)), 'package.json']) cpSync(path.join(root, file), path.join(folder, file))
  const ended = spawnSync(process.execPath, ['-e', "require('./index.js')"], { cwd: folder, encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  assert.notEqual(ended.status, 0)
  assert.match(ended.stderr, /polycache\..*\.node is missing.*\n\n {4}cd bindings\/node && npm run build/)
})
