import { hex, type Rgb } from './colour.ts'
import type { ToneName } from './prompt-words.ts'

/** The colours of one picture. Every colour a scene paints comes from here, so that a prompt can steer all of it. */
export interface Palette {
  /** From the zenith down to the horizon, 3 to 5 colours. */
  sky: readonly Rgb[]
  /** Sun, moon, lit windows, foam. */
  light: Rgb
  /** Land in the distance and at the viewer's feet. */
  far: Rgb
  near: Rgb
  /** Flowers, sails, what should catch the eye. */
  accent: Rgb
  /** True: it is dark enough for stars. */
  night: boolean
}

function palette(sky: string, light: string, far: string, near: string, accent: string, night = false): Palette {
  return { sky: sky.split(' ').map(hex), light: hex(light), far: hex(far), near: hex(near), accent: hex(accent), night }
}

export const PALETTES: Record<ToneName, readonly [Palette, ...Palette[]]> = {
  dawn: [
    palette('4a5a8c 8d86b5 dba5b2 f7cfb2 fdeacb', 'fff4d6', 'b79cb8', '2b2a4c', 'ef6f6c'),
    palette('6fa3c7 a8c6d8 e6d3d0 fbd6b8 ffe6c4', 'fffaf0', 'a9aec4', '2f4858', 'f26b5b'),
    palette('5b6aa6 9d8fc2 e9a9b9 ffd0b5 ffe9d2', 'fff7e0', 'b493bd', '33254f', 'ff8c69')
  ],
  sunset: [
    palette('2b1a4f 6d2c6b c7485f f98c51 ffd07a', 'fff1bf', 'a84d6b', '1b1030', 'ffc145'),
    palette('1f2a56 5c3f78 b6566f f08a5d fcd48a', 'fff3cf', '8f5577', '16142e', 'f9ed69'),
    palette('3b2350 8c3b5f e2664f ffa64d ffe08a', 'fff6d0', 'b85a58', '23122b', 'ffe066'),
    palette('243b5a 5f6f8c c78f7a f4b269 ffe1a3', 'fff5d4', '96788a', '1a2233', 'e4572e')
  ],
  day: [
    palette('2f7fc4 64abdc a3d1e8 d6e9ea f6f0dd', 'fffdf0', '8fb3c9', '1f4d46', 'f2545b'),
    palette('3a8fb7 7cc0d8 b9dfe3 e6efe0 fbf3d5', 'fffbe6', '9cbfbf', '2a5a43', 'ff9f1c'),
    palette('4d96d9 88bdeb bcdcf2 e8f1f3 fdf6e3', 'ffffff', '93b0cf', '264a63', 'ffc43d')
  ],
  mist: [
    palette('7d97a5 a3b7bd c6d1d0 e0e3da f0ece0', 'fffaf0', 'aebdc0', '1f3238', 'd98c5f'),
    palette('8c9bab aebac4 cdd3d6 e5e2dc f3ece1', 'ffffff', 'b2bcc6', '2a3342', 'c8553d'),
    palette('6f8f8a 9ab3a9 c3d1c2 e1e5d3 f3f0df', 'fffbe8', 'a3b8ac', '1c352d', 'e0a458')
  ],
  night: [
    palette('040816 0a1833 15305a 2a5280 5a86a8', 'f6f1dc', '2f5275', '050a18', 'ffcf70', true),
    palette('0a0820 1a1440 33265f 5a4285 8f6fa8', 'fdf3e1', '4a3a73', '0b0920', 'ff9e7a', true),
    palette('03121a 07283a 0f4658 2b6d78 6fa39c', 'f3f7e6', '245a66', '041017', 'ffd58a', true)
  ],
  dusk: [
    palette('16183f 3c2f73 7d4a96 cf6f9c ffb3a1', 'ffe8d1', '6a4a8c', '120f2b', '4de2e0', true),
    palette('1a1f4b 38488a 7a73b5 d394b5 ffd0b0', 'fff0dc', '6d6aa8', '151a3a', 'ff7a8a'),
    palette('1d1145 57217d a8328f f0568a ffb36b', 'fff0c2', '7d2f85', '150a2e', '29e3d6', true)
  ],
  autumn: [
    palette('6d8ea0 a5b5b0 d9cdb0 f2d9a2 fbe8c0', 'fff6dc', 'c08a5a', '3a1f1a', 'd1462f'),
    palette('8b5e3c c58b4e e9b872 f7d9a0 fdeccb', 'fff8e3', 'b5703f', '2d1a17', 'a92b2b'),
    palette('4f6d7a 8d9b94 cbb59a eec48d fadfae', 'fff2d0', 'a86f4c', '2a2022', 'e76f2c')
  ],
  winter: [
    palette('5b8bb5 8fb4d3 bcd4e6 dfeaf2 f7f5f2', 'ffffff', 'a8c2d9', '2b4766', 'e05a4f'),
    palette('7f93b8 a9b7d4 cfd5e6 ead9de fbe9e0', 'fffaf5', 'b2bdd6', '35406a', 'd6455d'),
    palette('3f6f93 7ba5c0 b4cfdc e0e8ea fbf3e4', 'fffdf5', '94b3c9', '1f3c55', 'f08a4b')
  ],
  verdant: [
    palette('4f8f8b 86b8a0 bcd6ad e3e8c0 f9f3d2', 'fffbe0', '8bb295', '12332a', 'f28f3b'),
    palette('5aa0b8 93c7be c6dfb9 eaeec6 fbf5d8', 'fffde8', '86b48c', '173d27', 'f25c54'),
    palette('2f6b62 5f9a7d 9cc195 d5dfae f6efc8', 'fff7cf', '5f9478', '0b261f', 'ffd166')
  ],
  storm: [
    palette('1c2530 35424f 5a6872 8a9494 bdb9a6', 'f7f2dd', '5b6a75', '0f161d', 'e8c547'),
    palette('20263a 3e4660 666e85 9a9aa5 cdbfb4', 'fff3e0', '636b82', '121523', 'e07a5f')
  ],
  desert: [
    palette('5c8ca8 9bb6b8 dccfb2 f3d6a2 fbe6bf', 'fff8e0', 'dba873', '5a2a1e', 'c1440e'),
    palette('3d2c5c 8a4a6b d9745a f6b063 fde0a0', 'fff2c8', 'd98a5b', '471d26', '2a9d8f'),
    palette('d98e5f edb47c f6cf9c fbe3bd fff1d8', 'fffbea', 'd98f5c', '6b2d1f', '20707a')
  ],
  tropic: [
    palette('1f8fc2 52b8d9 93dbe3 d0f0e2 fff4d0', 'fffbe0', '5fb3b3', '0b4650', 'ff6f61'),
    palette('0f7ea8 3fb6c6 8fdccb d8f2cf fff3c4', 'fffbe3', '47a6a0', '0a3d4a', 'ff8552'),
    palette('364f9c 6a7fc9 c79ad0 ffb3ba ffe0b5', 'fff3d6', '6f86b8', '123553', 'ffd23f')
  ]
}
