import { useMutation, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import type { Desk, Phase } from './desk.js'
import { isProblem } from './problem.js'
import { askEvery, untilAnswered, useAsked } from './queries.js'
import type { Receipts, SignedEnvelope } from './shapes.js'

/** How often that is asked for which somebody sits and waits for, in ms. */
const watchEvery = 1_000

const DeskContext = createContext<Desk | null>(null)

/** Gives the pages below it their desk. It stands inside a QueryClientProvider. */
export function DeskProvider({ desk, children }: { desk: Desk; children: ReactNode }) {
  return <DeskContext value={desk}>{children}</DeskContext>
}

/** The desk of this page. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext)
  if (desk === null) throw new Error('there is no DeskProvider above')
  return desk
}

/** The threads of a phase, or all. */
export function useNotices(phase?: Phase) {
  const desk = useDesk()
  return useAsked({
    queryKey: ['notices', phase ?? 'all'],
    queryFn: ({ signal }) => desk.notices(phase, signal),
    refetchInterval: askEvery,
  })
}

/** The thread with that message. */
export function useNotice(identifier: string) {
  const desk = useDesk()
  return useAsked({
    queryKey: ['notice', identifier],
    queryFn: ({ signal }) => desk.notice(identifier, signal),
    refetchInterval: askEvery,
    // Who comes from what was just published would withdraw the version before, in vain.
    staleTime: 0,
  })
}

/** What waits for signatures. */
export function useProposals() {
  const desk = useDesk()
  return useAsked({
    queryKey: ['proposals'],
    queryFn: ({ signal }) => desk.proposals(signal),
    refetchInterval: askEvery,
  })
}

/** One that waits. Whoever has it open waits for its end, and is to see it at once. */
export function useProposal(identifier: string) {
  const desk = useDesk()
  return useAsked({
    queryKey: ['proposal', identifier],
    queryFn: ({ signal }) => desk.proposal(identifier, signal),
    refetchInterval: (query) => (isProblem(query.state.error) ? askEvery : watchEvery),
  })
}

/** The keyset in force, or null. */
export function useKeyset() {
  const desk = useDesk()
  return useAsked({
    queryKey: ['keyset'],
    queryFn: ({ signal }) => desk.keyset(signal),
    refetchInterval: askEvery,
  })
}

/** The contact cards that hold, or null. */
export function useContactsDocument() {
  const desk = useDesk()
  return useAsked({
    queryKey: ['contacts'],
    queryFn: ({ signal }) => desk.contacts(signal),
    refetchInterval: askEvery,
  })
}

/** The posture that holds, or null. */
export function usePosture() {
  const desk = useDesk()
  return useAsked({
    queryKey: ['posture'],
    queryFn: ({ signal }) => desk.posture(signal),
    refetchInterval: askEvery,
  })
}

/** The issuers that the desk is configured with. */
export function useIssuers() {
  const desk = useDesk()
  return useAsked({
    queryKey: ['issuers'],
    queryFn: ({ signal }) => desk.issuers(signal),
    staleTime: 60_000,
    refetchInterval: untilAnswered,
  })
}

/** The pinned roots, as PEM text. */
export function useTrust() {
  const desk = useDesk()
  return useAsked({
    queryKey: ['trust'],
    queryFn: () => desk.trust(),
    refetchInterval: (query) => untilAnswered(query) || 60_000,
  })
}

/** Who is connected. */
export function useAudience() {
  const desk = useDesk()
  return useAsked({
    queryKey: ['audience'],
    queryFn: ({ signal }) => desk.audience(signal),
    refetchInterval: askEvery,
  })
}

/** The cohorts. */
export function useCohorts() {
  const desk = useDesk()
  return useAsked({
    queryKey: ['cohorts'],
    queryFn: ({ signal }) => desk.cohorts(signal),
    refetchInterval: askEvery,
  })
}

/** Makes a cohort, or puts another in its place. */
export function usePutCohort() {
  const desk = useDesk()
  const refresh = useRefresh()
  return useMutation({
    mutationFn: (cohort: { name: string; issuer: string; subjects: readonly string[] }) =>
      desk.putCohort(cohort.name, cohort.issuer, cohort.subjects),
    onSettled: refresh,
  })
}

/** Drops a cohort. */
export function useRemoveCohort() {
  const desk = useDesk()
  const refresh = useRefresh()
  return useMutation({ mutationFn: (name: string) => desk.removeCohort(name), onSettled: refresh })
}

/** Submits a signed document (Desk.submit). */
export function useSubmit() {
  const desk = useDesk()
  const refresh = useRefresh()
  return useMutation({
    mutationFn: (envelope: SignedEnvelope) => desk.submit(envelope),
    onSettled: refresh,
  })
}

/** Adds a signature to a proposal (Desk.addSignature). */
export function useAddSignature() {
  const desk = useDesk()
  const refresh = useRefresh()
  return useMutation({
    mutationFn: (add: { identifier: string; keyid: string; sig: string }) =>
      desk.addSignature(add.identifier, { keyid: add.keyid, sig: add.sig }),
    onSettled: refresh,
  })
}

/** Takes a proposal back. */
export function useWithdraw() {
  const desk = useDesk()
  const refresh = useRefresh()
  return useMutation({
    mutationFn: (identifier: string) => desk.withdraw(identifier),
    onSettled: refresh,
  })
}

/** Counts as they come. `live` is false while the stream is down; it comes back by itself. */
export interface LiveReceipts {
  readonly receipts: Receipts | null
  readonly live: boolean
  /** Why it is down, if the desk has said so. */
  readonly error: unknown
}

const nothingHeard: LiveReceipts = { receipts: null, live: false, error: null }

/** The counts of a notice, streamed. */
export function useReceipts(identifier: string): LiveReceipts {
  const desk = useDesk()
  const [held, setHeld] = useState(nothingHeard)
  useEffect(() => {
    const stop = new AbortController()
    void follow(desk, identifier, stop.signal, setHeld)
    return () => stop.abort()
  }, [desk, identifier])
  return held.receipts !== null && held.receipts.identifier !== identifier && !held.live
    ? nothingHeard
    : held
}

async function follow(
  desk: Desk,
  identifier: string,
  signal: AbortSignal,
  set: (change: (held: LiveReceipts) => LiveReceipts) => void,
): Promise<void> {
  set(() => nothingHeard)
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      for await (const receipts of desk.followReceipts(identifier, signal)) {
        failures = 0
        set(() => ({ receipts, live: true, error: null }))
      }
      set((held) => ({ ...held, live: false }))
    } catch (error) {
      // Whatever it was, the next attempt tells whether it lasts.
      if (!signal.aborted) set((held) => ({ ...held, live: false, error }))
    }
    await pause(Math.random() * Math.min(1000 * 2 ** failures, 15_000), signal)
  }
}

/** Waits, or less if the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}

/** Asks for everything again, after an act; nobody waits for the answers. */
export function useRefresh(): () => void {
  const queries = useQueryClient()
  return () => {
    void queries.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'trust' })
  }
}
