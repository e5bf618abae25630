import { describe, expect, it } from 'vitest'
import { COMFY, ENV, GOOD, HEAD, loadText, mistakesOf } from '../../tests/support/agent-file.ts'

describe('a mistake', () => {
  const service = (text: string) => HEAD + text
  const more = (text: string) => GOOD + text
  const swap = (from: string, to: string) => GOOD.replace(from, to)

  it.each<[what: string, text: string, line: number, part: string]>([
    [
      'an empty file',
      '',
      1,
      'the file must be a mapping of gateway, api_key, api_key_file, name, source_memory, services'
    ],
    ['no mapping', '- a\n', 1, 'the file must be a mapping'],
    ['broken YAML', 'a: 1\nb: [1, 2\nc: ]]\n', 3, 'not valid YAML: '],
    ['a tab', 'gateway: x\nservices:\n\t- name: x\n', 3, 'not valid YAML: Tabs'],
    ['a key written twice', `${GOOD}name: again\n`, 11, 'not valid YAML: Map keys must be unique'],
    ['two documents', `${GOOD}---\na: 1\n`, 11, 'not valid YAML: Source contains multiple documents'],
    ['an unknown tag', swap('home-rig', '!secret rig'), 3, 'not valid YAML: Unresolved tag'],
    ['an alias of nothing', swap('home-rig', '*rig'), 3, 'not valid YAML: an alias (*) of an anchor (&)'],

    ['no gateway', swap('gateway: https://club.example.org\n', ''), 1, 'gateway is required: '],
    ['no api_key', swap('api_key: ${INFERENCE_CLUB_API_KEY}\n', ''), 1, 'api_key is required: '],
    ['no name', swap('name: home-rig\n', ''), 1, 'name is required: '],
    ['a blank name', swap('home-rig', ''), 3, 'name is required: '],
    ['no services', 'gateway: http://x\napi_key: ic_1\nname: x\n', 1, 'services is required: '],
    ['services without entries', HEAD, 4, 'services is required: '],
    ['empty services', HEAD.replace('services:', 'services: []'), 4, 'services is empty: '],
    ['services that are no list', HEAD.replace('services:', 'services: one'), 4, 'services must be a list'],
    ['a service without anything', service('  -\n'), 5, 'services[0] must be a mapping of name, type, engine'],
    ['a service that is text', service('  - comfy\n'), 5, 'services[0] must be a mapping of name, type, engine'],
    ['no service name', service('  - type: llm\n'), 5, 'services[0].name is required: '],
    ['no service type', service('  - name: x\n'), 5, 'services[0].type is required: '],
    ['no engine', swap('    engine: comfyui\n', ''), 5, 'services[0].engine is required: one of comfyui, openai, demo'],
    ['no url', swap('    url: http://127.0.0.1:8188\n', ''), 5, 'services[0].url is required: '],
    ['no models', HEAD + COMFY, 5, 'services[0].models is required: '],
    ['empty models', `${HEAD + COMFY}    models: []\n`, 9, 'services[0].models is empty: '],
    ['no model id', more('      - served_as: x\n'), 11, 'services[0].models[1].id is required: '],
    ['a model that is text', more('      - sdxl\n'), 11, 'services[0].models[1] must be a mapping of id, served_as'],

    ['an unknown key', `${GOOD}colour: red\n`, 11, 'colour is not known'],
    ['a misspelt key', `${GOOD}nmae: red\n`, 11, "nmae is not known; did you mean 'name'?"],
    ['one of a service', more('    concurency: 2\n'), 11, "concurency is not known; did you mean 'concurrency'?"],
    ['one of a model', more('        servedAs: x\n'), 11, "servedAs is not known; did you mean 'served_as'?"],
    ['a number as a key', `${GOOD}1: red\n`, 11, '1 is not known'],

    ['text that is a number', swap('home-rig', '4090'), 3, 'name must be text: put it in quotes'],
    ['text that is a list', swap('home-rig', '[a]'), 3, 'name must be text'],
    ['text that is too long', swap('home-rig', 'x'.repeat(101)), 3, 'name may have at most 100 characters'],
    ['a gateway without a scheme', swap('https://club', 'club'), 1, 'gateway must begin with https:// or http://'],
    ['a gateway that is no URL', swap('https://club.example.org', 'club'), 1, 'gateway must be an http or https URL'],
    ['a gateway of ws', swap('https:', 'wss:'), 1, 'gateway must be an http or https URL'],
    ['a gateway with a query', swap('.org', '.org/?x=1'), 1, 'gateway must not have a query'],
    ['a gateway with a password', swap('https://', 'https://a:b@'), 1, 'gateway must not have a query'],
    ['a url of another scheme', swap('http://127', 'ftp://127'), 8, 'services[0].url must be an http or https URL'],
    ['a url that is none', swap('http://127.0.0.1:8188', 'nowhere'), 8, 'services[0].url must be an http or https'],
    [
      'a bare host',
      swap('http://127.0.0.1:8188', 'localhost'),
      8,
      'services[0].url must begin with http:// or https://'
    ],
    ['a url with a space', swap('http://127.0.0.1:8188', 'http://host/my sd'), 8, 'url must not contain spaces'],
    ['a url without a scheme', swap('http://127', '127'), 8, 'services[0].url must begin with http:// or https://'],
    ['a url with one slash', swap('http://127', 'http:/127'), 8, 'url must be an http or https URL with two slashes'],
    ['a url without slashes', swap('http://127', 'http:127'), 8, 'url must be an http or https URL with two slashes'],
    ['a url of Windows', swap('http://127.0.0.1:8188', 'http:\\\\host\\v1'), 8, 'with two slashes'],
    ['a url twice begun', swap('http://127', 'http://http://127'), 8, 'url begins with http:// twice'],
    ['a url with a fragment', swap(':8188', ':8188/#/'), 8, '(#…): use http://127.0.0.1:8188/'],
    [
      'a user and a key',
      swap('//127', '//u:p@127') + '    api_key: k\n',
      8,
      'must not have a user name beside an api_key'
    ],
    ['a URL for a host', more('    download_from: ["http://a.example"]\n'), 11, 'download_from[0] must be a host'],
    [
      'too many hosts',
      more(`    download_from: [${'a, '.repeat(21)}]\n`),
      11,
      'download_from may have at most 20 entries'
    ],
    ['a word of found models', more('    found_models: all\n'), 11, 'found_models is none of show, hide'],
    ['a word of warming', more('    warm_models: maybe\n'), 11, 'warm_models must be true or false'],
    ['a word of extras', more('    extras: all\n'), 11, 'extras must be a list of names of fields, or any'],
    ['extras in a mapping', more('    extras: {a: 1}\n'), 11, 'extras must be text'],
    ['a blank extra', more('    extras: [a, ""]\n'), 11, 'extras[1] is required: the name of a field'],
    ['a long extra', more(`    extras: [${'x'.repeat(101)}]\n`), 11, 'extras[0] may have at most 100 characters'],
    ['too many extras', more(`    extras: [${'x, '.repeat(101)}]\n`), 11, 'extras may have at most 100 entries'],
    ['no pixels', more('    max_pixels: large\n'), 11, 'max_pixels must be pixels in all from 64x64'],
    ['few pixels', more('    max_pixels: 4095\n'), 11, 'max_pixels must be pixels in all from 64x64'],
    ['many pixels', more('    max_pixels: 269MP\n'), 11, 'max_pixels must be pixels in all from 64x64'],
    ['a multiple of 0', more('    multiple_of: 0\n'), 11, 'multiple_of must be a whole number from 1 to 512'],
    ['a multiple of 513', more('    multiple_of: 513\n'), 11, 'multiple_of must be a whole number from 1 to 512'],
    ['headers in a list', more('    headers: [a]\n'), 11, 'services[0].headers must be a mapping'],
    ['a header in a list', more('    headers:\n      x-a: [b]\n'), 12, 'headers.x-a must be text'],
    [
      'a header of the connection',
      more('    headers: {Transfer-Encoding: x}\n'),
      11,
      'headers.Transfer-Encoding cannot be'
    ],
    ['a header twice', more('    headers:\n      X-A: x\n      x-a: y\n'), 13, 'headers.x-a is set above already'],
    ['a header with two lines', more('    headers: {x-a: "b\\nc"}\n'), 11, 'headers.x-a must be one line'],
    ['a header without a name', more('    headers: {"x a": b}\n'), 11, 'a key of services[0].headers is not the name'],
    [
      'a header and a key',
      more('    api_key: k\n    headers: {Authorization: x}\n'),
      12,
      'cannot be set beside api_key'
    ],
    [
      'a long header',
      more(`    headers: {x-a: ${'v'.repeat(4001)}}\n`),
      11,
      'headers.x-a may have at most 4000 characters'
    ],
    [
      'a header too many',
      more(`    headers: {${Array.from({ length: 21 }, (_, n) => `x-${n}: v`).join()}}\n`),
      11,
      'headers may have at most 20 entries'
    ],
    ['a key of someone else', swap('${INFERENCE_CLUB_API_KEY}', 'sk-abc'), 2, 'which begins with ic_'],
    ['a key that is a number', swap('${INFERENCE_CLUB_API_KEY}', '1234'), 2, 'which begins with ic_'],
    ['an unknown engine', swap('engine: comfyui', 'engine: vllm'), 7, 'services[0].engine is none of comfyui, openai'],
    ['a misspelt engine', swap('engine: comfyui', 'engine: comfy'), 7, "; did you mean 'comfyui'?"],
    ['a concurrency of 0', more('    concurrency: 0\n'), 11, 'concurrency must be a whole number from 1 to 1000'],
    ['a concurrency of 1001', more('    concurrency: 1001\n'), 11, 'concurrency must be a whole number'],
    ['a broken concurrency', more('    concurrency: 1.5\n'), 11, 'concurrency must be a whole number'],
    ['too little source_memory', `${GOOD}source_memory: 1048575\n`, 11, 'source_memory must be a size from 1MiB to'],
    ['too much source_memory', `${GOOD}source_memory: 1025GiB\n`, 11, 'source_memory must be a size from 1MiB to'],
    ['source_memory that is no size', `${GOOD}source_memory: [1]\n`, 11, 'source_memory must be a size from 1MiB to'],
    ['a prefetch below 0', more('    prefetch: -1\n'), 11, 'prefetch must be a whole number from 0 to 10'],
    ['a prefetch of 11', more('    prefetch: 11\n'), 11, 'prefetch must be a whole number from 0 to 10'],
    ['a key that cannot be sent', more('    api_key: "sk-\\abc"\n'), 11, 'api_key must be without control characters'],
    ['a long key', more(`    api_key: ${'k'.repeat(1001)}\n`), 11, 'api_key may have at most 1000 characters'],
    ['a broken queue_ahead', more('    queue_ahead: 2\n'), 11, 'queue_ahead must be a duration from 0s to 60s'],
    ['a long queue_ahead', more('    queue_ahead: 60001ms\n'), 11, 'queue_ahead must be a duration from 0s to 60s'],
    ['a worded concurrency', more('    concurrency: two\n'), 11, 'concurrency must be a whole number'],
    ['a timeout without a unit', more('    timeout: 240\n'), 11, 'timeout must be a duration from 1s to 24h'],
    ['a short timeout', more('    timeout: 999ms\n'), 11, 'timeout must be a duration from 1s to 24h'],
    ['a long timeout', more('    timeout: 25h\n'), 11, 'timeout must be a duration from 1s to 24h'],
    ['an unknown access', more('    access: everyone\n'), 11, 'access must be members, private or a list of e-mail'],
    ['access by one address', more('    access: a@b.org\n'), 11, 'access must be members, private or a list of e-mail'],
    [
      'no e-mail address',
      more('    access:\n      - a@b.org\n      - bob\n'),
      13,
      'access[1] must be an e-mail address'
    ],
    ['no address at all', more('    access: [a@b.org, ""]\n'), 11, 'access[1] is required: an e-mail address'],
    ['options in a list', more('    options: [a]\n'), 11, 'options must be a mapping'],
    ['features in a word', more('        features: edit\n'), 11, 'models[0].features must be a list'],
    [
      'no features',
      more('        features: []\n'),
      11,
      'models[0].features is empty: it must be one of generate, edit'
    ],
    ['an unknown feature', more('        features: [edit, video]\n'), 11, 'features[1] is none of generate, edit'],
    ['a misspelt feature', more('        features: [multiimage]\n'), 11, "; did you mean 'multi_image'?"],

    [
      'a service name again',
      more('  - {name: comfy, type: llm}\n'),
      11,
      'services[1].name is the name of another service'
    ],
    ['a model id again', more('      - id: sdxl\n'), 11, 'models[1].id is the id of another model of this service'],

    ['an unset variable', swap('home-rig', '${NOBODY}'), 3, 'the environment variable NOBODY is not set'],
    [
      'one in the options',
      more('    options: {a: [1, "${NOBODY}"]}\n'),
      11,
      'the environment variable NOBODY is not set'
    ],
    ['an unset key', swap('INFERENCE_CLUB_API_KEY', 'NOBODY'), 2, 'the environment variable NOBODY is not set'],
    ['an unset address', swap('http://127.0.0.1:8188', '${NOBODY}'), 8, 'the environment variable NOBODY is not set'],
    [
      'an unset list',
      HEAD.replace('services:', 'services: ${NOBODY}'),
      4,
      'the environment variable NOBODY is not set'
    ],
    ['a reference without an end', swap('home-rig', '${HOME'), 3, 'a ${ must be ${NAME} or ${NAME:-default}'],
    [
      'a key that does nothing',
      service('  - {name: d, type: image, engine: demo, models: [{id: d}], url: http://x}\n'),
      5,
      'services[0].url does nothing with the engine demo'
    ],
    [
      'another one',
      service('  - {name: d, type: image, engine: demo, models: [{id: d}], max_pixels: 4MP}\n'),
      5,
      'services[0].max_pixels does nothing'
    ],
    ['an empty key', swap('INFERENCE_CLUB_API_KEY', 'EMPTY'), 2, 'api_key is required: ']
  ])('is %s', (_what, text, line, part) => {
    const mistakes = mistakesOf(text).filter((mistake) => mistake.includes(part))
    expect(mistakes, mistakesOf(text).join('\n')).toHaveLength(1)
    expect(mistakes[0]).toMatch(new RegExp(`^agent\\.yaml:${line}: `))
  })

  it.each([
    ['an unset variable', swap('${INFERENCE_CLUB_API_KEY}', '${NOBODY}')],
    ['an alias of nothing', swap('http://127.0.0.1:8188', '*nothing')],
    ['a wrong list', HEAD.replace('services:', 'services: one')],
    ['a misspelt key that is required', swap('name: home-rig', 'nmae: home-rig')],
    ['a misspelt key of everything', HEAD.replace('services:', 'service:') + GOOD.slice(HEAD.length)],
    ['a misspelt key of a service', swap('url:', 'ulr:')],
    ['another one', swap('engine:', 'engin:')],
    ['a third', swap('models:', 'modells:')],
    ['a misspelt key of a model', swap('- id: ', '- di: ')],
    ['a misspelt type', swap('type: image', 'type: imgae')],
    ['a misspelt engine', swap('engine: comfyui\n    url: http://127.0.0.1:8188', 'engine: dmeo')],
    ['broken YAML', `${GOOD}name: a: b\n  c: d\n`]
  ])('brings no others with it: %s', (_what, text) => {
    expect(mistakesOf(text)).toHaveLength(1)
  })

  it.each([
    ['is missing', '    type: image\n', ''],
    ['is misspelt', 'type: image', 'type: imag'],
    ['is no text', 'type: image', 'type: 4']
  ])('of a type that %s does not hide those in the rest of the service', (_what, from, to) => {
    const mistakes = mistakesOf(swap(from, to).replace('engine: comfyui', 'engine: opnai'))
    expect(mistakes).toHaveLength(2)
    expect(mistakes[1]).toContain('services[0].engine is none of')
  })

  it.each([
    ['http://host:1234/v1/images/generations', 'http://host:1234/v1'],
    ['http://host:1234/v1/images/generations/', 'http://host:1234/v1'],
    ['http://host:1234/v1/images', 'http://host:1234/v1'],
    ['https://host/v1/models', 'https://host/v1'],
    ['https://host/models', 'https://host'],
    ['https://host/api/v4/chat/completions', 'https://host/api/v4'],
    ['https://host/v1/images/generations/v1/images/edits', 'https://host/v1'],
    ['http://host/v1/v1', 'http://host/v1'],
    ['http://u:neverShow@host/v1/models?key=neverShow&api-version=1', 'http://…@host/v1?key=…&api-version=…'],
    [
      'https://x.example/openai/deployments/pics/images/edits?api-version=2025-04-01-preview',
      'https://x.example/openai/deployments/pics?api-version=…'
    ]
  ])('in the address of an API is told with what was meant: %s', (url, meant) => {
    const text = GOOD.replace('http://127.0.0.1:8188', url).replace('engine: comfyui', 'engine: openai')
    expect(mistakesOf(text)).toEqual([
      `agent.yaml:8: services[0].url must be the root of the API, not one of its calls: use ${meant}`
    ])
  })

  it.each([
    'http://host:1234',
    'http://u:p@host/v1beta/openai',
    'https://host/v4/',
    'https://host/openai/deployments/models-x?api-version=2025-04-01-preview'
  ])('is not %s', (url) => {
    const text = GOOD.replace('http://127.0.0.1:8188', url).replace('engine: comfyui', 'engine: openai')
    expect(loadText(text).services[0]!.url).toBe(url)
  })

  it('does not keep others from being told, in the order of the file', () => {
    const text = `gateway: ftp://x
api_key: \${NOBODY}
nmae: rig
services:
  - name: a
    type: image
    concurrency: 0
    models:
      - id: x
      - served_as: y
        features: [sing]
  - name: a
    type: llm
    timeout: soon
`
    expect(mistakesOf(text).map((mistake) => /^agent\.yaml:(\d+): (\S+)/.exec(mistake)?.slice(1))).toEqual([
      ['1', 'gateway'],
      ['2', 'the'],
      ['3', 'nmae'],
      ['5', 'services[0].engine'],
      ['5', 'services[0].url'],
      ['7', 'services[0].concurrency'],
      ['10', 'services[0].models[1].id'],
      ['11', 'services[0].models[1].features[0]'],
      ['12', 'services[1].name'],
      ['14', 'services[1].timeout']
    ])
    expect(() => loadText(text)).toThrow(/^The configuration has 10 mistakes:\n {2}agent\.yaml:1: gateway /)
  })

  it('is told with the right line in a file of Windows', () => {
    expect(mistakesOf(`\uFEFF${GOOD.replace('home-rig', '')}`.replaceAll('\n', '\r\n'))[0]).toMatch(/^agent\.yaml:3: /)
  })
})

describe('a secret', () => {
  const SECRET = 'ic_neverShowThis'

  it.each([
    ['a wrong key', GOOD.replace('${INFERENCE_CLUB_API_KEY}', `x${SECRET}`)],
    ['a forgotten colon', GOOD.replace('engine: comfyui', `engine: comfyui\n      api_key ${SECRET}`)],
    ['a forgotten space', GOOD.replace('api_key: ${INFERENCE_CLUB_API_KEY}', `api_key:${SECRET}`)],
    ['a forgotten space in braces', `{gateway: http://x, api_key:${SECRET}}`],
    ['an unclosed quote', GOOD.replace('${INFERENCE_CLUB_API_KEY}', `"${SECRET}`)],
    ['a stray bracket', GOOD.replace('${INFERENCE_CLUB_API_KEY}', `]${SECRET}`)],
    ['a bracket before it', `${GOOD}] ${SECRET}\n`],
    ['a tag', GOOD.replace('${INFERENCE_CLUB_API_KEY}', `!${SECRET} x`)],
    ['an alias', GOOD.replace('${INFERENCE_CLUB_API_KEY}', `*${SECRET}`)],
    ['a block header', GOOD.replace('${INFERENCE_CLUB_API_KEY}', `|${SECRET}\n`)],
    ['an escape', GOOD.replace('${INFERENCE_CLUB_API_KEY}', `"\\u${SECRET}"`)],
    ['a password in a URL', GOOD.replace('https://', `ftp://a:${SECRET}@`)],
    ['a key as an address', `${GOOD}    access: [${SECRET}]\n`],
    ['a key as a feature', `${GOOD}        features: [${SECRET}]\n`],
    ['a key as a duration', `${GOOD}    timeout: ${SECRET}\n`]
  ])('is not in the message about %s', (_what, text) => {
    expect(mistakesOf(text)).not.toEqual([])
    expect(mistakesOf(text).join()).not.toContain('neverShow')
  })

  it('of a variable is not in any message', () => {
    const wrong = ['gateway', 'api_key', 'name', 'services'].map((key) => `${key}: \${SECRET}`)
    const services = 'concurrency: "${SECRET}", timeout: "${SECRET}", url: "${SECRET}", engine: "${SECRET}"'
    for (const text of [wrong.join('\n'), `${HEAD}  - {name: x, type: image, ${services}, access: "\${SECRET}"}`]) {
      expect(mistakesOf(text, { ...ENV, SECRET: `x${SECRET}` }).join()).not.toContain('neverShow')
    }
  })
})
