import { Page } from '../ui/index.js'

export function ComposePage() {
  return <Page title="ComposePage">{null}</Page>
}
