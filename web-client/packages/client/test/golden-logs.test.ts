import { describe, expect, test } from 'vitest'
import { Board, parseStrict, type Root } from '../src/verify.js'
import { golden, verdictOf } from './golden.js'

interface LogVector {
  name: string
  trust: { roots: Root[]; threshold: number }
  allowDev: boolean
  nodeOnly: boolean
  entries: {
    seq: number
    body: string
    padTo?: number
    verdict: ReturnType<typeof verdictOf>
    rule?: string
  }[]
  board: {
    keysetVersion: number
    contactsVersion: number
    threads: {
      identifier: string
      revision: number
      current: string
      content: string
      messages: number
      cancelled: boolean
    }[]
  }
}

// Clients read no posture and no redaction, however they are signed.
const forNodes = /"payloadType":"application\/vnd\.tocsin\.(posture|redaction)\+json"/

const logs = golden<LogVector>('logs').filter((v) => !v.nodeOnly)
for (const entry of logs.flatMap((v) => v.entries)) {
  entry.body = entry.body.padEnd(entry.padTo ?? 0)
  if (forNodes.test(entry.body)) entry.verdict = 'skipped'
}
const boardOf = ({ trust, allowDev }: LogVector) =>
  new Board({ roots: trust.roots, rootThreshold: trust.threshold }, allowDev)

/** What the vectors say of a board. */
const shown = ({ keyset, contacts, threads }: Board): LogVector['board'] => ({
  keysetVersion: keyset?.version ?? 0,
  contactsVersion: contacts?.version ?? 0,
  threads: threads.map(({ alert, current, content, messages, cancelled }) => ({
    identifier: alert.notice?.identifier ?? '',
    revision: current.revision,
    current: current.hash,
    content: content.hash,
    messages: messages.length,
    cancelled,
  })),
})

describe('logs.json', () => {
  test.each(logs)('$name', async (v) => {
    const board = boardOf(v)
    for (const entry of v.entries) {
      const verdict = verdictOf(await board.fold(entry))
      expect(`${entry.seq} ${verdict}`, entry.rule).toBe(`${entry.seq} ${entry.verdict}`)
    }
    expect(v.board).toMatchObject(shown(board))
  })

  test.each(logs)('$name, all at once', async (v) => {
    const board = boardOf(v)
    const outcomes = await Promise.all(v.entries.map((entry) => board.fold(entry)))
    expect(outcomes.map(verdictOf)).toEqual(v.entries.map((e) => e.verdict))
    expect(v.board).toMatchObject(shown(board))
  })

  // Behind a keyset that voided something, a snapshot leads to what showed, not to what
  // may come back.
  test.each(logs)('$name, by snapshot', async (v) => {
    const board = boardOf(v)
    await Promise.all(v.entries.map((entry) => board.fold(entry)))
    const again = boardOf(v)
    const snapshot = board.snapshot(0)
    const frames = snapshot.map(({ seq, body }) => ({
      seq,
      body: parseStrict(String(body), 128 << 10),
    }))
    const outcomes = await Promise.all(frames.map((entry) => again.fold(entry)))
    expect(outcomes.map((o) => o.accepted?.hash)).toEqual(snapshot.map((a) => a.hash))
    const byIdentifier = (b: Board) =>
      Object.fromEntries(shown(b).threads.map((t) => [t.identifier, t]))
    expect(byIdentifier(again)).toEqual(byIdentifier(board))
    expect(again.keyset).toEqual(board.keyset)
    expect(again.contacts).toEqual(board.contacts)
  })
})
