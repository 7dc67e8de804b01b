import { render } from '@testing-library/react'
import { expect, test } from 'vitest'
import { plain } from '../src/plain.js'
import './render.js'

test('a telephone number reads from left to right within any text', () => {
  const text = 'اتصل بالرقم +1 555 010 0142 أو (0800) 123-4567.'
  const { container } = render(<p dir="rtl">{plain(text)}</p>)
  expect(container.textContent).toBe(text)
  const numbers = [...container.querySelectorAll('bdi')]
  expect(numbers.map((n) => n.textContent)).toEqual(['+1 555 010 0142', '(0800) 123-4567'])
  expect(numbers.every((n) => n.dir === 'ltr')).toBe(true)
})

test('text without one is left as it is', () => {
  const { container } = render(<p>{plain('Dial 112, or come by at 9:30.')}</p>)
  expect(container.innerHTML).toBe('<p>Dial 112, or come by at 9:30.</p>')
})
