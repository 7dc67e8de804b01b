// What of a view one page shows.

import type { Thread } from './model.js'
import type { Notice, ShownNotice } from './types.js'
import { show } from './view.js'
import { isPublic } from './visible.js'

/**
 * The notices for a page that claims to be this, and may show no others than public ones while
 * somebody is being forgotten. What shows the same as before is the same objects, in one array.
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
      ['surface:', 'lang:'].every((kind) => {
        const named = addresses.filter((address) => address.startsWith(kind))
        return !named[0] || named.some((address) => claimed.includes(address))
      })
    )
  })
  const known = new Map(before.map((n) => [nameOf(n), n]))
  const shown = show(ours, now, guess).map((n) => known.get(nameOf(n)) ?? n)
  return shown.length === before.length && shown.every((n, i) => n === before[i]) ? before : shown
}

const nameOf = (n: ShownNotice) =>
  `${[n.hash, n.phase, n.mayHaveEnded, n.history.length, n.signers]}`
