// Demo: one step of backpropagation, forth and back through every number, by hand and by tape.
import { graph, unitName } from './graph.js';
import { h, index, messageBox, number, ofLayer, select, settle } from './ui.js';

const ACTIVATIONS = ['identity', 'relu', 'leaky-relu', 'sigmoid', 'tanh', 'softplus', 'step', 'softmax'];
const LOSSES = ['least-squares', 'cross-entropy', 'binary-cross-entropy'];

const PRESETS = {
  book: {
    words: 'the 2-2-2 network of the book',
    loss: 'least-squares', x: [0.05, 0.1], y: [0.01, 0.99], rate: 0.5,
    layers: [
      { activation: 'sigmoid', weight: [[0.15, 0.2], [0.25, 0.3]], bias: [0.35, 0.35] },
      { activation: 'sigmoid', weight: [[0.4, 0.45], [0.5, 0.55]], bias: [0.6, 0.6] },
    ],
  },
  neuron: {
    words: 'one neuron',
    loss: 'binary-cross-entropy', x: [1, -2], y: [1], rate: 0.5,
    layers: [{ activation: 'sigmoid', weight: [[0.5, 0.25]], bias: [0] }],
  },
  classes: {
    words: 'three classes: softmax and cross-entropy',
    loss: 'cross-entropy', x: [0.5, -1], y: [0, 1, 0], rate: 0.5,
    layers: [
      { activation: 'tanh', weight: [[0.4, -0.3], [0.2, 0.6]], bias: [0.1, -0.1] },
      { activation: 'softmax', weight: [[0.5, -0.2], [-0.4, 0.3], [0.1, 0.8]], bias: [0, 0, 0] },
    ],
  },
  deep: {
    words: 'three layers, with a dead ReLU unit',
    loss: 'least-squares', x: [1, 2], y: [1], rate: 0.1,
    layers: [
      { activation: 'relu', weight: [[0.5, 0.25], [-1, -0.5]], bias: [0, 0.5] },
      { activation: 'tanh', weight: [[0.6, -0.4], [0.3, 0.2]], bias: [0, 0.1] },
      { activation: 'identity', weight: [[1, -0.5]], bias: [0] },
    ],
  },
};

export async function mount(place, crates) {
  let state = structuredClone(PRESETS.book);
  let preset = 'book';
  let shown; // what the crates said
  let at = 0; // the number of steps done
  let timer;

  const { box: message, show: showError } = messageBox();
  const announcement = h('p', { class: 'position', 'aria-live': 'polite' });
  const slider = h('input', { type: 'range', min: 0, max: 1, value: 0, step: 1, 'aria-label': 'Step', oninput: () => go(slider.valueAsNumber) });
  const button = (words, f) => h('button', { type: 'button', onclick: f }, words);
  const first = button('First', () => go(0));
  const back = button('◀ Back', () => go(at - 1));
  const next = button('Next ▶', () => go(at + 1));
  const last = button('Last', () => go(Infinity));
  const play = button('Play', () => (timer ? pause() : start()));
  const card = h('div', { class: 'card' });
  const picture = h('div', { class: 'picture' });
  const tape = h('div', { class: 'scrolls', tabindex: 0, role: 'group', 'aria-label': 'The tape as a table' });
  const table = h('div', { class: 'scrolls', tabindex: 0, role: 'group', 'aria-label': 'All numbers as a table' });
  const form = h('div', { class: 'form' });

  place.append(
    h('div', { class: 'bar' }, first, back, next, last, play, h('label', { class: 'slider' }, slider)),
    announcement, message, card,
    h('div', { class: 'columns' },
      h('section', {}, h('p', { class: 'heading' }, 'By hand: the δ-recursion'), picture),
      h('section', {}, h('p', { class: 'heading' }, 'By tape: what the machine has written down'), tape)),
    h('details', { class: 'all-numbers' }, h('summary', {}, 'All numbers so far, as a table'), table),
    h('details', { class: 'edit' }, h('summary', {}, 'Change the network, its input and its target'), form),
  );
  drawForm();
  await compute();

  function start() {
    if (!shown) return;
    if (at >= shown.steps.length) go(0);
    play.textContent = 'Pause';
    timer = setInterval(() => (at < shown.steps.length ? go(at + 1, true) : pause()), 1100);
  }

  function pause() {
    clearInterval(timer);
    timer = undefined;
    play.textContent = 'Play';
  }

  async function compute() {
    const layers = state.layers;
    const model = JSON.stringify({ format: 'nn-model', version: 1, loss: state.loss, layers });
    const batch = JSON.stringify({ inputs: [state.x], targets: [state.y] });
    try {
      shown = JSON.parse(await crates.ask((program) => program.backpropagation(model, batch, state.rate)));
      showError();
    } catch (error) {
      pause();
      showError(error);
      place.classList.add('stale');
      return;
    }
    place.classList.remove('stale');
    slider.max = shown.steps.length;
    go(Math.min(at, shown.steps.length), true);
  }

  function go(to, playing = false) {
    if (!playing) pause();
    if (!shown) return;
    at = Math.max(0, Math.min(to, shown.steps.length));
    slider.value = at;
    const step = shown.steps[at - 1];
    // A disabled button would lose the focus of the keyboard.
    for (const [box, idle] of [[first, at === 0], [back, at === 0], [next, !shown.steps[at]], [last, !shown.steps[at]]]) {
      box.setAttribute('aria-disabled', idle);
    }
    slider.setAttribute('aria-valuetext', step ? `${at} of ${shown.steps.length}: ${step.name}` : 'nothing computed yet');
    announcement.textContent = step
      ? `Step ${at} of ${shown.steps.length}. ${section(step)}: ${step.name} is ${step.hand}${agreement(step)}`
      : `Nothing is computed yet: the network, its input x and its target y are given. ${shown.steps.length} steps follow.`;
    card.replaceChildren(...cardOf(step));
    picture.replaceChildren(pictureOf(step));
    tape.replaceChildren(tapeOf(step));
    table.replaceChildren(tableOf());
    bringIntoSight(picture.querySelector('.scrolls'));
  }

  /** On a phone the picture is wider than the window: what is being computed is to be seen. */
  function bringIntoSight(window) {
    const now = window.querySelector('.now')?.getBoundingClientRect();
    if (now) window.scrollLeft += (now.left + now.right) / 2 - window.getBoundingClientRect().left - window.clientWidth / 2;
  }

  function agreement(step) {
    if (step.tape === null) return '. The tape has no part in the update.';
    return step.tape === step.hand ? ', by hand and by tape.' : ` by hand, but ${step.tape} by tape.`;
  }

  function section({ stage, layer }) {
    return { forward: `Forward, layer ${layer}`, loss: 'The loss', backward: `Backward, layer ${layer}`, update: `The update, layer ${layer}` }[stage];
  }

  /** The equations of the stage and layer, with the one that is being evaluated marked, and filled in. */
  function cardOf(step) {
    if (!step) {
      const stages = [...new Map(shown.steps.map((one) => [one.matrices, one])).values()];
      const rows = stages.filter((one) => one.stage !== 'update').map((one) => h('li', {}, one.matrices));
      return [h('p', { class: 'heading' }, 'What will be computed'), h('ul', { class: 'equations overview' }, rows)];
    }
    const around = shown.steps.filter((one) => one.stage === step.stage && one.layer === step.layer);
    const equations = [...new Map(around.map((one) => [one.matrices, one])).values()].map((one) => {
      const now = one.matrices === step.matrices;
      return h('li', { class: now ? 'now' : '', 'aria-current': now ? 'true' : null }, one.matrices);
    });
    const sign = step.stage === 'update' ? '←' : '=';
    const rule = step.letters.split('; ').map((line) => h('div', {}, line));
    const differs = step.tape !== null && step.tape !== step.hand;
    return [
      h('p', { class: 'heading' }, section(step)),
      h('ul', { class: 'equations' }, equations),
      h('div', { class: 'filled' },
        h('div', { class: 'rule' }, rule),
        h('div', { class: 'numbers' }, h('b', {}, step.name), ` ${sign} ${step.numbers}`),
        h('dl', { class: differs ? 'results differ' : 'results' },
          h('div', {}, h('dt', {}, 'by hand'), h('dd', { class: 'by-hand' }, step.hand)),
          h('div', {}, h('dt', {}, 'by tape'), h('dd', { class: 'by-tape' }, step.tape ?? '–')))),
    ];
  }

  function pictureOf(step) {
    const known = new Map(shown.steps.slice(0, at).map((one) => [`${one.symbol} ${one.layer} ${one.row} ${one.column}`, one.short]));
    const value = (symbol, l, i, k = 0) => known.get(`${symbol} ${l} ${i} ${k}`);
    const mark = marks(step);
    const { widths, weights, biases, x, y } = shown.network ? { ...shown.network, x: shown.x, y: shown.y } : {};
    const line = (text, kind) => (text === undefined ? [] : [{ text, kind }]);
    const look = {
      unit(l, i) {
        const own = { mark: mark(`unit ${l} ${i}`) };
        if (l === 0) return { ...own, lines: [...line(`x${index(i)}`, 'name'), ...line(paper(x[i][0]), 'value')] };
        const [z, a, delta] = ['z', 'a', 'δ'].map((symbol) => value(symbol, l, i));
        const forward = a !== undefined ? line(a, 'value') : line(z && `z ${z}`, 'quiet');
        return { ...own, lines: [...line(unitName(l, i), 'name'), ...forward], above: line(delta && `δ ${delta}`, 'gradient')[0] };
      },
      weight(l, i, k) {
        const updated = value('w', l, i, k);
        const gradient = value('∂J/∂w', l, i, k);
        const lines = updated ? line(updated, 'updated') : [...line(paper(weights[l - 1][i][k]), 'weight'), ...line(gradient, 'gradient')];
        return { mark: mark(`weight ${l} ${i} ${k}`), lines };
      },
      bias(l, i) {
        const updated = value('b', l, i);
        const gradient = value('∂J/∂b', l, i);
        const text = updated ?? paper(biases[l - 1][i]);
        return { mark: mark(`bias ${l} ${i}`), lines: [{ text: `b ${text}`, kind: updated ? 'updated' : 'weight' }, ...line(gradient, 'gradient')] };
      },
      loss: () => ({ mark: mark('loss'), lines: [...line('J', 'name'), ...line(value('J', widths.length - 1, 0), 'value')] }),
    };
    const title = `The network after ${at} of ${shown.steps.length} steps; the table below holds its numbers.`;
    const targets = y.map((row, i) => `y${index(i)} = ${paper(row[0])}`).join(', ');
    return [graph({ widths, title, look }), h('p', { class: 'caption' },
      `Target: ${targets}. `, h('span', { class: 'key value' }, 'activations'), ' ', h('span', { class: 'key weight' }, 'parameters'), ' ',
      h('span', { class: 'key gradient' }, 'δ and gradients'), ' ', h('span', { class: 'key updated' }, 'after the update'))]
      .reduce((all, part) => (all.append(part), all), document.createDocumentFragment());
  }

  /** Which parts of the picture a step computes (`now`), and from which (`from`). */
  function marks(step) {
    if (!step) return () => undefined;
    const { symbol, layer: l, row: i, column: k } = step;
    const { widths, activations, loss } = shown.network;
    const all = (layer) => [...Array(widths[layer]).keys()];
    const isLast = l === widths.length - 1;
    const [now, from] = {
      z: () => [[`unit ${l} ${i}`], [...all(l - 1).flatMap((j) => [`unit ${l - 1} ${j}`, `weight ${l} ${i} ${j}`]), `bias ${l} ${i}`]],
      a: () => [[`unit ${l} ${i}`], activations[l - 1] === 'softmax' ? all(l).map((j) => `unit ${l} ${j}`) : []],
      J: () => [['loss'], all(l).map((j) => `unit ${l} ${j}`)],
      δ: () => [[`unit ${l} ${i}`], isLast ? ['loss'] : all(l + 1).flatMap((j) => [`unit ${l + 1} ${j}`, `weight ${l + 1} ${j} ${i}`])],
      '∂J/∂w': () => [[`weight ${l} ${i} ${k}`], [`unit ${l} ${i}`, `unit ${l - 1} ${k}`]],
      '∂J/∂b': () => [[`bias ${l} ${i}`], [`unit ${l} ${i}`]],
      w: () => [[`weight ${l} ${i} ${k}`], []],
      b: () => [[`bias ${l} ${i}`], []],
    }[symbol]();
    return (part) => (now.includes(part) ? 'now' : from.includes(part) ? 'from' : undefined);
  }

  /** The tape as far as it is written: values on the way down, adjoints on the way up. */
  function tapeOf(step) {
    const rows = shown.tape;
    const place = (name) => rows.findIndex((row) => row.name === name);
    let values = place('y'); // x and y are there from the start
    let current;
    if (step) {
      const name = { z: `z${step.layer}`, a: `a${step.layer}`, J: 'J', δ: `z${step.layer}`, '∂J/∂w': `W${step.layer}`, '∂J/∂b': `b${step.layer}` }[step.symbol];
      values = step.stage === 'forward' ? place(name) : rows.length - 1;
      if (step.stage !== 'update') current = [name, step.stage === 'backward' ? 'adjoint' : 'value'];
    }
    /** Whether the sweep has come by: it goes from the last row up. */
    const isWritten = (name) => {
      if (step?.stage === 'update' || (step?.stage === 'backward' && name === 'J')) return true;
      if (step?.stage !== 'backward') return false;
      const [, letter, l] = /^(\D+)(\d+)$/.exec(name);
      const order = { a: 0, z: 0, W: 1, b: 2 }[letter];
      return Number(l) > step.layer || (Number(l) === step.layer && order <= ['δ', '∂J/∂w', '∂J/∂b'].indexOf(step.symbol));
    };
    const body = rows.map((row, n) => {
      const isNow = current?.[0] === row.name;
      const entry = (kind) => (isNow && current[1] === kind ? [step.row, step.column] : undefined);
      const seen = n <= values;
      return h('tr', { class: `${seen ? '' : 'future'} ${isNow ? 'current' : ''}`, 'aria-current': isNow ? 'step' : null },
        h('th', { scope: 'row' }, row.name), h('td', {}, row.operation, row.operands.length ? h('span', { class: 'quiet' }, ` ${row.operands.join(', ')}`) : null),
        h('td', {}, matrix(row.value, entry('value'))),
        h('td', {}, row.adjoint === null ? '–' : isWritten(row.name) ? matrix(row.adjoint, entry('adjoint')) : ''));
    });
    const head = ['step', 'operation', 'value', 'adjoint'].map((words) => h('th', { scope: 'col' }, words));
    return h('table', { class: 'tape' }, h('thead', {}, h('tr', {}, head)), h('tbody', {}, body));
  }

  function matrix(rows, now) {
    const cell = (text, i, k) => h('td', { class: now && now[0] === i && now[1] === k ? 'entry' : '' }, text);
    return h('table', { class: 'matrix', role: 'presentation' }, h('tbody', {}, rows.map((row, i) => h('tr', {}, row.map((text, k) => cell(text, i, k))))));
  }

  function tableOf() {
    const head = ['', 'part', 'number', 'computed as', 'by hand', 'by tape'].map((words) => h('th', { scope: 'col' }, words));
    const rows = shown.steps.slice(0, at).map((step, n) =>
      h('tr', { 'aria-current': n === at - 1 ? 'step' : null, class: n === at - 1 ? 'current' : '' },
        h('td', {}, n + 1), h('td', {}, section(step)), h('th', { scope: 'row' }, step.name), h('td', {}, step.numbers),
        h('td', { class: 'result' }, step.hand), h('td', { class: 'result' }, step.tape ?? '–')));
    return h('table', { class: 'numbers-table' }, h('caption', {}, `${at} of ${shown.steps.length} numbers. The largest difference between the two engines is ${shown.difference}.`),
      h('thead', {}, h('tr', {}, head)), h('tbody', {}, rows));
  }

  function drawForm() {
    const changed = settle(compute);
    const set = (f) => (value) => { f(value); changed(); };
    const again = (f) => (value) => { f(value); drawForm(); compute(); };
    const presets = Object.entries(PRESETS).map(([name, { words }]) => [name, words]);
    const choose = (name) => { preset = name; state = structuredClone(PRESETS[name]); at = 0; };
    const top = [
      select('Network', presets, preset, again(choose)),
      select('Loss', LOSSES.map((name) => [name, name]), state.loss, again((name) => {
        state.loss = name;
        const needed = { 'cross-entropy': 'softmax', 'binary-cross-entropy': 'sigmoid' }[name];
        if (needed) state.layers.at(-1).activation = needed;
        if (name === 'cross-entropy') state.y = state.y.map((_, i) => Number(i === 0));
        if (name === 'binary-cross-entropy') state.y = state.y.map((y) => Math.max(0, Math.min(1, y)));
      })),
      number('Learning rate η', state.rate, set((rate) => { state.rate = rate; }), { min: 0 }),
    ];
    const vector = (letter, values) => values.map((value, i) => number(`${letter}${index(i)}`, value, set((typed) => { values[i] = typed; })));
    const layers = state.layers.map((layer, n) => {
      const l = n + 1;
      const rows = layer.weight.map((row, i) => h('div', { class: 'row' },
        row.map((w, k) => number(`w${index(i)}${index(k)}`, w, set((typed) => { row[k] = typed; }))),
        number(`b${index(i)}`, layer.bias[i], set((typed) => { layer.bias[i] = typed; }))));
      const isLast = l === state.layers.length;
      const allowed = ACTIVATIONS.filter((name) => isLast || name !== 'softmax').map((name) => [name, name]);
      return h('fieldset', {}, h('legend', {}, `Layer ${l}`),
        select(`Activation`, allowed, layer.activation, again((name) => { layer.activation = name; if (isLast) state.loss = state.loss === 'least-squares' || name === { 'cross-entropy': 'softmax', 'binary-cross-entropy': 'sigmoid' }[state.loss] ? state.loss : 'least-squares'; })),
        rows);
    });
    form.replaceChildren(
      h('div', { class: 'row' }, top),
      h('fieldset', {}, h('legend', {}, 'Input x and target y'), h('div', { class: 'row' }, vector('x', state.x), vector('y', state.y))),
      ...layers);
  }
}

/** A number that somebody typed, as on paper. */
const paper = (x) => String(Number(x.toPrecision(4))).replace('-', '−');
