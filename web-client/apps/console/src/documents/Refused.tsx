import { Note } from '../ui/index.js'

/** In the place of a document that readers would refuse: it is not shown, nor built upon. */
export function Refused({ what }: { readonly what: string }) {
  return (
    <Note tone="bad" live>
      <strong>The desk serves {what} without the signatures that the keyset asks for.</strong>
      <span>
        So nothing of that is shown, and nothing can be changed from here. Readers refuse it, too,
        and go on with what they had. Tell your administrator; the command line still works.
      </span>
    </Note>
  )
}
