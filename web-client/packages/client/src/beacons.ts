// Which heads advance, and which are old, repeated, or played in slow motion. A desk's clock may
// be wrong by any amount, so that each beacon's heads are held against its own earlier ones, by
// this machine's ticks; those of one not known yet against the others', which a node may have
// held back to play them later.

import { beaconsOf, type Head } from './head.js'
import type { Keyset } from './model.js'

/** How far a beacon's heads may fall behind, in ms. */
export const headLag = 45_000
/** How long heads that fell behind advance before they are believed: a desk's clock was set back. */
const probation = 600_000
/** What a node's clock may differ from a desk's: a minute, and the time between heartbeats. */
const tolerance = 75_000
/** What ticks count as, since clocks differ in speed: by one part in 5000, at most. */
const slowest = 1 - 1 / 5000

/** A row of heads that advance at the speed of time. */
interface Run {
  /** By the last head, in ms since 1970. */
  readonly said: number
  /** When, in ticks. */
  readonly heard: number
  /** By how much the desk's clock is ahead of ticks, by the quickest of them. */
  readonly ahead: number
  /** When the first was heard. */
  readonly since: number
}

/** No head was signed before `oldest`, as this device remembers. */
export function newBeacons(oldest: number) {
  // What is believed, and what contradicts it, and may yet prove to be a clock that was set.
  const known = new Map<string, readonly [believed?: Run | undefined, doubted?: Run]>()
  return {
    /**
     * Takes a head that was verified under the keyset. By how much it lags if it advances, in ms;
     * NaN if it repeats another, undefined if it is behind.
     */
    hear(
      { keyid, time: said }: Head,
      keyset: Keyset,
      heard = performance.now(),
    ): number | undefined {
      const [believed, doubted] = known.get(keyid) ?? []
      if (believed?.said === said || doubted?.said === said) return Number.NaN
      const ahead = said - heard * slowest
      const isSlow = (run: Run) => ahead < run.ahead - headLag
      const next = (run: Run | undefined) =>
        run &&
        said > run.said &&
        !isSlow(run) && { ...run, said, heard, ahead: Math.max(ahead, run.ahead) }
      const isContradicted =
        said < oldest ||
        beaconsOf(keyset).some((k) => {
          const [other] = known.get(k.keyid) ?? []
          return other && other !== believed && heard - other.heard < probation && isSlow(other)
        })
      const fresh = { said, heard, ahead, since: heard }
      const longer = next(doubted) || fresh
      const run =
        next(believed) ||
        (!isContradicted && (!believed || heard - longer.since >= probation) && longer)
      known.set(keyid, run ? [run] : [believed, longer])
      return run ? run.ahead - ahead : undefined
    },
    /** The node's time, if it says `said`; that of the nearest desk, if this is not near to any. */
    timeOf(said: number): number {
      const ticks = performance.now()
      const off = (time: number) => Math.abs(time - said)
      const [nearest = said] = [...known.values()]
        .flatMap(([run]) => (run && ticks - run.heard < headLag ? run.ahead + ticks * slowest : []))
        .sort((a, b) => off(a) - off(b))
      return off(nearest) < tolerance ? said : nearest
    },
  }
}
