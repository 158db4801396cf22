// SPDX-License-Identifier: Apache-2.0
// Serves MQTT with the aedes package in a folder:
//   node aedes_broker.mjs FOLDER PORT
// Listens on loopback; prints a line once it does.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, port] = process.argv.slice(2)
const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const { Aedes } = await import(pathToFileURL(join(folder, exports['.'].default)))

const broker = await Aedes.createBroker()
broker.on('clientError', (client, error) => console.error('client', error.message))
broker.on('connectionError', (client, error) => console.error('connection', error.message))
createServer(broker.handle).listen(Number(port), '127.0.0.1', () => console.log('listening'))
process.on('SIGTERM', () => process.exit(0))
