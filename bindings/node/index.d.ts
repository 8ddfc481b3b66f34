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

/** How to get or load. */
export interface LoadOptions {
  /** Milliseconds until the loaded value expires. */
  ttl?: number
  /** Load anew where less than so many milliseconds are left of the value's time; the others use it meanwhile. */
  early?: number
  /** Whether a value that was invalidated is good enough while somebody else loads. True by default. */
  stale?: boolean
  /** Milliseconds that somebody else's loader is waited for before its lease is taken over. 10,000 by default. */
  wait?: number
}

type MaybePromise<T> = T | PromiseLike<T>

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
  /**
   * The value, or what loader returns, which is stored: of all who ask meanwhile (here, in worker threads, or as clients of
   * memcached by mg) one loads, and the others wait for its value without holding the event loop. A loader that throws, or
   * returns null or undefined, stores nothing: its caller gets that, and the next who waits loads.
   */
  getOrLoad(key: Key, loader: () => MaybePromise<Value>, options?: LoadOptions & { buffers?: false }): Promise<string>
  getOrLoad(key: Key, loader: () => MaybePromise<Value>, options: LoadOptions & { buffers: true }): Promise<Buffer>
  getOrLoad(
    key: Key,
    loader: () => MaybePromise<Value | null | undefined>,
    options?: LoadOptions & { buffers?: false },
  ): Promise<string | null>
  getOrLoad(
    key: Key,
    loader: () => MaybePromise<Value | null | undefined>,
    options: LoadOptions & { buffers: true },
  ): Promise<Buffer | null>
  /** Marks a value as out of date: the next getOrLoad() loads it anew. Whether there was a value. */
  invalidate(key: Key): boolean
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

  /** What a key holds as a list. A key that does not exist is an empty one, as for the others. */
  list(key: Key): List
  /** What a key holds as a set. */
  memberSet(key: Key): MemberSet
  /** What a key holds as a hash. */
  hash(key: Key): Hash
  /** What a key holds as a sorted set. */
  sortedSet(key: Key): SortedSet
  /** What a key holds as a stream. */
  stream(key: Key): Stream

  /** Carries out any command; strings in its reply are strings. One that would wait (BLPOP) is refused. */
  execute(command: string, ...args: Value[]): Reply
  /** Carries out any command; strings in its reply are Buffers. */
  executeBuffers(command: string, ...args: Value[]): Reply
  /** All commands as one, each `[name, ...arguments]`: nobody sees some of them without the others. An error stands in
   * the place of the reply of one that failed. */
  transaction(commands: readonly (readonly [command: string, ...args: Value[]])[]): Reply[]
  /** Carries out a command that may take long, or wait (BLPOP), on another thread: of libuv's few. */
  executeAsync(command: string, ...args: Value[]): Promise<Reply>

  stats(): Stats
  /** The fields of INFO, or of one section of it. */
  info(section?: string): Record<string, string>

  /** Another handle, on database index (0 to 15) of the same data. */
  database(index: number): Cache
  /** Publishes a message; how many subscribers it went to, in this process and on the wire. */
  publish(channel: Key, message: Value): number
  /**
   * Listens to channels and to patterns of names. Messages go to callback, or to whoever iterates over the subscription.
   * An open subscription keeps the process running, until it or the cache is closed.
   */
  subscribe(
    channels: Key | Key[],
    options?: { patterns?: Key | Key[] },
    callback?: (message: Buffer, channel: Buffer) => void,
  ): Subscription
  subscribe(channels: Key | Key[], callback: (message: Buffer, channel: Buffer) => void): Subscription
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

/** A message of a channel. */
export interface Message {
  channel: Buffer
  message: Buffer
}

/** Messages of some channels and patterns: `for await (const { channel, message } of subscription)`. */
export class Subscription implements AsyncIterableIterator<Message> {
  private constructor()
  /** The next message, or null where there is none yet. */
  take(): Message | null
  next(): Promise<IteratorResult<Message, undefined>>
  return(): Promise<IteratorResult<Message, undefined>>
  [Symbol.asyncIterator](): this
  /** Ends it; what was published before can still be read. */
  close(): void
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

/** A name for what a key holds; it holds nothing itself. One call is one command, and walks see one instant. */
declare abstract class Container {
  readonly key: Key
  /** Deletes the key. */
  clear(): void
}

/** A list, with the manners of an array where they are one command. */
export class List extends Container implements Iterable<string> {
  private constructor()
  readonly length: number
  /** The element at an index; negative ones count from the end. */
  at(index: number): string | undefined
  /** Replaces an element; throws where there is none. */
  set(index: number, value: Value): void
  slice(start?: number, end?: number): string[]
  push(...values: Value[]): number
  unshift(...values: Value[]): number
  pop(): string | undefined
  shift(): string | undefined
  /** Takes the last element, waiting for one up to so many milliseconds (0: for ever). */
  waitPop(options?: { timeout?: number }): Promise<string | undefined>
  /** Takes the first element, waiting for one. */
  waitShift(options?: { timeout?: number }): Promise<string | undefined>
  indexOf(value: Value): number
  includes(value: Value): boolean
  /** Removes the first count elements that are value (the last where negative, all for 0); how many it were. */
  remove(value: Value, count?: number): number
  /** Inserts in front of the first pivot; whether there is one. */
  insertBefore(pivot: Value, value: Value): boolean
  /** Inserts behind the first pivot; whether there is one. */
  insertAfter(pivot: Value, value: Value): boolean
  [Symbol.iterator](): IterableIterator<string>
}

/** A set, with the manners of a Set. */
export class MemberSet extends Container implements Iterable<string> {
  private constructor()
  readonly size: number
  add(...members: Value[]): this
  delete(member: Value): boolean
  has(member: Value): boolean
  hasMany(members: Iterable<Value>): boolean[]
  /** Takes a member by chance. */
  pop(): string | undefined
  /** Different members by chance; with repetitions for a negative count. */
  random(count?: number): string[]
  members(): Set<string>
  values(): IterableIterator<string>
  [Symbol.iterator](): IterableIterator<string>
}

/** A hash, with the manners of a Map. */
export class Hash extends Container implements Iterable<[string, string]> {
  private constructor()
  readonly size: number
  get(field: Key): string | undefined
  getMany(fields: Iterable<Key>): (string | null)[]
  set(field: Key, value: Value): this
  /** Sets fields at one instant; how many were new. */
  setMany(items: Iterable<readonly [Key, Value]> | Record<string, Value>): number
  /** Sets a field that is not there; whether it was not. */
  setDefault(field: Key, value: Value): boolean
  delete(...fields: Key[]): boolean
  has(field: Key): boolean
  /** Adds to the number in a field; the sum. */
  incr(field: Key, by?: number): number
  /** Lets a field expire after so many milliseconds; whether it exists. */
  expire(field: Key, ttl: number): boolean
  persist(field: Key): boolean
  /** Milliseconds that a field has left; null if it never expires, undefined if it does not exist. */
  ttl(field: Key): number | null | undefined
  toMap(): Map<string, string>
  toObject(): Record<string, string>
  keys(): IterableIterator<string>
  values(): IterableIterator<string>
  entries(): IterableIterator<[string, string]>
  [Symbol.iterator](): IterableIterator<[string, string]>
}

/** A sorted set: a Map from members to scores, in the order of the scores. */
export class SortedSet extends Container implements Iterable<[string, number]> {
  private constructor()
  readonly size: number
  get(member: Key): number | undefined
  set(member: Key, score: number): this
  /** Sets a score under conditions; whether anything changed. */
  add(member: Key, score: number, options?: { nx?: boolean; xx?: boolean; gt?: boolean; lt?: boolean }): boolean
  setMany(items: Iterable<readonly [Key, number]> | Record<string, number>): number
  delete(...members: Key[]): boolean
  has(member: Key): boolean
  incr(member: Key, by?: number): number
  /** How many members stand in front of this one. */
  rank(member: Key, options?: { reverse?: boolean }): number | undefined
  /** The members of a range of ranks; end is not included, negative ones count from the end. */
  range(start?: number, end?: number, options?: { reverse?: boolean }): string[]
  /** Members with scores from low to high, both included unless written as "(1.5". */
  rangeByScore(
    low?: number | string,
    high?: number | string,
    options?: { offset?: number; count?: number; reverse?: boolean },
  ): [string, number][]
  count(low?: number | string, high?: number | string): number
  popMin(count?: number): [string, number][]
  popMax(count?: number): [string, number][]
  toMap(): Map<string, number>
  entries(): IterableIterator<[string, number]>
  [Symbol.iterator](): IterableIterator<[string, number]>
}

/** An entry of a stream. */
export interface StreamEntry {
  id: string
  fields: Record<string, string>
}

/** A stream. */
export class Stream extends Container implements Iterable<StreamEntry> {
  private constructor()
  readonly length: number
  /** Adds an entry; its id. With maxLength the oldest entries go (about so many stay, unless exact). */
  add(
    fields: Iterable<readonly [Key, Value]> | Record<string, Value>,
    options?: { id?: string; maxLength?: number; exact?: boolean },
  ): string
  get(id: string): Record<string, string> | undefined
  range(start?: string, end?: string, options?: { count?: number; reverse?: boolean }): StreamEntry[]
  /** The entries behind an id. */
  read(after?: string, options?: { count?: number }): StreamEntry[]
  /** The same, waiting up to so many milliseconds for the first (0: for ever). */
  waitRead(after?: string, options?: { count?: number; timeout?: number }): Promise<StreamEntry[]>
  delete(...ids: string[]): number
  /** Keeps the newest entries; how many went. */
  trim(maxLength: number): number
  group(name: Key): StreamGroup
  [Symbol.iterator](): IterableIterator<StreamEntry>
}

/** A group of consumers of a stream. */
export class StreamGroup {
  private constructor()
  /** Creates the group (and the stream); it reads what comes behind start. */
  create(start?: string): void
  destroy(): boolean
  /** Entries that nobody has got yet, or with an id those that this consumer has not acknowledged. */
  read(consumer: Key, after?: string, options?: { count?: number }): StreamEntry[]
  waitRead(consumer: Key, options?: { count?: number; timeout?: number }): Promise<StreamEntry[]>
  ack(...ids: string[]): number
  pending(count?: number): { id: string; consumer: string; idle: number; deliveries: number }[]
  /** Takes over entries that have been pending for so many milliseconds. */
  claimIdle(consumer: Key, idle: number, options?: { count?: number }): StreamEntry[]
}
