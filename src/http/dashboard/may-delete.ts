import type { FastifyRequest } from 'fastify'
import { Fields } from '../openai/fields.ts'

/** Whether `?mayDelete` says that what a change no longer keeps is meant to go. Throws `invalid_request`. */
export const mayDelete = ({ query }: Pick<FastifyRequest, 'query'>): boolean =>
  new Fields(query as Record<string, unknown>).boolean('mayDelete') ?? false
