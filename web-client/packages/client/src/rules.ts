import { instant, isTime } from './datetime.js'
import { areDistinct } from './envelope.js'
import type { Policy } from './model.js'
import { must } from './rule.js'
import type { Notice, Pair } from './seen.js'
import { fits } from './shape.js'
import { isProven, label } from './visible.js'

// Fold rules on the document (docs/protocol.md): a function of the document and the
// policy in force, and of no clock. Go's names of the rules are not kept apart here:
// a client only has to refuse what Go refuses.

const text = /^/
const filled = /./s
/** CAP 1.2, section 3.2.1: no spaces, commas, < or &. */
const word = /^[^ \t\r\n,<&]+$/
const reference = /^[^ \t\r\n,<&]+,[^ \t\r\n,<&]+,[^,]+$/
const decimal = /^(-?\d{1,9}(\.\d{1,9})?)?$/
const optionalTime = (time: unknown) => (time ?? '') === '' || isTime(time)
const pair = { valueName: filled, value: filled } as const
const pairs = [pair] as const

/** A well-formed "langtag" of RFC 5646, section 2.1, or none. */
const language =
  /^(([a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{4,8})(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-([a-z\d]{5,8}|\d[a-z\d]{3}))*(-[\da-wyz](-[a-z\d]{2,8})+)*(-x(-[a-z\d]{1,8})+)?)?$/i

const infos = [
  {
    language,
    category: [/^(Geo|Met|Safety|Security|Rescue|Fire|Health|Env|Transport|Infra|CBRNE|Other)$/, 1],
    event: filled,
    responseType: [/^(Shelter|Evacuate|Prepare|Execute|Avoid|Monitor|Assess|AllClear|None)$/],
    urgency: /^(Immediate|Expected|Future|Past|Unknown)$/,
    severity: /^(Extreme|Severe|Moderate|Minor|Unknown)$/,
    certainty: /^(Observed|Likely|Possible|Unlikely|Unknown)$/,
    audience: text,
    eventCode: pairs,
    effective: optionalTime,
    onset: optionalTime,
    expires: optionalTime,
    senderName: text,
    headline: text,
    description: text,
    instruction: text,
    web: text,
    contact: text,
    parameter: [isParameter],
    resource: [
      {
        resourceDesc: filled,
        mimeType: filled,
        size: /^\d{0,15}$/,
        uri: text,
        derefUri: text,
        digest: text,
      },
    ],
    area: [
      {
        areaDesc: filled,
        polygon: [text],
        circle: [text],
        geocode: pairs,
        altitude: decimal,
        ceiling: decimal,
      },
    ],
  },
  0,
  24,
] as const

const notice = {
  identifier: word,
  sender: word,
  sent: isTime,
  status: /^(Actual|Exercise|Test)$/,
  msgType: /^(Alert|Update|Cancel)$/,
  source: text,
  scope: /^(Public|Restricted|Private)$/,
  restriction: text,
  addresses: [label],
  code: [text],
  note: text,
  references: [isReference],
  incidents: [/^[^"]+$/],
  info: infos,
  signature: [text, 0, 0],
} as const

/** A pair; the time of the next word on the matter is a time. */
function isParameter(value: unknown): unknown {
  const { valueName, value: time } = value as Pair
  return fits(value, pair) && (valueName !== 'nextUpdateBy' || isTime(time))
}

/** "sender,identifier,sent" of another message. */
function isReference(value: unknown): unknown {
  return fits(value, reference) && isTime(String(value).split(',')[2])
}

/** Checks all rules on a notice but those on links. Throws. */
export function checkNotice(read: unknown): asserts read is Notice {
  must(fits(read, notice))
  const {
    msgType,
    scope,
    note,
    restriction,
    addresses = [],
    references = [],
    sent,
    info = [],
  } = read as Notice
  const cancel = msgType === 'Cancel'
  must(note || !cancel)
  must(restriction || scope !== 'Restricted')
  must(scope === 'Public' || addresses.some(isProven))
  // The bytes are the same for all who get it: of two values, each would learn the other.
  const single = (kind: string) => new Set(addresses.filter((a) => a.startsWith(kind))).size
  must(single('subject:') <= Number(scope === 'Private'))
  must(single('session:') < 2)
  must((msgType === 'Alert') === !references.length && areDistinct(references))
  must(areDistinct(info.map((i) => (i.language || 'en-US').toLowerCase())))
  const graveness = info.map((i) => [i.urgency, i.severity, i.certainty, i.expires || ''].join())
  must(new Set(graveness).size < 2)
  const expires = info[0]?.expires
  const life = instant(expires) - instant(sent)
  must(expires ? life > 0 && life <= 400 * 864e5 : cancel)
}

/** What `web` may be: what all parsers of URLs read alike, with the host in a group. */
const link = /^https:\/\/([a-z\d.-]+)(?!.*#.*#)([/?#]([\w.~!$&'()*+,;=:@/?#-]|%[\dA-Fa-f]{2})*)?$/

/** Whether `web` leads only where the policy allows. */
export function linksFit({ info = [] }: Notice, { linkHosts = [] }: Policy): boolean {
  return info.every(({ web }) => !web || linkHosts.includes(link.exec(web)?.[1] ?? ''))
}
