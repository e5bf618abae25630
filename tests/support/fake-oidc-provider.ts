import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface OidcPerson {
  sub: string
  email?: string
  email_verified?: boolean
  name?: string
}

export interface FakeOidcProvider {
  issuer: string
  clientId: string
  clientSecret: string
  /** Who signs in when a browser comes; undefined: they say no. */
  person: OidcPerson | undefined
  /** Spoils what it says next, for a provider that cannot be trusted. */
  spoil: 'nonce' | 'audience' | 'signature' | 'issuer' | undefined
  /** Whether the address is in the ID token, or at the user info endpoint alone. */
  emailInToken: boolean
  /** Answers everything with 503. */
  isDown: boolean
  /** How often it was asked where its endpoints are. */
  discoveries: number
  close(): Promise<void>
}

interface Grant {
  person: OidcPerson
  nonce: string
  challenge: string
  redirectUri: string
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A small OpenID Connect provider over real HTTP: discovery, authorization with PKCE, tokens with a signed ID token. */
export async function startFakeOidcProvider(): Promise<FakeOidcProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const grants = new Map<string, Grant>()
  const tokens = new Map<string, OidcPerson>()

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realms/club`
  const provider: FakeOidcProvider = {
    issuer,
    clientId: 'the-club',
    clientSecret: 'a secret: of+the/club',
    person: undefined,
    spoil: undefined,
    emailInToken: true,
    isDown: false,
    discoveries: 0,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }

  const json = (response: ServerResponse, body: unknown, status = 200) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', issuer)
    const path = url.pathname.replace('/realms/club', '')
    if (provider.isDown) return json(response, {}, 503)
    if (path === '/.well-known/openid-configuration') {
      provider.discoveries += 1
      return json(response, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        userinfo_endpoint: `${issuer}/userinfo`,
        jwks_uri: `${issuer}/jwks`,
        id_token_signing_alg_values_supported: ['RS256']
      })
    }
    if (path === '/jwks') {
      return json(response, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }] })
    }
    if (path === '/authorize') return authorize(url.searchParams, response)
    if (path === '/token') return redeem(request, response)
    if (path === '/userinfo') {
      const person = tokens.get(request.headers.authorization?.replace('Bearer ', '') ?? '')
      return person ? json(response, person) : json(response, {}, 401)
    }
    json(response, {}, 404)
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const back = new URL(query.get('redirect_uri') ?? '')
    back.searchParams.set('state', query.get('state') ?? '')
    if (query.get('client_id') !== provider.clientId || query.get('code_challenge_method') !== 'S256') {
      back.searchParams.set('error', 'invalid_request')
    } else if (!provider.person) back.searchParams.set('error', 'access_denied')
    else {
      const code = randomUUID()
      grants.set(code, {
        person: provider.person,
        nonce: query.get('nonce') ?? '',
        challenge: query.get('code_challenge') ?? '',
        redirectUri: query.get('redirect_uri') ?? ''
      })
      back.searchParams.set('code', code)
    }
    response.writeHead(302, { location: back.href }).end()
  }

  async function redeem(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request))
    const grant = grants.get(form.get('code') ?? '')
    grants.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const [id, secret] = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64')
      .toString()
      .split(':')
      .map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
    const isClient = id === provider.clientId && secret === provider.clientSecret
    if (!isClient || grant?.challenge !== challenge || grant.redirectUri !== form.get('redirect_uri')) {
      return json(response, { error: 'invalid_grant' }, 400)
    }
    const access = randomUUID()
    tokens.set(access, grant.person)
    json(response, { access_token: access, token_type: 'Bearer', expires_in: 300, id_token: idToken(grant) })
  }

  function idToken({ person, nonce }: Grant): string {
    const now = Math.floor(Date.now() / 1000)
    const { email, email_verified, ...rest } = person
    const claims = {
      ...rest,
      ...(provider.emailInToken && { email, email_verified }),
      iss: provider.spoil === 'issuer' ? 'http://elsewhere.example' : issuer,
      aud: provider.spoil === 'audience' ? 'another-club' : provider.clientId,
      nonce: provider.spoil === 'nonce' ? 'another' : nonce,
      iat: now,
      exp: now + 300
    }
    const signed = `${base64url({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${base64url(claims)}`
    const key = provider.spoil === 'signature' ? stranger : privateKey
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
  }

  return provider
}
