import { boot } from './boot.js'
import { CallPage } from './call/call-page.js'

void boot('call', <CallPage />)
