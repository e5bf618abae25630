import type { Person as SignedInPerson } from '../../people/people.ts'
import type { Person } from './contract/session.ts'

export const presentPerson = ({ userId, name, email, role }: SignedInPerson): Person => ({
  id: userId,
  name,
  email,
  role
})
