const BEGIN = '<!-- results: npm run bench:report -->';
const END = '<!-- end of results -->';

/** The page with other results between its marks. @throws when it has lost them */
export function withResults(page: string, results: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`The page has lost its marks "${BEGIN}" and "${END}"`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${results.trim()}\n\n${page.slice(end)}`;
}
