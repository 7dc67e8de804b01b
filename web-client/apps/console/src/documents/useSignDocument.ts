import { useMutation } from '@tanstack/react-query'
import { type Answer, useDesk, useSubmit } from '../desk/index.js'
import { type Contacts, encode, type Posture } from './open.js'

/** Signs a document with the key in use and submits it. */
export function useSignDocument() {
  const desk = useDesk()
  const submit = useSubmit()
  return useMutation({
    mutationFn: async (signing: {
      readonly payloadType: string
      readonly doc: Contacts | Posture
    }): Promise<Answer> => {
      const envelope = await desk.sign(signing.payloadType, encode(signing.doc))
      return submit.mutateAsync(envelope)
    },
  })
}
