'use strict'
// polycache: the friendly shape of the native module (src/*.rs). Types and documentation: index.d.ts.

const containers = require('./containers.js')
const { getOrLoad } = require('./loading.js')
const { Subscription } = require('./subscription.js')
const native = require('./native.js').load()

/** `flags` of the native set(); the same numbers stand in src/cache.rs. */
const IF_ABSENT = 1
const IF_PRESENT = 2
const KEEP_TTL = 4
const NO_WAIT = 8

/** Values up to this size are copied into Node's pooled memory; larger ones get a Buffer of their own, without a copy. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

/** Options of open() and their names below. */
const OPTIONS = {
  path: 'path',
  name: 'name',
  maxBytes: 'max_bytes',
  eviction: 'eviction',
  persist: 'persist',
  maintenance: 'maintenance',
}

function open(options = {}) {
  if (typeof options === 'string') options = { path: options }
  const flat = []
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(OPTIONS, name)) throw configError(`there is no option "${name}"`)
    if (value !== undefined && value !== null) flat.push(OPTIONS[name], String(value))
  }
  return new Cache(native.open(flat))
}

function configError(text) {
  const error = new Error(text)
  error.code = 'CONFIG'
  return error
}

class Cache {
  #native

  constructor(handle) {
    if (!(handle instanceof native.Cache)) throw new TypeError('a cache is made by open()')
    this.#native = handle
  }

  get(key) {
    return this.#native.get(key)
  }

  getBuffer(key) {
    const length = this.#native.getInto(key, scratch)
    if (length < 0) return null
    if (length > scratch.length) return this.#native.getLarge(key)
    const value = Buffer.allocUnsafe(length)
    scratch.copy(value, 0, 0, length)
    return value
  }

  getInto(key, target) {
    return this.#native.getInto(key, target)
  }

  set(key, value, options) {
    if (typeof value === 'number' || typeof value === 'bigint') value = String(value)
    if (options === undefined) return this.#native.set(key, value, 0, 0)
    const { ttl, flags } = setOptions(options)
    return this.#native.set(key, value, ttl, flags)
  }

  async setAsync(key, value, options) {
    const { ttl, flags } = setOptions(options ?? {})
    const stored = this.#native.set(key, asBytes(value), ttl, flags | NO_WAIT)
    await this.flush()
    return stored
  }

  async getOrLoad(key, loader, options = {}) {
    const { ttl, early = 0, stale = true, wait = 10_000, buffers = false } = options
    if (typeof loader !== 'function') throw new TypeError('loader is a function')
    return getOrLoad(this.#native, key, loader, { early, stale, wait, buffers }, timeToLive({ ttl }))
  }

  invalidate(key) {
    return this.#native.invalidate(key)
  }

  delete(key) {
    return this.#native.delete(key)
  }

  exists(key) {
    return this.#native.exists(key)
  }

  has(key) {
    return this.#native.exists(key)
  }

  getMany(keys) {
    return unpack(this.getManyPacked(keys), (data, start, end) => data.toString('utf8', start, end))
  }

  getManyBuffers(keys) {
    return unpack(this.getManyPacked(keys), (data, start, end) => data.subarray(start, end))
  }

  getManyPacked(keys) {
    return this.#native.getMany(Array.isArray(keys) ? keys : Array.from(keys))
  }

  setMany(items, options) {
    const flat = []
    for (const [key, value] of isIterable(items) ? items : Object.entries(items)) flat.push(key, asBytes(value))
    this.#native.setMany(flat, timeToLive(options))
  }

  deleteMany(keys) {
    return this.#native.deleteMany(Array.from(keys))
  }

  incr(key, by = 1) {
    return this.#native.incr(key, whole(by))
  }

  decr(key, by = 1) {
    return this.#native.incr(key, -whole(by))
  }

  expire(key, ttl) {
    return this.#native.expire(key, timeToLive({ ttl }))
  }

  persist(key) {
    return this.#native.expire(key, 0)
  }

  ttl(key) {
    const left = this.#native.ttl(key)
    return left === -2 ? undefined : left === -1 ? null : left
  }

  *scan({ match = null, count = 0, buffers = false } = {}) {
    let cursor = '0'
    do {
      const [next, ...keys] = this.#native.scan(cursor, match, count, buffers)
      yield* keys
      cursor = next
    } while (cursor !== '0')
  }

  keys() {
    return this.scan()
  }

  [Symbol.iterator]() {
    return this.entries()
  }

  *entries() {
    let cursor = '0'
    do {
      const [next, ...keys] = this.#native.scan(cursor, null, 0, false)
      const values = this.getMany(keys)
      for (let index = 0; index < keys.length; index++) {
        if (values[index] !== null) yield [keys[index], values[index]]
      }
      cursor = next
    } while (cursor !== '0')
  }

  get size() {
    return this.#native.len()
  }

  list(key) {
    return new containers.List(this, key)
  }

  memberSet(key) {
    return new containers.MemberSet(this, key)
  }

  hash(key) {
    return new containers.Hash(this, key)
  }

  sortedSet(key) {
    return new containers.SortedSet(this, key)
  }

  stream(key) {
    return new containers.Stream(this, key)
  }

  execute(command, ...args) {
    return complete(this.#native.execute([command, ...args.map(asBytes)], false))
  }

  executeBuffers(command, ...args) {
    return complete(this.#native.execute([command, ...args.map(asBytes)], true))
  }

  transaction(commands) {
    return complete(this.#native.transaction(commands.map((command) => command.map(asBytes))))
  }

  async executeAsync(command, ...args) {
    return complete(await later(this.#native.executeLater([command, ...args.map(asBytes)], false)))
  }

  stats() {
    const [keys, hits, misses, expired, evicted, usedBytes, maxBytes] = this.#native.stats()
    return { keys, hits, misses, expired, evicted, usedBytes, maxBytes }
  }

  info(section) {
    const text = section === undefined ? this.execute('INFO') : this.execute('INFO', section)
    const fields = {}
    for (const line of text.split('\r\n')) {
      const colon = line.indexOf(':')
      if (!line.startsWith('#') && colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1)
    }
    return fields
  }

  database(index) {
    return new Cache(this.#native.database(index))
  }

  publish(channel, message) {
    return this.#native.publish(asBytes(channel), asBytes(message))
  }

  subscribe(channels, options = {}, callback = undefined) {
    if (typeof options === 'function') [options, callback] = [{}, options]
    const list = (names) => (names === undefined ? [] : Array.isArray(names) ? names : [names]).map(asBytes)
    return new Subscription(this.#native, list(channels), list(options.patterns), callback)
  }

  async serve({ resp, memcached, password } = {}) {
    if (resp === undefined && memcached === undefined) resp = '127.0.0.1:0'
    return new Server(await later(this.#native.serve(resp, memcached, password)))
  }

  async save() {
    await later(this.#native.save())
  }

  async flush() {
    await later(this.#native.flush())
  }

  clear() {
    this.#native.clear()
  }

  async close() {
    await later(this.#native.close())
  }

  closeSync() {
    this.#native.closeNow()
  }

  get closed() {
    return this.#native.closed
  }
}

class Server {
  #native

  constructor(handle) {
    this.#native = handle
  }

  get resp() {
    return this.#native.resp ?? null
  }

  get memcached() {
    return this.#native.memcached ?? null
  }

  get respPort() {
    return port(this.resp)
  }

  get memcachedPort() {
    return port(this.memcached)
  }

  async stop() {
    await later(this.#native.stop())
  }
}

// Node 20 has these symbols; older code that transpiles `using` looks them up the same way.
if (Symbol.dispose) Cache.prototype[Symbol.dispose] = Cache.prototype.closeSync
if (Symbol.asyncDispose) {
  Cache.prototype[Symbol.asyncDispose] = Cache.prototype.close
  Server.prototype[Symbol.asyncDispose] = Server.prototype.stop
}

/** Long work resolves to an Error object where it failed: napi's rejections have no room for a code. */
async function later(promise) {
  const result = await promise
  if (result instanceof Error) throw result
  return result
}

function setOptions({ ttl = 0, nx = false, xx = false, keepTtl = false }) {
  if (ttl !== 0) ttl = timeToLive({ ttl })
  return { ttl, flags: (nx ? IF_ABSENT : 0) | (xx ? IF_PRESENT : 0) | (keepTtl ? KEEP_TTL : 0) }
}

function timeToLive(options) {
  const ttl = options?.ttl
  if (ttl === undefined || ttl === null) return 0
  if (typeof ttl !== 'number' || !(ttl > 0)) throw new RangeError('ttl is a positive number of milliseconds')
  return ttl
}

function asBytes(value) {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value
}

function whole(number) {
  if (!Number.isSafeInteger(number)) throw new RangeError('by is a whole number that is exact in JavaScript')
  return number
}

function isIterable(items) {
  return typeof items?.[Symbol.iterator] === 'function'
}

/** One value per key out of one buffer; `ends[i]` is negative for a missing key (see src/cache.rs). */
function unpack({ data, ends }, slice) {
  const values = new Array(ends.length)
  let start = 0
  for (let index = 0; index < ends.length; index++) {
    const end = ends[index]
    if (end < 0) {
      values[index] = null
    } else {
      values[index] = slice(data, start, end)
      start = end
    }
  }
  return values
}

/** Gives a reply the types that the native module leaves to JavaScript (see src/reply.rs). */
function complete(reply) {
  if (reply === null || typeof reply !== 'object' || Buffer.isBuffer(reply)) return reply
  if (Array.isArray(reply)) return reply.map(complete)
  const items = reply.items.map(complete)
  switch (reply.kind) {
    case 'map': {
      const map = new Map()
      for (let index = 0; index < items.length; index += 2) map.set(items[index], items[index + 1])
      return map
    }
    case 'set':
      return new Set(items)
    case 'bigint':
      // Scripts may say something else there.
      return /^[+-]?\d+$/.test(items[0]) ? BigInt(items[0]) : items[0]
    default: {
      const error = new Error(items[0])
      error.code = items[1]
      return error
    }
  }
}

function port(address) {
  const match = /:(\d+)$/.exec(address ?? '')
  return match === null ? null : Number(match[1])
}

module.exports = { Cache, Server, Subscription, ...containers, open, version: native.version() }
