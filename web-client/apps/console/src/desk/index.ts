export * from './desk.js'
export * from './hooks.js'
export { capTime, type Login, type Sign, sessionType } from './http.js'
export { DeskProblem, isProblem } from './problem.js'
export { type Asked, askEvery, newQueries, untilAnswered, useAsked } from './queries.js'
export type {
  Answer,
  Audience,
  Cohort,
  HeldDocument,
  Message,
  Proposal,
  Proposals,
  Receipts,
  SignedEnvelope,
  Signer,
  Source,
  Thread,
  Threads,
} from './shapes.js'
