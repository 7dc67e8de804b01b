import { Page } from '../ui/index.js'

export function UpdatePage() {
  return <Page title="UpdatePage">{null}</Page>
}
