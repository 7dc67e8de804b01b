import { Page } from '../ui/index.js'

export function BoardPage() {
  return <Page title="BoardPage">{null}</Page>
}
