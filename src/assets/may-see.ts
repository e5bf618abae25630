import type { Limits } from '../config/config.ts'
import type { Principal } from '../lib/principal.ts'
import { isOpen, type Visibility } from '../lib/visibility.ts'
import type { ReadableAsset } from './asset-store.ts'

type Image = Pick<ReadableAsset, 'kind' | 'visibility' | 'owner_id' | 'isTakenDown'>

/** What the operator says of it, also while the server runs. */
export type SightRules = Pick<Limits, 'adminsLook'>

/** Whether somebody may look at what others asked for, with the sources of it: admins, unless the club has switched that off. */
export const seesOthers = ({ role }: Pick<Principal, 'role'>, { adminsLook }: SightRules): boolean =>
  role === 'admin' && adminsLook

/** Whether the URL of an image is enough to fetch it. */
export const isForEverybody = ({ kind, visibility, isTakenDown }: Image): boolean =>
  kind === 'output' && isOpen(visibility) && !isTakenDown

/** Whether a link to an image, signed or shared, is enough to fetch it for as long as the link counts. */
export const isForLinks = ({
  kind,
  isTakenDown,
  isOwnerGone
}: Pick<ReadableAsset, 'kind' | 'isTakenDown' | 'isOwnerGone'>): boolean =>
  kind === 'output' && !isTakenDown && !isOwnerGone

/**
 * Whether somebody who is known here may fetch an image. What was made is for those its visibility names, and an admin is one
 * of the members, unless it was taken down; what was sent along is the owner's and the admins', since it shows what is not theirs
 * to show.
 */
export function maySee(image: Image, reader: Pick<Principal, 'userId' | 'role'>, rules: SightRules): boolean {
  if (reader.userId === image.owner_id || isForEverybody(image)) return true
  if (image.kind === 'output' && image.visibility !== 'PRIVATE') return false
  return (image.kind === 'output' && !image.isTakenDown) || seesOthers(reader, rules)
}

/** The same for what a request makes: its previews. */
export const maySeeResults = (
  { visibility, user_id: owner_id }: { visibility: Visibility; user_id: string },
  reader: Pick<Principal, 'userId' | 'role'>
): boolean => maySee({ kind: 'output', visibility, owner_id, isTakenDown: false }, reader, { adminsLook: false })
