import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { EngineOptionError } from '../engine-options.ts'
import { members, parseJson } from '../upstream-text.ts'
import { type Graph, type GraphNode, type GraphOutput, isLink, type Link } from './graph.ts'

/** A workflow that the owner made and exported, with what goes where in it. */
export interface OwnWorkflow {
  graph: Graph
  /** By field of a call: `image`, `image2`, … and `mask` for its images, or the name of an extra one. */
  places: ReadonlyMap<string, readonly Place[]>
  output: GraphOutput
  samplers: readonly string[]
}

export interface Place {
  node: string
  input: string
}

const MAX_FILE_BYTES = 4 * 1024 * 1024
const MOST_PLACES = 100
const SAVERS = ['SaveImage', 'PreviewImage', 'SaveImageWebsocket']
const FIELD = /^[a-z][a-z0-9_]{0,63}$/i
/** Fields of a call that have no place in a workflow, each with what to do instead. */
const NO_FIELDS: Readonly<Record<string, string>> = {
  size: 'use width and height',
  n: 'each image is a run of its own',
  model: 'each model has a workflow of its own'
}

/** Reads a workflow's file. Throws `EngineOptionError` that says what is wrong with it or with what is to go where. */
export function loadWorkflow(options: {
  file: string
  /** Where relative paths begin. */
  folder: string
  inputs: Record<string, unknown>
  output: string | undefined
}): OwnWorkflow {
  const graph = readGraph(options)
  const places = new Map(
    Object.entries(options.inputs).map(([field, value]) => [field, readPlaces(graph, field, value)])
  )
  if (places.size > MOST_PLACES) throw new EngineOptionError(`option 'inputs' may have at most ${MOST_PLACES} entries`)
  if (!places.has('seed')) {
    const seeds = findSeeds(graph)
    if (seeds.length > 0) places.set('seed', seeds)
  }
  return {
    graph,
    places,
    output: findOutput(graph, options.output),
    samplers: Object.keys(graph).filter(
      (id) => /sampler/i.test(classOf(graph, id)) && !/select/i.test(classOf(graph, id))
    )
  }
}

function readGraph({ file, folder }: { file: string; folder: string }): Graph {
  const path = /^~[/\\]/.test(file) ? join(homedir(), file.slice(2)) : resolve(folder, file)
  const wrong = (what: string) => new EngineOptionError(`option 'workflow': ${what}`)
  let text: string
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw wrong('the file is larger than 4 MiB')
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof EngineOptionError) throw error
    throw wrong(`the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  }
  const parsed = members(parseJson(text))
  if (Array.isArray(parsed.nodes)) {
    throw wrong(
      'the file is as the editor saves it; export it with "Export (API)", or "Save (API Format)" of older versions'
    )
  }
  // Some exports have it inside of an object of its own.
  const graph = members(parsed.prompt && typeof parsed.prompt === 'object' ? parsed.prompt : parsed)
  const nodes = Object.entries(graph)
  if (nodes.length === 0 || !nodes.every(([, node]) => isNode(node)))
    throw wrong('the file is no workflow in API format')
  return graph as Graph
}

const isNode = (node: unknown): node is GraphNode => {
  const { class_type, inputs } = members(node)
  return typeof class_type === 'string' && typeof inputs === 'object' && inputs !== null && !Array.isArray(inputs)
}

function readPlaces(graph: Graph, field: string, value: unknown): Place[] {
  if (!FIELD.test(field)) throw new EngineOptionError("option 'inputs' has a key that is no name of a field")
  if (NO_FIELDS[field]) throw new EngineOptionError(`option 'inputs' cannot have '${field}': ${NO_FIELDS[field]}`)
  const texts = Array.isArray(value) ? (value as unknown[]) : [value]
  if (texts.length === 0 || texts.length > MOST_PLACES || !texts.every((text) => typeof text === 'string')) {
    throw new EngineOptionError(`option 'inputs', ${field}: must be <node>.<input> or a list of them`)
  }
  return (texts as string[]).map((text) => readPlace(graph, field, text))
}

/** `6.text` or `Positive prompt.text`: a node by its id or, where one alone has it, its title. */
function readPlace(graph: Graph, field: string, text: string): Place {
  const wrong = (what: string) => new EngineOptionError(`option 'inputs', ${field}: ${what}`)
  const dot = text.lastIndexOf('.')
  if (dot < 1 || dot === text.length - 1) throw wrong('must be <node>.<input>, such as 6.text')
  const [name, input] = [text.slice(0, dot), text.slice(dot + 1)]
  const node = findNode(graph, name)
  if (node === undefined) throw wrong(`the workflow has no node '${name}', or several of that title`)
  const present = graph[node]?.inputs[input]
  if (present === undefined) throw wrong(`node '${name}' has no input '${input}'`)
  if (isLink(present)) throw wrong(`the input '${input}' of node '${name}' comes from another node`)
  return { node, input }
}

function findNode(graph: Graph, name: string): string | undefined {
  if (Object.hasOwn(graph, name)) return name
  const titled = Object.keys(graph).filter((id) => graph[id]?._meta?.title === name)
  return titled.length === 1 ? titled[0] : undefined
}

const classOf = (graph: Graph, id: string): string => graph[id]?.class_type ?? ''

/** Without a new seed ComfyUI would give the same picture again. */
const findSeeds = (graph: Graph): Place[] =>
  Object.entries(graph).flatMap(([node, { inputs }]) =>
    ['seed', 'noise_seed'].filter((input) => typeof inputs[input] === 'number').map((input) => ({ node, input }))
  )

function findOutput(graph: Graph, named: string | undefined): GraphOutput {
  const savers = Object.keys(graph).filter((id) => SAVERS.includes(classOf(graph, id)))
  const node = named === undefined ? (savers.length === 1 ? savers[0] : undefined) : findNode(graph, named)
  if (node === undefined) {
    const found =
      named === undefined ? `${savers.length} nodes of it save or show pictures` : `it has no node '${named}'`
    throw new EngineOptionError(`option 'output' must name the node of the workflow that has the picture: ${found}`)
  }
  const { images, image } = graph[node]?.inputs ?? {}
  const source = [images, image].find(isLink) as Link | undefined
  return { node, ...(source && { images: source }) }
}
