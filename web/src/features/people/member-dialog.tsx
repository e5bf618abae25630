import type { PersonChange, PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import { ConfirmDialog } from '../../components/ui/confirm-dialog.tsx'
import { tell, tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { useChangePerson } from './api.ts'

/** What is done to somebody after asking once more. */
export type MemberStep = 'promote' | 'demote' | 'disable' | 'enable'

interface StepWords {
  change: PersonChange
  title: (name: string) => string
  description: string
  confirm: string
  done: (name: string) => string
}

const STEPS: Record<MemberStep, StepWords> = {
  promote: {
    change: { role: 'admin' },
    title: (name) => `Make ${name} an admin?`,
    description: 'They see what everybody makes, and may change people, machines and settings.',
    confirm: 'Make an admin',
    done: (name) => `${name} is an admin`
  },
  demote: {
    change: { role: 'member' },
    title: (name) => `Make ${name} a member?`,
    description: 'They see only what is their own from now on. Their keys lose what only admins may do.',
    confirm: 'Make a member',
    done: (name) => `${name} is a member`
  },
  disable: {
    change: { disabled: true },
    title: (name) => `Disable ${name}?`,
    description:
      'They are signed out, their keys are refused and their machines cut off. Their images stay, and you can enable them again.',
    confirm: 'Disable',
    done: (name) => `${name} is disabled`
  },
  enable: {
    change: { disabled: false },
    title: (name) => `Enable ${name}?`,
    description: 'They may sign in again, and their keys work again.',
    confirm: 'Enable',
    done: (name) => `${name} is enabled`
  }
}

export function MemberDialog(props: { step: MemberStep; person: PersonInfo; onClose: () => void }) {
  const { step, person, onClose } = props
  const { change, title, description, confirm, done } = STEPS[step]
  const save = useChangePerson(person.id)
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={() =>
        save.mutate(change, {
          onSuccess: () => tell(done(person.name)),
          onError: (error) => tellError('Nothing was changed', messageOf(error)),
          onSettled: onClose
        })
      }
      busy={save.isPending}
      title={title(person.name)}
      description={description}
      keep="Cancel"
      confirm={confirm}
    />
  )
}
