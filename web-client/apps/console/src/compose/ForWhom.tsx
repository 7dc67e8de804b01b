import type { Notice } from '@tocsin/client'
import { forWhom } from './audience.js'

/** Who gets a notice, and behind it, quoted, what its sender calls them. */
export function ForWhom({ notice }: { readonly notice: Notice }) {
  const words = forWhom(notice)
  const { restriction } = notice
  if (!restriction || restriction.toLowerCase() === words.toLowerCase()) return words
  return (
    <span>
      <strong>{words}</strong> (in the sender’s words: “<bdi>{restriction}</bdi>”)
    </span>
  )
}
