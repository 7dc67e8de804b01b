import { Component, type ReactNode } from 'react'
import { Button, Note, Page, Row } from './ui/index.js'

/**
 * Keeps a page that fails from taking the console with it: above all one whose files are
 * gone, since the desk was replaced by a newer one meanwhile.
 */
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
          <strong>The desk may have been renewed since you opened the console.</strong>
          <span>
            Load it again: drafts and your key are kept. If it fails again, publish from the command
            line: tocsin publish --help.
          </span>
          <details>
            <summary>What went wrong</summary>
            <code>{why}</code>
          </details>
        </Note>
        <Row>
          <Button kind="primary" onClick={() => location.reload()}>
            Load the console again
          </Button>
        </Row>
      </Page>
    )
  }
}
