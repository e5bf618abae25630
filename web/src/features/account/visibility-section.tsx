import type { AccountInfo } from '../../../../src/http/dashboard/contract/account.ts'
import type { Visibility } from '../../../../src/http/dashboard/contract/requests.ts'
import { Field } from '../../components/ui/field.tsx'
import { Select } from '../../components/ui/select.tsx'
import { visibilityOf, withDefault } from '../../lib/visibility-words.ts'
import { useChangeDefaults } from './api.ts'
import { Section } from './section.tsx'

const CHOICES = withDefault('As usual: unlisted')

export function VisibilitySection({ account }: { account: AccountInfo }) {
  const change = useChangeDefaults()
  return (
    <Section
      title="Who sees your images"
      description="Where neither the call nor its key says it. Images made before stay as they are."
    >
      <Field label="Visibility" hint={visibilityOf(account.visibility ?? 'UNLISTED')?.detail} className="max-w-md">
        <Select<Visibility | ''>
          value={account.visibility ?? ''}
          options={CHOICES}
          onChange={(value) => change.mutate({ visibility: value === '' ? null : value })}
        />
      </Field>
      <p className="text-[13px] text-muted">
        {account.adminsLook
          ? 'Admins may look at your requests and source images; each request tells you who did, and when.'
          : 'Admins of this club see no more of your images than any member does.'}
      </p>
    </Section>
  )
}
