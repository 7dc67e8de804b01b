import type { ComponentType } from 'react'
import { ApprovePage } from './approve/ApprovePage.js'
import { BoardPage } from './board/BoardPage.js'
import { CohortsPage } from './cohorts/CohortsPage.js'
import { ComposePage } from './compose/ComposePage.js'
import { UpdatePage } from './compose/UpdatePage.js'
import { ConnectedPage } from './connected/ConnectedPage.js'
import { ContactsPage } from './contacts/ContactsPage.js'
import { KeyPage } from './keys/KeyPage.js'
import { NoticePage } from './notice/NoticePage.js'
import { PosturePage } from './posture/PosturePage.js'
import type { PageProps, Path } from './router.js'
import { InvitePage } from './staff/InvitePage.js'
import { StaffPage } from './staff/StaffPage.js'

/**
 * Every page, loaded with the first one: a desk that dies later can give none of them, and
 * to load the console again would lose it, and a key that is only open.
 */
export const pages: Readonly<Record<Path, ComponentType<PageProps>>> = {
  '/': BoardPage,
  '/new': ComposePage,
  '/update/': UpdatePage,
  '/notice/': NoticePage,
  '/approve/': ApprovePage,
  '/key': KeyPage,
  '/staff': StaffPage,
  '/invite': InvitePage,
  '/contacts': ContactsPage,
  '/cohorts': CohortsPage,
  '/connected': ConnectedPage,
  '/posture': PosturePage,
}
