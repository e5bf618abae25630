import { DAY_MS } from '../lib/durations.ts'
import { choiceSetting, durationSetting, integerSetting, type Setting, textSetting } from './settings.ts'

const named = (name: string) => `INFERENCE_CLUB_${name}`

const optional = (
  name: string,
  description: string,
  check: (text: string) => string | undefined = () => undefined
): Setting<string | undefined> =>
  textSetting<string | undefined>(
    { variable: named(name), description, fallback: undefined, defaultText: 'none' },
    check
  )

/** How often who does not know a key or a password may guess. */
export const SIGN_IN_LIMITS = {
  wrongKeysPerMinute: integerSetting({
    variable: named('LIMITS_WRONG_KEYS_PER_MINUTE'),
    description: 'Wrong API keys from one address before it has to wait.',
    fallback: 30,
    min: 1,
    max: 1_000_000
  }),
  signInTries: integerSetting({
    variable: named('LIMITS_SIGN_IN_TRIES'),
    live: true,
    title: 'Wrong passwords before a pause',
    description: 'Wrong passwords within five minutes, from one address or for one account, before it has to wait.',
    fallback: 10,
    min: 1,
    max: 1_000_000
  })
}

/** How people sign in to the dashboard. */
export const SIGN_IN = {
  registration: choiceSetting<'invitation' | 'open'>({
    variable: named('REGISTRATION'),
    live: true,
    title: 'Who may join',
    description: 'Who may join: `invitation`, or `open` for everybody who can reach the server.',
    fallback: 'invitation',
    choices: ['invitation', 'open']
  }),
  invitationLifetimeMs: durationSetting({
    variable: named('INVITATION_LIFETIME'),
    live: true,
    title: 'Invitations can be used for',
    description: 'How long a link to join, or to a new password, can be used.',
    fallback: 7 * DAY_MS,
    minMs: 60_000,
    maxMs: 365 * DAY_MS
  }),
  githubClientId: optional('GITHUB_CLIENT_ID', 'Client id of an OAuth app at GitHub, to sign in by it.'),
  githubClientSecret: optional('GITHUB_CLIENT_SECRET', 'Its secret.'),
  oidcIssuer: optional(
    'OIDC_ISSUER',
    'URL of an OpenID Connect provider to sign in by, such as `https://auth.example.org/realms/club`.',
    checkIssuer
  ),
  oidcClientId: optional('OIDC_CLIENT_ID', 'Client id at that provider.'),
  oidcClientSecret: optional('OIDC_CLIENT_SECRET', 'Its secret.'),
  oidcName: textSetting<string>({
    variable: named('OIDC_NAME'),
    description: 'Text of its button on the sign-in page.',
    fallback: 'Single sign-on'
  })
}

/** Settings of which one without the others does nothing. */
const TOGETHER = [
  [SIGN_IN.githubClientId, SIGN_IN.githubClientSecret],
  [SIGN_IN.oidcIssuer, SIGN_IN.oidcClientId, SIGN_IN.oidcClientSecret]
]

/** One line for each setting that is missing beside others. */
export const missingSignInSettings = (isSet: (variable: string) => boolean): string[] =>
  TOGETHER.flatMap((settings) => {
    const there = settings.find(({ variable }) => isSet(variable))
    const missing = settings.filter(({ variable }) => !isSet(variable))
    return there ? missing.map(({ variable }) => `${variable} is missing: ${there.variable} needs it`) : []
  })

function checkIssuer(text: string): string | undefined {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && !new URL(text).search
    ? undefined
    : `must be an http or https URL without a query, not '${text}'`
}
