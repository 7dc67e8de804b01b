/** Says what is being waited for, to eyes and to screen readers. */
export function Busy({ children = 'Loading …' }: { readonly children?: string }) {
  return <p role="status">{children}</p>
}
