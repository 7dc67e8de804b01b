'use client'

import { type ContactCard, type State, Tocsin, type TocsinOptions, unknown } from '@tocsin/client'
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react'
import { Announcer } from './announcer.js'
import { type Initial, revive } from './initial.js'
import { createMarks, type Marks } from './marks.js'
import { rememberTexts } from './texts.js'
import { useToday } from './time.js'

/** What the parts need of a client, whose methods need no `this`; a Tocsin is one. */
export type TocsinClient = Pick<
  Tocsin,
  | 'getState'
  | 'subscribe'
  | 'start'
  | 'stop'
  | 'signOut'
  | 'tokensChanged'
  | 'displayed'
  | 'confirm'
  | 'directive'
>

/** All but `getToken` and `client` is serialisable: a server component can give it. */
export interface TocsinProviderProps {
  /** The node; default: the page's origin. */
  readonly url?: string
  /** The pinned roots: the text of trust.pem. */
  readonly roots?: string
  readonly getToken?: TocsinOptions['getToken']
  /**
   * Who is signed in, and in which call: any text that is another after every login; null for
   * nobody. It is not sent. Whenever it becomes another, `getToken` is asked: also after
   * a sign-out in another tab, which leaves this one public. Without it, `tokensChanged()` is
   * for the page to call.
   */
  readonly signedIn?: string | null
  readonly surface?: string
  /** The reader's languages, most preferred first. Default: the browser's. */
  readonly languages?: readonly string[]
  /** The text of GET /v1/snapshot, read once. `initial` has it already. */
  readonly seed?: string
  /** What `renderableSeed` made on the server. */
  readonly initial?: Initial | null
  /** Whom to call as long as no verified contact card is there: built into the page. */
  readonly builtInContacts?: readonly ContactCard[]
  /** Tell screen readers of every change. Default true; one announcer is enough for a page. */
  readonly announce?: boolean
  /** A client made elsewhere, in place of `url`, `roots`, `surface`, `getToken` and `seed`. */
  readonly client?: TocsinClient
  readonly children?: ReactNode
}

interface Shared {
  readonly client: TocsinClient
  readonly read: () => State
  readonly readFirst: () => State
  readonly marks: Marks
  readonly languages: readonly string[] | undefined
  readonly builtInContacts: readonly ContactCard[]
}

const Context = createContext<Shared | null>(null)

/**
 * The state to show: what the server rendered stays until the client holds something
 * that it has verified itself.
 */
function reading(client: TocsinClient, initial: Initial | null | undefined) {
  const first = initial ? revive(initial) : unknown
  let standIn = initial ? first : null
  let last: State | null = null
  return {
    readFirst: () => first,
    read(): State {
      const state = client.getState()
      if (state.ready) standIn = null
      if (!standIn) return state
      if (last !== state) {
        last = state
        const since = state.freshness.since ?? first.freshness.since
        standIn = { ...first, freshness: { ...state.freshness, since } }
      }
      return standIn
    },
  }
}

/** Connects its children to the notices. Put it around the page, once. */
export function TocsinProvider(props: TocsinProviderProps): ReactNode {
  const { url, roots = '', surface, initial, builtInContacts = [], announce = true } = props
  const seed = props.seed ?? initial?.seed
  const languageKey = props.languages?.join()
  const getToken = useRef(props.getToken)
  useEffect(() => {
    getToken.current = props.getToken
  })

  // biome-ignore lint/correctness/useExhaustiveDependencies: languageKey stands for languages; `initial` and `seed` are read once
  const shared = useMemo((): Shared => {
    if (initial?.texts) rememberTexts(initial.texts)
    const client =
      props.client ??
      // To the client, undefined is absent.
      new Tocsin({
        roots,
        url,
        surface,
        seed,
        languages: props.languages,
        getToken: () => getToken.current?.() ?? null,
      } as TocsinOptions)
    return {
      client,
      ...reading(client, initial),
      marks: createMarks(),
      languages: props.languages ?? initial?.languages,
      builtInContacts,
    }
  }, [props.client, url, roots, surface, languageKey])

  const { client, marks } = shared
  useEffect(() => {
    client.start()
    return () => client.stop()
  }, [client])
  useEffect(() => marks.follow(client), [client, marks])
  const { signedIn } = props
  const known = useRef(signedIn)
  useEffect(() => {
    if (signedIn && signedIn !== known.current) client.tokensChanged()
    known.current = signedIn
  }, [client, signedIn])

  return (
    <Context.Provider value={shared}>
      {props.children}
      {announce && <Announcer />}
    </Context.Provider>
  )
}

export function useShared(): Shared {
  const shared = useContext(Context)
  if (!shared) throw new Error('no TocsinProvider around this part')
  return shared
}

const english = ['en']

/** The reader's languages: as given; otherwise English at hydration, then the browser's. */
export function useLanguages(): readonly string[] {
  const { languages } = useShared()
  const hydrated = useToday() !== ''
  return languages ?? (hydrated ? navigator.languages : english)
}

/** The client itself, to sign out or to say that the tokens have changed. */
export function useTocsin(): TocsinClient {
  return useShared().client
}

/** All that is known now. */
export function useTocsinState(): State {
  const { client, read, readFirst } = useShared()
  return useSyncExternalStore(client.subscribe, read, readFirst)
}
