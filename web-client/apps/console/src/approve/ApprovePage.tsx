import { Page } from '../ui/index.js'

export function ApprovePage() {
  return <Page title="ApprovePage">{null}</Page>
}
