import { APIError } from 'better-auth/api'
import {
  createAuthorizationURL,
  type OAuthProvider,
  parseStringBoolean,
  validateAuthorizationCode,
  validateToken
} from 'better-auth/oauth2'
import type { Logger } from '../lib/logger.ts'
import { remember } from '../lib/remember.ts'
import { OIDC_PROVIDER_ID } from './auth-endpoints.ts'

const SCOPES = ['openid', 'profile', 'email']
const ASYMMETRIC = /^(RS|PS|ES|EdDSA|Ed25519)/
const REQUIRED_CLAIMS = ['iss', 'sub', 'aud', 'exp', 'iat']
const CLOCK_SKEW_S = 30
const TIMEOUT_MS = 10_000
/** After which the provider is asked again where its endpoints are. */
const KNOWN_FOR_MS = 3_600_000

export interface OidcSettings {
  /** Its URL; the discovery document lies below. */
  issuer: string
  clientId: string
  clientSecret: string
  name: string
}

/** The members of a discovery document that are used here. */
interface Discovery {
  issuer: string
  authorization_endpoint: string
  token_endpoint: string
  jwks_uri: string
  userinfo_endpoint?: string
  token_endpoint_auth_methods_supported?: string[]
  id_token_signing_alg_values_supported?: string[]
}

interface Claims {
  iss: string
  sub: string
  nonce?: string
  name?: string
  preferred_username?: string
  email?: string
  email_verified?: boolean | string
}

/**
 * Any OpenID Connect provider. better-auth's own generic one asks the provider for its endpoints when it is built, once for
 * every origin and without a time limit, so that a provider that hangs would keep people from signing in by password, too;
 * this one asks at the first use, and remembers.
 */
export function createOidcProvider(settings: OidcSettings, logger: Logger): OAuthProvider<Claims> {
  const { clientId, clientSecret } = settings
  const options = { clientId, clientSecret }
  const discover = rememberDiscovery(settings.issuer, logger)

  return {
    id: OIDC_PROVIDER_ID,
    name: settings.name,
    requiresIdTokenNonce: true,
    options,
    // A subject means nothing without its issuer: with another one configured, the same number is somebody else.
    accountSubject: ({ profile }) => `${profile.iss} ${profile.sub}`,
    createAuthorizationURL: async ({ state, codeVerifier, redirectURI, idTokenNonce }) =>
      createAuthorizationURL({
        id: OIDC_PROVIDER_ID,
        options,
        authorizationEndpoint: (await discover()).authorization_endpoint,
        state,
        codeVerifier,
        redirectURI,
        scopes: SCOPES,
        ...(idTokenNonce !== undefined && { nonce: idTokenNonce })
      }),
    validateAuthorizationCode: async ({ code, codeVerifier, redirectURI }) => {
      const { token_endpoint, token_endpoint_auth_methods_supported: methods } = await discover()
      return validateAuthorizationCode({
        code,
        codeVerifier,
        redirectURI,
        options,
        tokenEndpoint: token_endpoint,
        authentication: methods && !methods.includes('client_secret_basic') ? 'post' : 'basic'
      })
    },
    getUserInfo: async ({ idToken, accessToken, expectedIdTokenNonce }) => {
      const discovery = await discover()
      try {
        const identity = await verifiedClaims({ idToken, nonce: expectedIdTokenNonce, discovery, clientId })
        const claims = identity.email === undefined ? await withUserInfo(identity, discovery, accessToken) : identity
        return { user: presentUser(claims), data: claims }
      } catch (error) {
        logger.error({ err: error }, 'what the provider of sign-ins says of somebody cannot be believed')
        return null // How better-auth is told; it sends the browser back with an error.
      }
    }
  }
}

const presentUser = (claims: Claims) => ({
  name: claims.name ?? claims.preferred_username ?? '',
  email: claims.email ?? null,
  emailVerified: parseStringBoolean(claims.email_verified) ?? false
})

async function verifiedClaims(parts: {
  idToken: string | undefined
  nonce: string | undefined
  discovery: Discovery
  clientId: string
}): Promise<Claims> {
  const { idToken, nonce, discovery, clientId } = parts
  if (idToken === undefined) throw new Error('It sent no ID token.')
  const algorithms = discovery.id_token_signing_alg_values_supported ?? ['RS256']
  const { payload } = await validateToken<Claims>(idToken, discovery.jwks_uri, {
    issuer: discovery.issuer,
    audience: clientId,
    algorithms: algorithms.filter((name) => ASYMMETRIC.test(name)),
    requiredClaims: REQUIRED_CLAIMS,
    clockTolerance: CLOCK_SKEW_S
  })
  if (nonce === undefined || payload.nonce !== nonce) throw new Error('The ID token is of another sign-in.')
  return payload
}

/** Providers may keep what a scope asks for out of the ID token and tell it at this endpoint alone. */
async function withUserInfo(identity: Claims, discovery: Discovery, accessToken: string | undefined): Promise<Claims> {
  if (discovery.userinfo_endpoint === undefined || accessToken === undefined) return identity
  const told = (await fetchJson(discovery.userinfo_endpoint, { authorization: `Bearer ${accessToken}` })) as Claims
  if (told.sub !== identity.sub) throw new Error('The user info is of somebody else than the ID token.')
  return { ...told, ...identity }
}

function rememberDiscovery(issuer: string, logger: Logger): () => Promise<Discovery> {
  const url = `${withoutSlash(issuer)}/.well-known/openid-configuration`
  const discover = remember({ load: () => fetchDiscovery(url, issuer), forMs: KNOWN_FOR_MS, now: Date.now })
  return async () => {
    try {
      return await discover()
    } catch (error) {
      logger.error({ err: error, issuer }, 'the provider of sign-ins cannot be used')
      throw new APIError('BAD_GATEWAY', {
        code: 'provider_unavailable',
        message: 'The sign-in provider cannot be reached at the moment. Try again, or sign in with your password.'
      })
    }
  }
}

async function fetchDiscovery(url: string, issuer: string): Promise<Discovery> {
  const discovery = (await fetchJson(url)) as Partial<Discovery>
  if (withoutSlash(discovery.issuer ?? '') !== withoutSlash(issuer)) {
    throw new Error(`It says to be the issuer '${discovery.issuer}'; INFERENCE_CLUB_OIDC_ISSUER must be the same.`)
  }
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
    if (typeof discovery[name] !== 'string') throw new Error(`Its discovery document has no '${name}'.`)
  }
  return discovery as Discovery
}

async function fetchJson(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/json', ...headers },
    signal: AbortSignal.timeout(TIMEOUT_MS)
  })
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`)
  return response.json()
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '')
