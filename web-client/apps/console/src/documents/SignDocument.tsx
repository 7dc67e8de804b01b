import { type ReactNode, useMemo, useState } from 'react'
import { type Answer, contactsType, type postureType } from '../desk/index.js'
import { SignDialog } from '../sending/SignDialog.js'
import { people } from '../ui/count.js'
import { Button, Dialog, Note } from '../ui/index.js'
import { ChangeList } from './ChangeList.js'
import { documentName } from './names.js'
import { Outcome } from './Outcome.js'
import { type Contacts, encode, type Posture } from './open.js'
import type { Change } from './postureWords.js'

/** Reads contact cards or a posture over, signs them, and says what became of them. */
export function SignDocument({
  title,
  payloadType,
  doc,
  change,
  need,
  confirm = null,
  ready = true,
  back,
  onClose,
  onDone,
  children,
}: {
  readonly title?: string
  readonly payloadType: typeof contactsType | typeof postureType
  readonly doc: Contacts | Posture
  readonly change: Change
  /** How many people must sign it. */
  readonly need: number
  readonly confirm?: string | null
  readonly ready?: boolean
  readonly back: string
  /** It was not signed. */
  readonly onClose: () => void
  /** It was, and is in force or waits. */
  readonly onDone: () => void
  readonly children?: ReactNode
}) {
  const [answer, setAnswer] = useState<Answer | null>(null)
  const kind = payloadType === contactsType ? 'contacts' : 'posture'
  const identifier = `${kind}-${doc.version}`
  const name = documentName(identifier)
  const payload = useMemo(() => tryEncode(doc), [doc])
  if (answer) {
    const close = (
      <Button kind="primary" onClick={onDone}>
        Close
      </Button>
    )
    return (
      <Dialog open onClose={onDone} title={title ?? name} actions={close}>
        <Outcome answer={answer} />
      </Dialog>
    )
  }
  if (typeof payload === 'string') {
    return (
      <Dialog open onClose={onClose} title={title ?? name}>
        <Note tone="bad">
          <strong>This can’t be signed: {payload}.</strong>
          <span>Leave something out.</span>
        </Note>
      </Dialog>
    )
  }
  return (
    <SignDialog
      title={title ?? name}
      unsigned={{ identifier, title: name, payloadType, payload }}
      confirm={confirm}
      ready={ready}
      label="Sign"
      back={back}
      onClose={onClose}
      onSent={setAnswer}
    >
      <ChangeList change={change} />
      <p>It takes the signatures of {people(need)} by the keyset in force.</p>
      {children}
    </SignDialog>
  )
}

function tryEncode(doc: Contacts | Posture): Uint8Array<ArrayBuffer> | string {
  try {
    return encode(doc)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
