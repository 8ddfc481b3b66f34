import polycache from './index.js'

export const { Cache, Server, open, version } = polycache
export default polycache
