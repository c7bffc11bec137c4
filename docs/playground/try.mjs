// Tries the demos in Chromium, as readers use them: by mouse, by keyboard alone, in a light and in a dark theme, on a desktop and on
// a phone. Fails on what is wrong with a demo, on a console error, on a request that leaves this machine or is not answered, on a page
// that is wider than its window, and on a serious finding of axe-core.
//
//   node docs/playground/try.mjs [--shots FOLDER] [PART OF A NAME …]
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { serve } from './serve.mjs';

const docs = join(dirname(fileURLToPath(import.meta.url)), '..');
const BROWSERS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = BROWSERS.find((path) => path && existsSync(path));
if (!executablePath) {
  console.error('Chromium is missing. Install it with:\n  apt-get install chromium   (or name its program in $CHROMIUM)');
  process.exit(1);
}
const wanted = process.argv.slice(2);
const shots = wanted.includes('--shots') ? wanted.splice(wanted.indexOf('--shots'), 2)[1] : undefined;
if (shots) mkdirSync(shots, { recursive: true });

const { origin, close } = await serve(join(docs, '../target/playground'));
const flags = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...flags] });

/** Opens a page of the playground, and what goes wrong on it makes the test fail. `change` changes the JavaScript beside the program. */
async function open(address, { width = 1200, theme = 'light', change } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
  await context.addInitScript((name) => localStorage.setItem('mdbook-theme', name), theme);
  const page = await context.newPage();
  if (change) {
    await page.route('**/playground.js*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: change(await response.text()) });
    });
  }
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('request', (request) => request.url().startsWith(origin) || request.url().startsWith('data:') || problems.push(`request to ${request.url()}`));
  page.on('response', (response) => response.status() >= 400 && problems.push(`${response.status()} for ${response.url()}`));
  const began = performance.now();
  await page.goto(`${origin}/${address}`, { waitUntil: 'load' });
  await page.locator('.demo[data-ready]').waitFor({ timeout: 20_000 });
  const ready = performance.now() - began;
  const done = async () => {
    assert.deepEqual(problems, []);
    await context.close();
  };
  return { page, done, ready };
}

const tests = [];
const test = (name, run) => tests.push({ name, run });
const demos = readFileSync(join(docs, 'playground/web/index.html'), 'utf8').matchAll(/href="(\w+)\.html"/g);
const DEMOS = [...demos].map(([, name]) => name);

for (const name of DEMOS) {
  test(`${name} starts, in every view, without a serious finding of axe-core`, async () => {
    const views = [['light', 1200], ['navy', 1200], ['light', 390], ['navy', 390]];
    for (const [theme, width] of views) {
      const { page, done, ready } = await open(`${name}.html`, { theme, width });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${wide} pixels wide in a window of ${width}`);
      await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
      await page.addScriptTag({ content: axe.source });
      const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(' ')}`), [], `${theme}, ${width}`);
      await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = false; }));
      if (shots) await page.screenshot({ path: join(shots, `${name}-${theme}-${width}.png`), fullPage: true });
      if (theme === 'light' && width === 1200) console.log(`  ${name}: usable after ${ready.toFixed(0)} ms`);
      await done();
    }
  });
}

/** The rows of the chapter's snapshot: `z₁ = 0.15 · …`, by hand, by tape; an update has a new value alone. */
function snapshot() {
  const lines = readFileSync(join(docs, 'src/numbers/delta-recursion.snap'), 'utf8').split('\n');
  const cells = lines.filter((line) => line.startsWith('|')).map((line) => line.split('|').map((cell) => cell.trim()).slice(1, -1));
  return cells.filter(([equation, number]) => / [=←] /.test(equation) && !equation.includes('ᵢ') && /^−?[\d.]+/.test(number ?? ''));
}

const text = (page, selector) => page.locator(selector).first().innerText();

/** What the demo shows of its current step, as a row of the snapshot. */
async function row(page) {
  const numbers = (await text(page, '.filled .numbers')).replace(/⁽.⁾/, '').replace(/\s+/g, ' ').trim();
  const [hand, tape] = [await text(page, '.by-hand'), await text(page, '.by-tape')];
  return tape === '–' ? [numbers, hand] : [numbers, hand, tape];
}

const inOrder = (rows) => rows.map((cells) => cells.join(' | ')).sort();

test('backpropagation shows the numbers of the chapter, digit for digit', async () => {
  const { page, done } = await open('backpropagation.html');
  const seen = [];
  for (;;) {
    const next = page.getByRole('button', { name: 'Next' });
    if ((await next.getAttribute('aria-disabled')) === 'true') break;
    await next.click();
    seen.push(await row(page));
    if (shots && [2, 11, 25].includes(seen.length)) await page.screenshot({ path: join(shots, `backpropagation-step-${seen.length}.png`), fullPage: true });
  }
  assert.equal(seen.length, 37);
  assert.deepEqual(inOrder(seen), inOrder(snapshot()));
  // The tape is complete, and its adjoint of z2 is δ⁽²⁾.
  assert.equal(await page.locator('.tape > tbody > tr:not(.future)').count(), 11);
  const adjoint = page.locator('.tape > tbody > tr', { has: page.getByRole('rowheader', { name: 'z2', exact: true }) }).locator('> td').last();
  assert.match(await adjoint.innerText(), /0\.138499\s+−0\.0380982/);
  await done();
});

test('backpropagation goes back as it went forth, and the tape grows on the way', async () => {
  const { page, done } = await open('backpropagation.html');
  const written = () => page.locator('.tape > tbody > tr:not(.future)').count();
  assert.equal(await written(), 2); // x and y
  await page.getByRole('button', { name: 'Next' }).click();
  const first = await row(page);
  assert.deepEqual([first[1], await written()], ['0.3775', 5]);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Back' }).click();
  assert.deepEqual(await row(page), first);
  await done();
});

test('backpropagation can be used by keyboard alone', async () => {
  const { page, done } = await open('backpropagation.html');
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent);
  const tabTo = async (name) => {
    for (let tries = 0; tries < 60; tries += 1) {
      await page.keyboard.press('Tab');
      if ((await focused()).startsWith(name)) return;
    }
    assert.fail(`the tab key does not reach ${name}`);
  };
  await tabTo('Next');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Space');
  assert.match(await text(page, '.position'), /^Step 2 of 37/);
  await tabTo('Step');
  await page.keyboard.press('ArrowRight');
  assert.match(await text(page, '.position'), /^Step 3 of 37\. Forward, layer 1: a₁⁽¹⁾ is 0\.593269992107, by hand and by tape\./);
  await page.keyboard.press('End');
  assert.match(await text(page, '.position'), /^Step 37 of 37/);
  await tabTo('All numbers so far');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('.numbers-table tbody tr').count(), 37);
  await tabTo('Change the network');
  await page.keyboard.press('Enter');
  for (let tries = 0; tries < 9; tries += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement.closest('label')?.innerText.startsWith('x₁'))) break;
  }
  await page.keyboard.press('Control+A');
  await page.keyboard.type('1');
  await page.locator('.position', { hasText: 'Step 37' }).waitFor();
  await page.locator('.numbers-table td', { hasText: '0.15 · 1 + 0.2 · 0.1 + 0.35' }).first().waitFor();
  await done();
});

test('backpropagation says what is wrong with a network in one line, and goes on afterwards', async () => {
  const { page, done } = await open('backpropagation.html');
  await page.getByText('Change the network').click();
  await page.getByLabel('Loss').selectOption('cross-entropy');
  await page.getByLabel('y₁').fill('3');
  await page.locator('.message', { hasText: 'the examples' }).waitFor();
  await page.getByLabel('y₁').fill('1');
  await page.locator('.message').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Last' }).click();
  assert.match(await text(page, '.position'), /^Step 37 of 37/);
  await done();
});

const SPIRALS = 'data=spirals&points=300&noise=0.2&hidden=16-16&activation=tanh&loss=cross-entropy&learning_rate=0.2&batch=10&engine=hand&seed=1';
const SPIRALS_EPOCHS = 250;
const state = () => ({ ...document.querySelector('.demo-body').dataset, hash: location.hash });

test(`plane learns the spirals to 99 % within ${SPIRALS_EPOCHS} epochs`, async () => {
  const { page, done } = await open(`plane.html#${SPIRALS}&epoch=${SPIRALS_EPOCHS / 2}`);
  let now = await page.evaluate(state);
  // From epoch to epoch a few points come and go.
  while (now.accuracy < 0.99 && now.epoch < SPIRALS_EPOCHS) {
    await page.getByRole('button', { name: 'Step' }).click();
    await page.waitForFunction((epoch) => document.querySelector('.demo-body').dataset.epoch !== epoch, now.epoch);
    now = await page.evaluate(state);
  }
  assert.ok(now.accuracy >= 0.99, `${now.accuracy} after ${now.epoch} epochs`);
  console.log(`  ${(100 * now.accuracy).toFixed(1)} % after ${now.epoch} epochs`);
  if (shots) await page.screenshot({ path: join(shots, 'plane-learnt.png'), fullPage: true });
  await done();
});

test('plane runs until it is paused, and its address brings the state back', async () => {
  const { page, done } = await open('plane.html');
  await page.getByLabel('Data').selectOption('moons');
  await page.getByLabel('Gradients').selectOption('tape');
  await page.getByLabel('Noise').fill('0.05');
  await page.waitForFunction(() => location.hash.includes('noise=0.05') && location.hash.includes('engine=tape'));
  await page.getByRole('button', { name: 'Run' }).click();
  await page.waitForFunction(() => Number(document.querySelector('.demo-body').dataset.epoch) >= 20);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.waitForFunction(() => location.hash.includes(`epoch=${document.querySelector('.demo-body').dataset.epoch}`));
  const before = await page.evaluate(state);
  await done();
  const again = await open(`plane.html${before.hash}`);
  assert.deepEqual(await again.page.evaluate(state), before);
  assert.equal(await again.page.getByLabel('Noise').inputValue(), '0.05');
  await again.done();
});

test('plane learns from points that are set by click, by keyboard and by table', async () => {
  const { page, done } = await open('plane.html');
  await page.getByLabel('Data').selectOption('own');
  await page.locator('.message', { hasText: 'Click on the picture' }).waitFor();
  const box = await page.locator('canvas.plane').boundingBox();
  const click = (x, y) => page.mouse.click(box.x + x * box.width, box.y + y * box.height);
  await click(0.2, 0.2);
  await click(0.3, 0.25);
  await page.locator('.pen select').selectOption({ label: 'orange' });
  await click(0.8, 0.8);
  await page.locator('.pen').getByRole('spinbutton', { name: 'x₁' }).fill('0.5');
  await page.getByRole('button', { name: 'Set the point' }).click();
  await page.waitForFunction(() => location.hash.includes('own=') && decodeURIComponent(location.hash).split('~').length === 4);
  for (let n = 0; n < 25; n += 1) await page.getByRole('button', { name: 'Step' }).click();
  await page.locator('.position', { hasText: 'Epoch 25: ' }).waitFor();
  await page.getByLabel('A table').fill('a,b,kind\n1,2,x\n3,4,y\n5');
  await page.getByRole('button', { name: 'Take the table' }).click();
  await page.locator('.message', { hasText: 'line 4 has 1 cell' }).waitFor();
  await page.getByLabel('A table').fill('a,b,kind\n1,2,x\n3,4,y\n5,6,z');
  await page.getByRole('button', { name: 'Take the table' }).click();
  await page.waitForFunction(() => decodeURIComponent(location.hash).split('~').length === 3);
  await done();
});

test('activations show the value and the slope that the crates give', async () => {
  const { page, done } = await open('activations.html');
  const shown = async () => (await page.locator('.results dd').allInnerTexts()).join(' ');
  assert.equal(await shown(), '1 0.731059 0.196612');
  await page.getByRole('slider').focus();
  for (let n = 0; n < 20; n += 1) await page.keyboard.press('ArrowLeft');
  assert.match(await shown(), /^(−?[\d.e−]+|0) 0\.5 0\.25$/);
  await page.getByLabel('Activation').selectOption('step');
  await page.locator('.caption', { hasText: 'nothing passes' }).waitFor();
  await done();
});

test('error names the mistake of an example, and marks it', async () => {
  const { page, done } = await open('error.html');
  assert.match(await text(page, '.verdict'), /^sigma prime missing in layer 1: /);
  assert.deepEqual(await page.locator('.marks .mark').allInnerTexts(), ['right', 'off', 'right', 'off']);
  assert.equal(await page.locator('.graph .link.off').count(), 4);
  assert.equal(await page.locator('.graph .link.right').count(), 4);
  await page.getByLabel('An example').selectOption('');
  assert.match(await text(page, '.verdict'), /are right/);
  assert.equal(await page.locator('.graph .link.off').count(), 0);
  // The file of the chapter, pasted.
  await page.getByLabel('Your gradients').fill(readFileSync(join(docs, 'models/without-slope.json'), 'utf8'));
  await page.getByRole('button', { name: 'Where is my error?' }).click();
  await page.locator('.verdict', { hasText: 'sigma prime missing' }).waitFor();
  await page.getByLabel('Your gradients').fill('{"layers": [');
  await page.getByRole('button', { name: 'Where is my error?' }).click();
  await page.locator('.message', { hasText: 'your numbers: ' }).waitFor();
  await done();
});

/** Draws lines on the pad, given as points from 0 to 1. */
async function drawOn(page, strokes) {
  const box = await page.locator('.pad').boundingBox();
  for (const [first, ...rest] of strokes) {
    const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
    await page.mouse.move(...at(first));
    await page.mouse.down();
    for (const point of rest) await page.mouse.move(...at(point), { steps: 3 });
    await page.mouse.up();
  }
}

const round = [...Array(25).keys()].map((n) => [0.5 + 0.22 * Math.sin(n * Math.PI / 12), 0.5 - 0.36 * Math.cos(n * Math.PI / 12)]);

test('digits learns to read, and reads a digit that is drawn with the mouse', async () => {
  const { page, done } = await open('digits.html');
  await page.getByRole('button', { name: 'Train 5 epochs' }).click();
  await page.waitForFunction(() => document.querySelector('.demo-body').dataset.epoch === '5');
  const { accuracy } = await page.evaluate(state);
  assert.ok(accuracy > 0.95, accuracy);
  await drawOn(page, [round]);
  await page.locator('.verdict', { hasText: '0, with probability' }).waitFor();
  assert.equal(await page.locator('.bars .best th').innerText(), '0');
  if (shots) await page.screenshot({ path: join(shots, 'digits-drawn.png'), fullPage: true });
  await page.getByRole('button', { name: 'Clear the drawing' }).click();
  await drawOn(page, [[[0.25, 0.12], [0.75, 0.12], [0.42, 0.9]], [[0.33, 0.5], [0.7, 0.5]]]); // the writers of the data set put a bar through a 7
  await page.locator('.verdict', { hasText: '7, with probability' }).waitFor();
  // With the keyboard: a line downwards.
  await page.getByRole('button', { name: 'Clear the drawing' }).click();
  await page.locator('.pad').focus();
  for (let n = 0; n < 7; n += 1) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Space');
  for (let n = 0; n < 14; n += 1) await page.keyboard.press('ArrowDown');
  await page.locator('.verdict', { hasText: '1, with probability' }).waitFor();
  await done();
});

test('digits are learnt in the browser, at a speed that is printed beside that of this machine', async () => {
  const { page, done } = await open('digits.html');
  const speeds = [];
  for (let n = 0; n < 4; n += 1) {
    await page.getByRole('button', { name: 'Train 5 epochs' }).click();
    await page.waitForFunction((epochs) => document.querySelector('.demo-body').dataset.epoch === epochs, String(5 * (n + 1)));
    await page.waitForFunction(() => document.querySelector('.demo-body').dataset.speed);
    speeds.push((await page.evaluate(state)).speed);
  }
  const browserSpeed = Math.max(...speeds.map(Number));
  const native = Number(execFileSync('cargo', ['run', '--release', '--quiet', '--locked', '-p', 'nn-playground', '--features', 'nn-train/cli', '--example', 'native_speed'], { cwd: join(docs, '..') }));
  // A machine that has other work to do says little: the ratio is for people to read.
  console.log(`  ${Math.round(browserSpeed)} digits/s in the browser, ${Math.round(native)} without it: ${(browserSpeed / native).toFixed(2)}`);
  assert.ok(browserSpeed > 0 && native > 0);
  await done();
});

test('the plain build gives the same numbers, for browsers without vectors', async () => {
  const { page, done } = await open('backpropagation.html?plain');
  await page.getByRole('button', { name: 'Last' }).click();
  assert.equal((await row(page))[1], '0.619049118258');
  assert.ok((await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))).some((name) => name.includes('/plain/')));
  await done();
});

test('the demos are small', async () => {
  for (const kind of ['simd', 'plain']) {
    const program = readFileSync(join(docs, '../target/playground', kind, 'playground_bg.wasm'));
    const [brotli, gzip] = [brotliCompressSync(program).length, gzipSync(program, { level: 9 }).length];
    console.log(`  ${kind}: ${program.length} bytes, ${gzip} with gzip, ${brotli} with brotli`);
    assert.ok(brotli <= 300_000, `${kind}: ${brotli} bytes, compressed`);
  }
});

test('a body that is not written yet is named, and the page goes on once it is', async () => {
  // The program as it is in a learner's workspace where hidden_delta is still to be written.
  const change = (program) => program.replace('export function backpropagation(', `export function backpropagation(...values) {
    if (globalThis.isWritten) return written(...values);
    globalThis.nnPlaygroundPanicked('not yet implemented: exercise 7.2: hidden_delta\\nnn-layers/src/delta.rs:60');
    throw new WebAssembly.RuntimeError('unreachable');
  }
  function written(`);
  const { page, done } = await open('backpropagation.html', { change });
  assert.equal(await text(page, '.message'), 'Not written yet: exercise 7.2: hidden_delta.');
  for (const name of ['Next', 'Back', 'First', 'Last', 'Play']) await page.getByRole('button', { name }).click();
  await page.evaluate(() => { globalThis.isWritten = true; });
  await page.getByText('Change the network').click();
  await page.getByLabel('x₁').fill('0.06');
  await page.locator('.message').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Last' }).click();
  assert.match(await text(page, '.position'), /^Step 37 of 37/);
  await done();
});

test('after a panic the program is started anew', async () => {
  const { page, done } = await open('plane.html');
  const [message, names] = await page.evaluate(async () => {
    const { Crates } = await import('/crates.js');
    const crates = new Crates();
    const settings = { data: 'xor', points: 10, noise: 0, own: [], hidden: [1], activation: 'tanh', loss: 'least-squares', learning_rate: 1, batch: 4, engine: 'hand', seed: 1 };
    const plane = await crates.ask((program) => new program.Plane(JSON.stringify(settings)));
    const failed = await crates.ask(() => plane.pictures(60_000)).catch((error) => error.message);
    return [failed, await crates.ask((program) => program.activationNames())];
  });
  assert.match(message, /^The crates panicked: .+ \(.+\.rs:\d+\)$/);
  assert.match(names, /sigmoid/);
  await done();
});

let failed = 0;
const chosen = tests.filter(({ name }) => !wanted.length || wanted.some((part) => name.includes(part)));
for (const { name, run } of chosen) {
  const began = performance.now();
  try {
    await run();
    console.log(`ok      ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${String(error.stack).replace(/^/gm, '        ')}`);
  }
}
await browser.close();
close();
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
