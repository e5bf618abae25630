import { expect, it } from 'vitest'
import { asStoreUnavailable, explainS3 } from './s3-errors.ts'

const OPTIONS = { bucket: 'pictures', prefix: '', endpoint: 'http://127.0.0.1:9', forcePathStyle: true, region: 'x' }

it.each(['CredentialsProviderError', 'TokenProviderError'])(
  'says what to set when there are no credentials: %s',
  (name) => {
    const fault = Object.assign(new Error('Could not load credentials from any providers'), { name })
    expect(explainS3(asStoreUnavailable(fault), OPTIONS, 'write')).toMatch(
      /^There are no credentials for the bucket 'pictures': set /
    )
  }
)

it('says nothing of a server that is only away for a while', () => {
  const fault = Object.assign(new Error('slow'), { name: 'TimeoutError' })
  expect(explainS3(asStoreUnavailable(fault), OPTIONS, 'write')).toBeUndefined()
})
