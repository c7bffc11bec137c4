// Runs a WebAssembly program in node, as cargo's runner: node .ci/wasi.mjs PROGRAM [ARGUMENTS …]
import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const [program, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: [program, ...args], returnOnExit: true });
const unavailable = () => 58; // ENOTSUP
const env = {
  __cpp_exception: new WebAssembly.Tag({ parameters: ['i32'] }), // what a panic throws
  pthread_join: unavailable, // there are no threads
  pthread_detach: unavailable,
};
const module = await WebAssembly.compile(await readFile(program));
const { exports } = await WebAssembly.instantiate(module, { ...wasi.getImportObject(), env });
process.exitCode = wasi.start({ exports });
