import '../app/theme.css'
import '@fastify/swagger-ui/static/swagger-ui.css'
import './reference.css'
import '../lib/theme.ts'
import { basePath } from '../lib/base-path.ts'
import { groupId, showTexts, splitTags, type Tag, textId } from './chapters.ts'
import { loadSwaggerUi } from './swagger-ui.ts'

/** Swagger UI has a class of its own for what the pages say in `data-theme`. */
function followTheme(): void {
  const { classList, dataset } = document.documentElement
  classList.toggle('dark-mode', dataset.theme === 'dark')
}
followTheme()
new MutationObserver(followTheme).observe(document.documentElement, { attributeFilter: ['data-theme'] })

async function show(): Promise<void> {
  const [answer, swaggerUi] = await Promise.all([fetch(`${basePath}/openapi.json`), loadSwaggerUi()])
  if (!answer.ok) throw new Error(`The document was answered with ${answer.status}.`)
  const api = (await answer.json()) as Parameters<typeof splitTags>[0]
  const { groups, texts } = splitTags(api)
  listChapters([...groups.map((tag) => ({ tag, id: groupId(tag) })), ...texts.map((tag) => ({ tag, id: textId(tag) }))])
  goToNamed()
  swaggerUi({
    // Of the page's own host, whichever name it was opened by.
    spec: { ...api, tags: groups, servers: [{ url: basePath === '' ? '/' : basePath }] },
    dom_id: '#reference',
    layout: 'BaseLayout',
    plugins: [showTexts(texts)],
    deepLinking: false,
    docExpansion: 'list',
    defaultModelsExpandDepth: -1,
    defaultModelExpandDepth: 3,
    displayRequestDuration: true,
    persistAuthorization: true,
    // Nobody else is asked whether the document is valid.
    validatorUrl: null
  })
}

/** What the address names was not there yet when the browser looked for it. */
function goToNamed(): void {
  const id = location.hash.slice(1)
  if (id === '') return
  const observer = new MutationObserver(() => {
    const named = document.getElementById(id)
    if (!named) return
    observer.disconnect()
    named.scrollIntoView()
  })
  observer.observe(document.body, { childList: true, subtree: true })
}

function listChapters(chapters: readonly { tag: Tag; id: string }[]): void {
  const links = chapters.map(({ tag, id }) => {
    const link = document.createElement('a')
    link.href = `#${id}`
    link.textContent = tag.name
    return link
  })
  document.getElementById('chapters')?.replaceChildren(...links)
}

show().catch((error: unknown) => {
  const notice = document.querySelector('#reference .notice')
  const reason = error instanceof Error ? error.message : String(error)
  if (notice) notice.textContent = `The reference cannot be shown. ${reason} Load the page again.`
})
