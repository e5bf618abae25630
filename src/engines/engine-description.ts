import type { Feature } from '../images/image-request.ts'

/**
 * What is known of an engine without asking it. These are data and import nothing that runs: the check of `agent.yaml`,
 * the page "Connect a machine" and the table in docs/agent.md are made from them.
 */
export interface EngineDescription {
  /** As `agent.yaml` spells it. */
  name: string
  /** For people: what it drives. */
  title: string
  /** One line for people who choose among engines. */
  detail: string
  /** Keys of a service that it makes something of, beside those that every service has; `url` is required then. */
  takes: readonly EngineKey[]
  /** Its key goes to its servers in a way of their own: as a bearer no other server may get it. */
  hasOwnKeys?: true
  /** Its `url` is the root of OpenAI's API, and not of something else. */
  speaksOpenAI?: true
  options: readonly EngineOption[]
  /** Options of each model of a service; absent: none. */
  modelOptions?: readonly EngineOption[]
  /** What any of its models can have; which of them has what is said in `agent.yaml`. */
  features: readonly Feature[]
  /** Of a model of which `agent.yaml` says nothing. */
  usualFeatures: readonly Feature[]
  /** Where its servers listen when nobody changed it; the first is the most usual. */
  usualUrls: readonly string[]
  /** A model that every machine with this engine has; absent where models are the server's own. */
  ownModel?: string
  /** The document about it, below `docs/`. */
  document: string
}

/** Keys of a service in `agent.yaml` that mean something to some engines only. */
export type EngineKey =
  | 'url'
  | 'api_key'
  | 'headers'
  | 'download_from'
  | 'extras'
  | 'max_pixels'
  | 'multiple_of'
  | 'check_models'
  | 'queue_ahead'

/** One of a service's `options`. */
export interface EngineOption {
  name: string
  /** Half a sentence. */
  meaning: string
  /** What it may be, where people choose among names; absent: anything else. */
  choices?: readonly OptionChoice[]
}

export interface OptionChoice {
  value: string
  /** For people. */
  label: string
  /** What models can have that was chosen for; absent: that is not known. */
  features?: readonly Feature[]
}
