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

test('replies are shaped as in RESP3', () => {
  for (const [lua, reply] of [
    ['{double=3.5}', 3.5],
    ['{double=-1/0}', -Infinity],
    ['true', true],
    ['false', false],
    ['nil', null],
    ["{ok='FINE'}", 'FINE'],
    ["{big_number='123456789012345678901234567890'}", 123456789012345678901234567890n],
    ["{big_number='-7'}", -7n],
    ["{big_number='many'}", 'many'],
    ["{verbatim_string={format='txt', string='text'}}", 'text'],
    ['{map={}}', new Map()],
    ['{map={k={map={l={1, {double=0.5}}}}}}', new Map([['k', new Map([['l', [1, 0.5]]])]])],
    ['{set={}}', new Set()],
    ['{set={a=true, [{1, 2}]=true}}', new Set(['a', [1, 2]])],
    ['{1, {false, true, {set={[{double=0.25}]=true}}}, {}}', [1, [false, true, new Set([0.25])], []]]
  ]) {
    assert.deepStrictEqual(cache.execute('EVAL', `redis.setresp(3) return ${lua}`, 0), reply, lua)
  }
})

test('typed commands have typed replies', () => {
  const run = (...words) => cache.execute(...words)
  run('SADD', 's', 'a', 'b')
  run('ZADD', 'z', 1.5, 'a', 'inf', 'b')
  run('XADD', 'x', '1-1', 'f', 'v')
  run('XGROUP', 'CREATE', 'x', 'g', 0)
  assert.deepStrictEqual(run('SPOP', 's', 5), new Set(['a', 'b']))
  assert.deepStrictEqual(run('ZMPOP', 1, 'z', 'MAX'), ['z', [['b', Infinity]]])
  assert.deepStrictEqual(run('ZMSCORE', 'z', 'a', 'none'), [1.5, null])
  const read = run('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'x', '>')
  assert.deepStrictEqual(read, new Map([['x', [['1-1', ['f', 'v']]]]]))
  assert.equal(run('XINFO', 'GROUPS', 'x')[0].get('pending'), 1)
  assert.deepStrictEqual(run('CONFIG', 'GET', 'maxmemory'), new Map([['maxmemory', '0']]))
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
