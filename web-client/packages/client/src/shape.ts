/**
 * The form of a value in a document: text by a pattern, a list of so many, an object of
 * these members and no others, or whatever a function finds right. As in Go, an absent
 * member is the same as empty text, an empty list or an empty object.
 */
export type Shape =
  | RegExp
  | ((value: unknown) => unknown)
  | List
  | { readonly [name: string]: Shape }

type List = readonly [each: Shape, least?: number, most?: number]

/** Control characters but TAB, LF and CR: they could hide a line, or move a cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that are refused
const control = /[\0-\x08\v\f\x0e-\x1f\x7f-\x9f]/

/** Whether a value, read by parseStrict, is of that shape. */
export function fits(value: unknown, shape: Shape): unknown {
  if (typeof shape === 'function') return shape(value)
  if (shape instanceof RegExp) {
    const text = value ?? ''
    return typeof text === 'string' && !control.test(text) && shape.test(text)
  }
  if (Array.isArray(shape)) {
    const [each, least = 0, most = Infinity] = shape as unknown as List
    const list = value ?? []
    return (
      Array.isArray(list) &&
      within(least, most)(list.length) &&
      list.every((item) => fits(item, each))
    )
  }
  const shapes = shape as { readonly [name: string]: Shape }
  const members = Object(value ?? {})
  return (
    members.constructor === Object &&
    Object.keys(members).every((name) => Object.hasOwn(shapes, name)) &&
    Object.entries(shapes).every(([name, inner]) => fits(members[name], inner))
  )
}

/** A whole number within bounds; an absent one is `least` if that is 0. */
export const within =
  (least: number, most: number) =>
  (value: unknown): boolean => {
    const number = (value ?? 0) as number
    return number >= least && number <= most && number === +number
  }
