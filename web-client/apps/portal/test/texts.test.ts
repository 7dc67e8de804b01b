import { describe, expect, it } from 'vitest'
import { fill, texts } from '../src/texts/index.js'

describe('texts', () => {
  const { en, ...others } = texts

  it.each(Object.entries(others))('%s has what English has, and its places to fill in', (_, t) => {
    const places = (value: unknown): unknown =>
      typeof value === 'string'
        ? (value.match(/\{\w+\}/g) ?? [])
        : Object.entries(value as object).map(([key, inner]) => [key, places(inner)])
    expect(Object.fromEntries(places(t) as [])).toEqual(Object.fromEntries(places(en) as []))
  })

  it('keeps a name apart from a text that runs the other way', () => {
    expect(fill(texts.en.greeting, 'Maya')).toBe('Hello, Maya')
    expect(fill(texts.ar.greeting, 'Maya')).toContain('\u2068Maya\u2069')
    expect(fill('{name}', '$& $1')).toBe('$& $1')
  })
})
