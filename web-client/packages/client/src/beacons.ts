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

/** This device remembers that heads of before `oldest` are old, as of a beacon that it knows. */
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
      const isSlow = (quickest: number) => ahead < quickest - headLag
      const next = (run: Run | undefined) =>
        run &&
        said > run.said &&
        !isSlow(run.ahead) && { ...run, said, heard, ahead: Math.max(ahead, run.ahead) }
      const others = beaconsOf(keyset).flatMap((k) => {
        const [other] = known.get(k.keyid) ?? []
        return other && other !== believed && heard - other.heard < probation ? other.ahead : []
      })
      const longer = next(doubted) || { said, heard, ahead, since: heard }
      const quickest = Math.max(longer.ahead, ...others)
      const run =
        next(believed) ||
        (!isSlow(quickest) &&
          (heard - longer.since >= probation || !(believed || said < oldest)) && {
            ...longer,
            ahead: quickest,
          })
      known.set(keyid, run ? [run] : [believed, longer])
      return run ? run.ahead - ahead : undefined
    },
  }
}
