// Writes the exercises and the demos, names the source file below every listing, and turns links into the sources of the project into
// links to pages of the book that show them. Runs before mdBook's own `links` fills the listings in.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeDemos } from './demos.mjs';
import { writeExercises } from './exercises.mjs';
import { outsideCode, run } from './preprocessor.mjs';

const LISTING = /^```rs\n\{\{#include \.\.\/\.\.\/([^:}\n]+):[\w-]+\}\}\n(?:\n?\{\{#include \.\.\/\.\.\/\1:[\w-]+\}\}\n)*```$/gm;
const LINK = /\]\(\.\.\/\.\.\/([^)#\s]+\.(?:rs|toml|csv|json|py|md))\)/g;

run((content, path, root) => {
  content = writeDemos(writeExercises(content, path, root, LISTING), path, root);
  content = content.replace(LISTING, (block, file) => {
    return `<div class="listing">\n\n${block}\n\n<p class="listing-source">${link(root, file)}</p></div>`;
  });
  return outsideCode(content, (text) => text.replace(LINK, (_, file) => `](${show(root, file)})`));
});

function link(root, file) {
  return `<a href="${show(root, file)}">${file}</a>`;
}

/** Writes a page that shows a source file, and says where it is. */
function show(root, file) {
  const page = `source/${file.replace(/\.md$/, '-md')}.html`; // mdBook rewrites whatever ends in .md
  const path = join(root, 'src', page);
  const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  const source = readFileSync(join(root, '..', file), 'utf8').replace(/^\s*\/\/ (ANCHOR(_END)?:|(BEGIN|END) SOLUTION) .*\n/gm, '');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>${file}</title>` +
      '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">' +
      '<style>:root{color-scheme:light dark}body{margin:1rem}pre{font:13px/1.5 ui-monospace,monospace}</style></head>' +
      `<body><main><h1>${file}</h1><pre>${escape(source)}</pre></main></body></html>\n`,
  );
  return page;
}
