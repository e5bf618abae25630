import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { curlCommand, jsonArguments } from './curl-command.ts'

describe('curlCommand', () => {
  it('survives the shell, whatever the prompt holds', () => {
    const prompt = `it's "$HOME" \`id\` \\ ü 🦊\nnew line`
    const command = curlCommand('https://club.example.org/v1/images/generations', jsonArguments({ prompt }))
    const shell = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }; ${command}`
    const env = { INFERENCE_CLUB_API_KEY: 'ic_test' }
    const words = execFileSync('/bin/sh', ['-c', shell], { env }).toString().split('\0')
    expect(words.slice(0, 3)).toEqual([
      'https://club.example.org/v1/images/generations',
      '-H',
      'Authorization: Bearer ic_test'
    ])
    expect(JSON.parse(words.at(-2) ?? '')).toMatchObject({ prompt })
  })
})
