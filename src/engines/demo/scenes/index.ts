import type { SceneName } from '../prompt-words.ts'
import { aurora } from './aurora.ts'
import { city } from './city.ts'
import { dunes } from './dunes.ts'
import { forest } from './forest.ts'
import { lake } from './lake.ts'
import { meadow } from './meadow.ts'
import { mountains } from './mountains.ts'
import { ocean } from './ocean.ts'
import { poster } from './poster.ts'
import type { Scene } from './scene.ts'
import { silk } from './silk.ts'
import { space } from './space.ts'
import { underwater } from './underwater.ts'

export const SCENES: Record<SceneName, Scene> = {
  mountains,
  lake,
  forest,
  ocean,
  dunes,
  aurora,
  city,
  space,
  underwater,
  silk,
  poster,
  meadow
}
