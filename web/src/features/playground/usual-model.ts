import type { ModelInfo } from '../../../../src/http/dashboard/contract/requests.ts'
import { ONE_EDIT, type PlaygroundForm } from './playground-form.ts'

/** Nothing was chosen yet: what most offer, and of these what can do most. */
export const usualModel = (models: readonly ModelInfo[] = []): string =>
  models.toSorted((a, b) => b.providers - a.providers || b.supported_features.length - a.supported_features.length)[0]
    ?.id ?? ''

/** How an edit begins: with the model that is chosen, unless that is known not to edit and another one does. */
export function beginEdit(chosen: string, models: readonly ModelInfo[] = []): Partial<PlaygroundForm> {
  const edits = ({ supported_features: features }: ModelInfo) => features.includes('edit')
  const present = models.find(({ id }) => id === (chosen || usualModel(models)))
  const editor = !present || edits(present) ? '' : usualModel(models.filter(edits))
  return editor === '' ? ONE_EDIT : { ...ONE_EDIT, model: editor }
}
