import { useQuery } from '@tanstack/react-query'
import type { ClubInfo } from '../../../src/http/dashboard/contract/session.ts'
import { basePath } from './base-path.ts'
import { sessionQuery } from './session.ts'

/** Until the server has told. */
const UNKNOWN: ClubInfo = { name: 'inference.club', picture: null }

/** What the club is called, and shows of itself. */
export const useClub = (): ClubInfo => useQuery(sessionQuery).data?.club ?? UNKNOWN

/** The address of its picture, or of the product's own sign. */
export const pictureOf = ({ picture }: ClubInfo): string => basePath + (picture ?? '/favicon.svg')
