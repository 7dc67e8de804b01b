import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Language } from './language.js'
import type { Login, LoginState } from './login.js'
import type { Texts } from './texts/index.js'

export interface Portal {
  readonly login: Login
  readonly language: Language
  /** The reader's, the chosen one first. */
  readonly languages: readonly string[]
  readonly choose: (language: Language) => void
  readonly t: Texts
}

export const PortalContext = createContext<Portal | null>(null)

export function usePortal(): Portal {
  const portal = useContext(PortalContext)
  if (!portal) throw new Error('outside of the portal')
  return portal
}

export function useLogin(login: Login): LoginState {
  return useSyncExternalStore(login.subscribe, login.getState)
}
