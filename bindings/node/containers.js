'use strict'
// Values with elements: lists, sets, hashes, sorted sets, streams. Types and documentation: index.d.ts.
//
// Each object is a name for what a key holds and holds nothing itself; one call is one command.

class Container {
  #cache
  #key

  constructor(cache, key) {
    if (typeof key !== 'string' && !(key instanceof Uint8Array)) throw new TypeError('a key is a string or bytes')
    this.#cache = cache
    this.#key = key
  }

  get key() {
    return this.#key
  }

  /** Carries out a command on the key. */
  _run(command, ...args) {
    return this.#cache.execute(command, this.#key, ...args)
  }

  /** Carries out a command whose key is not its first argument. */
  _call(command, ...args) {
    return this.#cache.execute(command, ...args)
  }

  /** Carries out a command that may wait, on another thread. */
  _wait(command, ...args) {
    return this.#cache.executeAsync(command, ...args)
  }

  clear() {
    this._run('DEL')
  }
}

class List extends Container {
  get length() {
    return this._run('LLEN')
  }

  at(index) {
    return this._run('LINDEX', index) ?? undefined
  }

  set(index, value) {
    this._run('LSET', index, value)
  }

  slice(start = 0, end) {
    if (end === 0) return []
    return this._run('LRANGE', start, end === undefined ? -1 : end - 1)
  }

  push(...values) {
    return values.length === 0 ? this.length : this._run('RPUSH', ...values)
  }

  /** As of an array: the first value becomes the first element. */
  unshift(...values) {
    return values.length === 0 ? this.length : this._run('LPUSH', ...values.reverse())
  }

  pop() {
    return this._run('RPOP') ?? undefined
  }

  shift() {
    return this._run('LPOP') ?? undefined
  }

  async waitPop({ timeout = 0 } = {}) {
    const reply = await this._wait('BRPOP', this.key, timeout / 1000)
    return reply === null ? undefined : reply[1]
  }

  async waitShift({ timeout = 0 } = {}) {
    const reply = await this._wait('BLPOP', this.key, timeout / 1000)
    return reply === null ? undefined : reply[1]
  }

  indexOf(value) {
    return this._run('LPOS', value) ?? -1
  }

  includes(value) {
    return this.indexOf(value) >= 0
  }

  remove(value, count = 1) {
    return this._run('LREM', count, value)
  }

  insertBefore(pivot, value) {
    return this._run('LINSERT', 'BEFORE', pivot, value) > 0
  }

  insertAfter(pivot, value) {
    return this._run('LINSERT', 'AFTER', pivot, value) > 0
  }

  [Symbol.iterator]() {
    return this.slice()[Symbol.iterator]()
  }
}

class MemberSet extends Container {
  get size() {
    return this._run('SCARD')
  }

  add(...members) {
    if (members.length > 0) this._run('SADD', ...members)
    return this
  }

  delete(member) {
    return this._run('SREM', member) === 1
  }

  has(member) {
    return this._run('SISMEMBER', member) === 1
  }

  hasMany(members) {
    const found = Array.from(members)
    return found.length === 0 ? [] : this._run('SMISMEMBER', ...found).map((is) => is === 1)
  }

  pop() {
    return this._run('SPOP') ?? undefined
  }

  random(count = 1) {
    return this._run('SRANDMEMBER', count)
  }

  members() {
    return this._run('SMEMBERS')
  }

  values() {
    return this.members().values()
  }

  [Symbol.iterator]() {
    return this.values()
  }
}

class Hash extends Container {
  get size() {
    return this._run('HLEN')
  }

  get(field) {
    return this._run('HGET', field) ?? undefined
  }

  getMany(fields) {
    const found = Array.from(fields)
    return found.length === 0 ? [] : this._run('HMGET', ...found)
  }

  set(field, value) {
    this._run('HSET', field, value)
    return this
  }

  setMany(items) {
    const flat = pairs(items).flat()
    return flat.length === 0 ? 0 : this._run('HSET', ...flat)
  }

  setDefault(field, value) {
    return this._run('HSETNX', field, value) === 1
  }

  delete(...fields) {
    return fields.length > 0 && this._run('HDEL', ...fields) > 0
  }

  has(field) {
    return this._run('HEXISTS', field) === 1
  }

  incr(field, by = 1) {
    return Number.isInteger(by) ? this._run('HINCRBY', field, by) : Number(this._run('HINCRBYFLOAT', field, by))
  }

  expire(field, ttl) {
    return this._run('HPEXPIRE', ttl, 'FIELDS', 1, field)[0] !== -2
  }

  persist(field) {
    return this._run('HPERSIST', 'FIELDS', 1, field)[0] !== -2
  }

  ttl(field) {
    const left = this._run('HPTTL', 'FIELDS', 1, field)[0]
    return left === -2 ? undefined : left === -1 ? null : left
  }

  toMap() {
    return this._run('HGETALL')
  }

  toObject() {
    return Object.fromEntries(this.toMap())
  }

  keys() {
    return this._run('HKEYS')[Symbol.iterator]()
  }

  values() {
    return this._run('HVALS')[Symbol.iterator]()
  }

  entries() {
    return this.toMap().entries()
  }

  [Symbol.iterator]() {
    return this.entries()
  }
}

class SortedSet extends Container {
  get size() {
    return this._run('ZCARD')
  }

  get(member) {
    return this._run('ZSCORE', member) ?? undefined
  }

  set(member, score) {
    this._run('ZADD', score, member)
    return this
  }

  add(member, score, { nx = false, xx = false, gt = false, lt = false } = {}) {
    const words = [nx && 'NX', xx && 'XX', gt && 'GT', lt && 'LT'].filter(Boolean)
    return this._run('ZADD', ...words, 'CH', score, member) === 1
  }

  setMany(items) {
    const flat = pairs(items).flatMap(([member, score]) => [score, member])
    return flat.length === 0 ? 0 : this._run('ZADD', ...flat)
  }

  delete(...members) {
    return members.length > 0 && this._run('ZREM', ...members) > 0
  }

  has(member) {
    return this.get(member) !== undefined
  }

  incr(member, by = 1) {
    return this._run('ZINCRBY', by, member)
  }

  rank(member, { reverse = false } = {}) {
    return this._run(reverse ? 'ZREVRANK' : 'ZRANK', member) ?? undefined
  }

  range(start = 0, end, { reverse = false } = {}) {
    if (end === 0) return []
    return this._run('ZRANGE', start, end === undefined ? -1 : end - 1, ...(reverse ? ['REV'] : []))
  }

  rangeByScore(low = '-inf', high = '+inf', { offset = 0, count = -1, reverse = false } = {}) {
    const ends = reverse ? [high, low, 'BYSCORE', 'REV'] : [low, high, 'BYSCORE']
    return this._run('ZRANGE', ...ends, 'LIMIT', offset, count, 'WITHSCORES')
  }

  count(low = '-inf', high = '+inf') {
    return this._run('ZCOUNT', low, high)
  }

  popMin(count = 1) {
    return this._run('ZPOPMIN', count)
  }

  popMax(count = 1) {
    return this._run('ZPOPMAX', count)
  }

  toMap() {
    return new Map(this._run('ZRANGE', 0, -1, 'WITHSCORES'))
  }

  entries() {
    return this.toMap().entries()
  }

  [Symbol.iterator]() {
    return this.entries()
  }
}

class Stream extends Container {
  get length() {
    return this._run('XLEN')
  }

  add(fields, { id = '*', maxLength, exact = false } = {}) {
    const trim = maxLength === undefined ? [] : ['MAXLEN', exact ? '=' : '~', maxLength]
    return this._run('XADD', ...trim, id, ...pairs(fields).flat())
  }

  range(start = '-', end = '+', { count, reverse = false } = {}) {
    const ends = reverse ? [end, start] : [start, end]
    return this._run(reverse ? 'XREVRANGE' : 'XRANGE', ...ends, ...limit(count)).map(entry)
  }

  get(id) {
    return this.range(id, id)[0]?.fields
  }

  read(after = '0', { count } = {}) {
    return entries(this._call('XREAD', ...limit(count), 'STREAMS', this.key, after))
  }

  async waitRead(after = '$', { count, timeout = 0 } = {}) {
    return entries(await this._wait('XREAD', ...limit(count), 'BLOCK', timeout, 'STREAMS', this.key, after))
  }

  delete(...ids) {
    return ids.length === 0 ? 0 : this._run('XDEL', ...ids)
  }

  trim(maxLength) {
    return this._run('XTRIM', 'MAXLEN', maxLength)
  }

  group(name) {
    return new StreamGroup(this, name)
  }

  [Symbol.iterator]() {
    return this.range()[Symbol.iterator]()
  }
}

class StreamGroup {
  #stream
  #name

  constructor(stream, name) {
    this.#stream = stream
    this.#name = name
  }

  create(start = '$') {
    this.#stream._call('XGROUP', 'CREATE', this.#stream.key, this.#name, start, 'MKSTREAM')
  }

  destroy() {
    return this.#stream._call('XGROUP', 'DESTROY', this.#stream.key, this.#name) === 1
  }

  read(consumer, after = '>', { count } = {}) {
    const words = ['GROUP', this.#name, consumer, ...limit(count), 'STREAMS', this.#stream.key, after]
    return entries(this.#stream._call('XREADGROUP', ...words))
  }

  async waitRead(consumer, { count, timeout = 0 } = {}) {
    const words = ['GROUP', this.#name, consumer, ...limit(count), 'BLOCK', timeout]
    return entries(await this.#stream._wait('XREADGROUP', ...words, 'STREAMS', this.#stream.key, '>'))
  }

  ack(...ids) {
    return ids.length === 0 ? 0 : this.#stream._run('XACK', this.#name, ...ids)
  }

  pending(count = 100) {
    const found = this.#stream._run('XPENDING', this.#name, '-', '+', count)
    return found.map(([id, consumer, idle, deliveries]) => ({ id, consumer, idle, deliveries }))
  }

  claimIdle(consumer, idle, { count = 100 } = {}) {
    return this.#stream._run('XAUTOCLAIM', this.#name, consumer, idle, '0', 'COUNT', count)[1].map(entry)
  }
}

function pairs(items) {
  return typeof items?.[Symbol.iterator] === 'function' ? Array.from(items) : Object.entries(items)
}

function limit(count) {
  return count === undefined ? [] : ['COUNT', count]
}

function entry([id, words]) {
  const fields = {}
  for (let index = 0; words !== null && index < words.length; index += 2) fields[words[index]] = words[index + 1]
  return { id, fields }
}

/** The entries of the one stream in XREAD's reply. */
function entries(reply) {
  if (reply === null) return []
  const [found] = reply.values()
  return found.map(entry)
}

module.exports = { Hash, List, MemberSet, SortedSet, Stream, StreamGroup }
