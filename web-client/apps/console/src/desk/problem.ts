import * as z from 'zod/mini'

const prefix = 'urn:tocsin:problem:'

const problemShape = z.object({
  type: z.string(),
  title: z.string(),
  detail: z.optional(z.string()),
  rule: z.optional(z.string()),
  identifier: z.optional(z.string()),
  seq: z.optional(z.number()),
  missing: z.optional(z.array(z.string())),
})

/**
 * A refusal by the desk (RFC 9457), or by what stands before it. `name` is the problem's
 * name in docs/desk-api.md; `http` if the answer was no problem document; `network` if
 * there was no answer; `no-key` if a login is needed and there is no key to log in with.
 */
export class DeskProblem extends Error {
  override readonly name: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly rule: string
  readonly identifier: string
  readonly seq: number
  readonly missing: readonly string[]
  /** When another attempt may work, in ms; 0 if the desk does not say. */
  readonly retryAfterMs: number

  constructor(
    name: string,
    title: string,
    more: {
      status?: number
      detail?: string | undefined
      rule?: string | undefined
      identifier?: string | undefined
      seq?: number | undefined
      missing?: readonly string[] | undefined
      retryAfterMs?: number
    } = {},
  ) {
    super(title)
    this.name = name
    this.title = title
    this.status = more.status ?? 0
    this.detail = more.detail ?? ''
    this.rule = more.rule ?? ''
    this.identifier = more.identifier ?? ''
    this.seq = more.seq ?? 0
    this.missing = more.missing ?? []
    this.retryAfterMs = more.retryAfterMs ?? 0
  }
}

/** isProblem tells whether an error is the desk's refusal, of that name if one is given. */
export function isProblem(error: unknown, name?: string): error is DeskProblem {
  return error instanceof DeskProblem && (name === undefined || error.name === name)
}

/** problemFrom reads the refusal in an answer. A proxy may have written it. */
export async function problemFrom(response: Response): Promise<DeskProblem> {
  const seconds = Number(response.headers.get('retry-after'))
  const retryAfterMs = Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 86400) * 1000 : 0
  const { status } = response
  const type = response.headers.get('content-type') ?? ''
  if (type.split(';')[0]?.trim() === 'application/problem+json') {
    const body = problemShape.safeParse(await response.json().catch(() => null))
    if (body.success && body.data.type.startsWith(prefix)) {
      const { type: urn, title, ...more } = body.data
      return new DeskProblem(urn.slice(prefix.length), title, { status, retryAfterMs, ...more })
    }
  }
  return new DeskProblem('http', `The desk answered ${status} ${response.statusText}`.trim(), {
    status,
    retryAfterMs,
  })
}
