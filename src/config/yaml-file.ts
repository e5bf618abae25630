import { type Document, isAlias, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { ConfigError } from './config.ts'
import { expandVariables, VariableMistake } from './expand-variables.ts'
import { YamlValue, type YamlSource } from './yaml-value.ts'

/**
 * A YAML file being read: its values with their places, and what is wrong with them. Mistakes are noted while reading
 * goes on, so that all can be told at once. They never repeat a value: a secret may stand in any wrong place.
 */
export class YamlFile implements YamlSource {
  readonly #path: string
  readonly #lines = new LineCounter()
  readonly #document: Document
  readonly #mistakes: { line: number; text: string }[] = []
  readonly #unusable = new Set<Node>()

  /**
   * Expands environment references in text values, after parsing, so that no value can become structure. Throws
   * `ConfigError` when the text is not YAML.
   */
  constructor({ text, path, env }: { text: string; path: string; env: NodeJS.ProcessEnv }) {
    this.#path = path
    // `prettyErrors` would put the file's lines, and with them its secrets, into the messages.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false })
    if (this.#noteSyntaxMistakes()) throw this.#error()
    this.#expand(env)
  }

  get root(): YamlValue {
    return new YamlValue(this, { node: this.#document.contents, path: '', offset: 0 })
  }

  note(offset: number, text: string): void {
    this.#mistakes.push({ line: this.#lines.linePos(offset).line || 1, text })
  }

  resolve(node: Node | null | undefined): Node | undefined {
    return (isAlias(node) ? node.resolve(this.#document) : node) ?? undefined
  }

  isUnusable(node: Node | null | undefined): boolean {
    return node ? this.#unusable.has(node) : false
  }

  toPlain(node: Node): unknown {
    return node.toJS(this.#document)
  }

  /** Throws `ConfigError` when any mistake was noted. */
  finish(): void {
    if (this.#mistakes.length > 0) throw this.#error()
  }

  #error(): ConfigError {
    const sorted = this.#mistakes.toSorted((a, b) => a.line - b.line)
    return new ConfigError(sorted.map(({ line, text }) => `${this.#path}:${line}: ${text}`))
  }

  /** True when the structure of the file is in doubt. Of several mistakes of a line the others follow from the first. */
  #noteSyntaxMistakes(): boolean {
    const { errors, warnings } = this.#document
    const seen = new Set<number>()
    for (const { pos, message } of [...errors, ...warnings]) {
      const { line } = this.#lines.linePos(pos[0])
      if (!seen.has(line)) this.note(pos[0], `not valid YAML: ${withoutSource(message)}`)
      seen.add(line)
    }
    return errors.some(({ code }) => code !== 'DUPLICATE_KEY')
  }

  #expand(env: NodeJS.ProcessEnv): void {
    visit(this.#document, {
      Scalar: (key, node) => {
        if (key === 'key' || typeof node.value !== 'string') return
        try {
          node.value = expandVariables(node.value, env)
        } catch (error) {
          if (!(error instanceof VariableMistake)) throw error
          this.note(node.range?.[0] ?? 0, error.message)
          this.#unusable.add(node)
        }
      },
      Alias: (_key, node) => {
        if (this.resolve(node)) return
        this.note(node.range?.[0] ?? 0, 'not valid YAML: an alias (*) of an anchor (&) that is not above it')
        this.#unusable.add(node)
      }
    })
  }
}

/** The parser puts what it met behind a colon, or a backslash. */
const withoutSource = (message: string): string => message.replace(/(?:(?<=\w)[:;] | \\).*$/s, '')
