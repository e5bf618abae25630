import { RETRY_LIMITS } from './retry-limits.ts'
import { integerSetting } from './settings.ts'

/** How work is handed out. */
export const DISPATCH = {
  ...RETRY_LIMITS,
  passesForLoadedModel: integerSetting({
    variable: 'INFERENCE_CLUB_LIMITS_PASSES_FOR_LOADED_MODEL',
    live: true,
    title: 'How often an image lets others with a loaded model go first',
    description:
      'How often an image whose turn it is may be passed over for one whose model a machine has loaded already. `0`: never.',
    fallback: 8,
    min: 0,
    max: 1000
  })
}
