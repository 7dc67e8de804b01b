import { must } from './rule.js'

/** The size of a document's payload in bytes. */
export const maxPayload = 32 << 10

const maxDepth = 8

// Of a text that JSON.parse has taken: strings with the colon that makes them names,
// brackets, and what else there is.
const tokens = /("[^"\\]*(?:\\.[^"\\]*)*")\s*(:?)|[[\]{}]|[^\s,:[\]{}]+/g

/** What RFC 7493, section 2.1, keeps out: half of a surrogate pair, noncharacters. */
const notText = /[\p{Cs}\p{NChar}]/u

/**
 * Reads I-JSON (RFC 7493) strictly, as docs/protocol.md, "Signed documents", says: what
 * parsers are known to read differently is refused. Throws on the first such thing.
 * `limit` is in bytes (of text: in characters).
 */
export function parseStrict(data: string | Uint8Array, limit = maxPayload): unknown {
  must(data.length <= limit, 'json.size')
  const text =
    typeof data === 'string'
      ? data
      : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  const value: unknown = JSON.parse(text)
  const open: Set<string>[] = []
  for (const [token, string, colon] of text.matchAll(tokens)) {
    if (string) {
      const read: string = JSON.parse(string)
      const names = open.at(-1)
      must(!notText.test(read), 'json.text')
      must(!colon || names?.size !== names?.add(read).size, 'json.duplicate')
    } else if (/[[{]/.test(token)) {
      must(open.push(new Set()) <= maxDepth, 'json.depth')
    } else if (/[\]}]/.test(token)) {
      open.pop()
    } else {
      must(/^(true|false|0|-?[1-9]\d*)$/.test(token), 'json.number') // nor null
      must(!(Math.abs(+token) > Number.MAX_SAFE_INTEGER), 'json.number')
    }
  }
  return value
}
