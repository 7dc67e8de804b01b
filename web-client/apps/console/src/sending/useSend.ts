import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useDesk, useRefresh } from '../desk/index.js'
import { send } from './outbox.js'

/** A document that is written and not signed yet. */
export interface Unsigned {
  readonly identifier: string
  /** What it is called while its fate is not known. */
  readonly title: string
  readonly payloadType: string
  /** The bytes that are shown and signed. */
  readonly payload: Uint8Array<ArrayBuffer>
}

/** Signs a document with the key in use and hands it to the desk; `asked` counts what stayed without an answer. */
export function useSend() {
  const desk = useDesk()
  const refresh = useRefresh()
  const [asked, setAsked] = useState(0)
  const sending = useMutation({
    mutationFn: async ({ identifier, title, payloadType, payload }: Unsigned) => {
      setAsked(0)
      const envelope = await desk.sign(payloadType, payload)
      return send(desk, { identifier, title, envelope }, setAsked)
    },
    onSettled: refresh,
  })
  return { ...sending, asked }
}
