/**
 * What is typed before something real is signed: the word and the size of the audience, so
 * that hand and eye have both met it. null: nothing is typed, since it is an exercise.
 */
export function confirmationFor(
  status: 'Actual' | 'Exercise',
  reach: number | null,
): string | null {
  if (status !== 'Actual') return null
  return reach === null ? 'ACTUAL' : `ACTUAL ${reach}`
}

/** Whether that was typed; spaces around it and between do not matter, capitals do. */
export function isConfirmed(typed: string, wanted: string | null): boolean {
  return wanted === null || typed.trim().replace(/\s+/g, ' ') === wanted
}
