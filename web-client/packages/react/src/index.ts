// @tocsin/react: React parts that show verified notices. Each part states 'use client'
// itself; this file does not, so that `renderableSeed` runs on a server.

export { Announcer } from './announcer.js'
export { CrisisBanner } from './banner.js'
export { NoticeCentre, type NoticeCentreProps } from './centre.js'
export { useContacts, useDirective, useFreshness, useNotices } from './hooks.js'
export type { Initial, PlainNotice } from './initial.js'
export {
  type TocsinClient,
  TocsinProvider,
  type TocsinProviderProps,
  useTocsin,
  useTocsinState,
} from './provider.js'
export { renderableSeed, type SeedOptions } from './seed.js'
export {
  type CallFrame,
  SessionEmergencyBanner,
  type SessionEmergencyBannerProps,
} from './session-banner.js'
export { Telephone, type TelephoneProps } from './telephone.js'
export { localeOf, type Texts } from './texts.js'
export { NoticeView, type NoticeViewProps } from './view.js'
