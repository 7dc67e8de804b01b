import { type ReactNode, useState } from 'react'
import type { Answer } from '../desk/index.js'
import { Bytes } from '../documents/Bytes.js'
import { Button, type ButtonKind, Dialog, Field, Note, Problem } from '../ui/index.js'
import { isConfirmed } from './confirmation.js'
import styles from './sending.module.css'
import { type Unsigned, useSend } from './useSend.js'

/**
 * Where something is read over, confirmed and signed. It shows the exact bytes, sends them
 * once, and can't be closed while they are on their way.
 */
export function SignDialog({
  title,
  unsigned,
  confirm = null,
  ready = true,
  kind = 'primary',
  label,
  back,
  onClose,
  onSent,
  children,
}: {
  readonly title: string
  readonly unsigned: Unsigned
  /** What is to be typed first; null for nothing. */
  readonly confirm?: string | null
  /** Whether all is there that is asked for in `children`. */
  readonly ready?: boolean
  readonly kind?: ButtonKind
  readonly label: string
  /** What the button says that leads back. */
  readonly back: string
  readonly onClose: () => void
  readonly onSent: (answer: Answer) => void
  /** What is signed, in words. */
  readonly children: ReactNode
}) {
  const send = useSend()
  const [typed, setTyped] = useState('')
  const able = ready && isConfirmed(typed, confirm)
  return (
    <Dialog open busy={send.isPending} onClose={onClose} title={title}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (able && !send.isPending) send.mutate(unsigned, { onSuccess: onSent })
        }}
      >
        {children}
        {confirm !== null && (
          <Field
            label={
              <>
                Type <span className={styles.typed}>{confirm}</span> to confirm
              </>
            }
            hint="In capitals."
          >
            {(control) => (
              <input
                {...control}
                value={typed}
                autoComplete="off"
                autoCapitalize="characters"
                spellCheck={false}
                onChange={(event) => setTyped(event.target.value)}
              />
            )}
          </Field>
        )}
        {send.asked > 0 && send.isPending && (
          <Note tone="warn" live>
            The desk has not said what became of it. The same signed text is sent again (attempt{' '}
            {send.asked + 1}); don’t close this page.
          </Note>
        )}
        <Problem error={send.error} />
        <Button type="submit" large kind={kind} busy={send.isPending} disabled={!able}>
          {label}
        </Button>
        <Button onClick={onClose} disabled={send.isPending}>
          {back}
        </Button>
        <Bytes payload={unsigned.payload} />
      </form>
    </Dialog>
  )
}
