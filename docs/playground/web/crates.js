// The crates of the workspace as a WebAssembly program. Every demo has an instance of its own: what one breaks, the others
// do not notice.

// A module with one instruction on vectors of 128 bits: valid where the browser knows them.
const VECTORS = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);
export const build = WebAssembly.validate(VECTORS) && !new URLSearchParams(location.search).has('plain') ? 'simd' : 'plain';

const here = new URL(`${build}/`, import.meta.url);
let program;
let instances = 0;
let lastPanic = '';
// The program calls this with the message of a panic, and then ends.
globalThis.nnPlaygroundPanicked = (message) => {
  lastPanic = message;
};

async function compiled() {
  const answer = await fetch(new URL('playground_bg.wasm', here));
  if (!answer.ok) throw new Error(`the program is not there: ${answer.status}`);
  return WebAssembly.compile(await answer.arrayBuffer());
}

/** A body that is still `todo!()`, or another panic: the message for the reader. */
export class Panicked extends Error {
  constructor(message) {
    const [what, place = ''] = message.split('\n');
    const todo = /^not (?:yet )?implemented(?:: (.*))?$/.exec(what);
    super(todo ? `Not written yet: ${todo[1] ?? place}.` : `The crates panicked: ${what} (${place})`);
    this.todo = Boolean(todo);
  }
}

/** An instance of the program, started when it is first asked, and again after a panic. */
export class Crates {
  #instance;
  /** Counts the starts: objects of an earlier instance are gone. */
  generation = 0;

  #start() {
    this.generation += 1;
    return (async () => {
      program ??= compiled();
      // The same file under another address is another module, with a state of its own.
      const module = await import(new URL(`playground.js?${(instances += 1)}`, here));
      await module.default({ module_or_path: await program });
      return module;
    })();
  }

  /** What `question(program)` gives; throws what it throws, and `Panicked` where the program ended. */
  async ask(question) {
    this.#instance ??= this.#start();
    const instance = await this.#instance;
    lastPanic = '';
    try {
      return question(instance);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      this.#instance = undefined;
      throw new Panicked(lastPanic || error.message);
    }
  }
}
