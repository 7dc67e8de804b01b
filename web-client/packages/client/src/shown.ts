// What of a view one page shows.

import type { Thread } from './model.js'
import type { Notice, ShownNotice } from './seen.js'
import { show } from './view.js'
import { isProven, isPublic, kindOf } from './visible.js'

/**
 * The notices for a page that claims to be this, and may show no others than public ones while
 * somebody is being forgotten. What shows the same as before is the same array.
 */
export function showTo(
  claimed: readonly string[],
  publicOnly: boolean,
  threads: readonly Thread[],
  before: readonly ShownNotice[],
  now: number,
  guess: number,
): readonly ShownNotice[] {
  const ours = threads.filter(({ alert: { notice } }) => {
    const { addresses = [] } = notice as Notice
    return (
      (!publicOnly || isPublic(notice as Notice)) &&
      addresses.every(
        (a) => isProven(a) || addresses.some((b) => kindOf(a) === kindOf(b) && claimed.includes(b)),
      )
    )
  })
  const shown = show(ours, now, guess, before)
  return shown.length === before.length && shown.every((n, i) => n === before[i]) ? before : shown
}
