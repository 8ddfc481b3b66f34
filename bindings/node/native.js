'use strict'
// Finds the native module, and says what to do where it is missing.

const path = require('node:path')

const fileName = `polycache.${process.platform}-${process.arch}.node`

function load() {
  const file = path.join(__dirname, fileName)
  try {
    return require(file)
  } catch (cause) {
    const missing = cause.code === 'MODULE_NOT_FOUND'
    const what = missing ? `${fileName} is missing` : `${fileName} cannot be loaded (${cause.message})`
    const error = new Error(
      `polycache: ${what}. Build it where the source is (needs Rust 1.95 or newer):\n\n` +
        `    cd bindings/node && npm run build\n\n` +
        `and install that folder, or the tarball that \`npm pack\` makes there on the same kind of machine ` +
        `(${process.platform}-${process.arch}).`,
      { cause },
    )
    error.code = 'POLYCACHE_NATIVE_MISSING'
    throw error
  }
}

module.exports = { fileName, load }
