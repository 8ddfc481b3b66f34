'use strict'
// An open cache on the network: ioredis and memcached's protocol on the same data.

const assert = require('node:assert')
const net = require('node:net')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const Redis = require('ioredis')
const { open } = require('polycache')

/** Sends a request and gives what came back by the time `ending` did, or the connection ended. */
function converse(address, request, ending) {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = net.connect(address, () => socket.write(request))
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
    socket.on('data', (data) => {
      answer += data
      if (answer.endsWith(ending)) socket.destroy()
    })
  })
}

test('ioredis on the same data', async () => {
  const cache = open()
  cache.set('k', 'from the process')
  const server = await cache.serve()
  assert.equal(server.resp, `127.0.0.1:${server.respPort}`)
  assert.equal(server.memcached, null)
  const client = new Redis(server.respPort)
  assert.equal(await client.get('k'), 'from the process')
  await client.set('other', 'over the wire', 'EX', 100)
  assert.equal(cache.get('other'), 'over the wire')
  assert.ok(cache.ttl('other') > 0)
  await Promise.all(Array.from({ length: 500 }, () => client.incr('n')))
  assert.equal(cache.incr('n'), 501)
  client.disconnect()
  await server.stop()
  await server.stop()
  await assert.rejects(converse({ port: server.respPort, host: '127.0.0.1' }, 'PING\r\n', '\r\n'), { code: 'ECONNREFUSED' })
  await cache.close()
})

test('memcached on the same data', async () => {
  const cache = open()
  const server = await cache.serve({ memcached: '127.0.0.1:0' })
  assert.equal(server.resp, null)
  const address = { port: server.memcachedPort, host: '127.0.0.1' }
  assert.equal(await converse(address, 'set k 0 0 2\r\nhi\r\n', '\r\n'), 'STORED\r\n')
  assert.equal(cache.get('k'), 'hi')
  await cache.close()
  await assert.rejects(converse(address, 'get k\r\n', 'END\r\n'))
  await server.stop()
})

test('a socket of the file system, and a password', async () => {
  const cache = open()
  const file = path.join(tmpdir(), `polycache-${process.pid}.sock`)
  const server = await cache.serve({ resp: `unix:${file}`, password: 'secret' })
  assert.equal(server.resp, `unix:${file}`)
  assert.equal(server.respPort, null)
  assert.match(await converse(file, 'GET k\r\n', '\r\n'), /^-NOAUTH/)
  assert.equal(await converse(file, 'AUTH secret\r\n', '\r\n'), '+OK\r\n')
  await cache.close()
})

test('impossible places', async () => {
  const cache = open()
  for (const options of [{ resp: 'nowhere' }, { resp: '0.0.0.0:0' }, { memcached: 'nowhere' }]) {
    await assert.rejects(cache.serve(options), { code: 'CONFIG' })
  }
  const server = await cache.serve()
  await assert.rejects(cache.serve({ resp: server.resp }), { code: 'IO' })
  await cache.close()
})
