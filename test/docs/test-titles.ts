import ts from 'typescript';
import { textOf } from './page.js';

/** Such a test does not run, or not always. */
const NOT_RUN = ['skip', 'todo', 'fails'];
/** What stands in a title for an expression. */
const HOLE = '…';

interface TitledCall {
  readonly kind: 'group' | 'test' | 'not run';
  readonly title: string;
  readonly rest: readonly ts.Node[];
}

/** The titles of all tests in a file. */
export function titlesOf(file: string): string[] {
  return titlesIn(textOf(file));
}

/**
 * The titles of all tests in a source, which is read and not run: `it` and `test` with their `.each`, behind those of the groups around
 * them, as they are written. `%s` and `$name` stay, and `${…}` is `…`.
 */
export function titlesIn(text: string): string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node, groups: readonly string[]): void => {
    const call = ts.isCallExpression(node) ? titledCall(node) : undefined;
    if (call === undefined) return ts.forEachChild(node, (child) => visit(child, groups));
    const path = [...groups, call.title];
    if (call.kind === 'group') for (const argument of call.rest) visit(argument, path);
    else if (call.kind === 'test') titles.push(path.join(' '));
  };
  visit(ts.createSourceFile('some.spec.ts', text, ts.ScriptTarget.Latest, true), []);
  return titles;
}

/** `it('…', …)`, `describe.each(…)('…', …)` and the like; undefined for any other call. */
function titledCall({ expression, arguments: [first, ...rest] }: ts.CallExpression): TitledCall | undefined {
  const [root, ...more] = wordsOf(expression);
  if (first === undefined || (root !== 'it' && root !== 'test' && root !== 'describe')) return undefined;
  const title = titleIn(first);
  if (title === undefined) return undefined;
  const isRun = !more.some((word) => NOT_RUN.includes(word));
  const kind = root === 'describe' ? 'group' : 'test';
  return { kind: isRun ? kind : 'not run', title, rest };
}

/** `describe.each(table)` is `describe`, `each`. */
function wordsOf(expression: ts.Expression): string[] {
  if (ts.isIdentifier(expression)) return [expression.text];
  if (ts.isCallExpression(expression)) return wordsOf(expression.expression);
  if (ts.isTaggedTemplateExpression(expression)) return wordsOf(expression.tag);
  if (!ts.isPropertyAccessExpression(expression)) return [];
  return [...wordsOf(expression.expression), expression.name.text];
}

function titleIn(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => HOLE + literal.text).join('');
}
