import { ENGINES } from '../engines/engine-descriptions.ts'
import type { Inventory, StoredModel } from '../engines/inventory.ts'
import { toModelId } from '../engines/model-id.ts'
import type { AgentModelConfig } from '../config/agent-config.ts'
import type { Feature } from '../images/image-request.ts'
import { MAX_REFUSAL_CHARS, type ServiceOffer, type ServiceOffered } from '../protocol/service-offers.ts'
import type { AgentService, AgentServices } from './agent-services.ts'
import { isSameModel } from './same-model.ts'

export interface OwnerOffersParts {
  /** The services as the agent's file has them. */
  ofFile: () => AgentServices
  /** Has a service offer these models. */
  offer: (service: string, models: AgentModelConfig[]) => void
  /** What lies on the image server of a service; undefined while it is not known. */
  foundOn: (service: string) => Inventory | undefined
  send: (answer: ServiceOffered) => void
}

interface Word {
  word: ServiceOffer
  accepted: ServiceOffered['models']
  /** As it was told; absent: nothing yet. */
  told?: string
}

/**
 * What the owner of this machine offers on the dashboard beside what its file says. The file decides whether they may
 * (`found_models: offer`); what is offered lies on the image server and is complete, and is nothing but its name.
 */
export class OwnerOffers {
  readonly #parts: OwnerOffersParts
  readonly #words = new Map<string, Word>()

  constructor(parts: OwnerOffersParts) {
    this.#parts = parts
  }

  /** Takes the owner's word, and answers as soon as it is known what lies there. */
  hear(word: ServiceOffer): void {
    if (!this.#parts.ofFile().has(word.service)) return
    const before = this.#words.get(word.service)
    const accepted = (before?.accepted ?? []).filter(({ name }) => word.models.includes(name))
    this.#words.set(word.service, { word, accepted })
    this.review(word.service)
  }

  /** Looks again at what was refused: it is known anew what lies on the image server. */
  review(name: string): void {
    const service = this.#parts.ofFile().get(name)
    const known = this.#words.get(name)
    if (!service || !known) return
    const mayOffer = service.config.foundModels === 'offer'
    const found = this.#parts.foundOn(name)
    if (mayOffer && !found && known.word.models.length > 0) return
    const { revision, models: wanted } = known.word
    const judged = judge(service, { wanted: [...new Set(wanted)], accepted: known.accepted, found, mayOffer })
    known.accepted = judged.models
    this.#parts.offer(name, judged.models.map(toConfig))
    const answer: ServiceOffered = { type: 'service.offered', service: name, revision, ...judged }
    const told = JSON.stringify(answer)
    if (told === known.told) return
    known.told = told
    this.#parts.send(answer)
  }

  /** A gateway has been reached, which says everything anew: until then the file alone counts. */
  forget(): void {
    for (const name of this.#words.keys()) this.#parts.offer(name, [])
    this.#words.clear()
  }
}

const toConfig = ({ name, id, features }: ServiceOffered['models'][number]): AgentModelConfig => ({
  id,
  servedAs: name,
  features
})

const NOT_ALLOWED = "The agent's file does not allow it: it needs 'found_models: offer' for this service."

function judge(
  { config }: AgentService,
  asked: { wanted: string[]; accepted: ServiceOffered['models']; found: Inventory | undefined; mayOffer: boolean }
): Pick<ServiceOffered, 'models' | 'refused'> {
  const models: ServiceOffered['models'] = []
  const refused: ServiceOffered['refused'] = []
  const ids = new Set(config.models.map(({ id }) => id))
  for (const name of asked.wanted) {
    const stored = asked.found?.models.find(({ servedAs }) => servedAs === name)
    const before = asked.accepted.find((one) => one.name === name)
    const names = before ? [before.id] : [toModelId(stored?.name ?? name), toModelId(name)]
    const id = names.find((one) => !ids.has(one)) ?? names[0] ?? ''
    const why = asked.mayOffer ? (before ? undefined : whyNot(stored, { config, id })) : NOT_ALLOWED
    const isTaken = ids.has(id)
    if (why !== undefined || isTaken) {
      const taken = `This service has another model that is called '${id}'.`
      refused.push({ name, text: (why ?? taken).slice(0, MAX_REFUSAL_CHARS).toWellFormed() })
      continue
    }
    ids.add(id)
    models.push({ name, id, features: before?.features ?? [...featuresOf(stored, config.engine)] })
  }
  return { models, refused }
}

/** Why a model is not offered, fit for its owner. */
function whyNot(
  stored: StoredModel | undefined,
  { config, id }: { config: AgentService['config']; id: string }
): string | undefined {
  if (!stored) return 'The image server has no model of that name.'
  if (stored.isIncomplete) return 'It lacks its text encoders or its VAE.'
  if (id === '') return 'Nothing of its name can be a name for callers: offer it in the file of the agent.'
  const names = [stored.servedAs, ...(stored.name === undefined ? [] : [stored.name])]
  const own = config.models.find(({ servedAs }) => names.some((name) => isSameModel(name, servedAs)))
  return own ? `The file of the agent offers it already, as '${own.id}'.` : undefined
}

/** As of a model in the file that says nothing of them. */
const featuresOf = (stored: StoredModel | undefined, engine: string | undefined): readonly Feature[] =>
  stored?.features ?? ENGINES.find(({ name }) => name === engine)?.usualFeatures ?? ['generate']
