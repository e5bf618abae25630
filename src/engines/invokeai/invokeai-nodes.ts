export interface GraphNode {
  id: string
  type: string
  [input: string]: unknown
}

export interface GraphEdge {
  source: { node_id: string; field: string }
  destination: { node_id: string; field: string }
}

export interface InvokeGraph {
  id: string
  nodes: Record<string, GraphNode>
  edges: GraphEdge[]
}
