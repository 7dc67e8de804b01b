import fc from 'fast-check'
import { expect, test } from 'vitest'
import { events, type StreamEvent } from '../../src/desk/stream.js'

async function read(chunks: readonly Uint8Array[]): Promise<StreamEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
  const list: StreamEvent[] = []
  for await (const event of events(new Response(body), new AbortController().signal))
    list.push(event)
  return list
}

const bytes = (text: string) => new TextEncoder().encode(text)

test('events are read wherever the stream is cut, and the unfinished is dropped', async () => {
  const text = bytes(
    ': a comment\n\nevent: receipts\ndata: {"é":1}\n\ndata:a\ndata: b\r\n\r\nevent: end\n\ndata: cut',
  )
  const want = [
    { type: 'receipts', data: '{"é":1}' },
    { type: 'message', data: 'a\nb' },
  ]
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(text.length), { maxLength: 8 }), async (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), text.length]
      const chunks = places.slice(1).map((end, i) => text.slice(places[i], end))
      expect(await read(chunks)).toEqual(want)
    }),
  )
})

test('a line without end is given up', async () => {
  await expect(read([bytes(`data: ${'x'.repeat(1 << 20)}`), bytes('x')])).rejects.toThrow(
    'too long',
  )
})
