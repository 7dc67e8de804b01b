import type { Info, Notice } from './seen.js'

/**
 * Chooses the block to show to somebody who reads these languages (BCP 47, most preferred
 * first): RFC 4647's lookup, except that `es` also takes `es-US`. If there is none,
 * `preferred` is false and the first block is given: say "call us" in the reader's language.
 * What a thread shows has blocks; a Cancel alone may have none.
 */
export function chooseInfo(
  notice: Notice,
  languages: readonly string[],
): { readonly info: Info; readonly preferred: boolean } {
  for (const range of prefixes(languages)) {
    const info = notice.info?.find((i) =>
      `${i.language ?? 'en-US'}-`.toLowerCase().startsWith(`${range.toLowerCase()}-`),
    )
    if (info) return { info, preferred: true }
  }
  return { info: notice.info?.[0] as Info, preferred: false }
}

/** Every language followed by what it is a variety of: `es-MX`, `es`. No two alike. */
export function prefixes(languages: readonly string[]): string[] {
  return [
    ...new Set(
      languages.flatMap((tag) => {
        const parts = tag.split('-')
        return parts
          .map((_, i) => parts.slice(0, parts.length - i))
          .filter((p) => p.at(-1)?.length !== 1) // RFC 4647, 3.4: "zh-x" is no range
          .map((p) => p.join('-'))
      }),
    ),
  ].filter(Boolean)
}
