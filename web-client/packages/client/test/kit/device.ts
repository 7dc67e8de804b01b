// What a browser has and Node lacks, and a way to wait for a state without sleeping.

import { afterEach, beforeEach } from 'vitest'
import type { State, TocsinOptions } from '../../src/index.js'
import { Tocsin } from '../../src/index.js'

/** Storage that several clients, as tabs, may share. `full` refuses to keep more. */
export class Disk implements Storage {
  readonly items = new Map<string, string>()
  full = false
  get length() {
    return this.items.size
  }
  key = (i: number) => [...this.items.keys()][i] ?? null
  getItem = (name: string) => this.items.get(name) ?? null
  setItem(name: string, value: string) {
    if (this.full) throw new DOMException('full', 'QuotaExceededError')
    this.items.set(name, value)
  }
  removeItem(name: string) {
    this.items.delete(name)
  }
  clear() {
    this.items.clear()
  }
  /** All that is kept, as text. */
  text = () => [...this.items.values()].join('\n')
}

/** Lets time pass on this device, by both of its clocks, until the test ends. */
export function pass(ms: number) {
  passed += ms
  Date.now = () => realNow() + passed
  performance.now = () => realTicks() + passed
}
const realNow = Date.now
const realTicks = performance.now.bind(performance)
let passed = 0

const pages: Tocsin[] = []
let events = new EventTarget()

beforeEach(() => {
  events = new EventTarget()
  Object.assign(globalThis, {
    addEventListener: events.addEventListener.bind(events),
    document: { hidden: false },
  })
})

afterEach(() => {
  for (const page of pages.splice(0)) page.stop()
  passed = 0
  Date.now = realNow
  performance.now = realTicks
})

/** Something happens to the page: `online`, `offline`, `pageshow`. */
export const happen = (type: string) => events.dispatchEvent(new Event(type))

/** A client of a page that is open until the test ends. */
export function openPage(options: TocsinOptions): Tocsin {
  const page = new Tocsin({ languages: ['en'], storage: new Disk(), ...options })
  pages.push(page)
  page.start()
  return page
}

/** Resolves once the state is so; the test's own time limit bounds it. */
export function until(page: Tocsin, so: (state: State) => boolean): Promise<State> {
  return new Promise((done) => {
    const look = () => {
      const state = page.getState()
      if (!so(state)) return
      stop()
      done(state)
    }
    const stop = page.subscribe(look)
    look()
  })
}

export const isLive = (state: State) => state.freshness.state === 'live'
export const headlines = (state: State) => state.notices.map((n) => n.notice.info?.[0]?.headline)
