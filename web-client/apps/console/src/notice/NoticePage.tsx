import { Page } from '../ui/index.js'

export function NoticePage() {
  return <Page title="NoticePage">{null}</Page>
}
