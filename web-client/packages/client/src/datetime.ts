/** The time of CAP's form, in ms since 1970; NaN for any other text. */
export function instant(text: string | undefined): number {
  return text ? Date.parse(text) : Number.NaN
}
