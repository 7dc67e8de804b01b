import styles from './staff.module.css'

const letters = 'a Alfa, b Bravo, c Charlie, d Delta, e Echo, f Foxtrot'

/** A fingerprint laid out to be read aloud: numbered lines of four blocks. */
export function Aloud({ keyid }: { readonly keyid: string }) {
  const lines = keyid.match(/.{1,16}/g) ?? []
  return (
    <figure className={styles.aloud}>
      <ol>
        {lines.map((line) => (
          <li key={line}>
            {(line.match(/.{1,4}/g) ?? []).map((block, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: blocks may be alike, and never move
              <span key={i}>{block}</span>
            ))}
          </li>
        ))}
      </ol>
      <figcaption>Letters on the telephone: {letters}.</figcaption>
    </figure>
  )
}
