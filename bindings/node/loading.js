'use strict'
// Getting a value or loading it: of all who miss a key, one loads, and the others wait for its value.

const { AsyncLocalStorage } = require('node:async_hooks')

/** The keys that the running loader, and those whose loaders it runs in, are loading: pairs of a cache and a key. */
const loading = new AsyncLocalStorage()

/** `cache` is the native one; `how` its How. */
async function getOrLoad(cache, key, loader, how, ttl) {
  let found = cache.ask(key, how)
  if (isValue(found)) return found
  const name = typeof key === 'string' ? key : Buffer.from(key).toString()
  const outer = loading.getStore() ?? []
  if (outer.some(([other, loaded]) => other === cache && loaded === name)) {
    found.end()
    const error = new Error(`the loader of "${name}" asks for its own key: it would wait for itself`)
    error.code = 'MISUSE'
    throw error
  }
  // A Lease has store(), a Waiting has listen().
  while (found.listen !== undefined) {
    await ended(found, how.wait)
    found = cache.askAgain(found, how)
    if (isValue(found)) return found
  }
  try {
    let value = await loading.run([...outer, [cache, name]], loader)
    if (value === null || value === undefined) return null
    if (typeof value === 'number' || typeof value === 'bigint') value = String(value)
    if (found.store(value, ttl)) await cache.flush()
    return valueOf(value, how.buffers)
  } finally {
    found.end()
  }
}

/** Resolves when the waiting has ended, or its time is over. */
function ended(waiting, wait) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(wait, TIMEOUT_MAX))
    const wake = () => {
      clearTimeout(timer)
      resolve()
    }
    if (waiting.listen(wake)) wake()
  })
}

/** Longer timers fire at once. */
const TIMEOUT_MAX = 2 ** 31 - 1

function isValue(found) {
  return typeof found === 'string' || Buffer.isBuffer(found)
}

/** What get() or getBuffer() would give. */
function valueOf(value, buffers) {
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return buffers ? Buffer.from(bytes) : bytes.toString()
}

module.exports = { getOrLoad }
