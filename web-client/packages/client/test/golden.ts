import { readFileSync } from 'node:fs'
import type { Outcome } from '../src/verify.js'

/** The vectors that Go and TypeScript both read (notice/testdata). */
export function golden<T>(name: string): T[] {
  const path = new URL(`../../../../notice/testdata/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as T[]
}

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

/** An outcome, as the vectors name it. */
export const verdictOf = ({ accepted, refused }: Outcome) =>
  accepted ? 'accepted' : refused ? 'rejected' : 'skipped'
