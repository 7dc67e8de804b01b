import { expect, test } from 'vitest'
import { forWhom } from '../../src/compose/audience.js'

const notice = {
  scope: 'Public',
  status: 'Actual',
  restriction: 'Staff of the north clinic only',
} as const

test('who gets it is said by scope and addresses, whatever the sender calls them', () => {
  expect(forWhom(notice)).toBe('Everyone')
  expect(forWhom({ ...notice, addresses: ['lang:es'] })).toBe('Who reads es')
})

test('values of one kind widen, another kind narrows, and so do scope and test', () => {
  const north = { ...notice, scope: 'Restricted', addresses: ['tenant:north'] } as const
  expect(forWhom(north)).toBe('Patients of north')
  expect(forWhom({ ...north, addresses: ['tenant:north', 'tenant:south'] })).toBe(
    'Patients of north or south',
  )
  expect(forWhom({ ...north, addresses: ['tenant:north', 'group:a:b', 'x-1:y'] })).toBe(
    'Patients of north; of these only the group a:b; of these only x-1 y',
  )
  expect(forWhom({ ...north, scope: 'Private' })).toMatch(/of these only who is logged in now$/)
  expect(forWhom({ ...notice, status: 'Test' })).toMatch(/staff/i)
  expect(forWhom({ ...north, addresses: ['group:staff'] })).toBe('Staff')
  expect(forWhom({ ...north, addresses: ['group:staff', 'group:dialysis'] })).toMatch(/dialysis/)
})
