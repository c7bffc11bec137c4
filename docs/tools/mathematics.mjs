// Sets `$…$` and `$$…$$` by KaTeX, as HTML for the eye and MathML for the ear, and gives every picture its twin for dark
// themes. Runs after mdBook's own `links`, so that numbers that are included stand inside formulas too.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { outsideCode, run } from './preprocessor.mjs';

let katex;
const require = createRequire(import.meta.url);
try {
  katex = require('katex');
} catch {
  console.error('KaTeX is missing. Install it with: npm --prefix docs ci');
  process.exit(1);
}

const MACROS = {
  '\\R': '\\mathbb{R}',
  '\\W': 'W^{(#1)}',
  '\\b': '\\mathbf{b}^{(#1)}',
  '\\z': '\\mathbf{z}^{(#1)}',
  '\\a': '\\mathbf{a}^{(#1)}',
  '\\d': '\\boldsymbol{\\delta}^{(#1)}',
  '\\x': '\\mathbf{x}',
  '\\y': '\\mathbf{y}',
  '\\pd': '\\frac{\\partial #1}{\\partial #2}',
  '\\T': '^{\\mathsf T}',
};

run((content, path, root) => {
  copyStyle(root);
  content = content.replace(/^```rs\n([\s\S]*?)\n```$/gm, (_, code) => `\`\`\`rs\n${dedent(withoutMarkers(code))}\n\`\`\``);
  content = content.replace(/^<div class="wide">\n[\s\S]*?^<\/div>$/gm, breakNames);
  return outsideCode(content, (text) => pictures(mathematics(text, path)));
});

/** A listing without the lines that enclose the body of an exercise. */
function withoutMarkers(code) {
  return code.split('\n').filter((line) => !/^\s*\/\/ (BEGIN|END) SOLUTION /.test(line)).join('\n');
}

/** The long names of a wide table may break at their joints, so that it fits the window. */
function breakNames(table) {
  const joints = (name) => name.replace(/_/g, '&#95;<wbr>').replace(/::/g, '::<wbr>');
  return table.replace(/`([^`]+)`/g, (_, name) => `<code>${joints(name)}</code>`);
}

/** A method stands further right in its source than on the page. */
function dedent(code) {
  const lines = code.split('\n');
  const depth = Math.min(...lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(depth)).join('\n');
}

function mathematics(text, path) {
  const display = /\$\$([\s\S]+?)\$\$/g;
  const inline = /(?<![\\$])\$(?=\S)((?:\\.|[^$\\])+?)(?<=\S)\$(?![\d$])([.,:;?)]+)?/g;
  text = text.replace(display, (_, tex) => {
    const tag = /\\tag\{([^}]+)\}/.exec(tex)?.[1];
    const id = tag ? ` id="eq-${tag}"` : '';
    return `\n<div class="equation"${id} tabindex="0">${set(tex, true, path)}</div>\n`;
  });
  return text.replace(inline, (_, tex, mark) => {
    const formula = set(tex, false, path);
    return mark ? `<span class="together">${formula}${mark}</span>` : formula;
  });
}

function set(tex, displayMode, path) {
  try {
    const html = katex.renderToString(tex.trim(), { displayMode, output: 'htmlAndMathml', strict: 'error', macros: { ...MACROS } });
    return html.replace(/\n/g, ' ').replace(/(<[^>]*>)|([^<]+)/g, (_, tag, words) => tag ?? escape(words));
  } catch (error) {
    console.error(`${path}: ${error.message}\n  in: ${tex.trim()}`);
    process.exit(1);
  }
}

/** Markdown still reads the words between the tags: what could mean something to it is written as an entity. */
function escape(words) {
  return words.replace(/&[#\w]+;|[!-\/:-@[-`{-~]/g, (c) => (c.length > 1 ? c : `&#${c.charCodeAt(0)};`));
}

/** `![words](figures/name.svg)` becomes two pictures, of which the style shows the one that suits the theme. */
function pictures(text) {
  return text.replace(/^!\[([^\]]+)\]\((figures\/[\w-]+)\.svg\)$/gm, (_, words, name) => {
    const alt = words.replace(/&/g, '&amp;').replace(/"/g, '&quot;');
    const image = (theme, file) => `<img class="on-${theme}" loading="lazy" src="${file}.svg" alt="${alt}">`;
    return `<figure tabindex="0">${image('light', name)}${image('dark', `${name}-dark`)}</figure>`;
  });
}

/** KaTeX's style and fonts, beside the pages. Browsers that know no woff2 are older than this book. */
function copyStyle(root) {
  const from = dirname(require.resolve('katex'));
  const to = join(root, 'src', 'katex');
  mkdirSync(join(to, 'fonts'), { recursive: true });
  const css = readFileSync(join(from, 'katex.min.css'), 'utf8');
  writeFileSync(join(to, 'katex.css'), css.replace(/,url\([^)]+\) format\("(?:woff|truetype)"\)/g, ''));
  for (const font of readdirSync(join(from, 'fonts')).filter((name) => name.endsWith('.woff2'))) {
    copyFileSync(join(from, 'fonts', font), join(to, 'fonts', font));
  }
}
