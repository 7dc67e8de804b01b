import { Component, type ReactNode } from 'react'
import { draftsKept } from './keys/drafts.js'
import { Button, Note, Page, Row } from './ui/index.js'

/** Keeps a page that fails from taking the console with it. */
export class Safe extends Component<{ readonly children: ReactNode }, { readonly why: string }> {
  override state = { why: '' }

  static getDerivedStateFromError(error: unknown) {
    return { why: String(error) }
  }

  override render() {
    const { why } = this.state
    if (!why) return this.props.children
    return (
      <Page title="This page could not be shown">
        <Note tone="bad">
          <strong>It has a fault. {draftsKept}.</strong>
          <span>
            Try again, or open another page. Load the console again only while the desk answers, and
            with your key file at hand: a key that is not kept in this browser is forgotten. Or
            publish from the command line: tocsin publish --help.
          </span>
          <details>
            <summary>What went wrong</summary>
            <code>{why}</code>
          </details>
        </Note>
        <Row>
          <Button kind="primary" onClick={() => this.setState({ why: '' })}>
            Try again
          </Button>
          <Button onClick={() => location.reload()}>Load the console again</Button>
        </Row>
      </Page>
    )
  }
}
