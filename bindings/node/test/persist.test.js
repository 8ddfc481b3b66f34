'use strict'
// Data in a directory: there again after closing, after ending without closing, and after a kill.

const assert = require('node:assert')
const { spawnSync } = require('node:child_process')
const { mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { afterEach, beforeEach, test } = require('node:test')
const { open } = require('polycache')

const root = path.join(__dirname, '..')
let folder
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'polycache-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function run(program) {
  const prelude = `const { open } = require(${JSON.stringify(root)}); const folder = ${JSON.stringify(folder)};`
  return spawnSync(process.execPath, ['-e', prelude + program], { encoding: 'utf8', timeout: 100_000 })
}

for (const persist of ['always', 'everysec', 'no', 'snapshot']) {
  test(`reopening after closing, ${persist}`, async () => {
    const cache = open({ path: folder, persist })
    cache.set('k', 'v')
    cache.set('expiring', 'v', { ttl: 1_000_000 })
    cache.set('large', Buffer.alloc(2_000_000, 'large'))
    await cache.flush()
    await cache.save()
    assert.equal(await cache.setAsync('later', 'yes'), true)
    await cache.close()
    const again = open({ path: folder, persist })
    assert.deepEqual(again.getMany(['k', 'later']), ['v', 'yes'])
    assert.ok(again.ttl('expiring') > 900_000)
    assert.ok(again.getBuffer('large').equals(Buffer.alloc(2_000_000, 'large')))
    await again.close()
  })

  test(`ending without closing loses nothing, ${persist}`, () => {
    const ended = run(`const cache = open({ path: folder, persist: '${persist}' }); cache.set('last', 'yes')`)
    assert.equal(ended.status, 0, ended.stderr)
    const cache = open({ path: folder, persist })
    assert.equal(cache.get('last'), 'yes')
    cache.closeSync()
  })
}

test('a kill loses nothing that was acknowledged', () => {
  const killed = run(`
    const cache = open({ path: folder, persist: 'always' })
    for (let number = 0; number < 100; number++) cache.set('k' + number, number)
    process.kill(process.pid, 'SIGKILL')`)
  assert.equal(killed.signal, 'SIGKILL', killed.stderr)
  const cache = open(folder)
  assert.equal(cache.size, 100)
  cache.closeSync()
})

test('a damaged directory is refused', () => {
  const cache = open({ path: folder, persist: 'snapshot' })
  cache.setMany(Array.from({ length: 100 }, (_, number) => [`k${number}`, 'v'.repeat(100)]))
  cache.closeSync()
  const [snapshot] = readdirSync(folder).filter((name) => name.startsWith('dump.'))
  writeFileSync(path.join(folder, snapshot), 'this is no snapshot')
  assert.throws(() => open({ path: folder, persist: 'snapshot' }), { code: 'CORRUPT' })
})

test('saving needs a directory', async () => {
  const cache = open()
  await assert.rejects(cache.save(), { code: 'CONFIG', message: /directory/ })
  await cache.flush()
  assert.throws(() => open(path.join(__filename, 'below')), { code: 'IO' })
  cache.closeSync()
})
