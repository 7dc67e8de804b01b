// Two kinds of time: how long ago something was on this machine, and what time it is at
// the node. Neither lets a clock that was set, or a machine that slept, hide a notice.

/** A moment on this machine, by both of its clocks. */
export type Moment = readonly [wall: number, ticks: number]

export const moment = (): Moment => [Date.now(), performance.now()]

/**
 * The ms since then, by the clock that says more: ticks stop in some machines that
 * sleep, and the wall clock can be set back. To overrate silence costs a reconnect; to
 * underrate it would pass old knowledge off as new.
 */
export const elapsed = (since: Moment): number =>
  Math.max(Date.now() - since[0], performance.now() - since[1])

export type ServerClock = ReturnType<typeof serverClock>

/** Reckons the node's time from what it said last and the ticks since. */
export function serverClock() {
  let said = 0
  let ticks = performance.now()
  let skew = 0
  /** Never ahead of the node by a jump of this machine's clock. */
  const now = () => said + performance.now() - ticks
  /** The node said so just now. */
  const set = (time: number) => {
    said = time
    ticks = performance.now()
    skew = time - Date.now()
  }
  return {
    now,
    set,
    /** The node said so some time ago. */
    atLeast(time: number) {
      if (time > now()) {
        set(time)
        skew = 0
      }
    },
    /** What is over by then may be hidden. Of clocks that differ by more than a day, either lies. */
    ended: () => (now() - Date.now() > 864e5 ? Date.now() : now()),
    /** By this machine's clock, which may have jumped: it may mark, not hide. */
    guess: () => Math.max(now(), Date.now() + skew),
  }
}
