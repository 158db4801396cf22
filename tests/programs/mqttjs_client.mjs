// SPDX-License-Identifier: Apache-2.0
// A telemetry device made with MQTT.js:
//   node mqttjs_client.mjs FOLDER VERSION HOST PORT
// Publishes readings at QoS 0, 1 and 2, subscribes to commands, sends DISCONNECT after
// some readings and comes back.  VERSION is that of MQTT, 3.1.1 or 5.0.
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [folder, version, host, port] = process.argv.slice(2)
const mqtt = createRequire(join(folder, 'package.json'))(folder)

const INTERVAL_MS = 100
const READINGS_PER_SESSION = 100
const PATIENCE_MS = 2000
const WINDOW = 8 // messages that may wait for their acknowledgement
const STALLED_MS = 6000 // so long may all of them wait before the session is given up
const KEPT_S = 3600
const EXPIRES_S = 20
// Of six digits, and other ones after each start.
let number = Math.floor(Date.now() / 100) % 900000 + 100000
// At first nothing is known of an older session, so it begins anew; then it is kept.
let begun = false

// What only 5.0 has; the aliases of topics are left to the library.
const IS_5 = version === '5.0'
const connecting = IS_5
  ? {
      protocolVersion: 5,
      autoAssignTopicAlias: true,
      properties: {
        sessionExpiryInterval: KEPT_S,
        receiveMaximum: 20,
        topicAliasMaximum: 5
      }
    }
  : { protocolVersion: 4 }
const willing = IS_5
  ? { properties: { willDelayInterval: 1, contentType: 'text/plain' } }
  : {}
const publishing = IS_5
  ? {
      properties: {
        payloadFormatIndicator: true,
        messageExpiryInterval: EXPIRES_S,
        contentType: 'application/json',
        userProperties: { station: 'luheng' }
      }
    }
  : {}

// What is kept between sessions: messages under way, and identifiers in use.
const memory = () => ({
  incomingStore: new mqtt.Store({ clean: false }),
  outgoingStore: new mqtt.Store({ clean: false }),
  messageIdProvider: new mqtt.DefaultMessageIdProvider()
})
let kept = memory()

function session () {
  const clean = !begun
  const client = mqtt.connect({
    ...kept,
    ...connecting,
    host,
    port: Number(port),
    protocol: 'mqtt',
    clientId: 'luheng-mqttjs',
    clean,
    keepalive: 5,
    reconnectPeriod: 50,
    connectTimeout: 5000,
    will: { topic: 'luheng/station/status', payload: 'offline', qos: 1, ...willing }
  })
  let sent = 0
  let waiting = 0
  let timer
  let fullSince
  let over = false
  client.on('message', (topic, payload) => console.log(`received ${topic} ${payload}`))
  client.on('connect', () => {
    begun = true
    if (IS_5) client.options.clean = false
    client.subscribe('luheng/station/command', { qos: 2 })
    clearInterval(timer)
    timer = setInterval(report, INTERVAL_MS)
  })
  client.on('close', () => {
    clearInterval(timer)
    if (clean && begun && !IS_5) finish()
  })
  client.on('error', (error) => console.error('client', error.message))

  function report () {
    if (waiting >= WINDOW) {
      fullSince ??= Date.now()
      if (Date.now() - fullSince > STALLED_MS) finish()
      return
    }
    fullSince = undefined
    number += 1
    waiting += 1
    const qos = number % 3
    const payload = JSON.stringify({ qos, number })
    // The library writes aliases into the properties that it is given.
    const options = { qos, ...structuredClone(publishing) }
    client.publish('luheng/station/telemetry', payload, options, () => { waiting -= 1 })
    sent += 1
    if (sent === READINGS_PER_SESSION) finish()
  }

  function finish () {
    clearInterval(timer)
    if (!over) leave(client, clean)
    over = true
  }
}

// A client that cannot end in good order, as after an error of its parser, is cut off.
// What 3.1.1 calls clean ends with its connection and leaves nothing to the next one.
function leave (client, clean) {
  let gone = false
  const next = () => {
    if (gone) return
    gone = true
    clearTimeout(stubborn)
    if (clean && !IS_5) kept = memory()
    setTimeout(session, 50)
  }
  const stubborn = setTimeout(() => {
    client.stream.destroy()
    next()
  }, PATIENCE_MS)
  client.end(false, {}, next)
}

session()
process.on('SIGTERM', () => process.exit(0))
