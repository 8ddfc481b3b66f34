'use strict'
// Lists, sets, hashes, sorted sets and streams as objects.

const assert = require('node:assert')
const { after, before, test } = require('node:test')
const { Hash, open } = require('polycache')

let cache
before(() => {
  cache = open()
})
after(() => cache.closeSync())

test('lists have the manners of arrays', async () => {
  const list = cache.list('list')
  assert.deepEqual([list.length, [...list], list.pop(), list.shift()], [0, [], undefined, undefined])
  assert.equal(list.push('a', 'b'), 2)
  assert.equal(list.unshift('y', 'z'), 4)
  assert.deepEqual([...list], ['y', 'z', 'a', 'b'])
  assert.deepEqual([list.at(0), list.at(-1), list.at(9)], ['y', 'b', undefined])
  assert.deepEqual([list.slice(1, 3), list.slice(-2), list.slice(0, -1), list.slice(0, 0)], [
    ['z', 'a'],
    ['a', 'b'],
    ['y', 'z', 'a'],
    [],
  ])
  list.set(0, 'Y')
  assert.throws(() => list.set(9, 'x'), { message: /index out of range/ })
  assert.deepEqual([list.indexOf('a'), list.includes('q'), list.remove('Y')], [2, false, 1])
  assert.deepEqual([list.insertBefore('a', 'before'), list.insertAfter('none', 'x')], [true, false])
  assert.deepEqual([list.pop(), list.shift()], ['b', 'z'])
  list.clear()
  assert.equal(await list.waitPop({ timeout: 10 }), undefined)
  list.push('there')
  assert.equal(await list.waitShift(), 'there')
})

test('sets have the manners of Set', () => {
  const set = cache.memberSet('set')
  assert.equal(set.add('a', 'b').add('a').size, 2)
  assert.deepEqual([set.has('a'), set.hasMany(['a', 'x']), set.delete('a'), set.delete('a')], [
    true,
    [true, false],
    true,
    false,
  ])
  assert.deepEqual([[...set], set.members(), set.random(3)], [['b'], new Set(['b']), ['b']])
  assert.deepEqual([set.pop(), set.pop()], ['b', undefined])
})

test('hashes have the manners of Map', () => {
  const hash = cache.hash('hash')
  assert.ok(hash instanceof Hash)
  assert.equal(hash.set('a', 1).get('a'), '1')
  assert.equal(hash.setMany({ b: 2, c: 'x' }), 2)
  assert.deepEqual(hash.toObject(), { a: '1', b: '2', c: 'x' })
  assert.deepEqual(new Map(hash), hash.toMap())
  assert.deepEqual([hash.size, hash.has('q'), hash.get('q'), hash.getMany(['a', 'q'])], [3, false, undefined, ['1', null]])
  assert.deepEqual([hash.incr('a'), hash.incr('a', 0.5), hash.setDefault('a', 0)], [2, 2.5, false])
  assert.deepEqual([hash.ttl('a'), hash.ttl('q'), hash.expire('a', 100_000)], [null, undefined, true])
  assert.ok(hash.ttl('a') > 0 && hash.persist('a') && hash.ttl('a') === null)
  assert.deepEqual([[...hash.keys()].sort(), [...hash.values()].length], [['a', 'b', 'c'], 3])
  assert.ok(hash.delete('a', 'b') && !hash.delete('a'))
})

test('sorted sets map members to scores', () => {
  const scores = cache.sortedSet('scores')
  scores.set('ada', 3).setMany([['bob', 1.5]])
  assert.deepEqual([...scores], [['bob', 1.5], ['ada', 3]])
  assert.deepEqual([scores.size, scores.get('bob'), scores.get('x'), scores.has('ada')], [2, 1.5, undefined, true])
  assert.deepEqual([scores.add('ada', 1, { gt: true }), scores.add('ada', 9, { gt: true })], [false, true])
  assert.deepEqual([scores.incr('ada'), scores.rank('ada'), scores.rank('x'), scores.rank('ada', { reverse: true })], [
    10,
    1,
    undefined,
    0,
  ])
  assert.deepEqual([scores.range(0, 1), scores.range(0, 1, { reverse: true })], [['bob'], ['ada']])
  assert.deepEqual(scores.rangeByScore('(1.5', 20, { count: 1 }), [['ada', 10]])
  assert.deepEqual([scores.count(), scores.popMin(), scores.popMax(3), scores.delete('ada')], [
    2,
    [['bob', 1.5]],
    [['ada', 10]],
    false,
  ])
})

test('streams and their groups', async () => {
  const stream = cache.stream('stream')
  assert.deepEqual([stream.length, stream.read()], [0, []])
  const first = stream.add({ kind: 'start' }, { id: '1-1' })
  const second = stream.add([['kind', 'stop'], ['code', 7]], { maxLength: 100 })
  assert.deepEqual([first, stream.length, stream.get(first), stream.get('9-9')], ['1-1', 2, { kind: 'start' }, undefined])
  assert.deepEqual(stream.read(first), [{ id: second, fields: { kind: 'stop', code: '7' } }])
  assert.deepEqual([...stream], stream.range())
  assert.deepEqual(stream.range('-', '+', { count: 1, reverse: true })[0].id, second)
  assert.deepEqual(await stream.waitRead('$', { timeout: 10 }), [])
  const group = stream.group('workers')
  group.create('0')
  assert.equal(group.read('one', '>', { count: 1 })[0].id, first)
  assert.deepEqual(group.pending().map(({ id, consumer }) => [id, consumer]), [[first, 'one']])
  assert.equal(group.claimIdle('two', 0)[0].id, first)
  assert.equal((await group.waitRead('two'))[0].id, second)
  assert.deepEqual([group.ack(first, second), group.pending(), group.destroy()], [2, [], true])
  assert.deepEqual([stream.delete(first), stream.trim(0)], [1, 1])
})

test('other types are refused', () => {
  cache.set('string', 'x')
  assert.throws(() => cache.list('string').push('a'), { code: 'WRONGTYPE' })
  assert.throws(() => cache.hash(7), TypeError)
})
