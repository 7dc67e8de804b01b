import styles from './Fingerprint.module.css'

/** A key's identifier in blocks of four, to be read aloud; `short` shows the first 16 digits. */
export function Fingerprint({
  keyid,
  short = false,
}: {
  readonly keyid: string
  readonly short?: boolean
}) {
  const blocks = (short ? keyid.slice(0, 16) : keyid).match(/.{1,4}/g) ?? []
  return (
    <span className={styles.blocks} title={keyid}>
      {blocks.map((block, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks may be alike, and never move
        <span key={i}>{block}</span>
      ))}
    </span>
  )
}
