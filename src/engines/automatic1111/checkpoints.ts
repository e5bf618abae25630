import { EngineError } from '../engine.ts'
import { type Checkpoint, type MadeImages, stemOf } from './automatic1111-api.ts'

/**
 * The checkpoint of that name: its title, else the only one that goes by the name. An unknown one must not be asked for:
 * the server would silently use the one that is loaded. Throws `model_missing`.
 */
export function chooseCheckpoint(checkpoints: readonly Checkpoint[], model: string): Checkpoint {
  const byTitle = checkpoints.find(({ title }) => title === model)
  if (byTitle) return byTitle
  const wanted = model.toLowerCase()
  const called = checkpoints.filter(({ names }) => names.some((name) => name.toLowerCase() === wanted))
  const [found, another] = called
  if (!found) throw new EngineError('model_missing', 'The image server lacks the model.')
  if (another) {
    throw new EngineError(
      'model_missing',
      'The image server has several models of that name: served_as must tell which.'
    )
  }
  return found
}

/**
 * What an answer says of the model that made its image: `same`, `other`, or nothing. Hashes are of the content and decide
 * where both are known; two files in different folders may have the same name.
 */
export function judgeModel(made: MadeImages, wanted: Checkpoint): 'same' | 'other' | 'untold' {
  if (made.modelHash !== '' && wanted.hash !== '') {
    return made.modelHash.toLowerCase() === wanted.hash.toLowerCase() ? 'same' : 'other'
  }
  if (made.modelName === '') return 'untold'
  const stems = new Set(wanted.names.map((name) => stemOf(name).toLowerCase()))
  const isNamed = wanted.names.some((name) => name.toLowerCase() === made.modelName.toLowerCase())
  return isNamed || stems.has(stemOf(made.modelName).toLowerCase()) ? 'same' : 'other'
}

/** Throws in place of an image of another model. */
export const otherModel = (): EngineError =>
  new EngineError('model_missing', 'The image server used another model than the one it was asked for.')
