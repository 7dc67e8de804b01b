import { Http, type HttpOptions, type Login, type Sign } from './http.js'
import { DeskProblem, isProblem } from './problem.js'
import {
  type Answer,
  type Audience,
  answerShape,
  audienceShape,
  type Cohort,
  challengeShape,
  cohortShape,
  cohortsShape,
  documentShape,
  type HeldDocument,
  issuersShape,
  type Proposal,
  type Proposals,
  proposalShape,
  proposalsShape,
  pseudonymsShape,
  type Receipts,
  receiptsShape,
  type SignedEnvelope,
  type Thread,
  type Threads,
  threadShape,
  threadsShape,
} from './shapes.js'
import { events } from './stream.js'

/** How often an envelope is submitted while its fate is open. */
const submitAttempts = 5
/** The pause before the second attempt, in ms; doubled afterwards. */
const submitPauseMs = 1000
/** How long the desk's time is waited for, in ms: nobody is kept from signing by it. */
const clockTimeoutMs = 3000

export const noticeType = 'application/vnd.tocsin.notice+json'
export const keysetType = 'application/vnd.tocsin.keyset+json'
export const contactsType = 'application/vnd.tocsin.contacts+json'
export const postureType = 'application/vnd.tocsin.posture+json'
export const redactionType = 'application/vnd.tocsin.redaction+json'

/** Where a document of each type is submitted. */
const paths: Readonly<Record<string, string>> = {
  [noticeType]: '/v1/notices',
  [keysetType]: '/v1/keyset',
  [contactsType]: '/v1/contacts',
  [postureType]: '/v1/posture',
  [redactionType]: '/v1/redaction',
}

/** Phase of the threads that a list is to hold. */
export type Phase = 'active' | 'withdrawn' | 'over'

export interface DeskOptions extends HttpOptions {
  /** Waits between attempts to submit. */
  readonly pause?: (ms: number) => Promise<void>
}

/**
 * The desk's HTTP API (docs/desk-api.md). Methods reject with a DeskProblem. It logs in
 * by itself where that is needed, once it has a key.
 */
export class Desk {
  private readonly http: Http
  private readonly pause: (ms: number) => Promise<void>

  constructor(options: DeskOptions = {}) {
    this.http = new Http(options)
    this.pause = options.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)))
  }

  /** The desk's origin, which a login is valid for. */
  get origin(): string {
    return this.http.origin
  }

  /** Logs in with another key from now on; null for none. */
  setKey(sign: Sign | null): void {
    this.http.setKey(sign)
  }

  /** The desk's time, since it judges `sent`; this computer's if the desk does not answer. */
  async now(): Promise<Date> {
    try {
      const request = { path: '/v1/challenge', timeoutMs: clockTimeoutMs }
      const time = Date.parse((await this.http.call(request, challengeShape)).serverTime)
      return Number.isNaN(time) ? new Date() : new Date(time)
    } catch {
      return new Date()
    }
  }

  /** Signs a document with the key in use; the problem `no-key` without one. */
  sign(payloadType: string, payload: Uint8Array): Promise<SignedEnvelope> {
    return this.http.signed(payloadType, payload)
  }

  /** Logs in, or answers from the login that holds: who the desk says that one is. */
  login(): Promise<Login> {
    return this.http.login()
  }

  /**
   * Submits a signed document. With signatures enough it is published afterwards;
   * otherwise it waits for more. If an answer is lost or 504 it submits again until it
   * knows; the problem `unconfirmed` says that it gave up, and to try again is safe.
   * `again` says that an earlier submission ended so.
   */
  submit(
    envelope: SignedEnvelope,
    onUnconfirmed?: (attempt: number) => void,
    again = false,
  ): Promise<Answer> {
    const path = paths[envelope.payloadType]
    if (path === undefined) {
      throw new DeskProblem('bad-request', `${envelope.payloadType} does not belong in the log`)
    }
    return this.persist(path, envelope, onUnconfirmed, again)
  }

  /** Tells what a keyset would do, which messages it would void among it, and does nothing. */
  checkKeyset(envelope: SignedEnvelope): Promise<Answer> {
    return this.http.call(
      { method: 'POST', path: '/v1/keyset?check=true', body: envelope },
      answerShape,
    )
  }

  /** Adds a signature to a proposal, like submit. The caller has shown the document. */
  addSignature(
    identifier: string,
    signature: { keyid: string; sig: string },
    onUnconfirmed?: (attempt: number) => void,
  ): Promise<Answer> {
    return this.persist(`${proposalPath(identifier)}/signatures`, signature, onUnconfirmed)
  }

  /** What waits for signatures, the oldest first. */
  proposals(signal?: AbortSignal): Promise<Proposals> {
    return this.get('/v1/proposals', proposalsShape, signal)
  }

  /** One that waits; the problem `not-found` if it waits no more. */
  proposal(identifier: string, signal?: AbortSignal): Promise<Proposal> {
    return this.get(proposalPath(identifier), proposalShape, signal)
  }

  /** Takes a proposal back. Only an owner who has signed it may. */
  async withdraw(identifier: string): Promise<void> {
    await this.http.open({ method: 'DELETE', path: proposalPath(identifier), login: true })
  }

  /** The threads of a phase, or all, the newest first. */
  notices(phase?: Phase, signal?: AbortSignal): Promise<Threads> {
    const query = phase === undefined ? '' : `?phase=${phase}`
    return this.get(`/v1/notices${query}`, threadsShape, signal)
  }

  /** The thread with that message. */
  notice(identifier: string, signal?: AbortSignal): Promise<Thread> {
    return this.get(noticePath(identifier), threadShape, signal)
  }

  /** That message as CAP 1.2 XML. */
  async noticeCap(identifier: string): Promise<string> {
    const accept = 'application/cap+xml'
    const response = await this.http.open({ path: noticePath(identifier), accept, login: true })
    return response.text()
  }

  /** The counts of the thread with that message. */
  receipts(identifier: string, signal?: AbortSignal): Promise<Receipts> {
    return this.get(`${noticePath(identifier)}/receipts`, receiptsShape, signal)
  }

  /** The counts now and after each change, until the desk ends the stream or the signal aborts. */
  async *followReceipts(identifier: string, signal: AbortSignal): AsyncGenerator<Receipts> {
    const response = await this.http.open({
      path: `${noticePath(identifier)}/receipts`,
      accept: 'text/event-stream',
      login: true,
      signal,
      timeoutMs: 0,
    })
    for await (const event of events(response, signal)) {
      if (event.type !== 'receipts') continue
      const counts = receiptsShape.safeParse(parseJson(event.data))
      if (counts.success) yield counts.data
    }
  }

  /** The keyset in force, or null. It needs no login. */
  keyset(signal?: AbortSignal): Promise<HeldDocument | null> {
    return this.held('/v1/keyset', false, signal)
  }

  /** The contact cards that hold, or null. It needs no login. */
  contacts(signal?: AbortSignal): Promise<HeldDocument | null> {
    return this.held('/v1/contacts', false, signal)
  }

  /** The posture that holds, or null. */
  posture(signal?: AbortSignal): Promise<HeldDocument | null> {
    return this.held('/v1/posture', true, signal)
  }

  /** The pinned roots, as PEM text. It needs no login. */
  async trust(): Promise<string> {
    const response = await this.http.open({
      path: '/v1/trust',
      accept: 'application/x-pem-file, */*',
    })
    return response.text()
  }

  /** The issuers that the desk is configured with; none if it does not know. */
  async issuers(signal?: AbortSignal): Promise<readonly string[]> {
    return (await this.get('/v1/issuers', issuersShape, signal)).issuers
  }

  /** Who is connected now. */
  audience(signal?: AbortSignal): Promise<Audience> {
    return this.get('/v1/audience', audienceShape, signal)
  }

  /** The cohorts: names and sizes, never people. */
  async cohorts(signal?: AbortSignal): Promise<readonly Cohort[]> {
    return (await this.get('/v1/cohorts', cohortsShape, signal)).cohorts
  }

  /** Makes a cohort of an issuer's subjects, in place of an earlier one of that name. */
  putCohort(name: string, issuer: string, subjects: readonly string[]): Promise<Cohort> {
    return this.http.call(
      {
        method: 'PUT',
        path: cohortPath(name),
        body: { issuer, subjects },
        login: true,
        timeoutMs: 120_000,
      },
      cohortShape,
    )
  }

  /** Drops a cohort. Notices to it reach nobody any more. */
  async removeCohort(name: string): Promise<void> {
    await this.http.open({ method: 'DELETE', path: cohortPath(name), login: true })
  }

  /** The pseudonyms by which a posture revokes people (`sub`), or single logins (`sid`). */
  async pseudonyms(
    issuer: string,
    ids: readonly string[],
    kind: 'person' | 'login',
  ): Promise<readonly string[]> {
    const request = { method: 'POST', path: '/v1/pseudonyms', login: true } as const
    const body = { issuer, kind, ids }
    return (await this.http.call({ ...request, body }, pseudonymsShape)).pseudonyms
  }

  private get<T extends Parameters<Http['call']>[1]>(path: string, shape: T, signal?: AbortSignal) {
    return this.http.call<T>(
      { path, login: true, ...(signal === undefined ? {} : { signal }) },
      shape,
    )
  }

  private async held(path: string, login: boolean, signal?: AbortSignal) {
    try {
      return await this.http.call(
        { path, login, ...(signal === undefined ? {} : { signal }) },
        documentShape,
      )
    } catch (error) {
      if (isProblem(error, 'not-found')) return null
      throw error
    }
  }

  /** Posts until the document's fate is known. */
  private async persist(
    path: string,
    body: unknown,
    onUnconfirmed: ((attempt: number) => void) | undefined,
    again = false,
  ): Promise<Answer> {
    let unknown = again
    let wait = submitPauseMs
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.http.call({ method: 'POST', path, body }, answerShape)
      } catch (error) {
        if (unknown && isProblem(error, 'already-published')) {
          // By an earlier attempt, or by another signer meanwhile: it is in the log.
          const { identifier, seq } = error
          return { status: 'published', identifier, seq, signers: [] }
        }
        // What refuses a repetition unread says nothing of the first.
        if (!isOpen(error) && !(unknown && isProblem(error) && unread.has(error.name))) throw error
        unknown = true
        if (attempt === submitAttempts) {
          throw new DeskProblem('unconfirmed', 'Whether it is published is not known yet')
        }
        onUnconfirmed?.(attempt)
      }
      await this.pause(wait)
      wait *= 2
    }
  }
}

/** Refusals for reasons that are not the document's. */
const unread = new Set(['unavailable', 'too-many', 'internal'])

/** Whether an error leaves open what became of a request. */
function isOpen(error: unknown): boolean {
  if (!isProblem(error)) return true
  if (error.name === 'network' || error.name === 'unconfirmed') return true
  // A proxy that lost the desk says so without a problem document of ours.
  return (
    error.name === 'http' && (error.status >= 500 || (error.status >= 200 && error.status < 300))
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function proposalPath(identifier: string): string {
  return `/v1/proposals/${encodeURIComponent(identifier)}`
}

function noticePath(identifier: string): string {
  return `/v1/notices/${encodeURIComponent(identifier)}`
}

function cohortPath(name: string): string {
  return `/v1/cohorts/${encodeURIComponent(name)}`
}
