import type { ReactNode } from 'react'

/**
 * Plain text. A telephone number in it reads from left to right, in right-to-left languages
 * too, where its groups would change places.
 */
export function plain(text: string): ReactNode {
  return text.split(/([+(]?\d[\d\s().-]{5,}\d)/).map((run, i) =>
    i % 2 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text keep their places
      <bdi key={i} dir="ltr">
        {run}
      </bdi>
    ) : (
      run
    ),
  )
}
