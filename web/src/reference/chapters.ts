import type { SwaggerPlugin } from './swagger-ui.ts'

export interface Tag {
  name: string
  description?: string
}

interface ApiDocument {
  tags: Tag[]
  paths: Record<string, Record<string, { tags?: readonly string[] }>>
}

/** The tags that have operations, and those that are chapters of text. */
export function splitTags({ tags, paths }: ApiDocument): { groups: Tag[]; texts: Tag[] } {
  const used = new Set(Object.values(paths).flatMap((item) => Object.values(item).flatMap((one) => one.tags ?? [])))
  return { groups: tags.filter(({ name }) => used.has(name)), texts: tags.filter(({ name }) => !used.has(name)) }
}

/** As Swagger UI names the heading of a group. */
export const groupId = ({ name }: Tag): string => `operations-tag-${name}`
export const textId = ({ name }: Tag): string => name.toLowerCase()

/** Swagger UI would put all the text of a tag into its heading: these become chapters behind the last of the others. */
export const showTexts =
  (texts: readonly Tag[]): SwaggerPlugin =>
  () => ({
    wrapComponents: {
      operations: (original, { React, getComponent }) => {
        const element = React.createElement
        const chapters = texts.map((tag) =>
          element(
            'section',
            { key: tag.name, id: textId(tag), className: 'chapter' },
            element('h2', null, tag.name),
            // On a phone its tables are wider than the page, and whoever has no mouse scrolls what has the focus.
            element(
              'div',
              { className: 'text', tabIndex: 0, role: 'group', 'aria-label': tag.name },
              element(getComponent('Markdown', true), { source: tag.description ?? '' })
            )
          )
        )
        return (props) => element(React.Fragment, null, element(original, props), ...chapters)
      }
    }
  })
