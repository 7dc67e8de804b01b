// What whoever installs the package gets: the built files, and nothing beside them.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { newKey } from './kit/clinic.js'

const dist = resolve(import.meta.dirname, '../dist')

test('no module imports a package, and the Ed25519 for old browsers keeps its licence', () => {
  const modules = readdirSync(dist).filter((name) => name.endsWith('.js'))
  expect(modules).toContain('fallback.js')
  for (const name of modules) {
    const text = readFileSync(join(dist, name), 'utf8')
    expect(text.match(/(from|import)\s*\(?\s*['"`][^.].*/g), name).toBeNull()
  }
  for (const name of ['fallback.js', 'tocsin.js'])
    expect(readFileSync(join(dist, name), 'utf8').slice(0, 60)).toContain('noble-ed25519 - MIT')
})

test('away from node_modules, the Ed25519 for old browsers verifies', async () => {
  const away = mkdtempSync(join(tmpdir(), 'tocsin-package-'))
  try {
    cpSync(dist, away, { recursive: true })
    cpSync(join(dist, '../package.json'), join(away, 'package.json')) // it says that these are modules
    const { verify } = await import(
      /* @vite-ignore */ pathToFileURL(join(away, 'fallback.js')).href
    )
    const { pair } = await newKey('ana-ruiz', 'publisher')
    const message = Uint8Array.of(1, 2, 3)
    const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
    const sig = new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, message))
    expect(await verify(publicKey, sig, message)).toBe(true)
    expect(await verify(publicKey, sig, Uint8Array.of(1, 2, 4))).toBe(false)
  } finally {
    rmSync(away, { recursive: true })
  }
})
