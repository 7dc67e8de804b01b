import { beforeEach, describe, expect, it } from 'vitest'
import { patients } from '../src/clinic.js'
import { blank, loadDraft, saveDraft } from '../src/home/booking-form.js'
import { chooseLanguage, chosenLanguage } from '../src/language.js'
import { type Login, openLogin } from '../src/login.js'

const [maya, daniel] = patients as [(typeof patients)[0], (typeof patients)[0]]
const left = (storage: Storage) => Array.from({ length: storage.length }, (_, i) => storage.key(i))

let asked: URL[]
let status: number

/** A tab of the browser: it has a storage of its own beside the shared one. */
function tab(own: Storage = new Storage()): Login {
  return openLogin({
    shared: localStorage,
    own,
    fetch: async (url) => {
      asked.push(new URL(url, 'http://127.0.0.1'))
      return new Response('header.claims.signature\n', { status })
    },
  })
}

const query = () => Object.fromEntries(asked.at(-1)?.searchParams ?? [])

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
  asked = []
  status = 200
})

describe('tokens', () => {
  it('are none for nobody, without a question to the issuer', async () => {
    expect(await tab().getToken()).toBeNull()
    expect(asked).toEqual([])
  })

  it('name the patient and the site, and the visit while it lasts', async () => {
    const login = tab()
    login.signIn(maya)
    expect(await login.getToken()).toBe('header.claims.signature')
    expect(query()).toEqual({ sub: 'pat-1', tenant: 'north' })
    login.joinVisit('visit-pat-1')
    await login.getToken()
    expect(query()).toEqual({ sub: 'pat-1', tenant: 'north', session: 'visit-pat-1' })
    login.leaveVisit()
    await login.getToken()
    expect(query()).not.toHaveProperty('session')
  })

  it('fail with the issuer: that is no sign-out', async () => {
    const login = tab()
    login.signIn(maya)
    status = 503
    await expect(login.getToken()).rejects.toThrow('503')
    expect(login.getState().patient).toBe(maya)
  })

  it('end with one that lasts a second, over a reload too, until the next login', async () => {
    const own = new Storage()
    const login = tab(own)
    login.signIn(maya)
    login.end()
    await login.getToken()
    expect(query()).toMatchObject({ ttl: '1s' })
    await expect(login.getToken()).rejects.toThrow('ended')
    const again = tab(own)
    expect(again.getState()).toMatchObject({ patient: maya, ended: true })
    await expect(again.getToken()).rejects.toThrow('ended')
    again.renew()
    await again.getToken()
    expect(query()).not.toHaveProperty('ttl')
    expect(tab(own).getState().ended).toBe(false)
  })

  it('are never stored', async () => {
    const login = tab(sessionStorage)
    login.signIn(maya)
    await login.getToken()
    expect(JSON.stringify([{ ...localStorage }, { ...sessionStorage }])).not.toContain('signature')
  })
})

describe('a shared computer', () => {
  it('keeps nothing of the portal after a sign-out', () => {
    const login = tab(sessionStorage)
    login.signIn(maya)
    saveDraft(sessionStorage, { ...blank, about: 'my knee' })
    chooseLanguage(sessionStorage, 'ar')
    login.end()
    login.signOut()
    expect(login.getState()).toMatchObject({ patient: null, signedOut: true })
    expect([...left(localStorage), ...left(sessionStorage)]).toEqual([])
  })

  it('keeps the language that somebody chose in order to sign in', () => {
    const login = tab(sessionStorage)
    chooseLanguage(sessionStorage, 'ar')
    login.signIn(maya)
    expect(chosenLanguage(sessionStorage)).toBe('ar')
  })

  it('signs out in the other tabs, with what they hold', () => {
    const other = tab(sessionStorage)
    tab().signIn(maya)
    other.lookAgain()
    expect(other.getState().patient).toBe(maya)
    saveDraft(sessionStorage, { ...blank, about: 'my knee' })
    tab().signOut()
    other.lookAgain()
    expect(other.getState()).toMatchObject({ patient: null, signedOut: false })
    expect(loadDraft(sessionStorage)).toEqual(blank)
  })

  it('shows a tab that slept through a change of patients the next one, afresh', () => {
    const slept = tab(sessionStorage)
    slept.signIn(maya)
    slept.joinVisit('visit-pat-1')
    saveDraft(sessionStorage, { ...blank, about: 'my knee' })
    const other = tab()
    other.signOut()
    other.signIn(daniel)
    slept.lookAgain()
    expect(slept.getState()).toMatchObject({ patient: daniel, visit: null })
    expect(loadDraft(sessionStorage)).toEqual(blank)
  })

  it('takes a second sign-in of the same patient for another one', () => {
    const slept = tab(sessionStorage)
    slept.signIn(maya)
    const before = slept.getState().id
    const other = tab()
    other.signOut()
    other.signIn(maya)
    slept.lookAgain()
    expect(slept.getState().id).not.toBe(before)
  })

  it('knows nobody whom the clinic does not know', () => {
    localStorage.setItem('portal:patient', 'pat-9 x')
    expect(tab().getState()).toMatchObject({ id: null, patient: null })
  })
})

it('tells of a change once, and of none not at all', () => {
  const login = tab()
  let told = 0
  const end = login.subscribe(() => told++)
  login.signIn(maya)
  login.lookAgain()
  login.lookAgain()
  expect(told).toBe(1)
  end()
  login.signOut()
  expect(told).toBe(1)
})
