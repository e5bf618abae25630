/** The output of a node, by its place. ComfyUI takes every list in an input for one. */
export type Link = readonly [node: string, output: number]

export interface GraphNode {
  class_type: string
  inputs: Record<string, unknown>
  _meta?: { title?: unknown }
}

/** A workflow in ComfyUI's API format, by node id. */
export type Graph = Record<string, GraphNode>

/** What ComfyUI is to do for one image. */
export interface Plan {
  graph: Graph
  output: GraphOutput
  /** Nodes whose steps are the image's steps. */
  samplers: readonly string[]
  /** Which field of a call decides an input, by `<node>.<input>`. */
  params: Readonly<Record<string, string>>
}

/** Where the picture comes out. */
export interface GraphOutput {
  /** The node that saves it; it may be missing from the graph where `images` says of what it is to be made. */
  node: string
  /** What another node may save in its place, so that no file is left; absent: the node stays as its owner made it. */
  images?: Link
}

export const isLink = (value: unknown): value is Link => Array.isArray(value)
