import assert from 'node:assert/strict'
import type { AcceptanceCase } from '../acceptance-case.ts'
import type { ListedModel } from '../club.ts'
import { hasMembers, isJson, isRefused } from '../expectations.ts'

const MEMBERS = [
  ...['id', 'object', 'created', 'owned_by', 'service_type', 'input_modalities', 'output_modalities'],
  ...['supported_features', 'sizes', 'loras', 'providers', 'queued']
]

export const models: AcceptanceCase[] = [
  {
    name: 'every listed model has OpenAI’s members and ours',
    rule: 'OpenAI: GET /v1/models',
    run: async (club) => {
      await club.model()
      for (const model of await club.models()) {
        hasMembers(model, MEMBERS)
        assert.equal(model.object, 'model')
        assert.equal(model.service_type, 'image')
        assert.ok(Number.isInteger(model.created) && model.created < 1e10, 'created is not in Unix seconds')
        assert.ok(model.supported_features.length > 0)
        assert.ok(model.providers >= 1)
      }
    }
  },
  {
    name: 'GET /v1/models/<id> is its entry in the list, slashes in the id encoded or not',
    rule: 'OpenAI: GET /v1/models/<id>',
    run: async (club) => {
      for (const { id } of [await club.model(), ...(await club.models()).filter((model) => model.id.includes('/'))]) {
        for (const spelling of [id, encodeURIComponent(id), `${id}/`]) {
          const answer = await club.call<ListedModel>(`/v1/models/${spelling}`)
          isJson(answer)
          assert.equal(answer.body.id, id)
          hasMembers(answer.body, MEMBERS)
        }
      }
    }
  },
  {
    name: 'a model that is not there is 404',
    rule: 'OpenAI: GET /v1/models/<id>',
    run: async (club) => {
      const answer = await club.call('/v1/models/no-such-model-here')
      assert.equal(answer.status, 404)
      const { code } = (answer.body as { error: { code: string } }).error
      isRefused(answer, { status: 404, code })
    }
  }
]
