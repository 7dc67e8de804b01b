import type { ReactNode } from 'react'
import { clinicians } from '../clinic.js'
import { usePortal } from '../portal-context.js'
import { fill } from '../texts/index.js'

const dayMs = 86_400_000

export function Messages({ now }: { now: Date }): ReactNode {
  const { t, language } = usePortal()
  const messages = [
    { id: 'm1', from: clinicians[0], text: t.message1, daysAgo: 0, unread: true },
    { id: 'm2', from: t.reception, text: t.message2, daysAgo: 3, unread: false },
    { id: 'm3', from: clinicians[1], text: t.message3, daysAgo: 6, unread: false },
  ]
  return (
    <section className="card" aria-labelledby="messages">
      <h2 id="messages">{t.messages}</h2>
      <ul className="messages">
        {messages.map((m) => {
          const at = new Date(now.getTime() - m.daysAgo * dayMs)
          return (
            <li key={m.id}>
              <p className="message-head">
                <strong>{fill(t.from, m.from)}</strong>
                {m.unread && <span className="tag">{t.unread}</span>}
                <time dateTime={at.toISOString().slice(0, 10)}>
                  {at.toLocaleDateString(language, { day: 'numeric', month: 'short' })}
                </time>
              </p>
              <p>{m.text}</p>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
