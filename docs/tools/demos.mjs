// Writes the demos into the pages: `{{#demo plane}}` on a line of its own becomes the place where the demo starts, and
// `{{#demo index}}` a list of all of them. Where `scripts/playground` has not compiled them, a sentence stands there instead.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DIRECTIVE = /^\{\{#demo (\w+)\}\}$/gm;

/** A page with its demos. */
export function writeDemos(content, path, root) {
  return content.replace(DIRECTIVE, (_, name) => {
    if (!existsSync(join(root, 'playground/web', `${name}.html`))) {
      console.error(`${path}: there is no demo ${name} in docs/playground/web`);
      process.exit(1);
    }
    if (!existsSync(join(root, 'src/playground/demos.js'))) {
      return '<div class="demo" data-missing><p>In this copy of the book the demos are missing: <code>scripts/playground</code> compiles them.</p></div>';
    }
    if (name === 'index') return list(root);
    return `<div class="demo" data-demo="${name}"><p>This demo runs the crates in your browser. It needs JavaScript and WebAssembly, and a book that \
comes from a web server: <code>scripts/book open</code> starts one. Without them, the figures of this page show what there is to see.</p></div>`;
  });
}

function list(root) {
  const index = readFileSync(join(root, 'playground/web/index.html'), 'utf8');
  const items = [...index.matchAll(/<li><a href="(\w+\.html)">([^<]+)<\/a><br>([^<]+)<\/li>/g)];
  return items.map(([, page, title, what]) => `- <a href="playground/${page}">${title}</a>: ${what}`).join('\n');
}
