/** Refuses what breaks a rule. Which one is not said: the desk says it, to staff. */
export function must(holds: unknown): asserts holds {
  if (!holds) throw Error('refused')
}
