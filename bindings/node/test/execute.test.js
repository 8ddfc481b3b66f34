'use strict'
// Any command by its name: replies with their types, errors with their codes.

const assert = require('node:assert')
const { after, before, test } = require('node:test')
const { open } = require('polycache')

let cache
before(() => {
  cache = open()
})
after(() => cache.closeSync())

test('replies have types', async () => {
  assert.equal(cache.execute('SET', 'k', 'value', 'EX', 100), 'OK')
  assert.equal(cache.execute('get', 'k'), 'value')
  assert.equal(cache.execute('GET', 'none'), null)
  assert.deepEqual(cache.executeBuffers('MGET', 'k', Buffer.from('none')), [Buffer.from('value'), null])
  assert.equal(cache.execute('STRLEN', 'k'), 5)
  const shared = cache.execute('LCS', 'k', 'k', 'IDX')
  assert.ok(shared instanceof Map)
  assert.equal(shared.get('len'), 5)
  assert.deepEqual(shared.get('matches'), [[[0, 4], [0, 4]]])
  cache.set('big', '9007199254740992')
  assert.equal(cache.execute('INCR', 'big'), 9007199254740993n)
  assert.deepEqual(await cache.executeAsync('MGET', 'k', 'none'), ['value', null])
})

test('errors have codes', async () => {
  cache.set('word', 'five')
  assert.throws(() => cache.execute('INCR', 'word'), { code: 'ERR', message: /not an integer/ })
  assert.throws(() => cache.execute('NOSUCH'), { code: 'ERR', message: /unknown command 'NOSUCH'/ })
  assert.throws(() => cache.execute('GET'), { message: /wrong number of arguments for 'get' command/ })
  assert.throws(() => cache.execute('SET', 'k', null))
  assert.throws(() => cache.execute())
  await assert.rejects(cache.executeAsync('INCR', 'word'), { code: 'ERR', message: /not an integer/ })
})

test('commands of connections are refused', () => {
  for (const name of ['SELECT', 'auth', 'HELLO', 'QUIT', 'RESET', 'SHUTDOWN']) {
    assert.throws(() => cache.execute(name, 0), /is for connections/)
  }
  cache.set('still', 'here')
})

test('info', () => {
  assert.match(cache.info().redis_version, /^\d+\.\d+\.\d+$/)
  assert.equal(cache.info('server').db0, undefined)
})

test('a command that waits needs another thread', async () => {
  assert.throws(() => cache.execute('BLPOP', 'queue', 0), /executeAsync/)
  const waiting = cache.executeAsync('BLPOP', 'queue', 0)
  cache.execute('RPUSH', 'queue', 'x', 'y')
  assert.deepEqual(await waiting, ['queue', 'x'])
  assert.deepEqual(cache.execute('BLPOP', 'queue', 0), ['queue', 'y'])
  assert.equal(await cache.executeAsync('BLPOP', 'queue', '0.01'), null)
})

test('a transaction is one', () => {
  const [set, sum, failed] = cache.transaction([['SET', 't', 1], ['INCR', 't'], ['LPUSH', 't', 'x']])
  assert.equal(set, 'OK')
  assert.equal(sum, 2)
  assert.ok(failed instanceof Error)
  assert.throws(() => cache.transaction([['SET', 't', 3], ['NOSUCH']]))
  assert.equal(cache.execute('GET', 't'), '2')
})
