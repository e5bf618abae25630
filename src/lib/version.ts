import manifest from '../../package.json' with { type: 'json' }

/** The version of the whole product: gateway, agent and CLI come from one checkout. */
export const VERSION: string = manifest.version
