// Runs every `nn` command that the pages show, from the project's folder, with the program of the release build. A command
// whose comment says `exit 1` has to end so; every other has to succeed.
//
//   node docs/tools/try.mjs
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const program = join(root, 'target/release/nn');
if (!existsSync(program)) {
  console.error('The program is missing. Build it with:\n  cargo build --release');
  process.exit(1);
}
// The commands write into a folder of their own, where docs is this one.
const folder = mkdtempSync(join(tmpdir(), 'book-'));
symlinkSync(join(root, 'docs'), join(folder, 'docs'));

let count = 0;
let failures = 0;
const pages = readdirSync(join(root, 'docs/src')).filter((name) => name.endsWith('.md'));
for (const page of pages) {
  const text = readFileSync(join(root, 'docs/src', page), 'utf8');
  for (const [, block] of text.matchAll(/^```console\n([\s\S]*?)^```$/gm)) {
    for (const line of block.split('\n').filter((line) => /^\$ (.*\| )?nn /.test(line))) {
      const command = line.slice(2);
      const expected = /#.*exit 1/.test(command) ? 1 : 0;
      const env = { ...process.env, PATH: `${dirname(program)}:${process.env.PATH}` };
      const { status, stderr } = spawnSync('bash', ['-c', command], { cwd: folder, env, encoding: 'utf8', timeout: 60_000 });
      count += 1;
      if (status !== expected) {
        failures += 1;
        console.error(`docs/src/${page}: \`${command}\` ended with ${status}, not ${expected}\n${stderr}`);
      }
    }
  }
}
rmSync(folder, { recursive: true });
console.log(`${count} commands of the pages: ${failures} failures`);
process.exit(failures || !count ? 1 : 0);
