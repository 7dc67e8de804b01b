// What became of notices, for the node's statistics: each thing is told once.

export type AckState = 'received' | 'displayed' | 'confirmed'

/** Paces them, so that the notices of a long replay don't look like a flood to the node. */
const pace = 100

export function openAcks(ready: () => boolean, send: (ack: object) => void) {
  const told = new Set<string>()
  let waiting: object[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (waiting[0] && ready()) {
      send(waiting.shift() as object)
      timer = setTimeout(flush, pace)
    }
  }

  return {
    add(identifier: string, revision: number, state: AckState) {
      const ack = { type: 'ack', identifier, revision, state }
      const name = JSON.stringify(ack)
      if (told.has(name)) return
      told.add(name)
      waiting.push(ack)
      if (!timer) flush()
    },
    flush,
    /** Somebody else is here. */
    forget() {
      waiting = []
      told.clear()
      clearTimeout(timer)
      timer = undefined
    },
  }
}
