// Ties together what a page needs: the connection, what is known, what is remembered, what
// is shown. One thing at a time changes what is known, in the order in which it came.

import { type AckState, openAcks } from './acks.js'
import { serverClock } from './clock.js'
import { type Connection, keepConnected } from './connection.js'
import { fetchVerifier } from './fetch.js'
import { type Auth, heldOf, isSound, readFrame, type Source } from './frames.js'
import { type Held, type Memory, openMemory, type Reach } from './memory.js'
import type { Accepted } from './model.js'
import { listen, type Page, tellTabs } from './page.js'
import type { Freshness, ShownNotice, State, TocsinOptions } from './seen.js'
import { covers, mostRefused, newSession, type Session } from './session.js'
import { newStanding } from './standing.js'
import { directiveIn, summary, threadOf, unknown } from './state.js'
import { claimsOf, helloOf, openLogin } from './tokens.js'
import type { Verifier, View } from './verifier.js'

/** The nodes of which a keyset with `dev: true` is accepted. */
const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/

/** What is behind a Tocsin; its methods are described there. */
export function follow(options: TocsinOptions) {
  const clock = serverClock()
  const listeners = new Set<() => void>()
  let state = unknown
  let told = state

  // Known from start on: nothing of the page is touched before.
  let claimed: string[] = []
  let memory: Memory | undefined
  let verifier: Verifier | undefined
  let connection: Connection | undefined
  let page: Page | undefined

  let session: Session | undefined
  let source: Source = { state: 'stale', sinceMs: 0 }
  let view: Partial<View> = {}
  let cursor: string | undefined // of all that `reach` may see, everything up to there is held
  let reach: Reach | undefined
  let terms: Pick<State, 'tier' | 'labels' | 'auth'> = unknown
  let signedOut = false
  let publicOnly = false
  let offline = false
  let live = 0
  let everSynced = false
  let restoring = false
  let trouble: Freshness['reason'] = 'connecting'

  // One thing at a time changes what is held, in the order in which it came.
  let queue: Promise<unknown> = Promise.resolve()
  const then = (task: () => Promise<unknown>) => {
    const done = queue.then(task)
    queue = done.catch(() => {})
    return done
  }

  const acks = openAcks(
    () => isSynced(),
    (ack) => connection?.send(ack),
  )
  const login = openLogin(
    () => (signedOut ? null : (options.getToken?.() ?? null)),
    (tokens) => connection?.send({ type: 'tokens', tokens }),
  )

  /** Whether nothing speaks against it that the node left nothing out, and knows no old log. */
  const isWhole = (by: Session | undefined) =>
    by && !by.doubts && by.version >= (view.keyset?.version ?? 0)

  const isSynced = () => !!session && !session.staged

  /** Why it is not live; undefined if it is. */
  const reason = (): Freshness['reason'] =>
    offline
      ? 'offline'
      : !isSynced()
        ? everSynced || trouble === 'connecting' || !view.keyset
          ? trouble
          : 'cache'
        : !connection || connection.late()
          ? 'silent'
          : isWhole(session) && source.state === 'live' && view.keyset
            ? verifier?.doubt(clock.now())
            : 'source'

  const freshness = () => {
    const why = reason()
    const state = !why ? 'live' : everSynced || why !== 'connecting' ? 'stale' : 'connecting'
    return { state, since: live ? new Date(live) : null, reason: why } as Freshness
  }

  const build = () => {
    const { notices } = state
    const threads = view.threads ?? []
    const guess = clock.guess()
    const shown = verifier?.showTo(claimed, publicOnly, threads, notices, clock.ended(), guess)
    const next: State = {
      ...terms,
      notices: shown ?? notices,
      contacts: view.contacts ?? [],
      freshness: freshness(),
      ready: !!view.keyset,
      keysetExpired: Date.parse(view.keyset?.expires ?? '') < guess,
    }
    if (next.notices !== notices || summary(next) !== summary(state)) state = next
    return state
  }

  const publish = () => {
    noticeSignOut()
    if (build() === told) return
    told = state
    for (const listener of listeners) listener()
  }

  const save = () => {
    if (!verifier || publicOnly) return // what is to be forgotten is still there
    // By both clocks: what a node's wrong time hides is not to be lost, as the cursor covers it.
    const { held, all } = verifier.toKeep(Math.min(clock.now(), Date.now()))
    memory?.save({
      held,
      cursor: all ? cursor : undefined,
      reach,
      live,
      time: clock.now(),
    })
  }

  /** Shows and keeps what is held now. */
  const settle = () => {
    if (verifier) view = verifier.view()
    publish()
    save()
  }

  const forget = (out: string) => {
    signedOut = publicOnly = true
    memory?.clear(out)
    login.forget()
    acks.forget()
    terms = unknown
    cursor = reach = undefined
    connection?.drop(0)
    publish()
    return then(async () => {
      cursor = reach = undefined // what is remembered may have been read meanwhile
      await verifier?.forget(clock.now())
      publicOnly = false
      settle()
    })
  }

  /** Does here what another tab did, also one that signed out while this one slept. */
  const noticeSignOut = () => {
    const out = memory?.missed()
    if (out !== undefined) forget(out).catch(() => {})
  }

  /** Folds what no session is to answer for. */
  const fold = (held: readonly Held[]) => verifier?.fold(held, newStanding())

  const restore = async () => {
    const { openVerifier } = await fetchVerifier()
    try {
      verifier = await openVerifier(options.roots, loopback.test(new URL(address()).hostname))
    } catch (why) {
      console.error('tocsin: roots?', why) // or url; no attempt will mend them
      connection?.stop()
      trouble = 'source'
      return publish()
    }
    const memo = (memory as Memory).load()
    clock.atLeast(memo.time)
    // A replay would neither bring the keyset, nor what was spoilt in storage.
    if (await verifier.restore(memo)) ({ cursor, reach, live } = memo)
    settle()
    try {
      const { serverTime, entries } = JSON.parse(options.seed as string)
      clock.atLeast(Date.parse(serverTime))
      await fold(entries.map(heldOf))
    } catch {} // there is none, or it is bad: it does without
    settle()
  }

  /** The node says that all has come. Where that can't be, it is asked anew, for everything. */
  const reached = (by: Session, to: string | undefined) => {
    const time = clock.now()
    if (by.lie) return connection?.drop()
    if (!by.wrong) connection?.worked()
    // Not beyond now: what a wrong clock once said must not last.
    if (isWhole(by) && !verifier?.doubt(time))
      live = Math.min(time, Math.max(live, time - source.sinceMs))
    if (!to) return // who can vouch for no cursor leaves the old one in force, which still holds
    cursor = to
    reach = { ...(by.granted as Reach), version: by.version }
  }

  /** Keeps and tells what entries of the session brought. */
  const took = (accepted: readonly Accepted[]) => {
    const open: Held[] = []
    for (const { seq, body, notice, revision } of accepted) {
      if (!notice || verifier?.isPublic(notice)) open.push({ seq, body })
      if (notice && options.receipts !== false) acks.add(threadOf(notice), revision, 'received')
    }
    if (open[0]) page?.tell(open) // at once: an Alert may come with its Cancel
    settle()
  }

  const grant = ({ tier, labels, auth, ticket }: Omit<Auth, 'type'>) => {
    terms = { tier, labels, auth }
    if (ticket && isSound({ ticket }, 'ticket')) memory?.save({ ticket: ticket as string })
    return { tier, labels }
  }

  /** Applies a frame of the session, unless that ended meanwhile. */
  const take = async (mine: Session, text: string) => {
    const frame = readFrame(text)
    if (!verifier || !frame) return
    if (frame.type !== 'welcome' && !mine.granted) throw 'welcome'
    if ('source' in frame) {
      clock.set(verifier.timeOf(Date.parse(frame.serverTime)))
      source = frame.source
    }
    switch (frame.type) {
      case 'welcome': {
        connection?.expect(frame.heartbeatMs)
        const granted = grant(frame)
        mine.granted = granted
        if (frame.resume !== 'replay' || !cursor) break
        mine.version = reach?.version ?? 0
        if (!covers(reach, granted)) {
          cursor = undefined // it would lack what could not be seen at the cursor
          connection?.drop(0)
        }
        break
      }
      case 'auth':
        mine.granted = grant(frame)
        break
      case 'entry': {
        const entry = heldOf(frame)
        if (mine.staged) {
          mine.staged.push(entry)
          break
        }
        const accepted = await verifier.fold([entry], mine)
        if (mine !== session) return
        took(accepted)
        if (mine.doubts > mostRefused) connection?.drop()
        break
      }
      case 'synced': {
        const accepted = await verifier.fold(mine.staged ?? [], mine)
        clock.set(await verifier.hear(frame, mine, clock.now()))
        if (mine !== session) return
        mine.staged = undefined
        everSynced = true
        view = verifier.view()
        reached(mine, frame.cursor)
        took(accepted)
        acks.flush()
        break
      }
      case 'heartbeat':
        if (mine.staged) break
        clock.set(await verifier.hear(frame, mine, clock.now()))
        if (mine !== session) return
        reached(mine, frame.cursor)
        save()
        break
      case 'bye': {
        const [from, to] = frame.reconnectAfterMs
        connection?.leave(from + Math.random() * (to - from))
      }
    }
    publish()
  }

  const hello = async (mine: Session) => {
    const tokens = await login.greet()
    await queue // what is remembered, and what a sign-out leaves
    publish() // it finds out who signed out elsewhere
    if (mine !== session) return
    if (!verifier) return connection?.drop() // it could not be fetched
    connection?.send(helloOf(tokens, (memory as Memory).load().ticket, cursor, claimed))
  }

  const address = () =>
    (options.url ?? location.origin).replace(/\/*$/, '/v1/connect').replace(/^http/, 'ws')

  const setUp = () => {
    if (memory) return
    memory = openMemory(options.storage, address())
    claimed = claimsOf(options)
  }

  const network = ({ type }: Event) => {
    offline = type === 'offline'
    offline ? publish() : connection?.retry()
  }

  const heardSignOut = (out: string) => {
    noticeSignOut() // a tab that was frozen hears of several, and only the last counts
    if (memory?.isNews(out)) forget(out)
  }

  const brought = (documents: readonly Held[]) =>
    then(async () => {
      await fold(documents)
      settle()
    })

  const stop = () => {
    page?.stop()
    page = undefined
    connection?.stop()
    connection = undefined
    offline = false
    publish()
  }

  const getState = () => (state.freshness.state === 'live' && reason() ? build() : state)

  const ack = (as: AckState) => (n: ShownNotice) => acks.add(n.identifier, n.revision, as)

  return {
    start() {
      if (connection) return
      setUp()
      page = listen(publish, () => connection?.wake(), network, heardSignOut, brought)
      trouble = 'connecting'
      offline = globalThis.navigator?.onLine === false
      connection = keepConnected(address(), {
        dialling() {
          session = newSession()
          login.begin()
          if (verifier || restoring) return
          restoring = true
          then(restore)
            .catch(() => {}) // the next attempt fetches anew
            .finally(() => {
              restoring = false
            })
        },
        opened() {
          if (session) hello(session)
        },
        message(text) {
          const mine = session
          offline = false
          if (!mine) return
          mine.room -= text.length
          if (mine.room < 0) connection?.drop()
          then(async () => {
            if (mine !== session) return
            await take(mine, text)
            if (!mine.staged && !mine.refused[0]) mine.room += text.length
          }).catch(() => mine === session && connection?.drop())
        },
        ended(why) {
          trouble = session?.lie ?? why
          if (session?.doubts) {
            cursor = undefined
            save()
          }
          session = undefined
        },
        tick: publish,
      })
    },
    stop,
    signOut() {
      setUp()
      const out = (memory as Memory).newSignOut()
      tellTabs(out)
      return forget(out)
    },
    tokensChanged() {
      signedOut = false
      session ? login.changed() : connection?.wake()
    },
    getState,
    subscribe(listener: () => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    displayed: ack('displayed'),
    confirm: ack('confirmed'),
    directive: (name: string) => directiveIn(getState(), name),
  }
}
