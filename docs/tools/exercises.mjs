// Writes the exercises of docs/exercises into the pages. `{{#exercise 7.2}}` on a line of its own becomes a section: what is
// asked, where it is written, how it is judged; a question has its answer folded below. A listing that holds the body of an exercise of its own page is the answer,
// and is folded away; an answer that no listing of the page shows is taken from the source and stands, folded, below its
// exercise.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { outsideCode } from './preprocessor.mjs';

const DIRECTIVE = /^\{\{#exercise (\d+\.\d+)\}\}$/gm;
const INCLUDE = /\{\{#include \.\.\/\.\.\/([^:}\n]+):([\w-]+)\}\}/g;

let known;

/** The exercises of a workspace by their ids: the description, and for a body to write the file and the shipped lines. */
function exercises(root) {
  if (known) return known;
  known = new Map();
  const folder = join(root, 'exercises');
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.toml'))) {
    const id = name.split('-')[0];
    known.set(id, { id, ...parse(readFileSync(join(folder, name), 'utf8')) });
  }
  for (const folder of ['nn-core', 'nn-autodiff', 'nn-layers', 'nn-train'].flatMap((name) => [`${name}/src`, `${name}/examples`])) {
    for (const name of readdirSync(join(root, '..', folder), { recursive: true }).filter((name) => name.endsWith('.rs'))) {
      const file = `${folder}/${name.replaceAll('\\', '/')}`;
      for (const [id, body] of bodies(readFileSync(join(root, '..', file), 'utf8'))) {
        if (known.has(id)) Object.assign(known.get(id), { file, body });
      }
    }
  }
  return known;
}

/** The bodies between the markers of a source: ids and lines. */
function bodies(source) {
  const marked = /^[ \t]*\/\/ BEGIN SOLUTION (\S+)\n([\s\S]*?)^[ \t]*\/\/ END SOLUTION \1$/gm;
  return [...source.matchAll(marked)].map(([, id, body]) => [id, body.trimEnd()]);
}

/** The exercises whose bodies stand in a listing. */
function answeredBy(listing, root) {
  return [...listing.matchAll(INCLUDE)].flatMap(([, file, anchor]) => {
    const lines = readFileSync(join(root, '..', file), 'utf8').split('\n');
    const at = (mark) => lines.findIndex((line) => line.trim() === `// ${mark}: ${anchor}`);
    return bodies(lines.slice(at('ANCHOR') + 1, at('ANCHOR_END')).join('\n')).map(([id]) => id);
  });
}

/** A page with its exercises written out and its answers folded. `listing` is what finds the listings of a page. */
export function writeExercises(content, path, root, listing) {
  const asked = [...content.matchAll(DIRECTIVE)].map(([, id]) => id);
  const shown = new Map(); // by id: the place of its answer
  content = content.replace(listing, (block) => {
    const answers = answeredBy(block, root).filter((id) => asked.includes(id));
    if (!answers.length) return block;
    const place = `answer-${anchor(answers[0])}`;
    answers.forEach((id) => shown.set(id, place));
    return folded(place, `The shipped answer to ${list(answers)}`, block);
  });
  return content.replace(DIRECTIVE, (_, id) => {
    const exercise = exercises(root).get(id);
    if (!exercise) {
      console.error(`${path}: there is no exercise ${id} in docs/exercises`);
      process.exit(1);
    }
    return section(exercise, shown.get(id));
  });
}

function section(exercise, place) {
  if (exercise.kind) return question(exercise);
  const { id, title, asks, file, body } = exercise;
  const [name, part] = exercise.function.split(/, /);
  const where = `${exercise.begins ? 'Mend' : 'Write'} the body of \`${name}\`${part ? `, ${part},` : ''} in [${file}](../../${file}). \`cargo learn check ${id}\` judges it.`;
  const answer = place
    ? `\n[The shipped answer](#${place}) is further down.\n`
    : folded(`answer-${anchor(id)}`, 'The shipped answer', `\`\`\`rs\n${body}\n\`\`\``);
  return `### Exercise ${id}: ${title} {#exercise-${anchor(id)}}\n\n${markdown(asks)}\n\n${where}\n${answer}`;
}

/** A question: with its answer, the reason, and what a wrong answer overlooks, folded. */
function question(exercise) {
  const { id, title, kind, asks, answer, because, wrong } = exercise;
  const choices = (exercise.choices ?? []).map((choice, i) => `- **${letter(i)}.** ${markdown(choice)}`).join('\n');
  const numbers = answer.split(',').map(() => 'NUMBER').join(', ');
  const form = { choice: 'LETTER', formula: "'FORMULA'" }[kind] ?? numbers;
  const shown = (text) => (kind === 'choice' ? `**${text}**` : `\`${text}\``);
  const others = wrong.map((wrong) => `- ${shown(wrong.answer)}: ${markdown(wrong.sentence)}`).join('\n');
  const text = `${shown(answer)}. ${markdown(because)}\n\nWrong answers, and what they overlook:\n\n${others}`;
  const ask = [markdown(asks), choices, `\`cargo learn answer ${id} ${form}\``].filter(Boolean).join('\n\n');
  return `### Exercise ${id}: ${title} {#exercise-${anchor(id)}}\n\n${ask}\n${folded(`answer-${anchor(id)}`, 'The answer', text)}`;
}

const letter = (place) => 'abcdefghij'[place];

/** `7.2` as it stands in the id of a place. */
const anchor = (id) => id.replace('.', '');

function folded(place, summary, block) {
  return `\n<details class="answer" id="${place}"><summary>${summary}</summary>\n\n${block}\n\n</details>\n`;
}

/** `exercises 8.3, 8.4 and 8.5` */
function list(ids) {
  if (ids.length === 1) return `exercise ${ids[0]}`;
  return `exercises ${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`;
}

/**
 * What is asked, written for a terminal, as Markdown: code stands in backticks, a paragraph with more than one space in a row
 * is a table and keeps its form, and all else is prose, of which nothing is markup.
 */
function markdown(text) {
  const isTable = (line) => line.trim().includes('  ');
  return text.trim().split(/\n\n+/).map((paragraph) => {
    const lines = paragraph.split('\n');
    if (lines.some(isTable)) return `\`\`\`text\n${lines.map((line) => line.trimEnd()).join('\n')}\n\`\`\``;
    return outsideCode(lines.join('\n'), (words) => words.replace(/[\\*_[\]$]/g, '\\$&').replace(/&/g, '&amp;').replace(/</g, '&lt;'));
  }).join('\n\n');
}
