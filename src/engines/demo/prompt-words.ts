import { hex, type Rgb } from './colour.ts'

const wordMap = <Name extends string>(groups: Record<Name, string>): ReadonlyMap<string, Name> =>
  new Map(
    (Object.entries(groups) as [Name, string][]).flatMap(([name, words]) =>
      words.split(' ').map((word): [string, Name] => [word, name])
    )
  )

/** A scene is what fills the picture. */
export const SCENE_WORDS = wordMap({
  mountains: 'mountain mountainous alps alpine peak summit cliff canyon volcano himalaya highland landscape hiking',
  lake: 'lake reflection reflections fjord river pond loch tranquil',
  forest: 'forest wood woods woodland jungle tree pine trees grove taiga wilderness',
  ocean: 'ocean sea beach wave coast coastal island horizon sail harbour harbor bay surf seascape',
  dunes: 'desert dune sand sahara egypt pyramid oasis camel mars',
  aurora: 'aurora borealis polar arctic northern iceland norway lapland',
  city: 'city skyline street building skyscraper urban town downtown metropolis cyberpunk tokyo york architecture',
  space: 'space planet galaxy nebula cosmos cosmic universe alien orbit astronaut solar saturn asteroid sci-fi scifi',
  underwater: 'underwater reef coral submarine aquarium diving seabed abyss mermaid',
  silk: 'abstract silk fluid flow marble liquid texture wallpaper pattern smoke dream dreamy surreal psychedelic ink',
  poster: 'geometric geometry poster bauhaus logo icon minimalist minimal shapes mosaic cubist retro modern emblem',
  meadow: 'meadow field hill hills flower garden countryside farm valley grass spring park prairie vineyard pasture'
})
export type SceneName = typeof SCENE_WORDS extends ReadonlyMap<string, infer Name> ? Name : never

/** A tone is a family of palettes: an hour, a season, the weather. */
export const TONE_WORDS = wordMap({
  dawn: 'dawn sunrise morning daybreak pastel soft gentle cherry blossom',
  sunset: 'sunset evening golden dramatic fire burning lava warm epic',
  day: 'day daylight noon sunny midday summer bright clear sky cheerful',
  mist: 'mist misty fog foggy hazy rain rainy calm quiet gloomy overcast',
  night: 'night midnight moonlit moon stars starry star dark nocturnal',
  dusk: 'dusk twilight purple-hour bluehour neon synthwave vaporwave cyberpunk',
  autumn: 'autumn fall october harvest rustic autumnal maple',
  winter: 'winter snow snowy ice icy frozen frost cold glacier christmas arctic',
  verdant: 'lush spring moss mossy fern leafy nature',
  storm: 'storm stormy thunder thunderstorm lightning tempest moody hurricane',
  desert: 'canyon mars arid terracotta adobe savanna',
  tropic: 'tropical beach paradise lagoon turquoise island caribbean hawaii reef coral'
})
export type ToneName = typeof TONE_WORDS extends ReadonlyMap<string, infer Name> ? Name : never

/** A subject stands in front of the scene. */
export const SUBJECT_WORDS = wordMap({
  fox: 'fox vixen wolf dog coyote husky puppy',
  cat: 'cat kitten kitty tabby panther',
  deer: 'deer stag elk moose doe reindeer',
  bear: 'bear grizzly panda',
  rabbit: 'rabbit hare bunny',
  bird: 'bird eagle owl raven robin sparrow parrot hawk hummingbird crow songbird',
  whale: 'whale orca dolphin',
  fish: 'fish koi salmon goldfish shark',
  boat: 'boat ship sail sailboat yacht sailing vessel pirate regatta',
  cabin: 'cabin house cottage hut home barn chalet lodge farmhouse',
  lighthouse: 'lighthouse tower beacon',
  balloon: 'balloon airship ballooning',
  rocket: 'rocket spaceship spacecraft shuttle starship',
  robot: 'robot android droid mech cyborg',
  person: 'person man woman girl boy portrait people human hiker traveller traveler knight wizard astronaut samurai',
  oak: 'oak tree bonsai baobab willow',
  flower: 'flower rose tulip daisy poppy sunflower blossom lily orchid bouquet',
  castle: 'castle fortress palace kingdom fairytale fantasy'
})
export type SubjectName = typeof SUBJECT_WORDS extends ReadonlyMap<string, infer Name> ? Name : never

/** Small things a prompt may ask for and a negative prompt may forbid. */
export const ELEMENT_WORDS = wordMap({
  stars: 'stars star starry constellation galaxy milky',
  clouds: 'cloud cloudy clouds overcast sky storm stormy',
  birds: 'bird birds flock seagull gull geese swallow',
  trees: 'tree trees pine pines forest woods woodland conifer fir spruce',
  moon: 'moon moonlight moonlit lunar crescent',
  sun: 'sun sunny sunset sunrise sunlight sunshine',
  mist: 'mist misty fog foggy haze hazy',
  snow: 'snow snowy snowfall snowing blizzard',
  vignette: 'vignette',
  grain: 'grain grainy noise noisy'
})
export type ElementName = typeof ELEMENT_WORDS extends ReadonlyMap<string, infer Name> ? Name : never

/** A treatment changes every colour of the palette. */
export const TREATMENT_WORDS = wordMap({
  monochrome: 'monochrome grayscale greyscale noir b&w charcoal pencil sketch etching engraving',
  pastel: 'pastel soft delicate kawaii watercolor watercolour',
  vivid: 'vivid vibrant colorful colourful saturated neon pop psychedelic',
  muted: 'muted vintage faded desaturated old film antique'
})
export type TreatmentName = typeof TREATMENT_WORDS extends ReadonlyMap<string, infer Name> ? Name : never

export const COLOUR_WORDS: ReadonlyMap<string, Rgb> = new Map(
  Object.entries({
    red: 'd7263d',
    crimson: 'b3122f',
    scarlet: 'e0301e',
    orange: 'f2851c',
    amber: 'f5a623',
    gold: 'e0ae2f',
    golden: 'e0ae2f',
    yellow: 'f7d038',
    lime: 'a4d233',
    green: '2e9e4f',
    emerald: '0f9d6b',
    olive: '7f8a33',
    teal: '12908e',
    turquoise: '2cc4bd',
    cyan: '27c4dd',
    azure: '2f8fe6',
    blue: '2563c9',
    navy: '152a5e',
    indigo: '3d2fa3',
    violet: '7b3fc4',
    purple: '7a2fa0',
    lavender: 'b79fe0',
    magenta: 'd1258f',
    pink: 'f28bb0',
    rose: 'e0567f',
    brown: '7a4a28',
    beige: 'd9c3a0',
    white: 'f4f4f0',
    silver: 'b9c0c8',
    grey: '85888c',
    gray: '85888c',
    black: '16161a'
  }).map(([word, code]) => [word, hex(code)])
)
