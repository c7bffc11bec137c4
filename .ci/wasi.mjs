// Runs a WebAssembly program in node, as cargo's runner: node .ci/wasi.mjs PROGRAM [ARGUMENTS …]
import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const [program, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: [program, ...args], returnOnExit: true });
const module = await WebAssembly.compile(await readFile(program));
// What the C library lacks: the tag of the exception that a panic throws, and threads, which there are none of.
const env = { __cpp_exception: new WebAssembly.Tag({ parameters: ['i32'] }) };
for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
  if (from === 'env' && kind === 'function' && name.startsWith('pthread_')) env[name] = () => 58; // ENOTSUP
}
const { exports } = await WebAssembly.instantiate(module, { ...wasi.getImportObject(), env });
process.exitCode = wasi.start({ exports });
