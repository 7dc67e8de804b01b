import { back } from './back.js'
import { breach } from './breach.js'
import { calls } from './calls.js'
import { downtime } from './downtime.js'
import { phishing } from './phishing.js'
import type { Template } from './template.js'

const blank = { event: '', headline: '', instruction: '', description: '' }

/** One begins with an empty page. */
const own: Template = {
  id: 'own',
  name: 'Something else, in my own words',
  category: ['Health'],
  preset: 'serious',
  lastsHours: 4,
  nextUpdateMinutes: 60,
  pauseBooking: false,
  fields: ['clinic', 'telephone'],
  texts: { en: blank },
}

export const templates: readonly Template[] = [calls, downtime, breach, phishing, back, own]

/** The template of that id; one's own words for an unknown one. */
export function templateOf(id: string): Template {
  return templates.find((template) => template.id === id) ?? own
}

export type { FieldName, Template, Texts } from './template.js'
export { fieldNames } from './template.js'
