import ts from 'typescript'

/** A small fault that can be put into a source file: what stands from `start` up to `end` becomes something else. */
export interface Mutant {
  path: string
  line: number
  start: number
  end: number
  becomes: string
  /** Both, for people. */
  what: string
}

const OPPOSITES: Record<string, string> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '-': '+',
  '*': '/',
  // In queries, where they are texts.
  "'='": "'!='",
  "'!='": "'='",
  "'<'": "'<='",
  "'<='": "'<'",
  "'>'": "'>='",
  "'>='": "'>'",
  "'asc'": "'desc'",
  "'desc'": "'asc'",
  true: 'false',
  false: 'true'
}
/** Links of a chain without which it still is one. */
const LINKS = ['where', 'whereRef', 'limit', 'orderBy', 'having', 'filter', 'trim', 'toLowerCase', 'slice', 'sort']

/** Every fault of these kinds that a source file can have; types, imports and what is only logged have none. */
export function listMutants(path: string, text: string): Mutant[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const mutants: Mutant[] = []
  const add = (node: ts.Node, becomes: string | undefined) => {
    if (becomes === undefined) return
    const [start, end] = [node.getStart(), node.getEnd()]
    const short = (some: string) => some.replaceAll(/\s+/g, ' ').slice(-90)
    const line = source.getLineAndCharacterOfPosition(start).line + 1
    mutants.push({ path, line, start, end, becomes, what: `${short(text.slice(start, end))} → ${short(becomes)}` })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return
    if (ts.isTypeAliasDeclaration(node) || /^(\w+\.)?logger\./.test(node.getText())) return
    if (ts.isBinaryExpression(node)) add(node.operatorToken, OPPOSITES[node.operatorToken.getText()])
    if (ts.isStringLiteral(node) || /^(true|false)$/.test(node.getText())) add(node, OPPOSITES[node.getText()])
    if (ts.isNumericLiteral(node)) add(node, `(${node.getText()} + 1)`)
    if (ts.isIfStatement(node)) add(node.expression, `!(${node.expression.getText()})`)
    if (ts.isConditionalExpression(node)) add(node.condition, `!(${node.condition.getText()})`)
    if (ts.isReturnStatement(node) && ![undefined, 'undefined'].includes(node.expression?.getText()))
      add(node, 'return')
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) add(node.body, 'undefined')
    if (ts.isExpressionStatement(node)) add(node, ';')
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      if (LINKS.includes(node.expression.name.text)) add(node, node.expression.expression.getText())
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return mutants
}
