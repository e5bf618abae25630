import assert from 'node:assert/strict'
import type { AcceptanceCase } from '../acceptance-case.ts'
import { Unchecked } from '../acceptance-case.ts'
import type { Club } from '../club.ts'
import { isRefused } from '../expectations.ts'
import {
  almostOpaque,
  blob,
  longOrientationJpeg,
  mask,
  oddScanJpeg,
  photo,
  photoAs,
  unchangedShare
} from '../pictures.ts'
import { isImages } from './generations.ts'

const VARIATIONS = '/v1/images/variations'
const dataUrl = (bytes: Buffer, type = 'image/png') => `data:${type};base64,${bytes.toString('base64')}`

async function editJson(club: Club, image: unknown, fields = {}) {
  await club.needs('edit')
  return club.call<Parameters<typeof isImages>[0]['body']>('/v1/images/edits', {
    json: { model: (await club.model()).id, prompt: club.prompt, images: [image], ...fields }
  })
}

export const edits: AcceptanceCase[] = [
  ...['image', 'image[]', 'image[0]'].map((name) => ({
    name: `a form with ${name} is edited`,
    rule: 'the names that SDKs and curl give the part',
    images: 1,
    run: async (club: Club) => {
      await club.needs('edit')
      isImages(await club.edit([[name, blob(await photo())]]))
    }
  })),
  ...(['png', 'jpeg', 'webp'] as const).map((format) => ({
    name: `a ${format} is judged by its bytes, whatever type is said`,
    rule: 'SDKs send application/octet-stream',
    images: 1,
    run: async (club: Club) => {
      await club.needs('edit')
      isImages(await club.edit([['image', blob(await photoAs(format), 'application/octet-stream')]]))
    }
  })),
  {
    name: 'the image may come before the other parts, text may hold numbers and booleans',
    rule: 'forms have text only',
    images: 1,
    run: async (club) => {
      await club.needs('edit')
      const answer = await club.edit([
        ['image', blob(await photo())],
        ['n', '1'],
        ['async', 'False'],
        ['stream', 'False']
      ])
      isImages(answer)
    }
  },
  {
    name: 'a form with async True is a job',
    rule: 'Python writes booleans so',
    images: 1,
    run: async (club) => {
      await club.needs('edit')
      assert.equal(
        (
          await club.edit([
            ['image', blob(await photo())],
            ['async', 'True']
          ])
        ).status,
        202
      )
    }
  },
  {
    name: 'several images are one request, inputs kept in order',
    rule: 'OpenAI: image[]',
    images: 1,
    run: async (club) => {
      await club.needs('edit', 'multi_image')
      const answer = await club.edit([
        ['image[]', blob(await photo())],
        ['image[]', blob(await photoAs('jpeg'), 'image/jpeg')]
      ])
      isImages(answer)
      const { inputs } = (await club.job(answer.body.request_id)) as unknown as { inputs: { media_type: string }[] }
      assert.deepEqual(
        inputs.map(({ media_type }) => media_type),
        ['image/png', 'image/jpeg']
      )
    }
  },
  {
    name: 'a mask goes with its image, before or behind it',
    rule: 'OpenAI: mask',
    images: 2,
    run: async (club) => {
      await club.needs('edit', 'mask')
      const image: [string, Blob] = ['image', blob(await photo())]
      const part: [string, Blob] = ['mask', blob(await mask())]
      isImages(await club.edit([image, part]))
      isImages(await club.edit([part, image]))
    }
  },
  {
    name: 'without a mask the whole image is edited, whatever its own transparency',
    rule: 'that transparency is a mask concerns dall-e-2 alone',
    images: 1,
    run: async (club) => {
      await club.needs('edit')
      const answer = await club.edit([
        ['image', blob(await almostOpaque())],
        ['output_format', 'png']
      ])
      isImages(answer)
      const made = await club.fetch(answer.body.data[0]?.url ?? '', { key: null })
      const share = await unchangedShare(made.bytes)
      assert.ok(share < 0.9, `${Math.round(share * 100)} % stayed as they were`)
    }
  },
  {
    name: 'inference_club_alpha_mask takes the image’s own transparency for the mask, and says so',
    rule: 'dall-e-2’s rule, for who asks for it',
    images: 1,
    run: async (club) => {
      await club.needs('edit', 'mask')
      const answer = await club.edit([
        ['image', blob(await mask())],
        ['inference_club_alpha_mask', 'true']
      ])
      isImages(answer)
      assert.match((answer.body.warnings ?? []).join(' '), /mask|transparen/i)
    }
  },
  {
    name: 'JSON with a data URL is edited',
    rule: 'OpenAI: images[].image_url',
    images: 1,
    run: async (club) => isImages(await editJson(club, { image_url: dataUrl(await photo()) }))
  },
  {
    name: 'raw base64 where a data URL belongs is understood',
    rule: 'what users of other servers send',
    images: 1,
    run: async (club) => isImages(await editJson(club, { image_url: (await photo()).toString('base64') }))
  },
  {
    name: 'an image made here is named by id and by its URL',
    rule: 'OpenAI: images[].file_id',
    images: 3,
    run: async (club) => {
      const { asset_id, url } = (await club.picture()).data[0] ?? {}
      isImages(await editJson(club, { file_id: asset_id }))
      isImages(await editJson(club, { image_url: url }))
    }
  },
  {
    name: 'an image made here is ours by any name that leads here',
    rule: 'localhost, loopback and https are names of one host',
    images: 2,
    run: async (club) => {
      const url = new URL((await club.picture()).data[0]?.url ?? '')
      const other = new URL(url)
      if (['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) {
        other.hostname = url.hostname === 'localhost' ? '127.0.0.1' : 'localhost'
      } else other.protocol = url.protocol === 'https:' ? 'http:' : 'https:'
      isImages(await editJson(club, { image_url: other.href }))
    }
  },
  {
    name: 'a JPEG as some phones write it is edited',
    rule: 'what decoders warn of and show all the same',
    images: 1,
    run: async (club) => {
      await club.needs('edit')
      isImages(await club.edit([['image', blob(await oddScanJpeg(), 'image/jpeg')]]))
    }
  },
  {
    name: 'a photo on its side takes an upright mask, though its orientation is a LONG',
    rule: 'EXIF 2.3 says SHORT, some write LONG',
    images: 1,
    run: async (club) => {
      await club.needs('edit', 'mask')
      const { default: sharp } = await import('sharp')
      const upright = await sharp({
        create: { width: 32, height: 64, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } }
      })
        .png()
        .toBuffer()
      isImages(
        await club.edit([
          ['image', blob(await longOrientationJpeg(), 'image/jpeg')],
          ['mask', blob(upright)]
        ])
      )
    }
  },
  {
    name: 'an edit of an odd size without size is made, and says which size came back',
    rule: 'photos have sizes that no image server makes',
    images: 1,
    run: async (club) => {
      await club.needs('edit')
      const { plainPng } = await import('../../support/pictures.ts')
      const answer = await club.edit([['image', blob(await plainPng({ width: 323, height: 167 }, [200, 80, 40]))]])
      isImages(answer)
      assert.match(answer.body.size, /^\d+x\d+$/)
    }
  },
  {
    name: 'a variation needs no prompt',
    rule: 'OpenAI: POST /v1/images/variations',
    images: 1,
    run: async (club) => {
      await club.needs('variation')
      isImages(await club.edit([['image', blob(await photo())]], VARIATIONS))
    }
  },
  {
    name: 'edits and variations come at the paths with a slash at their end',
    rule: 'paths work with and without a trailing slash',
    images: 2,
    run: async (club) => {
      await club.needs('edit', 'variation')
      isImages(
        await club.edit(
          [
            ['image', blob(await photo())],
            ['prompt', club.prompt]
          ],
          '/v1/images/edits/'
        )
      )
      isImages(await club.edit([['image', blob(await photo())]], `${VARIATIONS}/`))
    }
  },
  {
    name: 'inputs are their owner’s alone',
    rule: 'docs/images.md',
    images: 1,
    run: async (club) => {
      await club.needs('edit')
      const { body } = await club.edit([['image', blob(await photo())]])
      const { inputs } = (await club.job(body.request_id)) as unknown as { inputs: { url: string }[] }
      const url = inputs[0]?.url ?? ''
      isRefused(await club.fetch(url, { key: null }), { status: 404, code: 'not_found' })
      const own = await club.fetch(url)
      assert.equal(own.status, 200)
      assert.deepEqual(own.bytes, await photo())
      if (club.options.otherKey !== undefined) {
        isRefused(await club.fetch(url, { key: club.options.otherKey }), { status: 404, code: 'not_found' })
      }
    }
  },
  {
    name: 'a model that cannot edit is no_provider, and those that can are named',
    rule: 'a capability is needed, not hoped for',
    run: async (club) => {
      const without = (await club.models()).find(({ supported_features: features }) => !features.includes('edit'))
      if (!without) throw new Unchecked('every model here can edit')
      const answer = await club.edit([
        ['model', without.id],
        ['image', blob(await photo())]
      ])
      isRefused(answer, { status: 404, code: 'no_provider', param: 'model' })
    }
  }
]
