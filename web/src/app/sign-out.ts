import { tellError } from '../components/ui/toaster.tsx'
import { basePath } from '../lib/base-path.ts'
import { fetchJson, messageOf } from '../lib/fetch-json.ts'

/** The page is loaded anew, so that nothing of this person stays in memory. */
export function signOut(): void {
  fetchJson('/api/auth/sign-out', { json: {} }).then(
    () => location.assign(`${basePath}/sign-in`),
    (error: unknown) => tellError('You are still signed in', messageOf(error))
  )
}
