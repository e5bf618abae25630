import { BUCKET, S3_CREDENTIALS, type S3Settings, type S3State } from './s3-server.ts'
import { type FakeProcess, spawnFake } from './spawn-fake.ts'

const VARIABLES: Record<string, string> = {
  AWS_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey
}

export interface S3Process extends FakeProcess<S3Settings, S3State> {
  /** What a gateway needs to store its images there, below this prefix of the bucket. */
  env(prefix: string): Record<string, string>
}

/** An S3 server in a process of its own; until it is closed, this process has the credentials in its environment. */
export async function spawnS3(): Promise<S3Process> {
  const asFound = Object.keys(VARIABLES).map((name) => [name, process.env[name]] as const)
  const server = await spawnFake<S3Settings, S3State>('s3-server-main.ts')
  Object.assign(process.env, VARIABLES)
  return {
    ...server,
    env: (prefix) => ({
      INFERENCE_CLUB_STORAGE: `s3://${BUCKET}/${prefix}`,
      INFERENCE_CLUB_S3_ENDPOINT: server.url,
      INFERENCE_CLUB_S3_REGION: S3_CREDENTIALS.region
    }),
    close: async () => {
      for (const [name, value] of asFound) {
        if (value === undefined) Reflect.deleteProperty(process.env, name)
        else process.env[name] = value
      }
      await server.close()
    }
  }
}
