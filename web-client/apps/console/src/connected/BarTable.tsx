import { useState } from 'react'
import { number } from '../ui/count.js'
import { Button } from '../ui/index.js'
import styles from './connected.module.css'
import type { Bar } from './tally.js'

/** How many rows are shown unasked. */
const shortList = 10

/** A table of numbers, each with a bar beside it. The bar adds nothing to the number. */
export function BarTable({
  caption,
  head,
  bars,
  nameOf = (name) => name,
}: {
  readonly caption: string
  readonly head: string
  readonly bars: readonly Bar[]
  readonly nameOf?: (name: string) => string
}) {
  const [all, setAll] = useState(false)
  const shown = all ? bars : bars.slice(0, shortList)
  return (
    <>
      <table className={styles.bars}>
        <caption>{caption}</caption>
        <thead className={styles.hidden}>
          <tr>
            <th scope="col">{head}</th>
            <th scope="col">Pages</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((bar) => (
            <tr key={bar.name}>
              <th scope="row">{nameOf(bar.name)}</th>
              <td>
                <div className={styles.cell}>
                  <span className={styles.number}>{number(bar.sessions)}</span>
                  <svg
                    className={styles.bar}
                    viewBox="0 0 100 8"
                    preserveAspectRatio="none"
                    aria-hidden="true"
                  >
                    <rect className={styles.track} width="100" height="8" />
                    <rect className={styles.fill} width={bar.share * 100} height="8" />
                  </svg>
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {bars.length > shortList && (
        <Button kind="quiet" onClick={() => setAll(!all)}>
          {all ? `Show ${shortList}` : `Show all ${bars.length}`}
        </Button>
      )}
    </>
  )
}
