// Asks the page for its tokens while everything else goes on: a login that hangs must not
// keep public notices away. Of several questions the newest counts.

import { prefixes } from './language.js'
import type { TocsinOptions, Tokens } from './seen.js'

/**
 * How long hello waits for tokens once there is a connection: long enough for a login that
 * works, so that most sessions begin in their tier.
 */
const grace = 250
/** What a frame of a client may hold (docs/protocol.md, "Client to node"). */
const mostTokens = 8
const longestFrame = 15_000

export function openLogin(
  getToken: () => Tokens | Promise<Tokens>,
  tell: (tokens: readonly string[]) => void,
) {
  let question: Promise<void> | undefined
  let tokens: readonly string[] = []
  let greeted = false

  /** Puts a question. To begin with, no tokens and no answer are alike: the ticket speaks. */
  const ask = (begin: boolean) => {
    tokens = []
    const mine: Promise<void> = Promise.resolve()
      .then(getToken)
      .then((answer) => {
        if (mine !== question) return
        tokens = fitting(answer)
        if (greeted && (tokens.length || !(begin || answer?.length))) tell(tokens)
      })
      .catch(() => {}) // a login that fails says nothing: to say "no tokens" is a sign-out
    question = mine
  }

  return {
    /** A session begins. */
    begin() {
      greeted = false
      ask(true)
    },
    /** The tokens to say hello with. Those that come later are told. */
    async greet() {
      await Promise.race([question, new Promise((done) => setTimeout(done, grace))])
      greeted = true
      return tokens
    },
    /** There may be other tokens. */
    changed: () => ask(!greeted),
    /** Drops the question that is open, and what was answered. */
    forget() {
      question = undefined
      tokens = []
    },
  }
}

/** The labels that a page claims, as many as a hello may hold. */
export const claimsOf = ({ surface, languages = navigator.languages }: TocsinOptions) =>
  [
    ...(surface ? [`surface:${surface}`] : []),
    ...prefixes(languages).map((tag) => `lang:${tag}`),
  ].slice(0, 16)

/** The hello. Tokens say more than a ticket, which is left out where not both fit. */
export function helloOf(
  tokens: readonly string[],
  ticket: string | undefined,
  cursor: string | undefined,
  labels: readonly string[],
) {
  const fits = `${tokens}${ticket}`.length < longestFrame
  return { type: 'hello', tokens, ticket: fits ? ticket : undefined, cursor, labels }
}

/** Leaves out what would make a node close the connection, again and again. */
function fitting(answer: Tokens): readonly string[] {
  const usable = [answer ?? []].flat().filter((token) => /^[\w.-]+$/.test(token))
  return usable
    .slice(0, mostTokens)
    .filter((_, i) => usable.slice(0, i + 1).join('').length < longestFrame)
}
