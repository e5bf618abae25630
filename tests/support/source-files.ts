import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface SourceImport {
  /** A path below the folder for own files, else the package or `node:` module as written. */
  target: string
  isOwn: boolean
  /** Erased at run time: `import type`, or braces in which every name is a type. */
  typesOnly: boolean
}

export interface SourceFile {
  /** Below the folder that was read, with slashes. */
  path: string
  /** The first part of the path; `main.ts` for the file of that name. */
  folder: string
  text: string
  lines: number
  imports: SourceImport[]
  /** Whether it declares or does anything itself, instead of only passing on what others export. */
  hasOwnCode: boolean
  exportsEverythingOf: string[]
}

/** Every source file below a folder, parsed; tests and what only tests use (`test-….ts`) are left out unless asked for. */
export function readSourceFiles(folder = 'src', { withTests = false } = {}): SourceFile[] {
  const root = join(ROOT, folder)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !/(^|\/)node_modules\//.test(path))
    .filter((path) => /\.tsx?$/.test(path) && (withTests || !/\.test\.ts$|(^|\/)test-[^/]*\.ts$/.test(path)))
    .sort()
    .map((path) => readSourceFile(root, path))
}

function readSourceFile(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8')
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  return {
    path,
    folder: path.split('/')[0] ?? path,
    text,
    lines: text.trimEnd().split('\n').length,
    imports: importsOf(path, text, statements),
    hasOwnCode: statements.some((one) => !ts.isImportDeclaration(one) && !ts.isExportDeclaration(one)),
    exportsEverythingOf: statements.flatMap((one) =>
      ts.isExportDeclaration(one) && one.moduleSpecifier && !one.exportClause ? [one.moduleSpecifier.getText()] : []
    )
  }
}

function importsOf(path: string, text: string, statements: readonly ts.Statement[]): SourceImport[] {
  const typesOnly = new Set(statements.filter(isErased).map(specifierOf))
  const loaded = new Set(statements.filter((one) => !isErased(one)).map(specifierOf))
  // Finds `import(…)` too, which is no statement.
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => ({
    target: fileName.startsWith('.') ? join(dirname(path), fileName) : fileName,
    isOwn: fileName.startsWith('.'),
    typesOnly: typesOnly.has(fileName) && !loaded.has(fileName)
  }))
}

function specifierOf(statement: ts.Statement): string | undefined {
  const from =
    ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined
  return from && ts.isStringLiteral(from) ? from.text : undefined
}

function isErased(statement: ts.Statement): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly
  if (!ts.isImportDeclaration(statement)) return false
  const clause = statement.importClause
  if (!clause) return false
  if (clause.isTypeOnly) return true
  const named = clause.namedBindings
  return (
    !clause.name && named !== undefined && ts.isNamedImports(named) && named.elements.every((one) => one.isTypeOnly)
  )
}
