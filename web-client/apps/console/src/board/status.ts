import type { Thread } from '../desk/index.js'
import { noticeIn } from '../notice/thread.js'
import { count } from '../ui/count.js'

/** What is showing, in one line. Real ones are named first. */
export function statusOf(threads: readonly Thread[]): {
  readonly tone: 'actual' | 'exercise' | null
  readonly words: string
} {
  const active = threads.filter((thread) => thread.phase === 'active')
  const actual = active.filter(isReal).length
  const exercises = active.length - actual
  const also = exercises > 0 ? `${count(exercises, 'exercise')}` : ''
  if (actual > 0) {
    const words = `${count(actual, 'real notice is', 'real notices are')} showing${also && `, and ${also}`}`
    return { tone: 'actual', words }
  }
  if (exercises > 0) {
    return { tone: 'exercise', words: `Only ${also} ${exercises === 1 ? 'is' : 'are'} showing` }
  }
  return { tone: null, words: 'Nothing is showing' }
}

/** What is real before exercises and tests, as in the banner; the order stays otherwise. */
export function realFirst(threads: readonly Thread[]): readonly Thread[] {
  return [...threads].sort((a, b) => Number(isReal(b)) - Number(isReal(a)))
}

function isReal(thread: Thread): boolean {
  return noticeIn(thread.current?.envelope)?.status === 'Actual'
}
