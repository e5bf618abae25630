import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'

/** Whether every word is in the name or the address. */
export function matchesPerson({ name, email }: Pick<PersonInfo, 'name' | 'email'>, text: string): boolean {
  const told = `${name}\n${email}`.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => told.includes(word))
}
