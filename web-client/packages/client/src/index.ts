// @tocsin/client: verified crisis notices in the browser.

export { Tocsin } from './client.js'
export { chooseInfo } from './language.js'
export type {
  ContactCard,
  Directive,
  Freshness,
  Info,
  Notice,
  Pair,
  Scope,
  Severity,
  ShownNotice,
  State,
  Tier,
  TocsinOptions,
  Tokens,
} from './seen.js'
export { directiveIn, isActual, unknown } from './state.js'
