import type { Role } from '@tocsin/client/verify'
import { mayWords } from '../documents/keysetWords.js'
import { Check } from '../ui/index.js'
import { staffRoles } from './invitation.js'
import styles from './staff.module.css'

/** What somebody is to be allowed. */
export function RoleChecks({
  roles,
  onChange,
  error,
}: {
  readonly roles: readonly Role[]
  readonly onChange: (roles: readonly Role[]) => void
  readonly error: string
}) {
  return (
    <fieldset>
      <legend className={styles.legend}>They may</legend>
      {staffRoles.map((role) => (
        <Check
          key={role}
          label={mayWords([role])}
          checked={roles.includes(role)}
          onChange={(event) =>
            onChange(
              staffRoles.filter((r) => (r === role ? event.target.checked : roles.includes(r))),
            )
          }
        />
      ))}
      {error && <p className={styles.error}>{error}</p>}
    </fieldset>
  )
}
