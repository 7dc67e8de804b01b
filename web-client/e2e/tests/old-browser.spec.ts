import { between, type Tamper } from '../kit/proxy.js'
import { banner, expect, test } from '../kit/test.js'

/** Changes the signatures of every notice that is not called true. */
const spoil: Tamper = (frames) =>
  frames.map((frame) => {
    const told = JSON.parse(frame) as {
      envelope?: { payloadType: string; payload: string; signatures: { sig: string }[] }
    }
    if (!told.envelope?.payloadType.includes('notice')) return frame
    if (Buffer.from(told.envelope.payload, 'base64').includes('True')) return frame
    for (const signature of told.envelope.signatures) {
      const bytes = Buffer.from(signature.sig, 'base64')
      bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0)
      signature.sig = bytes.toString('base64')
    }
    return JSON.stringify(told)
  })

test('without Ed25519 of its own: shows what is signed, and nothing else', async ({
  hub,
  somebody,
}) => {
  const way = await between(hub.url)
  const page = await somebody()
  await page.addInitScript(() => {
    const { subtle } = crypto as unknown as {
      subtle: Record<string, (...args: unknown[]) => Promise<unknown>>
    }
    for (const name of ['importKey', 'generateKey', 'sign', 'verify']) {
      const real = subtle[name]?.bind(subtle)
      subtle[name] = async (...args) => {
        if (JSON.stringify(args).includes('Ed25519'))
          throw new DOMException('Unrecognized name.', 'NotSupportedError')
        return real?.(...args)
      }
    }
  })
  const fallback = page.waitForResponse(/\/fallback-.*\.js$/)
  await hub.publish('Spoilt, in the replay')
  await hub.publish('True, in the replay')
  way.tamper(spoil)
  await page.goto(way.url)
  expect((await fallback).ok(), 'the Ed25519 in JavaScript is loaded').toBe(true)
  const headings = banner(page).getByRole('heading', { level: 3 })
  await expect(headings).toHaveText(['True, in the replay'])
  // A node that sends what can't be verified is not believed, and asked again and again.
  await expect(banner(page)).toContainText('Not updated')
  await hub.publish('Spoilt, and live')
  await hub.publish('True, and live')
  // In either order: both may be of the same second.
  await expect(headings.filter({ hasText: 'True, and live' })).toBeVisible({ timeout: 60_000 })
  await expect(headings.filter({ hasText: 'True, in the replay' })).toBeVisible()
  await hub.publish('True, and last')
  await expect(headings.filter({ hasText: 'True, and last' })).toBeVisible({ timeout: 60_000 })
  await expect(headings).toHaveCount(3)
  await expect(banner(page)).not.toContainText('Spoilt')
  await way.close()

  await page.goto(hub.desk)
  await expect(page.getByText('This browser can’t sign.')).toBeVisible()
})
