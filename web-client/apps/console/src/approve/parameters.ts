import type { Notice } from '@tocsin/client'

/** A parameter of CAP, with the languages whose block has it; none of them for all. */
export interface Parameter {
  readonly name: string
  readonly value: string
  readonly languages: readonly string[]
}

/** The parameters of all blocks: a client acts upon that of any, whatever its reader's language. */
export function parametersOf({ info = [] }: Notice): readonly Parameter[] {
  const found = new Map<string, { name: string; value: string; languages: Set<string> }>()
  for (const { language = 'en-US', parameter = [] } of info) {
    for (const { valueName: name, value } of parameter) {
      const key = JSON.stringify([name, value])
      const one = found.get(key) ?? { name, value, languages: new Set() }
      found.set(key, one)
      one.languages.add(language)
    }
  }
  return [...found.values()].map(({ name, value, languages }) => ({
    name,
    value,
    languages: languages.size === info.length ? [] : [...languages],
  }))
}
