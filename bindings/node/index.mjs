import polycache from './index.js'

export const { Cache, Hash, List, MemberSet, Server, SortedSet, Stream, StreamGroup, Subscription, open, version } = polycache
export default polycache
