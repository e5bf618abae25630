import bundleUrl from '@fastify/swagger-ui/static/swagger-ui-bundle.js?url'

/** The parts of Swagger UI's plugin system that are used here. */
export interface SwaggerSystem {
  React: {
    createElement: (type: unknown, props: object | null, ...children: unknown[]) => unknown
    Fragment: unknown
  }
  getComponent: (name: string, isContainer?: boolean) => unknown
}
export type SwaggerPlugin = () => {
  wrapComponents: Record<string, (original: unknown, system: SwaggerSystem) => (props: object) => unknown>
}

interface SwaggerUi {
  (options: Record<string, unknown>): unknown
}

/** Loads Swagger UI, which comes as one script that is used as it is. Rejects when it cannot be had. */
export function loadSwaggerUi(): Promise<SwaggerUi> {
  const { promise, resolve, reject } = Promise.withResolvers<SwaggerUi>()
  const script = document.createElement('script')
  script.src = bundleUrl
  script.onload = () => resolve((globalThis as unknown as { SwaggerUIBundle: SwaggerUi }).SwaggerUIBundle)
  script.onerror = () => reject(new Error('The script of the reference could not be loaded.'))
  document.head.append(script)
  return promise
}
