import { fromBase64 } from '@tocsin/client/verify'
import { useMemo } from 'react'
import { type SignedEnvelope, untilAnswered, useAsked, useDesk, useIssuers } from '../desk/index.js'
import { clock } from '../ui/clock.js'
import { Facts } from '../ui/Facts.js'
import { Fingerprint, Note } from '../ui/index.js'
import { Bytes } from './Bytes.js'
import { ChangeList } from './ChangeList.js'
import { contactsChange } from './contactsWords.js'
import styles from './documents.module.css'
import { keysetChange } from './keysetWords.js'
import { type Contacts, keysetIn, type Opened, open, type Posture, type Redaction } from './open.js'
import { postureChange, publicAnyway } from './postureWords.js'
import { Refused } from './Refused.js'
import { useContactsInForce, usePostureInForce, useTrustedKeyset } from './trusted.js'

/**
 * A keyset, contact cards, a posture or a redaction in words: what it changes against
 * what holds now, for whoever is about to sign it. For notices there is the banner.
 */
export function DocumentView({ envelope }: { readonly envelope: SignedEnvelope }) {
  // One object for the same text, so that it is hashed once.
  const payload = useMemo(() => fromBase64(envelope.payload), [envelope.payload])
  let opened: Opened
  try {
    opened = open(envelope)
  } catch {
    return (
      <Note tone="bad">
        <strong>This console can’t read this document.</strong>
        <span>Don’t sign it. It may be damaged, or made for a newer version.</span>
      </Note>
    )
  }
  return (
    <div className={styles.stack}>
      <Words opened={opened} envelope={envelope} />
      <Bytes payload={payload} />
    </div>
  )
}

function Words({
  opened,
  envelope,
}: {
  readonly opened: Opened
  readonly envelope: SignedEnvelope
}) {
  switch (opened.kind) {
    case 'posture':
      return <PostureWords posture={opened.doc} />
    case 'contacts':
      return <ContactsWords contacts={opened.doc} />
    case 'keyset':
      return <KeysetWords envelope={envelope} />
    case 'redaction':
      return <RedactionWords redaction={opened.doc} />
  }
}

function PostureWords({ posture }: { readonly posture: Posture }) {
  const held = usePostureInForce()
  const issuers = useIssuers()
  const known = issuers.data ?? []
  const named = [
    ...Object.keys(posture.issuerBlocked ?? {}),
    ...Object.keys(posture.tokensNotBefore ?? {}),
  ]
  const unknown = known.length === 0 ? [] : named.filter((issuer) => !known.includes(issuer))
  return (
    <>
      <Facts
        facts={[
          ['What', `Posture, version ${posture.version}`],
          ['Written', clock(posture.sent)],
          ['Why', posture.note || 'No reason was given.'],
        ]}
      />
      {held.state === 'verified' && <ChangeList change={postureChange(held.doc, posture)} />}
      {held.state === 'refused' && <Refused what="a posture" />}
      {[...new Set(unknown)].map((issuer) => (
        <Note key={issuer} tone="warn">
          The desk knows no identity provider “{issuer}”, so this does nothing. It knows{' '}
          {known.join(', ')}.
        </Note>
      ))}
      {named.length > 0 && !issuers.data && issuers.error && (
        <Note tone="warn">
          The desk did not say which identity providers it knows. Compare every letter: of one that
          it does not know, this does nothing.
        </Note>
      )}
      <p>{publicAnyway}</p>
    </>
  )
}

function ContactsWords({ contacts }: { readonly contacts: Contacts }) {
  const held = useContactsInForce()
  return (
    <>
      <Facts
        facts={[
          ['What', `Contact cards, version ${contacts.version}`],
          ['Written', clock(contacts.sent)],
        ]}
      />
      <p>They take the place of all earlier ones.</p>
      {(contacts.cards ?? []).length === 0 && (
        <Note tone="warn">There is no card in it: nobody would be told whom to call.</Note>
      )}
      {held.state === 'verified' && <ChangeList change={contactsChange(held.doc, contacts)} />}
      {held.state === 'refused' && <Refused what="contact cards" />}
    </>
  )
}

/** A keyset's change, and what the desk says that it voids. */
function KeysetWords({ envelope }: { readonly envelope: SignedEnvelope }) {
  const desk = useDesk()
  const held = useTrustedKeyset()
  const to = keysetIn(envelope)
  const { data, error } = useAsked({
    queryKey: ['check', envelope.payload],
    queryFn: () => desk.checkKeyset(envelope),
    retry: false,
    refetchInterval: untilAnswered,
  })
  if (to === null) return null
  const voids = data?.voids ?? []
  return (
    <>
      <Facts
        facts={[
          ['What', `Keyset, version ${to.version}`],
          ['Renew by', clock(to.expires)],
          ['Signed by', `root keys alone, which stay offline; ${to.rootThreshold} must sign`],
        ]}
      />
      {held.state !== 'asking' && <ChangeList change={keysetChange(held.keyset, to)} />}
      {voids.length > 0 && (
        <Note tone="warn">
          <strong>It voids what these say, until they are signed again:</strong>
          <ul>
            {voids.map((identifier) => (
              <li key={identifier}>
                <code>{identifier}</code>
              </li>
            ))}
          </ul>
        </Note>
      )}
      {!data && error && (
        <Note tone="warn">What it voids, the desk can’t say: {error.message}.</Note>
      )}
    </>
  )
}

function RedactionWords({ redaction }: { readonly redaction: Redaction }) {
  return (
    <>
      <Facts
        facts={[
          ['What', `Takes entry ${redaction.seq} off every screen, for good`],
          ['Written', clock(redaction.sent)],
          ['Why', redaction.reason],
        ]}
      />
      <p>
        The text with this SHA-256 is shown to nobody and never taken again, and an administrator
        deletes it from the log (tocsin redact --due). Compare it with the notice that is meant:
      </p>
      <Fingerprint keyid={redaction.sha256} />
    </>
  )
}
