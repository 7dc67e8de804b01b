import type * as z from 'zod/mini'
import { DeskProblem, isProblem, problemFrom } from './problem.js'
import { challengeShape, type SignedEnvelope, sessionShape } from './shapes.js'

/** How long a login is signed for, of the 60 s that a desk allows. */
const sessionLifeMs = 50_000
/** How long before its end a bearer token is no longer used. */
const renewBeforeMs = 30_000
/** How long an answer may take; a desk answers 504 sooner. */
const timeoutMs = 30_000

export const sessionType = 'application/vnd.tocsin.session+json'

/** Puts a document into an envelope signed by the staff member's key. */
export type Sign = (payloadType: string, payload: Uint8Array) => Promise<SignedEnvelope>

/** Who is logged in, as the desk says. */
export interface Login {
  readonly owner: string
  readonly roles: readonly string[]
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly accept?: string
  readonly login?: boolean
  readonly signal?: AbortSignal
  /** Overrides the 30 s that an answer may take; 0 for a stream, which has no end. */
  readonly timeoutMs?: number
}

export interface HttpOptions {
  /** The desk's origin. Default: the page's, since the desk serves the console. */
  readonly origin?: string
  /** Makes requests. Default: the browser's. */
  readonly fetch?: typeof fetch
}

/**
 * Requests to the desk, with a login where one is needed. The bearer token lives in
 * memory alone; a reload logs in anew.
 */
export class Http {
  readonly origin: string
  private readonly fetch: typeof fetch
  private sign: Sign | null = null
  private bearer: { token: string; until: number; who: Login } | null = null
  private renewing: Promise<string> | null = null

  constructor(options: HttpOptions = {}) {
    this.origin = options.origin ?? globalThis.location.origin
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  }

  /** Logs in with another key from now on; null for none. */
  setKey(sign: Sign | null): void {
    this.sign = sign
    this.bearer = null
    this.renewing = null
  }

  /** Signs a document with the key in use; the problem `no-key` without one. */
  async signed(payloadType: string, payload: Uint8Array): Promise<SignedEnvelope> {
    if (this.sign === null) throw noKey()
    return this.sign(payloadType, payload)
  }

  /** Logs in, or answers from the login that holds. */
  async login(): Promise<Login> {
    await this.token('')
    if (this.bearer === null) throw noKey()
    return this.bearer.who
  }

  /** Makes a request and parses its answer; any answer but a success is a DeskProblem. */
  async call<T extends z.ZodMiniType>(request: Request, shape: T): Promise<z.output<T>> {
    const response = await this.open(request)
    const body: unknown = await response.json().catch(() => undefined)
    const parsed = shape.safeParse(body)
    if (!parsed.success) throw notTheDesk(response.status)
    return parsed.data
  }

  /** Makes a request whose answer has no body, or one that the caller reads. */
  async open(request: Request): Promise<Response> {
    if (request.login !== true) return this.send(request, '')
    const token = await this.token('')
    try {
      return await this.send(request, token)
    } catch (error) {
      // It ended, or the desk has other keys now.
      if (!isProblem(error, 'unauthenticated')) throw error
      return this.send(request, await this.token(token))
    }
  }

  /** The bearer token; a new one if `spent` is the one that is held. */
  private token(spent: string): Promise<string> {
    const { bearer } = this
    if (bearer !== null && bearer.token !== spent && Date.now() < bearer.until) {
      return Promise.resolve(bearer.token)
    }
    this.renewing ??= this.logIn().finally(() => {
      this.renewing = null
    })
    return this.renewing
  }

  private async logIn(): Promise<string> {
    const { sign } = this
    if (sign === null) throw noKey()
    const challenge = await this.call({ path: '/v1/challenge' }, challengeShape)
    const session = JSON.stringify({
      origin: this.origin,
      nonce: challenge.nonce,
      expires: capTime(new Date(Date.parse(challenge.serverTime) + sessionLifeMs)),
    })
    const envelope = await sign(sessionType, new TextEncoder().encode(session))
    const asked = Date.now()
    const answer = await this.call(
      { method: 'POST', path: '/v1/session', body: envelope },
      sessionShape,
    )
    if (this.sign !== sign) throw noKey()
    // By the desk's clocks, so that a device whose clock is wrong does not log in at each request.
    const life = Date.parse(answer.expires) - Date.parse(challenge.serverTime)
    const who = { owner: answer.owner, roles: answer.roles }
    this.bearer = { token: answer.token, until: asked + life - renewBeforeMs, who }
    return answer.token
  }

  private async send(request: Request, token: string): Promise<Response> {
    const headers: Record<string, string> = { Accept: request.accept ?? 'application/json' }
    if (token !== '') headers.Authorization = `Bearer ${token}`
    if (request.body !== undefined) headers['Content-Type'] = 'application/json'
    const limit = request.timeoutMs ?? timeoutMs
    const signals: AbortSignal[] = []
    if (request.signal !== undefined) signals.push(request.signal)
    if (limit > 0) signals.push(AbortSignal.timeout(limit))
    let response: Response
    try {
      response = await this.fetch(this.origin + request.path, {
        method: request.method ?? 'GET',
        headers,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        signal: AbortSignal.any(signals),
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      })
    } catch (error) {
      if (request.signal?.aborted === true) throw error
      throw new DeskProblem('network', 'The desk does not answer')
    }
    if (!response.ok) throw await problemFrom(response)
    return response
  }
}

/** Writes a time as documents hold it (CAP 1.2): seconds and a numeric offset. */
export function capTime(at: Date): string {
  return `${at.toISOString().slice(0, 19)}+00:00`
}

function noKey(): DeskProblem {
  return new DeskProblem('no-key', 'This needs a login, and no key is open here')
}

function notTheDesk(status: number): DeskProblem {
  return new DeskProblem('http', 'What answered is not a desk of this version', { status })
}
