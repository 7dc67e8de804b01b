/** Refuses by the name of the rule that is broken. Boards turn it into an outcome. */
export function must(holds: unknown, rule: string): asserts holds {
  if (!holds) throw new Error(rule)
}
