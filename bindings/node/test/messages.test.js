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
