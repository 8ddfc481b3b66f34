'use strict'
// Started by workers.test.js: tells its parent what opening the parent's directory gives.

const { open } = require('polycache')

try {
  open(process.argv[2])
  process.send('opened')
} catch (error) {
  process.send(error.code)
}
process.disconnect()
