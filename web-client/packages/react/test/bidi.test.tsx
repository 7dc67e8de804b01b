// Characters that turn text around: what is read is what was signed.

import { render } from '@testing-library/react'
import { Board, cardsOf, parseTrust, show, type Thread } from '@tocsin/client/verify'
import { renderToString } from 'react-dom/server'
import { beforeAll, expect, test } from 'vitest'
import { type Clinic, newClinic, signed, t0 } from '../../client/test/kit/clinic.js'
import { CrisisBanner, NoticeCentre, renderableSeed, TocsinProvider } from '../src/index.js'
import { clientWith } from './fixtures.js'

const turned = 'Pay at \u202e2410 010 555 1+\u202c \u2066now\u2069'
const straight = 'Pay at 2410 010 555 1+ now'
const turns = /[\u202a-\u202e\u2066-\u2069]/

let clinic: Clinic
let threads: readonly Thread[]
let snapshot: string
const board = async (...bodies: string[]) => {
  const held = new Board(await parseTrust(clinic.roots), false)
  for (const [seq, body] of bodies.entries()) await held.fold({ seq, body })
  return held
}
beforeAll(async () => {
  clinic = await newClinic()
  const info = { headline: turned, instruction: turned, description: turned, contact: turned }
  const alert = clinic.alert({}, info)
  const gone = clinic.alert({}, info)
  const bodies = [
    await clinic.keyset(),
    await clinic.publish(alert),
    await clinic.publish(clinic.follow('Update', [alert])),
    await clinic.publish(gone),
    await clinic.publish(clinic.follow('Cancel', [gone], { note: turned })),
  ]
  threads = (await board(...bodies)).threads
  const entries = bodies.map((text, i) => `{"seq":${i + 1},"envelope":${text}}`)
  const head = `"serverTime":"${new Date(t0).toISOString()}","source":{"state":"live","sinceMs":0}`
  snapshot = `{${head},"entries":[${entries}]}`
})

test('banner, centre and announcer', async () => {
  const notices = show(threads, t0, t0)
  expect(notices).toHaveLength(2)
  const { container } = render(
    <TocsinProvider client={clientWith({ notices })} languages={['en']}>
      <CrisisBanner />
      <NoticeCentre />
    </TocsinProvider>,
  )
  await expect.poll(() => document.querySelector('.tocsin-live')?.textContent).toContain(straight)
  expect(container.textContent).toContain(straight)
  expect(document.body.textContent).not.toMatch(turns)
})

test('what a server renders', async () => {
  const initial = await renderableSeed(snapshot, clinic.roots, { languages: ['en'] })
  expect(initial?.notices).toHaveLength(2)
  const html = renderToString(
    <TocsinProvider client={clientWith({ ready: false })} initial={initial}>
      <CrisisBanner />
      <NoticeCentre />
    </TocsinProvider>,
  )
  expect(html).toContain(straight)
  expect(html).not.toMatch(turns)
})

test('contact cards', async () => {
  const key = clinic.ana
  const keyset = await clinic.keyset(1, {
    policy: { thresholds: { contacts: 1 } },
    keys: [
      {
        keyid: key.keyid,
        publicKey: key.publicKey,
        owner: key.owner,
        roles: ['contacts'],
        notBefore: '2026-01-01T00:00:00-00:00',
        notAfter: '2027-01-01T00:00:00-00:00',
      },
    ],
  })
  const cards = [{ language: 'en', name: turned, hours: turned, telephone: '1' }]
  const contacts = { version: 1, sent: '2026-11-22T10:00:00-00:00', cards }
  const held = await board(keyset, await signed('contacts', contacts, key))
  expect(held.contacts?.cards).toHaveLength(1)
  expect(cardsOf(held.contacts)).toMatchObject([{ name: straight, hours: straight, audience: '' }])
})
