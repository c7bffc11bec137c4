// What the two preprocessors share: mdBook hands a book in as JSON and takes it back in the same form.
import { readFileSync } from 'node:fs';

/** Replaces the content of every chapter by what `change(content, path)` makes of it. */
export function run(change) {
  if (process.argv[2] === 'supports') {
    process.exit(process.argv[3] === 'html' ? 0 : 1);
  }
  const [context, book] = JSON.parse(readFileSync(0, 'utf8'));
  const visit = (items) => {
    for (const item of items) {
      if (item.Chapter) {
        item.Chapter.content = change(item.Chapter.content, item.Chapter.path, context.root);
        visit(item.Chapter.sub_items);
      }
    }
  };
  visit(book.items ?? book.sections);
  process.stdout.write(JSON.stringify(book));
}

/** Applies `change` to everything that is neither a fenced block nor a code span. */
export function outsideCode(markdown, change) {
  const code = /(^|\n)(`{3,}|~{3,})[^\n]*\n[\s\S]*?\n\2(?=\n|$)|(?<!`)(`+)(?!`)[\s\S]*?[^`]\3(?!`)/g;
  let result = '';
  let end = 0;
  for (const match of markdown.matchAll(code)) {
    result += change(markdown.slice(end, match.index)) + match[0];
    end = match.index + match[0].length;
  }
  return result + change(markdown.slice(end));
}
