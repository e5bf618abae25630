import { useNavigate } from '@tanstack/react-router'
import { Ban, CircleCheck, Ellipsis, Images, Link2, Scale, ShieldCheck, ShieldOff } from 'lucide-react'
import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import { Button } from '../../components/ui/button.tsx'
import { Menu, type MenuEntry } from '../../components/ui/menu.tsx'
import { useSeesOthers } from '../../lib/session.ts'
import type { MemberStep } from './member-dialog.tsx'

/** What the menu leads to. */
export type MemberAction = MemberStep | 'limits' | 'link'

export interface MemberMenuProps {
  person: PersonInfo
  isMe: boolean
  onOpen: (what: MemberAction, person: PersonInfo) => void
}

/** What an admin does with somebody; nobody takes one's own role, or shuts oneself out. */
export function MemberMenu({ person, isMe, onOpen }: MemberMenuProps) {
  const navigate = useNavigate()
  const seesOthers = useSeesOthers()
  const open = (what: MemberAction) => () => onOpen(what, person)
  const entries: MenuEntry[] = [
    ...(seesOthers || isMe
      ? [
          {
            label: 'See their images',
            icon: Images,
            onSelect: () => void navigate({ to: '/requests', search: { owner: person.id } })
          }
        ]
      : []),
    { label: 'Limits', icon: Scale, onSelect: open('limits') },
    ...(person.disabledAt === null ? [{ label: 'Link to set a password', icon: Link2, onSelect: open('link') }] : []),
    ...(isMe
      ? []
      : [
          person.role === 'admin'
            ? { label: 'Make a member', icon: ShieldOff, onSelect: open('demote') }
            : { label: 'Make an admin', icon: ShieldCheck, onSelect: open('promote') },
          person.disabledAt === null
            ? { label: 'Shut out', icon: Ban, danger: true, onSelect: open('shutOut') }
            : { label: 'Let in again', icon: CircleCheck, onSelect: open('letIn') }
        ])
  ]
  return (
    <Menu
      trigger={
        <Button
          look="ghost"
          size="small"
          icon={Ellipsis}
          aria-label={`Actions for ${person.name}`}
          className="w-8 px-0! pointer-coarse:min-w-[40px]"
        />
      }
      entries={entries}
    />
  )
}
