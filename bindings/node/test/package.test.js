'use strict'
// The package itself: the examples of its README run, its types are true, its tarball is complete.

const assert = require('node:assert')
const { execFileSync, spawnSync } = require('node:child_process')
const { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const polycache = require('polycache')

const root = path.join(__dirname, '..')

/** A new folder in which `polycache` and its development dependencies can be loaded. */
function project() {
  const folder = mkdtempSync(path.join(tmpdir(), 'polycache-'))
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(root, path.join(folder, 'node_modules', 'polycache'))
  for (const name of ['ioredis', '@types']) {
    symlinkSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name))
  }
  return folder
}

const examples = [...readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs)]
assert.ok(examples.length >= 4)
for (const [index, [, example]] of examples.entries()) {
  test(`example ${index} of the README`, () => {
    const folder = project()
    writeFileSync(path.join(folder, 'example.js'), example)
    const ended = spawnSync(process.execPath, ['example.js'], { cwd: folder, encoding: 'utf8', timeout: 60_000 })
    rmSync(folder, { recursive: true })
    assert.equal(ended.status, 0, ended.stderr)
  })
}

test('types are true', () => {
  const folder = project()
  writeFileSync(
    path.join(folder, 'user.ts'),
    `import { open, type Cache, type Reply, type Stats } from 'polycache'
     const cache: Cache = open({ maxBytes: '1mb', eviction: 'allkeys-lfu' })
     const text: string | null = cache.get('k')
     const bytes: Buffer | null = cache.getBuffer(new Uint8Array(1))
     const many: (string | null)[] = cache.getMany(['k'])
     const reply: Reply = cache.execute('GET', 'k', 5)
     const stats: Stats = cache.stats()
     for (const key of cache.scan({ buffers: true })) key.byteLength
     for (const [key, value] of cache) key.length + value.length
     async function load(): Promise<string> { return cache.getOrLoad('k', async () => 5, { ttl: 1000, early: 100 }) }
     async function find(): Promise<Buffer | null> { return cache.getOrLoad('k', () => null, { buffers: true }) }
     async function listen() { for await (const { message } of cache.subscribe('c', { patterns: ['n*'] })) message.byteLength }
     async function later() { const server = await cache.serve(); const port: number | null = server.respPort; await server.stop() }
     // @ts-expect-error
     cache.set('k', {})
     // @ts-expect-error
     open({ eviction: 'unknown' })
     // @ts-expect-error
     cache.get(5)`,
  )
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const args = [tsc, '--strict', '--noEmit', '--module', 'node16', '--target', 'es2022', '--types', 'node', 'user.ts']
  const ended = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  assert.equal(ended.status, 0, ended.stdout)
})

test('the types name what is there, and no more', () => {
  const types = readFileSync(path.join(root, 'index.d.ts'), 'utf8')
  for (const name of ['Cache', 'Server', 'Subscription']) {
    const body = types.match(new RegExp(`export class ${name}\\b.*?\\n}`, 's'))[0]
    const declared = new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, member]) => member))
    declared.delete('private')
    const present = new Set(Object.getOwnPropertyNames(polycache[name].prototype))
    present.delete('constructor')
    declared.delete('constructor')
    assert.deepEqual([...declared].sort(), [...present].sort(), name)
  }
})

test('the tarball holds the native module', () => {
  const listing = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' })
  const files = JSON.parse(listing)[0].files.map((file) => file.path)
  const { fileName } = require('../native.js')
  for (const file of ['index.js', 'index.mjs', 'index.d.ts', 'loading.js', 'subscription.js', 'native.js', 'package.json', 'README.md', fileName]) {
    assert.ok(files.includes(file), `${file} is not in the tarball`)
  }
})
