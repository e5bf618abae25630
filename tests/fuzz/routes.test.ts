import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { endpointOf, noteRoutes, operationsOf, type Route } from './routes.ts'
import { UNDESCRIBED } from './undescribed-fields.ts'

let gateway: TestGateway
let routes: Route[]

beforeAll(async () => {
  const noted = noteRoutes()
  gateway = await startTestGateway()
  noted.stop()
  routes = noted.routes
})
afterAll(() => gateway.close())

it('every route of the product is fuzzed, with the fields it takes', () => {
  const undescribed = routes.filter(({ schema }) => schema?.summary === undefined).map(endpointOf)
  // What is missing here has to be named there; `nothing` when it takes nothing.
  expect(Object.keys(UNDESCRIBED).sort()).toEqual([...undescribed].sort())
})

it('the API’s own schemas are what is sent to it', () => {
  const operation = (endpoint: string) => operationsOf(routes).find((one) => endpointOf(one) === endpoint)
  const edit = operation('POST /v1/images/edits')
  expect(Object.keys(edit!.bodies)).toEqual(['multipart/form-data', 'application/json'])
  expect(Object.keys(edit!.bodies['application/json']!.properties!)).toContain('strength')
  expect(Object.keys(operation('GET /v1/jobs')!.query.properties!)).toContain('after')
  expect(operation('POST /api/auth/sign-up/email')).toBeDefined()
  // None is there twice.
  expect(new Set(routes.map(endpointOf)).size).toBe(routes.length)
})
