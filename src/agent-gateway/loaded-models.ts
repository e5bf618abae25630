import type { ServiceDeclaration } from '../protocol/messages.ts'

/** By service, the models it need not load first, as its agent said or by what it was given last. */
export class LoadedModels {
  readonly #known = new Map<string, ReadonlySet<string>>()
  /** What is not yet written down. */
  readonly unsaved = new Map<string, ReadonlySet<string>>()

  /** Undefined: not known. */
  of(serviceId: string): ReadonlySet<string> | undefined {
    return this.#known.get(serviceId)
  }

  /** What a service is given an image of it loads, and with it all models that need the same. */
  noteGiven(service: { id: string; declaration: Pick<ServiceDeclaration, 'models'> }, model: string): void {
    if (this.of(service.id)?.has(model)) return
    const { models } = service.declaration
    const weights = models.find(({ id }) => id === model)?.weights
    const same = weights === undefined ? [] : models.filter((one) => one.weights === weights)
    this.set(service.id, [model, ...same.map(({ id }) => id)])
  }

  set(serviceId: string, models: readonly string[]): void {
    const loaded = new Set(models)
    if (this.of(serviceId)?.symmetricDifference(loaded).size === 0) return
    this.#known.set(serviceId, loaded)
    this.unsaved.set(serviceId, loaded)
  }
}
