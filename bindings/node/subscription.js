'use strict'
// Messages of channels: handed to a callback, or to whoever iterates.

/** Messages that a callback gets before the event loop gets its turn. */
const AT_ONCE = 256

class Subscription {
  #native
  #callback
  #waiting = []
  #woken = false

  constructor(cache, channels, patterns, callback) {
    this.#callback = callback
    this.#native = cache.subscribe(channels, patterns, () => this.#wake())
  }

  /** The next message, or null where there is none yet. */
  take() {
    const message = this.#native.take()
    return message === null || message.length === 0 ? null : { channel: message[0], message: message[1] }
  }

  close() {
    this.#native.close()
    // Nobody wakes us any more.
    if (this.#callback === undefined) this.#answer()
  }

  #wake() {
    if (this.#callback !== undefined) this.#call()
    else this.#answer()
    // What wakes us would keep the process running.
    if (this.#native.isClosed()) this.#native.close()
  }

  #answer() {
    while (this.#waiting.length > 0) {
      const message = this.#native.take()
      if (message === null) return
      this.#waiting.shift()(result(message))
    }
  }

  #call() {
    for (let count = 0; count < AT_ONCE; count++) {
      const message = this.#native.take()
      if (message === null || message.length === 0) return
      this.#callback(message[1], message[0])
    }
    if (!this.#woken) {
      this.#woken = true
      setImmediate(() => {
        this.#woken = false
        this.#call()
      })
    }
  }

  next() {
    if (this.#waiting.length === 0) {
      const message = this.#native.take()
      if (message !== null) return Promise.resolve(result(message))
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  return() {
    this.close()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator]() {
    return this
  }

}

if (Symbol.dispose) Subscription.prototype[Symbol.dispose] = Subscription.prototype.close

function result(message) {
  if (message.length === 0) return { value: undefined, done: true }
  return { value: { channel: message[0], message: message[1] }, done: false }
}

module.exports = { Subscription }
