// @vitest-environment node
import { beforeAll, describe, expect, test } from 'vitest'
import { type Clinic, cap, newClinic, t0 } from '../../client/test/kit/clinic.js'
import { renderableSeed } from '../src/seed.js'

let clinic: Clinic
beforeAll(async () => {
  clinic = await newClinic()
})

/** The text of GET /v1/snapshot that holds these envelopes. */
function snapshot(...envelopes: string[]): string {
  const entries = envelopes.map((text, i) => `{"seq":${i + 1},"envelope":${text}}`)
  const serverTime = new Date(t0).toISOString()
  const head = `"serverTime":"${serverTime}","source":{"state":"live","sinceMs":2000}`
  return `{"epoch":"00000000",${head},"entries":[${entries.join()}]}`
}

describe('renderableSeed', () => {
  test('gives what verifies, as plain JSON', async () => {
    const alert = clinic.alert()
    const text = snapshot(await clinic.keyset(), await clinic.publish(alert))
    const seed = await renderableSeed(text, clinic.roots, { languages: ['de-AT'] })
    expect(seed?.notices.map((n) => n.identifier)).toEqual([alert.identifier])
    expect(seed?.notices[0]?.sent).toBe(new Date(alert.sent).toISOString())
    expect(seed?.since).toBe(new Date(t0 - 2000).toISOString())
    expect(seed?.texts?.language).toBe('de')
    expect(seed?.seed).toBe(text)
    expect(JSON.parse(JSON.stringify(seed))).toEqual(seed)
  })

  test('leaves out what one signed alone, and what was altered', async () => {
    const alone = await clinic.publish(clinic.alert(), clinic.ana)
    const envelope = JSON.parse(await clinic.publish(clinic.alert()))
    const payload = Buffer.from(envelope.payload, 'base64').toString().replace('down', 'dawn')
    const altered = JSON.stringify({
      ...envelope,
      payload: Buffer.from(payload).toString('base64'),
    })
    const good = await clinic.publish(clinic.alert())
    const text = snapshot(await clinic.keyset(), alone, altered, good)
    expect((await renderableSeed(text, clinic.roots))?.notices).toHaveLength(1)
  })

  test('gives nothing without a keyset of these roots', async () => {
    const other = await newClinic()
    const text = snapshot(await clinic.keyset(), await clinic.publish(clinic.alert()))
    expect(await renderableSeed(text, other.roots)).toBeNull()
    expect(await renderableSeed(snapshot(), clinic.roots)).toBeNull()
  })

  test.each([
    '',
    '<html>502</html>',
    'null',
    '{}',
    '{"serverTime":"soon","source":{"sinceMs":0},"entries":[]}',
    '{"serverTime":"2026-11-22T10:00:00Z","source":{"sinceMs":"long"},"entries":[]}',
    '{"serverTime":"2026-11-22T10:00:00Z","source":{"sinceMs":0},"entries":{}}',
    '{"serverTime":"2026-11-22T10:00:00Z","source":{"sinceMs":0},"entries":[null,7]}',
  ])('gives nothing for %s', async (text) => {
    expect(await renderableSeed(text, clinic.roots)).toBeNull()
  })

  test('takes a dev keyset only if told', async () => {
    const text = snapshot(await clinic.keyset(1, { dev: true }))
    expect(await renderableSeed(text, clinic.roots)).toBeNull()
    expect(await renderableSeed(text, clinic.roots, { allowDev: true })).not.toBeNull()
  })

  test('gives only what this surface and reader may see, and what is not over', async () => {
    const addresses = ['surface:call', 'lang:es']
    const ended = clinic.alert({ sent: cap(t0 - 7_200_000) }, { expires: cap(t0 - 1000) })
    const text = snapshot(
      await clinic.keyset(),
      await clinic.publish(clinic.alert({ addresses })),
      await clinic.publish(clinic.alert({ scope: 'Private', addresses: ['tenant:north'] })),
      await clinic.publish(clinic.alert({ status: 'Test' })),
      await clinic.publish(ended),
    )
    const count = async (surface: string, ...languages: string[]) =>
      (await renderableSeed(text, clinic.roots, { surface, languages }))?.notices.length
    expect(await count('call', 'es-MX')).toBe(1)
    expect(await count('portal', 'es-MX')).toBe(0)
    expect(await count('call', 'de')).toBe(0)
  })
})
