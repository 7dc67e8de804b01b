import type { Audience } from '../desk/index.js'

/** One bar of a chart. */
export interface Bar {
  readonly name: string
  readonly sessions: number
  /** Of the greatest, 0 to 1. */
  readonly share: number
}

const tiers = ['public', 'restricted', 'private']

/** The tiers in their order, those without anybody among them. */
export function tierBars(audience: Audience): readonly Bar[] {
  return bars(tiers.map((name) => [name, audience.byTier[name] ?? 0]))
}

/** The surfaces, the most used first. */
export function surfaceBars(audience: Audience): readonly Bar[] {
  return bars(descending(Object.entries(audience.bySurface)))
}

/** The desk names no more surfaces than these, the largest. */
const maxSurfaces = 100

/**
 * How many do not say on which surface they are, as what is no page; 0 where there may be
 * surfaces that the desk does not name.
 */
export function withoutSurface({ sessions, bySurface }: Audience): number {
  if (Object.keys(bySurface).length >= maxSurfaces) return 0
  return Object.values(bySurface).reduce((rest, there) => rest - there, sessions)
}

/** Labels of one kind. */
export interface LabelGroup {
  readonly kind: string
  readonly bars: readonly Bar[]
}

/** The labels by their kind, but for surfaces, which are shown by themselves. */
export function labelGroups(audience: Audience): readonly LabelGroup[] {
  const kinds = new Map<string, [string, number][]>()
  for (const [label, sessions] of Object.entries(audience.byLabel)) {
    const colon = label.indexOf(':')
    const kind = colon < 0 ? '' : label.slice(0, colon)
    if (kind === 'surface') continue
    const group = kinds.get(kind) ?? []
    group.push([label.slice(colon + 1), sessions])
    kinds.set(kind, group)
  }
  return [...kinds]
    .map(([kind, entries]) => ({ kind, bars: bars(descending(entries)) }))
    .sort((a, b) => (a.kind < b.kind ? -1 : 1))
}

/** How old the numbers are, in ms, by this device's clock; never negative. */
export function ageMs(audience: Audience, now: number): number {
  return Math.max(0, now - Date.parse(audience.updated))
}

function descending(entries: readonly [string, number][]): [string, number][] {
  return [...entries].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
}

function bars(entries: readonly (readonly [string, number])[]): readonly Bar[] {
  const most = Math.max(1, ...entries.map(([, sessions]) => sessions))
  return entries.map(([name, sessions]) => ({ name, sessions, share: sessions / most }))
}
