import { must } from './rule.js'

/** The size of a document's payload in bytes. */
export const maxPayload = 32 << 10

const string = /"[^"\\]*(?:\\.[^"\\]*)*"\s*(:?)/g

/** Half of a surrogate pair, and noncharacters (RFC 7493, section 2.1). */
const notText = /[\p{Cs}\p{NChar}]/u

/**
 * Reads I-JSON (RFC 7493) strictly, as docs/protocol.md, "Signed documents", says: what
 * parsers are known to read differently is refused. Throws on the first such thing. How
 * deep it nests and how large its integers are is left to the shape that it must have.
 * `limit` is in bytes (of text: in characters).
 */
export function parseStrict(data: string | Uint8Array, limit = maxPayload): unknown {
  must(data.length <= limit)
  const text =
    typeof data === 'string'
      ? data
      : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  let names = 1 // that of the whole, which is empty
  const values = text.replace(string, (_, colon) => {
    if (colon) names++
    return ''
  })
  must(!/[-.n]|\de/i.test(values)) // a sign, a fraction, null, an exponent
  const read: unknown = JSON.parse(text, function (this: unknown, name: string, value: unknown) {
    must(!notText.test(name) && !notText.test(String(value)))
    if (!Array.isArray(this)) names--
    return value
  })
  must(!names) // of two members of one name, one is gone
  return read
}
