// What the desk answers, as docs/desk-api.md has it, parsed once here. Members that this
// console does not know are dropped; times stay RFC 3339 text.

import * as z from 'zod/mini'

// Zod would compile its parsers with `new Function`, which the Content-Security-Policy forbids.
z.config({ jitless: true })

const list = <T extends z.ZodMiniType>(item: T) => z.optional(z.array(item))

export const signerShape = z.object({
  owner: z.string(),
  keyid: z.string(),
  role: z.string(),
  breakGlass: z.boolean(),
})
/** An owner whose signature counts, as the desk has counted. */
export type Signer = z.infer<typeof signerShape>

/** Base64 as every reader takes it, so that what is parsed can be shown. */
const base64Shape = z.string().check(
  z.refine((text) => {
    try {
      return btoa(atob(text)) === text
    } catch {
      return false
    }
  }),
)

export const envelopeShape = z.object({
  payloadType: z.string(),
  payload: base64Shape,
  signatures: z.array(z.object({ keyid: z.string(), sig: z.string() })),
})
/** A signed document as it travels (DSSE); its signatures are not verified here. */
export type SignedEnvelope = z.infer<typeof envelopeShape>

export const answerShape = z.object({
  status: z.enum(['published', 'waiting', 'checked']),
  identifier: z.string(),
  signers: z.array(signerShape),
  voids: list(z.string()),
  seq: z.optional(z.number()),
  breakGlass: z.optional(z.boolean()),
  need: z.optional(z.number()),
  candidates: list(z.string()),
  expires: z.optional(z.string()),
  hint: z.optional(z.string()),
})
/** What became of a signed document. `need` is how many owners must sign in all. */
export type Answer = z.infer<typeof answerShape>

const sourceShape = z.optional(
  z.object({ state: z.enum(['live', 'stale']), sinceMs: z.optional(z.number()) }),
)
/** Whether the desk hears the log: stale means that newer things may exist. */
export type Source = z.infer<typeof sourceShape>

export const proposalShape = z.object({
  identifier: z.string(),
  payloadType: z.string(),
  created: z.string(),
  expires: z.string(),
  need: z.number(),
  signers: z.array(signerShape),
  candidates: z.array(z.string()),
  /** The rule by which it could not be published now, however many sign. */
  blocked: z.optional(z.string()),
  superseded: z.optional(z.boolean()),
  envelope: envelopeShape,
})
/** A document that waits for signatures. Nothing in it is to be believed unverified. */
export type Proposal = z.infer<typeof proposalShape>

export const proposalsShape = z.object({
  proposals: z.array(proposalShape),
  source: sourceShape,
})
export type Proposals = z.infer<typeof proposalsShape>

const messageShape = z.object({
  seq: z.number(),
  identifier: z.string(),
  revision: z.number(),
  time: z.string(),
  signers: z.array(signerShape),
  breakGlass: z.boolean(),
  envelope: envelopeShape,
})
/** A message of a thread, as the desk holds it. */
export type Message = z.infer<typeof messageShape>

export const threadShape = z.object({
  identifier: z.string(),
  phase: z.enum(['active', 'withdrawn', 'over', 'unconfirmed']),
  current: z.optional(messageShape),
  messages: list(messageShape),
  unconfirmed: list(z.object({ identifier: z.string(), sha256: z.string(), since: z.string() })),
  source: sourceShape,
})
/** An Alert with what followed it. `current` is missing only while its fate is unconfirmed. */
export type Thread = z.infer<typeof threadShape>

export const threadsShape = z.object({ notices: z.array(threadShape), source: sourceShape })
export type Threads = z.infer<typeof threadsShape>

export const receiptsShape = z.object({
  identifier: z.string(),
  updated: z.string(),
  revisions: z.array(
    z.object({
      revision: z.number(),
      sent: z.number(),
      received: z.number(),
      displayed: z.number(),
      confirmed: z.number(),
    }),
  ),
})
/** How many sessions got, showed and confirmed each revision; nothing proves that a person read it. */
export type Receipts = z.infer<typeof receiptsShape>

export const documentShape = z.object({ seq: z.number(), envelope: envelopeShape })
/** The newest keyset, contacts or posture. */
export type HeldDocument = z.infer<typeof documentShape>

export const cohortShape = z.object({ name: z.string(), members: z.number(), time: z.string() })
/** A list of people who are affected; who is on it nobody is told. */
export type Cohort = z.infer<typeof cohortShape>
export const cohortsShape = z.object({ cohorts: z.array(cohortShape) })

export const issuersShape = z.object({ issuers: z.array(z.string()) })

const counts = z.record(z.string(), z.number())
export const audienceShape = z.object({
  updated: z.string(),
  nodes: z.number(),
  sessions: z.number(),
  byTier: counts,
  bySurface: counts,
  byLabel: counts,
})
/** Who is connected now: numbers of sessions, never people. */
export type Audience = z.infer<typeof audienceShape>

export const challengeShape = z.object({
  nonce: z.string(),
  serverTime: z.string(),
  expires: z.string(),
})

export const sessionShape = z.object({
  token: z.string(),
  expires: z.string(),
  owner: z.string(),
  roles: z.array(z.string()),
})

export const pseudonymsShape = z.object({ pseudonyms: z.array(z.string()) })
