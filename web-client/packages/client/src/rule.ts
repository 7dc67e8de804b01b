/** Thrown at what is held already, or is older than what is held. */
export const known = Error('known')

/** Refuses what breaks a rule. Which one is not said: the desk says it, to staff. */
export function must(holds: unknown, why?: Error): asserts holds {
  if (!holds) throw why ?? Error('refused')
}
