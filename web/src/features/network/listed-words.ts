/**
 * What is to be known of the addresses among those whom a service serves (`listed`; of the others it has the names). Who has which
 * address is told to admins alone (`members`): nobody else learns here, address by address, who is a member. Null: nothing.
 */
export function listedNote(
  listed: readonly string[],
  members: readonly { email: string }[] | undefined
): string | null {
  const addresses = listed.filter((one) => one.includes('@'))
  if (addresses.length === 0) return null
  if (!members)
    return 'An address stands for whoever has it here, now or later, once an admin or a sign-in provider has vouched for it.'
  const known = new Set(members.map(({ email }) => email.toLowerCase()))
  const unknown = addresses.filter((address) => !known.has(address.toLowerCase()))
  if (unknown.length === 0) return null
  return `Nobody here has ${unknown.join(' or ')} yet. It counts once somebody does.`
}
