/** A key: text (as UTF-8) or bytes. */
export type Key = string | Uint8Array
/** A value: text (as UTF-8), bytes, or a number (as decimal text). */
export type Value = string | Uint8Array | number | bigint

/** How to open a cache. */
export interface OpenOptions {
  /** The directory of the data, made if it is missing. Without it the data is in memory only. */
  path?: string
  /** In memory only: opening one name again, in any thread of the process, gives the same data. */
  name?: string
  /** The bytes of memory that the data may take: a number, or text like "100mb" or "2gb". No limit by default. */
  maxBytes?: number | string
  /** What to do at the limit. "allkeys-s3fifo" by default where there is one: it keeps what is used through scans. */
  eviction?:
    | 'noeviction'
    | 'allkeys-s3fifo'
    | 'volatile-s3fifo'
    | 'allkeys-lru'
    | 'allkeys-lfu'
    | 'allkeys-random'
    | 'volatile-lru'
    | 'volatile-lfu'
    | 'volatile-random'
    | 'volatile-ttl'
  /**
   * How durable a directory is: "always" (a write returns when it is on the disk), "everysec" (the default), "no" (synced
   * when the operating system pleases), "snapshot" (saved by save() and close()).
   */
  persist?: 'always' | 'everysec' | 'no' | 'snapshot'
  /** Who expires and evicts behind the scenes: a thread (the default) or the calls themselves. */
  maintenance?: 'thread' | 'caller'
}

/** How to write. */
export interface SetOptions {
  /** Milliseconds until the key expires. */
  ttl?: number
  /** Only if the key does not exist yet. */
  nx?: boolean
  /** Only if the key exists. */
  xx?: boolean
  /** Keep the expiry that the key has. */
  keepTtl?: boolean
}

/** Numbers over all databases, handles and clients of a cache. */
export interface Stats {
  keys: number
  hits: number
  misses: number
  expired: number
  evicted: number
  usedBytes: number
  /** 0 is no limit. */
  maxBytes: number
}

/** The values of many keys in one buffer: value i ends at ends[i], or is missing where ends[i] is negative. */
export interface Packed {
  data: Buffer
  /** A missing value has the bitwise complement of the end before it. */
  ends: Int32Array
}

/** A reply of a command. Maps are Map, sets are Set; an error inside of an array is an Error in its place. */
export type Reply =
  | null
  | string
  | number
  | bigint
  | boolean
  | Buffer
  | CacheError
  | Reply[]
  | Map<Reply, Reply>
  | Set<Reply>

/**
 * What the methods throw. The code is the one of the command's error (WRONGTYPE, ERR, OOM, MISCONF), or CLOSED, CONFIG,
 * MISUSE, LOCKED, CORRUPT, IO.
 */
export interface CacheError extends Error {
  code: string
}

/** Where to serve: "127.0.0.1:6379" (port 0 is any free one), or "unix:/path". Without both: RESP on a free port. */
export interface ServeOptions {
  resp?: string
  memcached?: string
  /** What Redis clients must authenticate with; needed to listen beyond this machine. */
  password?: string
}

/** An open cache. Reads and writes are synchronous: a call takes about a microsecond. */
export class Cache implements Iterable<[string, string]> {
  private constructor()

  /** The value as a string, or null. Bytes that are no UTF-8 become U+FFFD: use getBuffer for those. */
  get(key: Key): string | null
  /** The value as a Buffer, or null. */
  getBuffer(key: Key): Buffer | null
  /** Copies as much as fits into target; the length of the whole value, or -1. The cheapest way to bytes. */
  getInto(key: Key, target: Uint8Array): number
  /** Sets a key; false where nx or xx prevented it. With persist: "always" it returns when the write is on the disk. */
  set(key: Key, value: Value, options?: SetOptions): boolean
  /** Sets a key at once; the promise resolves when the write is as durable as the cache promises. */
  setAsync(key: Key, value: Value, options?: SetOptions): Promise<boolean>
  /** Deletes a key; whether there was one. */
  delete(key: Key): boolean
  exists(key: Key): boolean
  /** The same as exists(). */
  has(key: Key): boolean

  /** The values of keys as they stand at one instant, in the order of the keys; null for a missing one. */
  getMany(keys: Iterable<Key>): (string | null)[]
  /** The same as Buffers, which share one memory. */
  getManyBuffers(keys: Iterable<Key>): (Buffer | null)[]
  /** The same as one Buffer with offsets: the least work. */
  getManyPacked(keys: Iterable<Key>): Packed
  /** Sets all items of an object, a Map or pairs at one instant. */
  setMany(items: Record<string, Value> | Iterable<readonly [Key, Value]>, options?: { ttl?: number }): void
  /** Deletes keys at one instant; how many there were. */
  deleteMany(keys: Iterable<Key>): number

  /** Adds to the integer at a key, 0 where there is none; the sum, a bigint where a number would not be exact. */
  incr(key: Key, by?: number): number | bigint
  decr(key: Key, by?: number): number | bigint
  /** Lets a key expire after ttl milliseconds; whether the key exists. */
  expire(key: Key, ttl: number): boolean
  /** Lets a key never expire; whether the key exists. */
  persist(key: Key): boolean
  /** The milliseconds that a key has left; null where it never expires, undefined without the key. */
  ttl(key: Key): number | null | undefined

  /** Walks over the keys: one that is there during the whole walk is seen, maybe twice while the table grows. */
  scan(options?: { match?: Key; count?: number; buffers?: false }): Generator<string, void, undefined>
  scan(options: { match?: Key; count?: number; buffers: true }): Generator<Buffer, void, undefined>
  keys(): Generator<string, void, undefined>
  entries(): Generator<[string, string], void, undefined>
  [Symbol.iterator](): Generator<[string, string], void, undefined>
  /** The number of keys. */
  readonly size: number

  /** Carries out any command; strings in its reply are strings. One that would wait (BLPOP) is refused. */
  execute(command: string, ...args: Value[]): Reply
  /** Carries out any command; strings in its reply are Buffers. */
  executeBuffers(command: string, ...args: Value[]): Reply
  /** Carries out a command that may take long, or wait (BLPOP), on another thread: of libuv's few. */
  executeAsync(command: string, ...args: Value[]): Promise<Reply>

  stats(): Stats
  /** The fields of INFO, or of one section of it. */
  info(section?: string): Record<string, string>

  /** Another handle, on database index (0 to 15) of the same data. */
  database(index: number): Cache
  /** Serves the cache to other programs until the server is stopped or the cache is closed. */
  serve(options?: ServeOptions): Promise<Server>
  /** Writes a snapshot to the directory. */
  save(): Promise<void>
  /** Resolves when everything written so far is on the disk. */
  flush(): Promise<void>
  /** Deletes every key. */
  clear(): void
  /** Closes this handle; closing again does nothing. */
  close(): Promise<void>
  closeSync(): void
  readonly closed: boolean
}

/** A cache on the network. */
export class Server {
  private constructor()
  /** Where Redis clients connect: "127.0.0.1:40123" or "unix:/path". */
  readonly resp: string | null
  readonly memcached: string | null
  readonly respPort: number | null
  readonly memcachedPort: number | null
  /** Closes the listeners and their connections; the cache stays open. */
  stop(): Promise<void>
}

/** Opens a cache: in memory, or with its data in a directory. */
export function open(options?: OpenOptions | string): Cache
export const version: string
