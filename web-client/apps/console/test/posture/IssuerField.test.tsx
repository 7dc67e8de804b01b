// @vitest-environment happy-dom
import { act, cleanup, fireEvent, screen } from '@testing-library/react'
import { useState } from 'react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { IssuerField } from '../../src/posture/IssuerField.js'
import { away, pass, saying, show } from '../kit/page.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

const known = 'https://idp.clinic.example'
const field = () => screen.getByLabelText<HTMLInputElement | HTMLSelectElement>('Identity provider')

function Form() {
  const [issuer, setIssuer] = useState('')
  return <IssuerField value={issuer} onChange={setIssuer} />
}

/** The field of a desk that is away, and what brings the desk back. */
async function silent() {
  let answer = away
  show(<Form />, (path) => answer(path))
  await pass(5000)
  expect(document.body.textContent).toContain('did not say which it knows')
  return async () => {
    answer = saying({ issuers: [known] })
    await pass(10_000)
  }
}

/** Types into what has the focus, wherever that is. */
function type(value: string) {
  expect(document.activeElement).toBe(field())
  fireEvent.change(field(), { target: { value } })
  expect(field().value).toBe(value)
}

test('what is being typed stays, and the focus with it, whatever the desk says', async () => {
  const answer = await silent()
  const typing = field()
  act(() => typing.focus())
  await answer()
  expect(field().value, 'the list came while it was empty').toBe('')
  type(known.slice(0, -1))
  expect(document.body.textContent).toContain('does not know this one')
  type(known)
  expect(document.body.textContent).not.toContain('check every letter')
  type(`${known}/realm`)
  type('')
  expect(document.activeElement).toBe(typing)
  expect([...document.querySelectorAll('datalist option')]).toHaveLength(1)
})

test('a field that nobody has touched becomes a choice, of the only one', async () => {
  const answer = await silent()
  await answer()
  expect([field().tagName, field().value]).toEqual(['SELECT', known])
})
