// What a page sees of Tocsin. CAP's own names are used; times of documents are CAP's
// text, times of views are Dates in server time.

/** A CAP 1.2 name and value: eventCode, parameter, geocode. */
export interface Pair {
  readonly valueName: string
  readonly value: string
}

/** One language's block of a notice (CAP 1.2, "info"). Plain text, never markup. */
export interface Info {
  readonly language?: string
  readonly category: readonly string[]
  readonly event: string
  readonly responseType?: readonly string[]
  readonly urgency: 'Immediate' | 'Expected' | 'Future' | 'Past' | 'Unknown'
  readonly severity: Severity
  readonly certainty: 'Observed' | 'Likely' | 'Possible' | 'Unlikely' | 'Unknown'
  readonly audience?: string
  readonly eventCode?: readonly Pair[]
  readonly effective?: string
  readonly onset?: string
  readonly expires?: string
  readonly senderName?: string
  readonly headline?: string
  readonly description?: string
  readonly instruction?: string
  readonly web?: string
  readonly contact?: string
  readonly parameter?: readonly Pair[]
  readonly resource?: readonly Record<string, string>[]
  readonly area?: readonly Record<string, unknown>[]
}

export type Severity = 'Extreme' | 'Severe' | 'Moderate' | 'Minor' | 'Unknown'
export type Scope = 'Public' | 'Restricted' | 'Private'

/** A notice as signed: OASIS CAP 1.2 in JSON (docs/protocol.md, "The notice"). */
export interface Notice {
  readonly identifier: string
  readonly sender: string
  readonly sent: string
  readonly status: 'Actual' | 'Exercise' | 'Test'
  readonly msgType: 'Alert' | 'Update' | 'Cancel'
  readonly source?: string
  readonly scope: Scope
  readonly restriction?: string
  readonly addresses?: readonly string[]
  readonly code?: readonly string[]
  readonly note?: string
  readonly references?: readonly string[]
  readonly incidents?: readonly string[]
  readonly info?: readonly Info[]
}

/** Whom to call, by language and audience; changed without any redeploy. */
export interface ContactCard {
  readonly language: string
  readonly audience: string
  readonly name: string
  readonly telephone?: string
  readonly email?: string
  readonly hours?: string
}

/** What the session may see: nothing proven, labels proven, a token valid now. */
export type Tier = 'public' | 'restricted' | 'private'

/** A thread as it shows now: an Alert with its Updates and its Cancel. Immutable. */
export interface ShownNotice {
  /** The identifier of the thread's Alert. */
  readonly identifier: string
  readonly revision: number
  /** Hex SHA-256 of the current payload: another one for every revision. */
  readonly hash: string
  readonly phase: 'active' | 'withdrawn'
  /** Its end has passed by a clock that may be wrong; it still shows. */
  readonly mayHaveEnded: boolean
  /** The content to show; of a withdrawn notice, what was withdrawn. */
  readonly notice: Notice
  /** The message that decides: `notice`, or the Cancel. */
  readonly current: Notice
  /** Every message of the thread, in the order of their revisions. */
  readonly history: readonly Notice[]
  readonly sent: Date
  readonly expires: Date | null
  readonly nextUpdateBy: Date | null
  readonly withdrawnAt: Date | null
  /** Why it was withdrawn, in the words of staff; empty unless withdrawn. */
  readonly withdrawnNote: string
  /** The owners whose signatures count, sorted. */
  readonly signers: readonly string[]
}

/** How far what shows can be relied on to be the newest. */
export interface Freshness {
  readonly state: 'live' | 'stale' | 'connecting'
  /** When it was live last, in server time; null if never. */
  readonly since: Date | null
  /**
   * Why it is not live. `source`: the node has no live source, or contradicts what was verified
   * here; or the options are such that nothing can be verified. `withheld`: what the node has sent
   * is not what a desk signed, or nothing that a desk signed has come for 45 s. It may not pass on
   * everything: say that something may be missing.
   */
  readonly reason?: 'offline' | 'connecting' | 'source' | 'silent' | 'cache' | 'withheld'
}

/** Everything that a page shows. A new object whenever anything changed. */
export interface State {
  /** Active and withdrawn, the gravest first, then the newest. */
  readonly notices: readonly ShownNotice[]
  readonly contacts: readonly ContactCard[]
  readonly tier: Tier
  /** What the node knows of who reads this; absent before it said so. */
  readonly labels?: readonly string[]
  readonly auth: { readonly state: 'ok' | 'degraded' | 'none'; readonly reason?: string }
  readonly freshness: Freshness
  /** Something verified is held: by `synced`, from the cache, or from the seed. */
  readonly ready: boolean
  /** The keyset in force has expired: notices show, marked. */
  readonly keysetExpired: boolean
}

/** Whether a flow is to stop (`parameter` "directive"), and how fresh that is. */
export interface Directive {
  readonly on: boolean
  readonly notices: readonly ShownNotice[]
  readonly freshness: Freshness
}

export interface TocsinOptions {
  /** The node, for example `https://notices.clinic.example`; default: the page's origin. */
  readonly url?: string
  /** The pinned roots: the text of trust.pem. */
  readonly roots: string
  /** The tokens of whoever is signed in; null for nobody. It may fail: then the ticket speaks. */
  readonly getToken?: () => Tokens | Promise<Tokens>
  /** Where this runs, for example `portal` or `call`: the label `surface:…`. */
  readonly surface?: string
  /** BCP 47, most preferred first; the labels `lang:…`. Default: the browser's. */
  readonly languages?: readonly string[]
  /** Where to remember; null for nowhere. Default: localStorage. */
  readonly storage?: Storage | null
  /** The text of GET /v1/snapshot, to show at once; it is verified here. */
  readonly seed?: string
  /** Tell the node what was received and displayed. Default true. */
  readonly receipts?: boolean
}

export type Tokens = string | readonly string[] | null
