import { type ReactNode, useEffect, useId, useRef } from 'react'
import styles from './Dialog.module.css'

/**
 * A native modal dialog: Escape and the back gesture close it, and focus returns. While
 * `busy` it stays: what is on its way could be begun a second time behind it.
 */
export function Dialog({
  open,
  busy = false,
  onClose,
  title,
  children,
  actions,
}: {
  readonly open: boolean
  readonly busy?: boolean
  readonly onClose: () => void
  readonly title: string
  readonly children: ReactNode
  readonly actions?: ReactNode
}) {
  const ref = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const dialog = ref.current
    if (open && dialog && !dialog.open) {
      dialog.showModal()
      // The first link or field may lie far down: what is above it would be out of sight.
      dialog.querySelector('h2')?.focus()
    }
    if (!open && dialog?.open) dialog.close()
  }, [open])
  return (
    <dialog
      ref={ref}
      className={styles.dialog}
      aria-labelledby={heading}
      onCancel={(event) => {
        if (busy) event.preventDefault()
      }}
      // Browsers close it at the second Escape, whatever the first was told.
      onClose={() => (busy ? ref.current?.showModal() : onClose())}
    >
      {open && (
        <div className={styles.body}>
          <h2 id={heading} tabIndex={-1}>
            {title}
          </h2>
          {children}
          {actions && <div className={styles.actions}>{actions}</div>}
        </div>
      )}
    </dialog>
  )
}
