import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { type Accepted, Board, type Keyset } from '@tocsin/client/verify'
import {
  type Asked,
  type HeldDocument,
  type SignedEnvelope,
  type Thread,
  useContactsDocument,
  useKeyset,
  usePosture,
  useTrust,
} from '../desk/index.js'
import { type Contacts, contactsIn, type Posture, postureIn } from './open.js'
import {
  type Rooted,
  recallRoots,
  rememberRoots,
  type TrustedKeyset,
  trustKeyset,
} from './roots.js'
import { type Signers, verifiedSigners } from './signers.js'

/** The same bytes are judged once. */
const once = { staleTime: Number.POSITIVE_INFINITY, retry: false } as const
/** What was judged before stands while others are: a form that is open stays open. */
const following = { ...once, placeholderData: keepPreviousData } as const

interface Asking {
  readonly state: 'asking'
  /** Why there is no answer. */
  readonly error: Error | null
}

type Judgement = TrustedKeyset | Asking

/** How the desk's keyset stands, by the roots that this browser knows. */
export function useRootedKeyset(): Judgement {
  const trust = useTrust()
  const held = useKeyset()
  const pem = trust.data
  const envelope = held.data?.envelope
  const { data, isError } = useQuery({
    queryKey: ['rooted', pem, envelope],
    enabled: pem !== undefined && held.data !== undefined,
    queryFn: async () => {
      const judged = await trustKeyset(pem ?? '', envelope, recallRoots())
      if (judged.state === 'verified') rememberRoots(judged.roots)
      return judged
    },
    ...following,
  })
  if (data) return data
  return isError ? { state: 'refused' } : { state: 'asking', error: held.error ?? trust.error }
}

/** The keyset by which everything here is judged; null while there is none to be trusted. */
export function useTrustedKeyset(): {
  readonly keyset: Keyset | null
  readonly state: Judgement['state']
} {
  const judged = useRootedKeyset()
  return { keyset: judged.state === 'verified' ? judged.keyset : null, state: judged.state }
}

/** Takes the roots that the desk names now, after somebody has compared them. */
export function useTrustNewRoots(): () => void {
  const queries = useQueryClient()
  return () => {
    rememberRoots(null)
    void queries.invalidateQueries({ queryKey: ['rooted'] })
  }
}

/** A document that the desk says is in force. */
export type InForce<T> =
  | Asking
  /** Signed as the keyset asks; null is that the desk has none. */
  | { readonly state: 'verified'; readonly doc: T | null; readonly by: Signers | null }
  /** The desk serves what readers would refuse. */
  | { readonly state: 'refused' }

/** The contact cards in force, verified. */
export function useContactsInForce(): InForce<Contacts> {
  return useInForce('contacts', useContactsDocument(), verifyContacts)
}

/** The posture in force, verified. */
export function usePostureInForce(): InForce<Posture> {
  return useInForce('posture', usePosture(), verifyPosture)
}

type Verify<T> = (envelope: SignedEnvelope, rooted: Rooted) => Promise<Signed<T> | null>

interface Signed<T> {
  readonly doc: T
  readonly by: Signers
}

function useInForce<T>(
  name: string,
  { data: held, error }: Asked<HeldDocument | null>,
  verify: Verify<T>,
): InForce<T> {
  const rooted = useRootedKeyset()
  const envelope = held?.envelope
  const verified = rooted.state === 'verified' ? rooted : null
  const { data } = useQuery({
    queryKey: ['in force', name, envelope, verified?.envelope],
    enabled: envelope !== undefined && verified !== null,
    queryFn: () => (envelope && verified ? verify(envelope, verified) : null),
    ...following,
  })
  if (rooted.state === 'asking') return { state: 'asking', error: error ?? rooted.error }
  if (held === undefined) return { state: 'asking', error }
  if (!verified) return { state: 'refused' }
  if (held === null) return { state: 'verified', doc: null, by: null }
  if (data === undefined) return { state: 'asking', error: null }
  return data ? { state: 'verified', ...data } : { state: 'refused' }
}

/** The cards in an envelope with their signers, or null if readers would refuse them. */
export async function verifyContacts(
  envelope: SignedEnvelope,
  rooted: Rooted,
): Promise<Signed<Contacts> | null> {
  const doc = contactsIn(envelope)
  const [accepted] = await accept([envelope], rooted)
  return doc && accepted ? { doc, by: { owners: accepted.signers, breakGlass: false } } : null
}

/** The posture in an envelope with its signers, or null if nodes would refuse it. */
export async function verifyPosture(
  envelope: SignedEnvelope,
  { keyset }: Rooted,
): Promise<Signed<Posture> | null> {
  const doc = postureIn(envelope)
  if (!doc) return null
  const by = await verifiedSigners(envelope, keyset, ['operator'], doc)
  const need = keyset.policy?.thresholds?.posture || 2
  return by.breakGlass || by.owners.length >= need ? { doc, by } : null
}

/** What each envelope is to a reader who knows the keyset; null for what they refuse. */
export async function accept(
  envelopes: readonly SignedEnvelope[],
  { keyset, envelope }: Rooted,
): Promise<readonly (Accepted | null)[]> {
  const board = new Board(keyset, true)
  const entries = [envelope, ...envelopes].map((body, seq) => board.fold({ seq: seq + 1, body }))
  return (await Promise.all(entries)).slice(1).map(({ accepted }) => accepted ?? null)
}

/** Who signed each message of a thread, by its identifier; undefined until it is known. */
export function useSigners(thread: Thread): ReadonlyMap<string, readonly string[]> | undefined {
  const rooted = useRootedKeyset()
  const verified = rooted.state === 'verified' ? rooted : null
  const messages = thread.messages ?? []
  const envelopes = messages.map((message) => message.envelope)
  const { data } = useQuery({
    queryKey: ['thread', envelopes, verified?.envelope],
    enabled: verified !== null,
    queryFn: () => (verified ? accept(envelopes, verified) : []),
    ...once,
  })
  if (rooted.state !== 'asking' && !verified) return new Map()
  return (
    data &&
    new Map(data.flatMap((one) => (one?.notice ? [[one.notice.identifier, one.signers]] : [])))
  )
}
