'use strict'
// Builds the native module with cargo and puts it beside index.js: `npm run build`.
// POLYCACHE_PROFILE=dev builds without optimisation, as the tests do.

const { spawnSync } = require('node:child_process')
const { copyFileSync, existsSync, renameSync, rmSync } = require('node:fs')
const path = require('node:path')
const { fileName } = require('./native.js')

const manifest = path.join(__dirname, 'Cargo.toml')
const target = path.join(__dirname, fileName)

if (!existsSync(manifest)) {
  // Installed from a tarball, which holds the module but not its source.
  process.exit(0)
}

const profile = process.env.POLYCACHE_PROFILE ?? 'release'
const args = ['build', '--locked', '--package', 'polycache-node', '--profile', profile]
const built = spawnSync('cargo', [...args, '--message-format=json-render-diagnostics'], {
  cwd: __dirname,
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 1 << 28,
  encoding: 'utf8',
})
if (built.error) {
  console.error(`polycache: cargo cannot be started (${built.error.message}); install Rust 1.95 or newer: https://rustup.rs`)
  process.exit(1)
}
if (built.status !== 0) {
  console.error(`polycache: cargo ${args.join(' ')} failed`)
  process.exit(built.status ?? 1)
}
const library = built.stdout
  .split('\n')
  .filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line))
  .filter((message) => message.reason === 'compiler-artifact' && message.target.name === 'polycache_node')
  .flatMap((message) => message.filenames)
  .find((file) => /\.(so|dylib|dll)$/.test(file))
if (library === undefined) {
  console.error('polycache: cargo named no library')
  process.exit(1)
}
// A process may have the old module loaded: its file is replaced, not overwritten.
const fresh = `${target}.new`
copyFileSync(library, fresh)
rmSync(target, { force: true })
renameSync(fresh, target)
console.log(`polycache: built ${fileName}`)
