import type { ReactNode } from 'react'
import { ButtonLink, Note, Page, Row } from '../ui/index.js'

/** Nothing is left to do under the name, but to go back to the board. */
export function Ended({
  title = 'Nothing waits here',
  good = false,
  children,
}: {
  readonly title?: string
  readonly good?: boolean
  readonly children: ReactNode
}) {
  return (
    <Page title={title}>
      <Note tone={good ? 'good' : 'info'} live>
        {children}
      </Note>
      <Row>
        <ButtonLink href="#/">To the board</ButtonLink>
      </Row>
    </Page>
  )
}

/** It waits no more, and was never published. */
export function Withdrawn() {
  return (
    <Ended>
      It was withdrawn by whoever made it, or lapsed after 24 hours without enough signatures; or
      the link is not complete.
    </Ended>
  )
}
