'use strict'
// Keys and values: text and bytes, numbers, large ones, expiry, conditions, many at once, walks.

const assert = require('node:assert')
const { afterEach, beforeEach, test } = require('node:test')
const { open } = require('polycache')

let cache
beforeEach(() => {
  cache = open()
})
afterEach(() => cache.closeSync())

test('text and bytes name the same key', () => {
  cache.set('schlüssel', 'wört')
  assert.equal(cache.get(Buffer.from('schlüssel')), 'wört')
  assert.deepEqual(cache.getBuffer(new Uint8Array(Buffer.from('schlüssel'))), Buffer.from('wört'))
  const bytes = Buffer.from([0, 255, 128, 0])
  cache.set(bytes, bytes)
  assert.deepEqual(cache.getBuffer(bytes), bytes)
  assert.equal(cache.get(bytes), '\0\ufffd\ufffd\0')
  assert.equal(cache.get('a\0b'), null)
  cache.set('a\0b', 'c\0d')
  assert.equal(cache.get('a\0b'), 'c\0d')
  assert.equal(cache.exists('a'), false)
})

test('strings of every length arrive whole', () => {
  for (const character of ['a', 'é', '€', '😀']) {
    for (const length of [0, 1, 60, 61, 62, 63, 64, 100, 125, 126, 127, 128, 250, 251, 252, 253, 254, 255, 256, 257, 9000]) {
      const text = character.repeat(length)
      cache.set(text, text)
      assert.equal(cache.get(text), text)
      assert.equal(cache.execute('STRLEN', text), Buffer.byteLength(text))
    }
  }
})

test('large values', () => {
  for (const size of [16 * 1024, 16 * 1024 + 1, 64 * 1024, 64 * 1024 + 1, 5_000_000]) {
    const value = Buffer.alloc(size, 'pattern')
    cache.set('k', value)
    assert.ok(cache.getBuffer('k').equals(value))
    assert.equal(cache.get('k'), value.toString())
    assert.ok(cache.getManyBuffers(['none', 'k'])[1].equals(value))
    assert.ok(cache.executeBuffers('GET', 'k').equals(value))
  }
})

test('buffers are copies', () => {
  const value = Buffer.from('before')
  cache.set('k', value)
  value.fill('x')
  const first = cache.getBuffer('k')
  first.fill('y')
  assert.equal(cache.get('k'), 'before')
})

test('getInto', () => {
  cache.set('k', 'abcdef')
  const target = new Uint8Array(4)
  assert.equal(cache.getInto('k', target), 6)
  assert.deepEqual([...target], [...Buffer.from('abcd')])
  assert.equal(cache.getInto('none', target), -1)
  assert.equal(cache.getInto('k', new Uint8Array(0)), 6)
  const part = Buffer.alloc(10).subarray(2, 8)
  assert.equal(cache.getInto('k', part), 6)
  assert.equal(part.toString(), 'abcdef')
})

test('numbers are text', () => {
  cache.set('n', 42)
  assert.equal(cache.get('n'), '42')
  cache.set('n', 2n ** 62n)
  assert.equal(cache.incr('n'), 2n ** 62n + 1n)
  assert.equal(cache.decr('small'), -1)
  assert.equal(cache.incr('small', 11), 10)
  assert.throws(() => cache.incr('small', 1.5), RangeError)
  cache.set('word', 'five')
  assert.throws(() => cache.incr('word'), { code: 'ERR', message: /not an integer/ })
})

test('other values are refused', () => {
  for (const value of [null, undefined, true, {}, [], Symbol('s'), new Float64Array(1)]) {
    assert.throws(() => cache.set('k', value), `${typeof value} was taken`)
    assert.throws(() => cache.get(value))
    assert.throws(() => cache.getMany([value]))
  }
  assert.throws(() => cache.getMany(null))
  assert.throws(() => cache.getInto('k', 'text'))
  assert.equal(cache.size, 0)
})

test('conditions and expiry', async () => {
  assert.equal(cache.set('k', 1, { xx: true }), false)
  assert.equal(cache.set('k', 1, { nx: true, ttl: 50_000 }), true)
  assert.equal(cache.set('k', 2, { nx: true }), false)
  assert.ok(cache.ttl('k') > 49_000 && cache.ttl('k') <= 50_000)
  assert.equal(cache.set('k', 3, { keepTtl: true }), true)
  assert.ok(cache.ttl('k') > 0)
  assert.equal(cache.persist('k'), true)
  assert.equal(cache.ttl('k'), null)
  assert.equal(cache.ttl('none'), undefined)
  assert.equal(cache.expire('k', 1000), true)
  assert.equal(cache.expire('none', 1000), false)
  assert.throws(() => cache.set('k', 1, { nx: true, xx: true }), { code: 'MISUSE' })
  for (const ttl of [0.5, 1e300]) assert.doesNotThrow(() => ttl === 0.5 && cache.set('short', 1, { ttl }))
  for (const ttl of [-1, NaN, Infinity, '5']) assert.throws(() => cache.set('k', 1, { ttl }))
  while (cache.exists('short')) await new Promise(setImmediate)
  assert.equal(cache.get('short'), null)
})

test('many at once', () => {
  cache.setMany({ a: 1, b: '2' }, { ttl: 10_000 })
  cache.setMany(new Map([['c', Buffer.from('3')]]))
  cache.setMany([['d', 'é']])
  assert.deepEqual(cache.getMany(['a', 'none', 'b', 'c', 'd', 'a']), ['1', null, '2', '3', 'é', '1'])
  assert.deepEqual(cache.getMany(new Set(['none'])), [null])
  assert.deepEqual(cache.getMany([]), [])
  assert.ok(cache.ttl('a') > 0 && cache.ttl('c') === null)
  const { data, ends } = cache.getManyPacked(['a', 'none', 'd'])
  assert.equal(data.toString(), '1é')
  assert.deepEqual([...ends], [1, ~1, 3])
  assert.equal(cache.deleteMany(['a', 'b', 'none']), 2)
  assert.equal(cache.deleteMany([]), 0)
  assert.equal(cache.delete('c'), true)
  assert.equal(cache.delete('c'), false)
})

test('walks', () => {
  const expected = new Map(Array.from({ length: 3000 }, (_, number) => [`key:${number}`, `${number}`]))
  cache.setMany(expected)
  assert.equal(cache.size, 3000)
  assert.deepEqual(new Set(cache.keys()), new Set(expected.keys()))
  assert.deepEqual(new Map([...cache].sort()), new Map([...expected].sort()))
  const few = [...new Set(cache.scan({ match: 'key:29?', count: 50 }))]
  assert.deepEqual(few.sort(), Array.from({ length: 10 }, (_, digit) => `key:29${digit}`))
  for (const key of cache.scan({ match: 'key:1', buffers: true })) assert.ok(Buffer.isBuffer(key))
  cache.clear()
  assert.equal(cache.size, 0)
})

test('databases are apart', () => {
  const other = cache.database(1)
  cache.set('k', 'zero')
  other.set('k', 'one')
  assert.equal(cache.get('k'), 'zero')
  assert.equal(other.execute('GET', 'k'), 'one')
  assert.throws(() => cache.database(16), { code: 'MISUSE' })
})

test('stats', () => {
  cache.set('k', 'v')
  cache.get('k')
  cache.get('none')
  const stats = cache.stats()
  assert.equal(stats.keys, 1)
  assert.equal(stats.hits, 1)
  assert.equal(stats.misses, 1)
  assert.ok(stats.usedBytes > 0)
  assert.equal(stats.maxBytes, 0)
})
