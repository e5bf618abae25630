import assert from 'node:assert/strict'
import OpenAI, { toFile } from 'openai'
import type { AcceptanceCase } from '../acceptance-case.ts'
import type { Club } from '../club.ts'
import { mask, photo } from '../pictures.ts'

const RULE = 'the official client, openai on npm'
const file = async (bytes: Promise<Buffer>, name = 'photo.png') => toFile(await bytes, name, { type: 'image/png' })

async function generate(club: Club, fields: object = {}) {
  const body = { ...(await club.fields()), ...fields } as unknown as OpenAI.ImageGenerateParamsNonStreaming
  return club.client.images.generate(body)
}

/** The fields of an edit whose types know neither our models nor our sizes. */
const editOf = async (club: Club) => ({ model: (await club.model()).id, prompt: club.prompt })

async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}

export const openaiSdk: AcceptanceCase[] = [
  {
    name: 'images.generate',
    rule: RULE,
    images: 1,
    run: async (club) => {
      const answer = await generate(club)
      assert.ok(answer.data?.[0]?.url)
      assert.ok(answer._request_id)
    }
  },
  {
    name: 'images.edit with one image, a list and a mask',
    rule: RULE,
    images: 3,
    run: async (club) => {
      await club.needs('edit', 'multi_image', 'mask')
      const fields = await editOf(club)
      const one = await club.client.images.edit({ ...fields, image: await file(photo()) })
      const list = await club.client.images.edit({ ...fields, image: [await file(photo()), await file(photo())] })
      const masked = await club.client.images.edit({ ...fields, image: await file(photo()), mask: await file(mask()) })
      for (const answer of [one, list, masked]) assert.ok(answer.data?.[0]?.url)
    }
  },
  {
    name: 'images.createVariation',
    rule: RULE,
    images: 1,
    run: async (club) => {
      await club.needs('variation')
      const answer = await club.client.images.createVariation({
        model: (await club.model()).id,
        image: await file(photo())
      })
      club.remember(answer)
      assert.ok(answer.data?.[0]?.url)
    }
  },
  {
    name: 'models.list and models.retrieve',
    rule: RULE,
    run: async (club) => {
      const { id } = await club.model()
      const listed: string[] = []
      for await (const model of club.client.models.list()) listed.push(model.id)
      assert.ok(listed.includes(id))
      assert.equal((await club.client.models.retrieve(id)).id, id)
    }
  },
  ...(
    [
      ['BadRequestError', OpenAI.BadRequestError, (club: Club) => generate(club, { size: 'big' })],
      ['NotFoundError', OpenAI.NotFoundError, (club: Club) => generate(club, { model: 'no-such-model-here' })],
      [
        'AuthenticationError',
        OpenAI.AuthenticationError,
        (club: Club) => club.client.withOptions({ apiKey: 'ic_not_a_key_of_anybody_here' }).models.list()
      ]
    ] as const
  ).map(([name, type, call]) => ({
    name: `an error arrives as ${name} with code, param and the id of the exchange`,
    rule: RULE,
    run: async (club: Club) => {
      await club.model()
      const error = await thrownBy(call(club))
      assert.ok(error instanceof type, String(error))
      assert.ok(error.code)
      assert.equal(error.type, error.code)
      assert.ok(error.requestID)
    }
  })),
  {
    name: 'it does not ask again where asking again cannot help',
    rule: 'x-should-retry: false',
    run: async (club) => {
      let calls = 0
      const counting = club.client.withOptions({
        maxRetries: 2,
        fetch: (...request: Parameters<typeof fetch>) => {
          calls += 1
          return club.patiently(() => fetch(...request))
        }
      })
      const { failingModel } = club.options
      const refused = failingModel === undefined ? { size: 'big' } : { model: failingModel }
      const body = (await club.fields(refused)) as unknown as OpenAI.ImageGenerateParamsNonStreaming
      await thrownBy(counting.images.generate(body))
      assert.equal(calls, 1)
    }
  }
]
