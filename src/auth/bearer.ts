/** The token of an `Authorization: Bearer …` header. */
export const bearerOf = ({ headers }: { headers: { authorization?: string | undefined } }): string | undefined =>
  /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
