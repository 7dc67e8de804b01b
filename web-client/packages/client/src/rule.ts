/** Thrown at what is held already, or is older than what is held; see Outcome. */
export const known = {}

/** Refuses what breaks a rule. Which one is not said: the desk says it, to staff. */
export function must(holds: unknown, why?: unknown): asserts holds {
  if (!holds) throw why ?? Error('refused')
}
