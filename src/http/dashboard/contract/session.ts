/**
 * What the dashboard's pages and the endpoints under `/api/dashboard` say to each other: types only, which `web` may
 * import. Times are UTC milliseconds, sizes pixels, progress percent. Errors have the shape of the API: `{error:
 * {message, type, param, code}}`, and `fields` beside them where several may be wrong at once: a sentence by the name of each.
 *
 * Beside what is typed here, a session may use these endpoints of the API under `/api/dashboard` instead of `/v1`, with
 * the bodies and answers of the API: `images/generations`, `images/edits`, `images/variations`, `jobs/<id>/cancel`,
 * `jobs/<id>/retry`, `DELETE jobs/<id>`, `models`, `organization/usage/…`, `webhooks/deliveries…`.
 */

export type Role = 'admin' | 'member'

/** `GET /api/dashboard/session`; answered to everybody. */
export interface SessionInfo {
  /** Null: nobody is signed in. */
  person: Person | null
  /** Nobody is signed in any more in this browser because an admin has shut them out; known for about an hour. */
  isShutOut: boolean
  /** Whether they may look at the requests of others: admins, unless the club has switched that off. */
  seesOthers: boolean
  club: ClubInfo
  signIn: SignInOptions
  limits: CallLimits
  /** Where the program is to be had with git, for who is signed in; null: nobody has said. */
  repository: string | null
  /** The reader may ask whether a picture was made here. */
  mayCheckPictures: boolean
  version: string
}

/**
 * What the club shows of itself. The name is the setting `clubName`; the picture is changed by admins with
 * `PUT /api/dashboard/club/picture`, a png, jpeg or webp of at most 5 MiB as the body, and `DELETE`: both answer this.
 */
export interface ClubInfo {
  name: string
  /** The path of a square png; null: the product's own sign is shown. */
  picture: string | null
}

/** What a call may hold, so that pages can say so before it is sent. */
export interface CallLimits {
  maxImagesPerRequest: number
  maxInputImages: number
  /** Of each source image and mask. */
  maxUploadBytes: number
}

export interface Person {
  id: string
  name: string
  email: string
  role: Role
}

export interface SignInOptions {
  registration: 'open' | 'invitation'
  github: boolean
  /** The text of its button. */
  oidc: { name: string } | null
  /** Nobody can sign in yet: the first admin has not opened the link that the server printed. */
  isUnclaimed: boolean
}

/**
 * `POST /api/dashboard/invitations/look` with `{token}`: what a one-time link (`/join#<token>`) is for, before anything is
 * typed. Needs no session. A link that cannot be used is 404 `invitation_invalid`, and the message says why.
 */
export interface InvitationLook {
  /** `claim` hands an existing account over (first run, a forgotten password), `join` makes a new one. */
  kind: 'claim' | 'join'
  /** Of the account, where it may be changed, or the one a newcomer must have; null: any. */
  email: string | null
  /** Of the account. */
  name: string | null
  role: Role
  /** Null: the link was made on the server itself. */
  invitedBy: string | null
  expiresAt: number
}

/**
 * `POST /api/dashboard/invitations/accept` answers `{person: Person}` and signs in. Needs no session. 403
 * `invitation_other_email`, 409 `conflict` (`param: 'email'`) when somebody has the address, 400 `invalid_request` with the
 * field as `param`, 429 `rate_limit_exceeded`. To join by GitHub or OIDC instead, the token goes as
 * `additionalData: {invitation}` with `POST /api/auth/sign-in/social`.
 */
export interface InvitationAnswer {
  token: string
  /** 1–100 characters. */
  name: string
  email: string
  /** 8–128 characters. */
  password: string
}

/** `GET /api/dashboard/invitations`, for admins, newest first. */
export interface Invitation {
  id: string
  kind: 'claim' | 'join'
  state: 'open' | 'used' | 'expired' | 'revoked'
  email: string | null
  role: Role
  /** Names; null: it was made on the server itself, and nobody used it. */
  invitedBy: string | null
  usedBy: string | null
  createdAt: number
  expiresAt: number
  usedAt: number | null
}

/** `POST /api/dashboard/invitations`, for admins; `DELETE /api/dashboard/invitations/<id>` answers 204. */
export interface NewInvitation {
  /** The newcomer must have this one; null: any. */
  email?: string | null
  role: Role
}

/** Its answer: the link is told here and never again. */
export interface CreatedInvitation {
  id: string
  url: string
  expiresAt: number
}
