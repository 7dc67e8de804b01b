/** One event of a stream (WHATWG HTML, "Server-sent events"). */
export interface StreamEvent {
  readonly type: string
  readonly data: string
}

/** A line that does not end is not the desk's: no event has more than this, in characters. */
const maxLine = 1 << 20

/**
 * Reads an event stream by fetch, since EventSource can send no Authorization. It ends
 * where the stream ends; an event that is cut off is dropped.
 */
export async function* events(
  response: Response,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  if (response.body === null) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  let type = ''
  let data: string[] = []
  try {
    while (!signal.aborted) {
      const { done, value } = await reader.read()
      if (done) return
      rest += value
      const lines = rest.split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      if (rest.length > maxLine) throw new Error('a line of the stream is too long')
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) yield { type: type || 'message', data: data.join('\n') }
          type = ''
          data = []
        } else if (line.startsWith('event:')) {
          type = fieldValue(line)
        } else if (line.startsWith('data:')) {
          data.push(fieldValue(line))
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function fieldValue(line: string): string {
  const value = line.slice(line.indexOf(':') + 1)
  return value.startsWith(' ') ? value.slice(1) : value
}
