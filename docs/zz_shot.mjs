import { chromium } from 'playwright-core';
import { serve } from './playground/serve.mjs';
const { origin, close } = await serve('target/playground');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--disable-gpu'] });
for (const [name, width, dark] of [['wide',1280,false],['dark',1280,true],['phone',390,false]]) {
  const page = await (await browser.newContext({ viewport: { width, height: 900 }, colorScheme: dark ? 'dark':'light', reducedMotion: 'reduce' })).newPage();
  for (const demo of ['backpropagation','plane','digits','error','activations']) {
    await page.goto(`${origin}/${demo}.html`); await page.waitForTimeout(4000);
    await page.screenshot({ path: `/tmp/pg/${demo}-${name}.png`, fullPage: true });
  }
}
await browser.close(); close();
