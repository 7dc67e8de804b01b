// A node that does what it is told: a WebSocket server (RFC 6455) with a script, to attack
// clients from. It knows no more of the RFC than that takes.

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** One client that is connected. */
export interface Caller {
  /** The frames that came, parsed. */
  readonly heard: Record<string, unknown>[]
  /** The next frame of that type, also one that came already. */
  next(type: string): Promise<Record<string, unknown>>
  say(...frames: (object | string)[]): void
  /** Closes the connection without a word. */
  cut(): void
  readonly closed: Promise<void>
}

export interface ScriptedNode {
  readonly url: string
  readonly calls: number
  close(): Promise<void>
}

/** Serves on loopback; `script` is called for each connection. */
export async function scriptedNode(
  script: (caller: Caller, call: number) => void,
): Promise<ScriptedNode> {
  let calls = 0
  const sockets = new Set<Socket>()
  const server = createServer((_, answer) => answer.writeHead(426).end())
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    sockets.add(socket)
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}\r\n` +
        'Sec-WebSocket-Protocol: tocsin.v1\r\n\r\n',
    )
    script(openCaller(socket), calls++)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls
    },
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => done())
        server.closeAllConnections() // also one that was given up before it was a WebSocket
      }),
  }
}

function openCaller(socket: Socket): Caller {
  const heard: Record<string, unknown>[] = []
  const taken = new Set<object>()
  const waiting: (() => void)[] = []
  let buffer = Buffer.alloc(0)
  const closed = new Promise<void>((done) => socket.on('close', () => done()))
  socket.on('error', () => {})
  socket.on('data', (data) => {
    buffer = Buffer.concat([buffer, data])
    for (let frame = readFrame(buffer); frame; frame = readFrame(buffer)) {
      buffer = buffer.subarray(frame.length)
      if (frame.opcode === 8) socket.end(Buffer.from([0x88, 0]))
      if (frame.opcode === 1) heard.push(JSON.parse(frame.payload.toString()))
    }
    for (const wake of waiting.splice(0)) wake()
  })
  return {
    heard,
    closed,
    async next(type) {
      for (;;) {
        const frame = heard.find((f) => f.type === type && !taken.has(f))
        if (frame) {
          taken.add(frame)
          return frame
        }
        await new Promise<void>((wake) => waiting.push(wake))
      }
    },
    say(...frames) {
      for (const frame of frames)
        socket.write(textFrame(typeof frame === 'string' ? frame : JSON.stringify(frame)))
    },
    cut: () => socket.destroySoon(), // what was said still arrives
  }
}

function readFrame(data: Buffer) {
  if (data.length < 2) return undefined
  const short = (data[1] as number) & 127
  const [lengthBytes, size] =
    short < 126
      ? [0, short]
      : short === 126
        ? [2, data.length >= 4 ? data.readUInt16BE(2) : 0]
        : [8, data.length >= 10 ? Number(data.readBigUInt64BE(2)) : 0]
  const start = 2 + lengthBytes + 4
  if (data.length < start + size) return undefined
  const mask = data.subarray(start - 4, start)
  const payload = Buffer.from(data.subarray(start, start + size))
  for (let i = 0; i < size; i++) payload[i] = (payload[i] as number) ^ (mask[i % 4] as number)
  return { opcode: (data[0] as number) & 15, payload, length: start + size }
}

function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65536 ? 4 : 10)
  head[0] = 0x81
  head[1] = payload.length < 126 ? payload.length : payload.length < 65536 ? 126 : 127
  if (head.length === 4) head.writeUInt16BE(payload.length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, payload])
}
