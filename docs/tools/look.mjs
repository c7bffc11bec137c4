// Looks at every page of the built book in Chromium, as a reader on a desktop and on a phone, in a light and in a dark
// theme. Fails on a console error, on a request that leaves 127.0.0.1 or is not answered, on a page that is wider than
// the window, on mathematics that was left as text, on an equation that runs into its number, and on a demo that does not start.
//
//   node docs/tools/look.mjs [folder for screenshots]
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serve } from '../playground/serve.mjs';

const BROWSERS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = BROWSERS.find((path) => path && existsSync(path));
if (!executablePath) {
  console.error('Chromium is missing. Install it with:\n  apt-get install chromium   (or name its program in $CHROMIUM)');
  process.exit(1);
}

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'book');
const shots = process.argv[2];
if (shots) mkdirSync(shots, { recursive: true });
const { origin, close } = await serve(folder);

const VIEWS = [
  { name: 'light', width: 1200, theme: 'light' },
  { name: 'dark', width: 1200, theme: 'navy' },
  { name: 'phone', width: 390, theme: 'light' },
];
// The old address of a page only leads to the new one.
const leadsOn = (name) => readFileSync(join(folder, name), 'utf8').includes('http-equiv="refresh"');
const pages = readdirSync(folder).filter((name) => name.endsWith('.html') && !['toc.html', '404.html'].includes(name) && !leadsOn(name));
const problems = [];
const flags = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...flags] });
for (const view of VIEWS) {
  const context = await browser.newContext({ viewport: { width: view.width, height: 900 }, reducedMotion: 'reduce' });
  await context.addInitScript((theme) => localStorage.setItem('mdbook-theme', theme), view.theme);
  const page = await context.newPage();
  let at = '';
  const report = (problem) => problems.push(`${at} (${view.name}): ${problem}`);
  page.on('console', (message) => message.type() === 'error' && report(`console: ${message.text()}`));
  page.on('pageerror', (error) => report(`script: ${error.message}`));
  page.on('request', (request) => request.url().startsWith(origin) || request.url().startsWith('data:') || report(`request to ${request.url()}`));
  page.on('response', (response) => response.status() >= 400 && report(`${response.status()} for ${response.url()}`));
  for (at of pages) {
    await page.goto(`${origin}/${at}`, { waitUntil: 'load' });
    for (const demo of await page.locator('.demo[data-demo]').all()) {
      await demo.scrollIntoViewIfNeeded();
      await demo.and(page.locator('[data-ready]')).waitFor({ timeout: 20_000 }).catch(() => report('a demo that does not start'));
    }
    const found = await page.evaluate(async () => {
      for (const image of document.images) image.loading = 'eager';
      await document.fonts.ready;
      const shown = [...document.images].filter((image) => image.offsetParent);
      await Promise.all(shown.map((image) => image.decode().catch(() => {})));
      const text = document.querySelector('main').cloneNode(true);
      text.querySelectorAll('pre, code, .katex, script, style').forEach((element) => element.remove());
      return {
        width: Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth),
        broken: shown.filter((image) => !image.naturalWidth).map((image) => image.src),
        twins: document.querySelectorAll('figure').length - shown.filter((image) => image.closest('figure')).length,
        raw: text.textContent.match(/\$\$?|\\(?:frac|delta|mathbf|W|z|a|d)\b|\{\{/g),
        math: document.querySelectorAll('.katex').length === document.querySelectorAll('.katex-mathml math').length,
        numbers: [...document.querySelectorAll('.equation[id]')].filter((equation) => {
          const [base, tag] = ['.katex-base', '.katex-tag'].map((name) => equation.querySelectorAll(`.katex-html > ${name}`));
          return tag.length !== 1 || [...base].at(-1).getBoundingClientRect().right > tag[0].getBoundingClientRect().left;
        }).map((equation) => equation.id),
        plain: document.querySelectorAll('code.language-rs:not(.hljs)').length,
        theme: document.documentElement.className,
      };
    });
    if (found.width > view.width) report(`${found.width} pixels wide in a window of ${view.width}`);
    if (found.broken.length) report(`pictures that do not load: ${found.broken}`);
    if (found.twins) report('a figure that shows both of its pictures, or none');
    if (found.raw) report(`left as text: ${found.raw.slice(0, 5)}`);
    if (!found.math) report('mathematics without MathML');
    if (found.numbers.length) report(`equations that run into their number: ${found.numbers}`);
    if (found.plain) report("listings without colours: mdBook's own script did not run");
    if (!found.theme.includes(view.theme)) report(`the theme is ${found.theme}`);
    if (shots) await page.screenshot({ path: join(shots, `${at.replace('.html', '')}-${view.name}.png`), fullPage: true });
  }
  await context.close();
}
await browser.close();
close();
problems.forEach((problem) => console.error(problem));
console.log(`${pages.length} pages in ${VIEWS.length} views: ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
