import type { OnlineModel } from './gateway-answers.ts'

/**
 * The id of the model that is taken where none is named, of those that can do it: `demo`, else the first; one of which nobody may
 * begin an image now only where there is no other. Undefined when none can.
 */
export function chooseModel(models: readonly OnlineModel[], feature: string): string | undefined {
  const able = models.filter(({ features }) => features.includes(feature))
  const now = able.filter(({ waits }) => !waits)
  const among = now.length > 0 ? now : able
  return (among.find(({ id }) => id === 'demo') ?? among[0])?.id
}
