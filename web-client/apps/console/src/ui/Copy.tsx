import { useState } from 'react'
import { Button } from './Button.js'

/** A button that copies text, and says that it has. */
export function Copy({
  text,
  children = 'Copy',
}: {
  readonly text: string
  readonly children?: string
}) {
  const [done, setDone] = useState<'' | 'Copied' | 'Select the text and copy it by hand'>('')
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setDone('Copied'),
      () => setDone('Select the text and copy it by hand'),
    )
  return (
    <span>
      <Button onClick={copy}>{children}</Button> <span role="status">{done}</span>
    </span>
  )
}
