const form = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-](0\d|1[0-3]|14(?=:00)):[0-5]\d$/

/** The time of CAP's form (section 3.3.2), in ms since 1970; NaN for anything else. */
export function instant(time: unknown): number {
  if (typeof time === 'string' && form.test(time)) {
    const local = time.slice(0, 19)
    // Parsers let the 30th of February pass for the 2nd of March.
    if (JSON.stringify(new Date(`${local}Z`)).startsWith(local, 1)) return Date.parse(time)
  }
  return Number.NaN
}

/** Whether there is such a time. */
export const isTime = (time: unknown): boolean => instant(time) < Infinity
