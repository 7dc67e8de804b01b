import { useEffect, useState } from 'react'
import { mayWords } from '../documents/keysetWords.js'
import { download } from '../keys/download.js'
import { isReady, keyring, NewKey, type StaffKey, useKeys } from '../keys/index.js'
import { signIn } from '../login/session.js'
import { go, type PageProps } from '../router.js'
import { Busy, Button, Copy, Note, Page, Panel, Row } from '../ui/index.js'
import { Aloud } from './Aloud.js'
import { type Invitation, readInvitation } from './invitation.js'
import { requestText } from './request.js'
import styles from './staff.module.css'

/** What somebody new sees: make a key, send its public half, read the fingerprint aloud. */
export function InvitePage({ query }: PageProps) {
  const invitation = readInvitation(query)
  const { owner } = invitation
  const { keys } = useKeys()
  useEffect(() => void keyring.load(), [])
  const mine = keys?.find((key) => key.owner === owner)
  // Whoever makes a key here reads what to do with its backup before it counts as made.
  const [making, setMaking] = useState(false)
  return (
    <Page
      title={invitation.by ? `${invitation.by} invites you` : 'You are invited'}
      intro="Tocsin tells patients what to do when systems fail. You sign with a key of your own, which is made here and never leaves this device but for a backup. It takes five minutes."
    >
      {invitation.roles.length > 0 && (
        <Note>
          <span>
            Once your key is added, you may <strong>{mayWords(invitation.roles)}</strong>.
          </span>
        </Note>
      )}
      {!keys && <Busy />}
      {mine && !making && <Made staffKey={mine} invitation={invitation} />}
      {keys && (!mine || making) && (
        <Panel title="1. Make your key">
          <p>
            Use the browser that you will use in a crisis. On a shared computer, use one profile
            that is yours alone.
          </p>
          <NewKey owner={owner} onMade={() => setMaking(true)} onKept={() => setMaking(false)} />
        </Panel>
      )}
    </Page>
  )
}

function Made({
  staffKey,
  invitation,
}: {
  readonly staffKey: StaffKey
  readonly invitation: Invitation
}) {
  const text = requestText(staffKey)
  const who = invitation.by || 'your colleague'
  return (
    <>
      <Panel title="2. Send this text">
        <p>
          To {who}, by mail or chat. It is no secret: it is the half of your key that everybody may
          know.
        </p>
        <pre className={styles.commands}>{text}</pre>
        <Row>
          <Copy text={text}>Copy the text</Copy>
          <Button onClick={() => download(`${staffKey.owner}.pub`, text)}>Save it as a file</Button>
        </Row>
      </Panel>
      <Panel title="3. Read this aloud">
        <p>
          {who} calls you, and compares. Read every block; so both of you know that nobody has put
          another key in its place.
        </p>
        <Aloud keyid={staffKey.keyid} />
      </Panel>
      <Panel title="4. When your key has been added">
        <p>
          That is done by hand, where the root keys are; it may take a day. Then this opens the
          board:
        </p>
        <Row>
          <Button
            kind="primary"
            onClick={() => {
              if (isReady(staffKey)) void signIn(staffKey)
              go('/')
            }}
          >
            Open the board as {staffKey.owner}
          </Button>
        </Row>
      </Panel>
    </>
  )
}
