import { type ReactNode, useEffect, useState } from 'react'
import { draftsKept } from '../keys/drafts.js'
import { keyring, NewKey, type StaffKey, useKeys } from '../keys/index.js'
import { canSign, isReady } from '../keys/key.js'
import { OpenKeyFile } from '../keys/OpenKeyFile.js'
import { Unlock } from '../keys/Unlock.js'
import { usePlace } from '../router.js'
import { Busy, Button, Copy, Fingerprint, Note, Page, Panel, Problem, Row } from '../ui/index.js'
import { leave, signIn, useSession } from './session.js'

/** Shows the page to whoever is signed in; helps everybody else to sign in. */
export function LoginGate({ children }: { readonly children: ReactNode }) {
  const session = useSession()
  const ring = useKeys()
  useEffect(() => void keyring.load(), [])
  switch (session.state) {
    case 'in':
      return children
    case 'asking':
      return <Busy>{`Signing in as ${session.owner} …`}</Busy>
    case 'refused':
      return <Refused error={session.error} active={ring.active} />
    case 'out':
      if (!ring.keys) return <Busy>Looking for your key …</Busy>
      return <Out keys={ring.keys} active={ring.active} idle={session.idle} />
  }
}

function Out({
  keys,
  active,
  idle,
}: {
  readonly keys: readonly StaffKey[]
  readonly active: StaffKey | null
  readonly idle: boolean
}) {
  // Whoever makes a key here reads what to do with its backup before anything else.
  const [first] = useState(keys.length === 0)
  return (
    <>
      {idle && (
        <Note tone="warn" live>
          You were signed out, since nobody had touched this page for half an hour. {draftsKept} for
          your key.
        </Note>
      )}
      {first || keys.length === 0 ? <First /> : <Choose keys={keys} active={active} />}
    </>
  )
}

function First() {
  const [making, setMaking] = useState(false)
  const [able, setAble] = useState(true)
  const signing = usePlace().route === '/approve/'
  useEffect(() => void canSign().then(setAble), [])
  return (
    <Page title={signing ? 'A colleague asks for your signature' : 'Open your key'}>
      {!able && (
        <Note tone="bad">
          <strong>This browser can’t sign.</strong>
          <span>Use Chrome or Edge 137, Firefox 129, Safari 17, or newer.</span>
        </Note>
      )}
      <Panel {...(signing && { title: 'Your key is not here yet' })}>
        <OpenKeyFile onOpen={(key) => void signIn(key)} />
      </Panel>
      {signing && <Elsewhere />}
      <Panel title="I have no key yet">
        {signing && (
          <p>
            A key made now can’t sign this: it counts only after it was added to the keyset. Tell
            whoever sent you the link, so that they ask somebody else.
          </p>
        )}
        {making ? (
          <NewKey onKept={(key) => void signIn(key)} />
        ) : (
          <>
            <p>
              A colleague can send you an invitation. Or make a key now; before it can do anything,
              whoever holds the root key adds it.
            </p>
            <Row>
              <Button onClick={() => setMaking(true)}>Make a key</Button>
            </Row>
          </>
        )}
      </Panel>
      <details>
        <summary>Why a key?</summary>
        <p>
          Staff sign notices with a key of their own. No login of the clinic is needed: this works
          while that is down. Unless you keep it in this browser, the key is forgotten when you sign
          out or close the page.
        </p>
      </details>
    </Page>
  )
}

/** For whoever opened a link to sign where their key is not: on a telephone, say. */
function Elsewhere() {
  return (
    <Panel title="My key file is not here">
      <ul>
        <li>
          <strong>On the device where your key is.</strong> Open this link there, in the browser
          that you always use.
        </li>
        <li>
          <strong>Here, with your backup.</strong> Bring the file tocsin-key-….json to this device,
          from the stick or the place where you put it, and choose it above. It asks for your
          passphrase.
        </li>
      </ul>
      <Row>
        <Copy text={location.href}>Copy the link</Copy>
      </Row>
    </Panel>
  )
}

function Choose({
  keys,
  active,
}: {
  readonly keys: readonly StaffKey[]
  readonly active: StaffKey | null
}) {
  const [chosen, setChosen] = useState(active?.keyid)
  const [other, setOther] = useState(false)
  const first = keys.find(({ keyid }) => keyid === chosen) ?? keys[0]
  return (
    <Page title="Who is it?" intro="These keys are kept in this browser, each locked.">
      {first && (
        <Panel title={first.owner} aside={<Fingerprint keyid={first.keyid} short />}>
          <Unlock key={first.keyid} staffKey={first} onOpen={(key) => void signIn(key)} />
        </Panel>
      )}
      {keys.length > 1 && (
        <Panel title="Somebody else">
          {keys
            .filter((key) => key !== first)
            .map((key) => (
              <Row key={key.keyid}>
                <Button onClick={() => setChosen(key.keyid)}>{key.owner}</Button>
                <Fingerprint keyid={key.keyid} short />
              </Row>
            ))}
        </Panel>
      )}
      {other ? (
        <Panel title="Another key">
          <OpenKeyFile onOpen={(key) => void signIn(key)} />
        </Panel>
      ) : (
        <Row>
          <Button kind="quiet" onClick={() => setOther(true)}>
            Use another key
          </Button>
        </Row>
      )}
    </Page>
  )
}

function Refused({ error, active }: { readonly error: unknown; readonly active: StaffKey | null }) {
  return (
    <Page title="Not signed in">
      <Problem error={error} />
      {active && (
        <Panel title={`The key of ${active.owner}`}>
          <p>Its fingerprint, to be compared by telephone:</p>
          <Fingerprint keyid={active.keyid} />
          <Row>
            {isReady(active) && (
              <Button kind="primary" onClick={() => void signIn(active)}>
                Try again
              </Button>
            )}
            <Button onClick={leave}>Use another key</Button>
          </Row>
        </Panel>
      )}
    </Page>
  )
}
