import type { PersonChange, PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import { ConfirmAction } from '../../components/confirm-action.tsx'
import { useChangePerson } from './api.ts'

/** What is done to somebody after asking once more. */
export type MemberStep = 'promote' | 'demote' | 'shutOut' | 'letIn'

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
  shutOut: {
    change: { disabled: true },
    title: (name) => `Shut ${name} out?`,
    description:
      'They are signed out, their keys are refused and their machines cut off. Their images stay, and you can let them in again.',
    confirm: 'Shut out',
    done: (name) => `${name} is shut out`
  },
  letIn: {
    change: { disabled: false },
    title: (name) => `Let ${name} in again?`,
    description: 'They may sign in again, and their keys work again.',
    confirm: 'Let in again',
    done: (name) => `${name} is let in again`
  }
}

export function MemberDialog(props: { step: MemberStep; person: PersonInfo; onClose: () => void }) {
  const { step, person, onClose } = props
  const { change, title, description, confirm, done } = STEPS[step]
  return (
    <ConfirmAction
      action={useChangePerson(person.id)}
      variables={change}
      done={done(person.name)}
      failed="Nothing was changed"
      onClose={onClose}
      title={title(person.name)}
      description={description}
      keep="Cancel"
      confirm={confirm}
    />
  )
}
