import { Checkbox } from '../../components/ui/checkbox.tsx'
import { Fieldset } from '../../components/ui/fieldset.tsx'
import { SCOPES } from './key-words.ts'
import type { KeyFormPart } from './key-form.ts'

export function ScopeFields({ form, errors, change, isAdmin }: KeyFormPart & { isAdmin: boolean }) {
  const offered = SCOPES.filter(({ scope }) => scope !== 'admin' || isAdmin)
  return (
    <Fieldset legend="What it may do" error={errors.scopes}>
      <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
        {offered.map(({ scope, label, detail }) => (
          <Checkbox
            key={scope}
            detail={detail}
            checked={form.scopes.includes(scope)}
            onChange={(checked) =>
              change({ scopes: checked ? [...form.scopes, scope] : form.scopes.filter((one) => one !== scope) })
            }
          >
            {label}
          </Checkbox>
        ))}
      </div>
    </Fieldset>
  )
}
