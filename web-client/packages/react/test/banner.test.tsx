import { act, fireEvent, screen, within } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import { CrisisBanner, NoticeCentre } from '../src/index.js'
import { loadTexts } from '../src/texts.js'
import { arabic, cards, clientWith, english, shownOf, spanish, stale } from './fixtures.js'
import { show } from './render.js'

const headline = english.headline as string
const banner = () => screen.getByRole('region', { name: 'Important notices' })
const noBanner = () => screen.queryByRole('region')
const button = (name: RegExp) => screen.getByRole('button', { name })

describe('CrisisBanner', () => {
  test('is not there while there is nothing to say', () => {
    show(clientWith({ contacts: cards }), <CrisisBanner />)
    expect(noBanner()).toBeNull()
  })

  test('says what to do, then what happened, then whom to call', () => {
    show(clientWith({ notices: [shownOf()], contacts: cards }), <CrisisBanner />)
    const text = banner().textContent ?? ''
    const places = [
      'Extreme',
      headline,
      'What to do',
      'call 911',
      'What happened',
      'since 12:10',
      'Whom to call',
      'Verified: signed by 2 people',
      'Call us:',
      'Live',
    ].map((part) => text.indexOf(part))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places).not.toContain(-1)
  })

  test('keeps telephone numbers together and callable', () => {
    show(clientWith({ notices: [shownOf()], contacts: cards }), <CrisisBanner />)
    const link = screen.getByRole('link', { name: '+1 555 0100' })
    expect(link.getAttribute('href')).toBe('tel:+15550100')
    expect(link.querySelector('bdi')?.textContent).toBe('+1 555 0100')
  })

  test('marks an exercise and a test in words', () => {
    const notices = [shownOf({ status: 'Exercise' }), shownOf({ id: 'n2', status: 'Test' })]
    show(clientWith({ notices }), <CrisisBanner />)
    expect(banner().textContent).toContain('EXERCISE')
    expect(banner().textContent).toContain('This is practice. Nothing has happened.')
    expect(banner().textContent).toContain('TEST')
  })

  test('puts what happens before exercises, and those before what was withdrawn', () => {
    const notices = [
      shownOf({ id: 'gone', phase: 'withdrawn' }),
      shownOf({ id: 'drill', status: 'Exercise' }),
      shownOf({ id: 'real', severity: 'Minor' }),
    ]
    show(clientWith({ notices }), <CrisisBanner />)
    const items = within(banner()).getAllByRole('listitem')
    expect(items.map((i) => i.dataset.phase + (i.dataset.status ?? ''))).toEqual([
      'activeActual',
      'activeExercise',
      'withdrawnActual',
    ])
  })

  test('of a withdrawn notice gives the reason, no longer the instruction', () => {
    show(clientWith({ notices: [shownOf({ phase: 'withdrawn' })] }), <CrisisBanner />)
    expect(banner().textContent).toContain('The record system works again.')
    expect(banner().textContent).not.toContain('call 911')
  })

  test('says in the reader’s language that it is over, and marks that of the reason', async () => {
    await loadTexts('es')
    const languages = ['es-MX']
    show(clientWith({ notices: [shownOf({ phase: 'withdrawn' })] }), <CrisisBanner />, {
      languages,
    })
    expect(screen.getByText(/Este aviso ya no está en vigor/).closest('[lang]')).toHaveProperty(
      'lang',
      'es',
    )
    expect(screen.getByText(/The record system works again/).lang).toBe('en-US')
  })

  test.each([
    ['several', [english, arabic], 'It is over.\nانتهى الأمر.', ''],
    ['one', [english], 'All works again.\nCome in.', 'en-US'],
  ])('that gives its reason in lines is marked with their language: %s', (_, infos, note, lang) => {
    const shown = shownOf({ phase: 'withdrawn', infos })
    const notices = [{ ...shown, current: { ...shown.current, note } }]
    show(clientWith({ notices }), <CrisisBanner />)
    const reason = screen.getByText((_, element) => element?.textContent === note)
    expect(reason.getAttribute('lang')).toBe(lang)
  })

  test('gives the reason in the reader’s language where the withdrawal has it', async () => {
    await loadTexts('es')
    const languages = ['es-MX']
    const shown = shownOf({ phase: 'withdrawn' })
    const [first] = shown.notice.info ?? []
    if (!first) throw new Error('a notice has a block')
    const info = [
      { ...first, language: 'en-US', headline: 'All works again' },
      { ...first, language: 'es', headline: 'Todo vuelve a funcionar', instruction: '' },
    ]
    const notices = [{ ...shown, current: { ...shown.current, info } }]
    show(clientWith({ notices }), <CrisisBanner />, { languages })
    expect(screen.getByText(/Todo vuelve a funcionar/).lang).toBe('es')
    expect(screen.queryByText(/The record system works again/)).toBeNull()
  })

  test('that is folded looks withdrawn, in words', () => {
    const notices = [shownOf({ id: 'real' }), shownOf({ phase: 'withdrawn' })]
    show(clientWith({ notices }), <CrisisBanner />)
    const folded = within(banner()).getAllByRole('listitem')[1]
    expect(folded?.dataset.folded).toBe('true')
    expect(folded?.textContent).toContain('Withdrawn')
    expect(folded?.dataset.phase).toBe('withdrawn')
  })

  test('makes a link of a number in whom to call, and of no other', () => {
    const infos = [
      { ...english, contact: 'Desk, +1 555 010 0142', instruction: 'Not +1 555 010 0199' },
    ]
    show(clientWith({ notices: [shownOf({ infos })] }), <CrisisBanner />)
    const links = within(banner()).getAllByRole('link')
    expect(links.filter((l) => l.getAttribute('href')?.startsWith('tel:'))).toEqual([
      screen.getByRole('link', { name: '+1 555 010 0142' }),
    ])
  })

  test('links only to https, without credentials, and names the host', () => {
    const webs = ['javascript:alert(1)', 'http://clinic.example/', 'https://a@evil.example/']
    const notices = webs.map((web, i) => shownOf({ id: `n${i}`, infos: [{ ...english, web }] }))
    show(clientWith({ notices }), <CrisisBanner />)
    const links = within(banner()).queryAllByRole('link')
    expect(links.map((l) => l.textContent)).toEqual(['Skip the notices'])
  })
})

describe('folding', () => {
  test('an Extreme notice folds into a line, for this revision only', () => {
    const client = clientWith({ notices: [shownOf()] })
    show(client, <CrisisBanner />)
    expect(screen.queryByRole('button', { name: /^Hide/ })).toBeNull()
    fireEvent.click(button(/^Make smaller/))
    expect(banner().textContent).toContain(headline)
    expect(banner().textContent).not.toContain('call 911')
    expect(button(/^Show more/).getAttribute('aria-expanded')).toBe('false')

    act(() => client.set({ notices: [shownOf({ revision: 1 })] }))
    expect(banner().textContent).toContain('call 911')
  })

  test('is remembered over a reload', () => {
    const client = clientWith({ notices: [shownOf()] })
    const first = show(client, <CrisisBanner />)
    fireEvent.click(button(/^Make smaller/))
    first.unmount()
    show(client, <CrisisBanner />)
    expect(button(/^Show more/)).toBeDefined()
    fireEvent.click(button(/^Show more/))
    expect(banner().textContent).toContain('call 911')
  })

  test('is forgotten when the patient has signed out', () => {
    const client = clientWith({ tier: 'private', notices: [shownOf({ severity: 'Severe' })] })
    show(client, <CrisisBanner />)
    fireEvent.click(button(/^Hide/))
    expect(noBanner()).toBeNull()
    // At once, with the network gone, too.
    act(() => client.set({ tier: 'public', freshness: stale }))
    expect(banner().textContent).toContain(headline)
    expect(sessionStorage.getItem('tocsin.marks')).not.toContain('hidden')
  })

  test('hiding the notice passes the focus on to the page', () => {
    show(clientWith({ notices: [shownOf({ severity: 'Minor' })] }), <CrisisBanner />)
    const hide = button(/^Hide/)
    hide.focus()
    fireEvent.click(hide)
    expect(noBanner()).toBeNull()
    expect(document.activeElement?.id).toMatch(/end$/)
  })

  test('takes no focus by itself', () => {
    const client = clientWith()
    show(client, <CrisisBanner />)
    act(() => client.set({ notices: [shownOf()] }))
    expect(document.activeElement).toBe(document.body)
  })

  test('says once that it was read', () => {
    const client = clientWith({ notices: [shownOf({ severity: 'Severe' })] })
    show(client, <CrisisBanner />)
    const read = button(/^I have read this/)
    fireEvent.click(read)
    fireEvent.click(read)
    expect(client.log.filter((l) => l.startsWith('confirm'))).toEqual(['confirm n1 0'])
    expect(read.textContent).toBe('You have marked this as read')
    expect(read.isConnected).toBe(true)
  })
})

describe('languages', () => {
  test('every block has its own language and direction', async () => {
    await loadTexts('ar')
    const notices = [shownOf({ infos: [english, arabic] })]
    show(clientWith({ notices, contacts: cards }), <CrisisBanner />, { languages: ['ar'] })
    const region = screen.getByRole('region', { name: 'إشعارات مهمة' })
    expect([region.lang, region.dir]).toEqual(['ar', 'rtl'])
    const heading = screen.getByRole('heading', { name: arabic.headline as string })
    expect([heading.lang, heading.dir]).toEqual(['ar', 'rtl'])
    expect(region.textContent).toContain('شخصان')
  })

  test('a notice that lacks the reader’s language says whom to call in it', async () => {
    await loadTexts('es')
    const notices = [shownOf({ infos: [english] })]
    show(clientWith({ notices, contacts: cards }), <CrisisBanner />, { languages: ['es-MX'] })
    const text = screen.getByRole('region').textContent
    expect(text).toContain('Este aviso no está disponible en su idioma. Llámenos:')
    expect(text).toContain('Línea de pacientes')
    const heading = screen.getByRole('heading', { name: headline })
    expect([heading.lang, heading.dir]).toEqual(['en-US', 'ltr'])
  })

  test('chooses by the reader’s order', async () => {
    await loadTexts('de')
    const notices = [shownOf({ infos: [english, spanish] })]
    show(clientWith({ notices }), <CrisisBanner />, { languages: ['de', 'es', 'en'] })
    expect(screen.getByRole('heading', { name: spanish.headline as string })).toBeDefined()
    expect(screen.getByRole('region', { name: 'Wichtige Mitteilungen' })).toBeDefined()
  })
})

describe('freshness', () => {
  test('says since when nothing was updated, and keeps the notices', () => {
    const since = new Date()
    since.setHours(14, 5)
    const client = clientWith({ notices: [shownOf()], freshness: { ...stale, since } })
    show(client, <CrisisBanner />, { languages: ['en-GB'] })
    expect(banner().textContent).toContain(`No connection to us. Not updated since ${hours(since)}`)
    expect(banner().textContent).toContain(headline)
  })

  test.each([
    ['en', 'Some notices may be missing. Not updated since'],
    ['es', 'Es posible que aquí falten avisos. Sin actualizar desde'],
    ['ar', 'قد لا تظهر هنا جميع الإشعارات. لم تُحدَّث منذ'],
    ['de', 'Hier fehlen vielleicht Mitteilungen. Nicht aktualisiert seit'],
  ])('says in %s that something may be missing', async (language, words) => {
    await loadTexts(language)
    const freshness = { ...stale, reason: 'withheld' } as const
    show(clientWith({ freshness }), <CrisisBanner />, { languages: [language] })
    expect(screen.getByRole('region').textContent).toContain(words)
  })

  test('something shows, and was never live: says that some may be missing, not that none came', () => {
    const freshness = { state: 'stale', since: null, reason: 'withheld' } as const
    show(clientWith({ notices: [shownOf()], freshness }), <CrisisBanner />)
    expect(banner().textContent).toMatch(/Some notices may be missing\.$/)
  })

  test('the centre says that there are none only while it knows', () => {
    const client = clientWith()
    show(client, <NoticeCentre />)
    const centre = screen.getByRole('region', { name: 'Notices' })
    expect(centre.textContent).toContain('There are no notices.')
    act(() => client.set({ freshness: { ...stale, reason: 'withheld' } }))
    expect(centre.textContent).toContain('Some notices may be missing.')
    expect(centre.textContent).not.toContain('There are no notices.')
  })

  test('gives the date of what is older than today', () => {
    show(clientWith({ freshness: stale }), <CrisisBanner />, { languages: ['en-GB'] })
    expect(banner().textContent).toMatch(/Not updated since (Mar 2|2 Mar)/)
  })

  test('has a telephone number built in for when nothing can be verified', () => {
    const builtInContacts = [cards[0] as (typeof cards)[0]]
    const freshness = { state: 'connecting', since: null } as const
    vi.useFakeTimers()
    try {
      show(clientWith({ ready: false, freshness }), <CrisisBanner />, { builtInContacts })
      expect(noBanner()).toBeNull()
      act(() => void vi.advanceTimersByTime(8_000))
      expect(banner().textContent).toContain('Notices cannot be shown at the moment.')
      expect(screen.getByRole('link', { name: '+1 555 0100' })).toBeDefined()
    } finally {
      vi.useRealTimers()
    }
  })

  test('verified cards replace the one that is built in', () => {
    const builtInContacts = [{ language: 'en', audience: 'patient', name: 'Old number' }]
    const client = clientWith({ notices: [shownOf()], contacts: cards })
    show(client, <CrisisBanner />, { builtInContacts })
    expect(banner().textContent).not.toContain('Old number')
    expect(banner().textContent).toContain('Patient line')
  })

  test('cards for staff alone leave patients the number that is built in', () => {
    const builtInContacts = [{ language: 'en', audience: 'patient', name: 'Built in' }]
    const contacts = cards.filter((card) => card.audience === 'staff')
    show(clientWith({ notices: [shownOf()], contacts }), <CrisisBanner />, { builtInContacts })
    expect(banner().textContent).toContain('Call us: Built in')
  })

  test('marks notices whose keyset has expired', () => {
    show(clientWith({ notices: [shownOf()], keysetExpired: true }), <CrisisBanner />)
    expect(banner().textContent).toContain('has expired')
  })
})

test('nothing has a style of its own, which the policy of the page would refuse', () => {
  const notices = [shownOf(), shownOf({ id: 'n2', phase: 'withdrawn' })]
  const { container } = show(clientWith({ notices, contacts: cards }), <CrisisBanner />)
  expect(container.querySelectorAll('[style]')).toHaveLength(0)
})

function hours(date: Date): string {
  return date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}
