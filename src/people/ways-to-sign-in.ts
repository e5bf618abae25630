import type { SignInConfig } from '../config/config.ts'
import { OIDC_PROVIDER_ID } from './auth-endpoints.ts'
import { PASSWORD } from './person-store.ts'

/** The ways by which people can sign in here, as their accounts name them: by password always. */
export function waysToSignIn(config: SignInConfig): string[] {
  const { github, oidc } = providersOf(config)
  return [PASSWORD, ...(github ? ['github'] : []), ...(oidc ? [OIDC_PROVIDER_ID] : [])]
}

/** The providers of sign-ins that are set up; the configuration sees to it that none is by half. */
export function providersOf({
  githubClientId,
  githubClientSecret,
  oidcIssuer,
  oidcClientId,
  oidcClientSecret,
  oidcName
}: SignInConfig) {
  return {
    github:
      githubClientId !== undefined && githubClientSecret !== undefined
        ? { clientId: githubClientId, clientSecret: githubClientSecret }
        : undefined,
    oidc:
      oidcIssuer !== undefined && oidcClientId !== undefined && oidcClientSecret !== undefined
        ? { issuer: oidcIssuer, clientId: oidcClientId, clientSecret: oidcClientSecret, name: oidcName }
        : undefined
  }
}
