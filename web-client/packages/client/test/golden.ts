import { readFileSync } from 'node:fs'

/** The vectors that Go and TypeScript both read (notice/testdata). */
export function golden<T>(name: string): T[] {
  const path = new URL(`../../../../notice/testdata/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as T[]
}

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
