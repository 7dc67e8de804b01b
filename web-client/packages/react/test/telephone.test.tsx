import { render } from '@testing-library/react'
import { expect, test } from 'vitest'
import { plain, Telephone } from '../src/telephone.js'
import './render.js'

const dialled = (text: string) =>
  [...render(<p>{plain(text, true)}</p>).container.querySelectorAll('a')].map((a) => [
    a.textContent,
    a.getAttribute('href'),
  ])

test('a telephone number reads from left to right within any text', () => {
  const text = 'اتصل بالرقم +1 555 010 0142 أو (0800) 123-4567.'
  const { container } = render(<p dir="rtl">{plain(text)}</p>)
  expect(container.textContent).toBe(text)
  const numbers = [...container.querySelectorAll('bdi')]
  expect(numbers.map((n) => n.textContent)).toEqual(['+1 555 010 0142', '(0800) 123-4567'])
  expect(numbers.every((n) => n.dir === 'ltr')).toBe(true)
  expect(container.querySelector('a'), 'only where it is asked for').toBeNull()
})

test('text without one is left as it is', () => {
  const { container } = render(<p>{plain('Dial 112, or come by at 9:30.', true)}</p>)
  expect(container.innerHTML).toBe('<p>Dial 112, or come by at 9:30.</p>')
})

test.each([
  ['Front desk, +1 555 010 0142 (24 hours)', '+1 555 010 0142', 'tel:+15550100142'],
  ['Reception:+44 20 7946 0958, 8:00 to 20:00', '+44 20 7946 0958', 'tel:+442079460958'],
  ['+49 (0)30 901820', '+49 (0)30 901820', 'tel:+4930901820'],
  ['+33 1 23 45 67 89 or at the desk', '+33 1 23 45 67 89', 'tel:+33123456789'],
  ['Call (555) 010-0142.', '(555) 010-0142', 'tel:5550100142'],
  ['1-800-555-0100', '1-800-555-0100', 'tel:18005550100'],
  ['0800 123 4567', '0800 123 4567', 'tel:08001234567'],
])('whom to call: %s', (text, shown, to) => {
  expect(dialled(text)).toEqual([[shown, to]])
})

test('two numbers are two links', () => {
  const text = '+1 555 010 0142 or +1 555 010 0143'
  expect(dialled(text).map(([, to]) => to)).toEqual(['tel:+15550100142', 'tel:+15550100143'])
})

test.each([
  'Front desk, 8:00 to 20:00',
  'Monday to Friday 0800-2000, weekends 08.00-20.00',
  'Since 22-11-2026 14:05, or 2026-11-22 14:05',
  'Policy 123 456 789 012',
  '+1 555 010 0142 8:00 to 20:00', // nothing says where the number ends
  '+44 20 7946 0958 24 hours',
  '+49 30 90182 08.00',
])('no number is made up from: %s', (text) => {
  expect(dialled(text)).toEqual([])
})

test('a card’s number is one as it stands, short ones and codes too', () => {
  const to = (number: string) =>
    render(<Telephone number={number} />)
      .container.querySelector('a')
      ?.getAttribute('href')
  expect(to('911')).toBe('tel:911')
  expect(to('555 0100')).toBe('tel:5550100')
  expect(to('*31#')).toBe('tel:*31%23')
  expect(to('+1 555 0100 +1 555 0101')).toBeUndefined()
})
