// Whether the desk vouches for what a node shows. A node can withhold, and nothing that it says
// of itself tells; heads do, as long as they advance, and match what it has sent.

import { headLag, newBeacons } from './beacons.js'
import type { Board } from './board.js'
import { elapsed, type Moment, moment } from './clock.js'
import { instant } from './datetime.js'
import { readDocument, verify } from './document.js'
import type { Reached, Source } from './frames.js'
import { beaconsOf, boardOf, type Head, isValid } from './head.js'
import type { Keyset } from './model.js'
import { must } from './rule.js'
import type { Line, Standing } from './standing.js'

/** A head so much older than the node's time may count what a snapshot lacks, as it has ended. */
const longAgo = 600_000
/** What a node's clock may differ from a desk's: a minute, and the time between heartbeats. */
const tolerance = 75_000
/** After how many heartbeats without a good head another node is tried, on the average; at most. */
const firstTry = 4
const rarest = 40

/** The size of one, as text, in characters. */
const maxHead = 4 << 10

/** Reads and verifies a head. Rejects what no beacon of that keyset has signed. */
export async function readHead(body: unknown, keyset: Keyset): Promise<Head> {
  must((typeof body === 'string' ? body : JSON.stringify(body)).length <= maxHead)
  const document = await readDocument({ seq: 0, body }, /head/)
  must(document?.head && !document.envelope.signatures[1])
  const time = instant(document.head.time)
  await verify(
    document,
    beaconsOf(keyset).filter((k) => isValid(k, time)),
  )
  const [keyid] = document.valid
  must(keyid)
  return { ...document.head, time, keyid }
}

/** What the node tells, of itself too, but at synced. */
export type Told = Reached & { readonly source?: Source | undefined }

/** A head, and when it came, had it been as quick as the quickest. */
type Heard = Head & { readonly came: Moment }

/** `live` is when this device was live last, as it remembers. */
export function newHeads(live: number) {
  // What was signed long before is a replay. What is remembered of times to come is wrong.
  const beacons = newBeacons(Math.min(live, Date.now()) - 120_000)
  let good: Moment | undefined = moment() // at first, the node's word is good as long as a head is
  let waiting: Heard | undefined
  /** The heads that fitted last, by beacon. */
  const fitted = new Map<string, Heard>()
  let patience = firstTry

  /**
   * Whether heads are due, and none is good. They are as long as a beacon is valid by either clock,
   * since the node's may lie; once they are, there is time for the first.
   */
  const doubt = ({ keyset }: Board, now: number) => {
    if (keyset && beaconsOf(keyset).some((k) => isValid(k, now) || isValid(k, Date.now())))
      return good && elapsed(good) < headLag ? undefined : 'withheld'
    good &&= moment()
    return undefined
  }

  /** Holds the head that waits against what the session has sent up to a cursor. */
  const judge = async (cursor: string, by: Standing, board: Board, now: number) => {
    const { keyset, threads } = board
    const line = by.line as Line
    const [epoch, seq = 0] = cursor.split(':')
    if (line.epoch !== epoch) {
      // Of another log only what is new was sent; the rest stands there, too.
      if (line.epoch) for (const hash of line.at.keys()) line.at.set(hash, 0)
      line.epoch = epoch
      line.from = +seq
    }
    const h = waiting
    if (h && h.epoch === epoch && h.seq <= +seq) {
      waiting = undefined
      // What is older than the snapshot, or of another keyset, says nothing.
      if (h.seq >= (line.from as number) && h.keysetVersion === keyset?.version) {
        if (h.board === (await boardOf(threads, line, h))) {
          // A desk whose clock is behind does not shorten for how long another's head vouches.
          if (!good || elapsed(h.came) < elapsed(good)) good = h.came
          fitted.set(h.keyid, h)
          patience = firstTry
        } else if (h.time > now - longAgo) {
          good = undefined
          waiting = h // for the snapshot that is asked for now
          by.lie = 'withheld'
          by.doubts++
        }
      }
    }
  }

  /** The node's time, if it says `said`; that of the nearest desk, if this is not near to any. */
  const timeOf = (said: number) => {
    const off = (time: number) => Math.abs(time - said)
    const [nearest = said] = [...fitted.values()]
      .flatMap(({ time, came }) => (elapsed(came) < headLag ? time + elapsed(came) : []))
      .sort((a, b) => off(a) - off(b))
    return off(nearest) < tolerance ? said : nearest
  }

  return {
    doubt,
    timeOf,
    /**
     * Takes the head that came, if one did, and judges by the one that waits what the session has
     * sent up to its cursor. If it does not match that speaks against the session, and none after
     * it is live until another head matches. As long as none is good, other nodes are tried now
     * and then: it may be the desk that is silent, to all. `now` is what the node's time seems to
     * be; gives what it is.
     */
    async hear({ head: body, cursor, source }: Told, by: Standing, board: Board, now: number) {
      const { keyset } = board
      if (!keyset) return now
      const head = await readHead(body, keyset).catch(() => undefined)
      const lag = head && beacons.hear(head, keyset)
      // First what waits, before another takes its place: nodes may always be a little behind.
      if (cursor) await judge(cursor, by, board, now)
      if (head && lag !== undefined && lag >= 0) {
        // What is late is not good for as long.
        waiting = { ...head, came: moment().map((time) => time - lag) as unknown as Moment }
        if (cursor) await judge(cursor, by, board, now)
      }
      by.wrong = !good && !!doubt(board, now)
      // Not at once after synced, nor where the node says itself that it is not live.
      if (source?.state === 'live' && doubt(board, now) && Math.random() * patience < 1) {
        patience = Math.min(2 * patience, rarest)
        by.lie = 'withheld'
      }
      return timeOf(now)
    },
  }
}
