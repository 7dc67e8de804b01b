import type { AnchorHTMLAttributes, ButtonHTMLAttributes } from 'react'
import styles from './Button.module.css'

/** `actual` and `exercise` are for acts that reach readers, and for nothing else. */
export type ButtonKind = 'plain' | 'primary' | 'quiet' | 'danger' | 'actual' | 'exercise'

interface Look {
  readonly kind?: ButtonKind
  readonly large?: boolean
}

function classes(kind: ButtonKind, large: boolean): string {
  return [styles.button, styles[kind], large && styles.large].filter(Boolean).join(' ')
}

/** A button; while `busy` it can't be pressed again, and says so. */
export function Button({
  kind = 'plain',
  large = false,
  busy = false,
  disabled,
  children,
  ...rest
}: Look & { readonly busy?: boolean } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button
      type="button"
      {...rest}
      className={classes(kind, large)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
    >
      {children}
      {busy && ' …'}
    </button>
  )
}

/** A link that looks as a button does, for what leads to another page. */
export function ButtonLink({
  kind = 'plain',
  large = false,
  ...rest
}: Look & AnchorHTMLAttributes<HTMLAnchorElement>) {
  return <a {...rest} className={classes(kind, large)} />
}
