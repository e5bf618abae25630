import { expect, it } from 'vitest'
import { renderGuide } from './render-guide.ts'

const addressOf = (name: string) => (name === 'agent' ? '/club/guides/agent' : undefined)
const render = (markdown: string) => renderGuide(markdown, addressOf)

it.each([
  ['[a](agent.md)', '<a href="/club/guides/agent">a</a>'],
  ['[a](agent.md#a-service)', '<a href="/club/guides/agent#a-service">a</a>'],
  ['[a](#here)', '<a href="#here">a</a>'],
  ['[a](https://example.org/x.md)', '<a href="https://example.org/x.md">a</a>'],
  ['[`a`](../README.md)', '<code>a</code>'],
  ['[a](decisions/0001-x.md)', 'a'],
  ['[a](other.md)', 'a'],
  ['[a](javascript:alert(1))', 'a']
])('%s becomes %s', async (markdown, html) => {
  expect((await render(markdown)).html.trim()).toBe(`<p>${html}</p>`)
})

it('gives headings the ids that links use', async () => {
  const { title, html } = await render(
    "# The agent and its file, `agent.yaml`\n\n## What's new?\n\n## What's new?\n\n### `a_b` & c"
  )
  expect(title).toBe('The agent and its file, agent.yaml')
  expect([...html.matchAll(/id="([^"]*)"/g)].map(([, id]) => id)).toEqual([
    'the-agent-and-its-file-agentyaml',
    'whats-new',
    'whats-new-1',
    'a_b--c'
  ])
})
