import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createKey } from '../../src/keys/key.js'
import { addCommands, invitationLink, readInvitation } from '../../src/staff/invitation.js'
import { RequestError, readRequest, requestText } from '../../src/staff/request.js'

const binary = resolve(import.meta.dirname, '../../../../../bin/tocsin')
const dir = mkdtempSync(join(tmpdir(), 'tocsin-request-'))
afterAll(() => rmSync(dir, { recursive: true }))
const tocsin = (...args: string[]) => execFileSync(binary, args, { cwd: dir, encoding: 'utf8' })

describe('a request', () => {
  test('is what `tocsin key show` prints', async () => {
    const printed = tocsin('key', 'new', 'ana.key', '--owner', 'ana-ruiz')
    const read = await readRequest(printed)
    expect(requestText(read)).toBe(printed)
    expect(read.owner).toBe('ana-ruiz')
    expect(printed).toContain(read.keyid)
  })

  test('is added to a keyset by the commands that are shown', async () => {
    const key = await createKey('bo-lee')
    writeFileSync(join(dir, 'bo-lee.pub'), requestText(key))
    writeFileSync(join(dir, 'root.pub'), tocsin('key', 'new', 'root.key', '--owner', 'root'))
    tocsin('keyset', 'new', 'keyset.json', '--root', 'root.pub', '--trust', 'trust.pem')
    const [add = '', sign = ''] = addCommands('bo-lee', ['publisher', 'approver'], 365, '').split(
      '\n',
    )
    tocsin(...add.split(' ').slice(1))
    tocsin(...sign.split(' ').slice(1))
    const envelope = JSON.parse(readFileSync(join(dir, 'keyset.json'), 'utf8'))
    const keyset = JSON.parse(atob(envelope.payload))
    expect(keyset.keys).toMatchObject([
      {
        keyid: key.keyid,
        publicKey: key.publicKey,
        owner: 'bo-lee',
        roles: ['publisher', 'approver'],
      },
    ])
    expect(envelope.signatures).toHaveLength(1)
  })

  test('survives being quoted in a mail', async () => {
    const key = await createKey('bo-lee')
    const quoted = `Hello,\r\n\r\n${requestText(key).replace(/^/gm, '> ').replaceAll('\n', '\r\n')}\r\nBo`
    expect(await readRequest(quoted)).toEqual({
      owner: key.owner,
      keyid: key.keyid,
      publicKey: key.publicKey,
    })
  })

  test.each([
    ['no key at all', (_: string) => 'Hello'],
    ['a part missing', (text: string) => text.replace(/^MCow.{20}/m, 'MCow')],
    ['another kind of key', (text: string) => text.replace('MCowBQYDK2Vw', 'MCowBQYDK2Vu')],
    ['no owner', (text: string) => text.replace(/^Owner: .*$/m, '')],
    ['an owner that is none', (text: string) => text.replace(/^Owner: .*$/m, 'Owner: $(rm -r)')],
    ['what is no base64', (text: string) => text.replace('MCow', 'MC%w')],
  ])('is refused with %s', async (_, spoil) => {
    const text = requestText(await createKey('bo-lee'))
    await expect(readRequest(text)).resolves.toBeDefined()
    await expect(readRequest(spoil(text))).rejects.toThrow(RequestError)
  })
})

describe('an invitation', () => {
  const invitation = { owner: 'bo-lee', roles: ['approver', 'operator'], by: 'ana-ruiz' } as const

  test('says in its link what it is for', () => {
    const link = new URL(invitationLink('https://desk.example', invitation))
    const [path, query] = link.hash.slice(1).split('?')
    expect(path).toBe('/invite')
    expect(readInvitation(new URLSearchParams(query))).toEqual(invitation)
  })

  test('leaves out what is not of its form', () => {
    const query = new URLSearchParams({ name: 'Ana <b>', roles: 'beacon,root,contacts', by: '' })
    expect(readInvitation(query)).toEqual({ owner: '', roles: ['contacts'], by: '' })
  })
})
