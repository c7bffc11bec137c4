// Demo: a network learns to tell points of the plane apart.
import { colour, h, index, messageBox, number, ofLayer, onTheme, s, select, settle } from './ui.js';

const CELLS = 44; // of a picture, in each direction
const COLOURS = ['--blue', '--orange', '--pink', '--green', '--violet', '--brown'];
const CLASSES = ['blue', 'orange', 'pink', 'green', 'violet', 'brown'];
const MOST_EPOCHS = 5000; // then it pauses
const LONGEST_LINK = 8000; // what browsers and chat programs pass on

const DEFAULTS = {
  data: 'spirals', points: 300, noise: 0.2, own: [], hidden: [16, 16], activation: 'tanh', loss: 'cross-entropy',
  learning_rate: 0.2, batch: 10, engine: 'hand', seed: 1,
};
/** What suits each data set. */
const SUITS = {
  xor: { hidden: [4], loss: 'binary-cross-entropy', learning_rate: 0.5, batch: 4 },
  moons: { hidden: [8], loss: 'cross-entropy', learning_rate: 0.3, batch: 16, points: 200, noise: 0.1 },
  circles: { hidden: [6], loss: 'cross-entropy', learning_rate: 0.3, batch: 16, points: 200, noise: 0.1 },
  spirals: { hidden: [16, 16], loss: 'cross-entropy', learning_rate: 0.2, batch: 10, points: 300, noise: 0.2 },
  own: { hidden: [8], loss: 'cross-entropy', learning_rate: 0.2, batch: 8 },
};

/** The state as the part of an address behind `#`, and back. */
export function toAddress(settings, epoch) {
  const { own, hidden, ...rest } = settings;
  const fields = new URLSearchParams({ ...rest, hidden: hidden.join('-'), epoch });
  if (settings.data === 'own') fields.set('own', own.map(([x, y, label]) => [+x.toPrecision(4), +y.toPrecision(4), label].join('_')).join('~'));
  return fields.toString();
}

export function fromAddress(text) {
  const fields = new URLSearchParams(text);
  const settings = structuredClone(DEFAULTS);
  for (const name of ['data', 'activation', 'loss', 'engine']) if (fields.has(name)) settings[name] = fields.get(name);
  for (const name of ['points', 'noise', 'learning_rate', 'batch', 'seed']) if (fields.has(name)) settings[name] = Number(fields.get(name));
  if (fields.has('hidden')) settings.hidden = fields.get('hidden').split('-').filter(Boolean).map(Number);
  if (fields.has('own')) settings.own = fields.get('own').split('~').filter(Boolean).map((point) => point.split('_').map(Number));
  return { settings, epoch: Math.min(Number(fields.get('epoch') ?? 0) || 0, MOST_EPOCHS) };
}

const mix = (one, other, share) => one.map((part, at) => part + (other[at] - part) * share);

export async function mount(place, crates, { onOwnPage, page }) {
  const start = onOwnPage && location.hash.length > 1 ? fromAddress(location.hash.slice(1)) : { settings: structuredClone(DEFAULTS), epoch: 0 };
  let { settings } = start;
  let session; // the network that learns
  let generation = 0;
  let report = { epoch: 0, loss: NaN, accuracy: NaN, stopped: null };
  let history = [];
  let running = false;
  let shownUnit = 'output';
  let penClass = 0;
  let reach = [-1, 1, -1, 1];
  let lastDrawn = 0;
  const calm = matchMedia('(prefers-reduced-motion: reduce)');

  const { box: message, show: showError } = messageBox();
  const { box: note, show: showNote } = messageBox();
  const button = (words, f, attributes = {}) => h('button', { type: 'button', onclick: f, ...attributes }, words);
  const runButton = button('Run', () => (running ? pause() : run()), { class: 'main' });
  const stepButton = button('Step', () => step());
  const resetButton = button('Reset', () => reset());
  const linkButton = button('Copy link', copyLink);
  const numbers = h('p', { class: 'position', role: 'status' });
  const canvas = h('canvas', { width: 560, height: 560, class: 'plane', role: 'img', tabindex: 0 });
  const curve = h('div', { class: 'curve' });
  const drawing = h('canvas', { class: 'units', role: 'img' });
  const form = h('div', { class: 'form' });
  const pen = h('div', { class: 'form pen' });
  const weights = h('div', { class: 'scrolls', tabindex: 0, role: 'group', 'aria-label': 'The weights as tables' });
  const weightsBox = h('details', { ontoggle: () => drawWeights() }, h('summary', {}, 'The weights, as tables'), weights);
  const unitChoice = h('div');

  canvas.addEventListener('click', (event) => {
    if (settings.data !== 'own') return;
    const box = canvas.getBoundingClientRect();
    const x = reach[0] + (reach[1] - reach[0]) * (event.clientX - box.left) / box.width;
    const y = reach[3] - (reach[3] - reach[2]) * (event.clientY - box.top) / box.height;
    addPoint(x, y);
  });
  for (const name of ['dragover', 'drop']) {
    canvas.addEventListener(name, async (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files?.[0];
      if (name === 'drop' && file) takeTable(await file.text());
    });
  }

  place.append(
    h('div', { class: 'bar' }, runButton, stepButton, resetButton, linkButton),
    numbers, message, note,
    h('div', { class: 'plane-columns' },
      h('section', { class: 'settings' }, form),
      h('section', {}, canvas, unitChoice, pen),
      h('section', { class: 'inside' },
        h('p', { class: 'heading' }, 'Loss, by epoch'), curve,
        h('p', { class: 'heading' }, 'What every unit sees'), h('div', { class: 'scrolls', tabindex: 0, role: 'group', 'aria-label': 'The network' }, drawing),
        h('p', { class: 'caption' }, 'Orange is positive, blue negative; a thick line is a large weight.'))),
    weightsBox,
  );
  drawForm();
  onTheme(() => draw());
  if (onOwnPage) addEventListener('hashchange', () => restore(fromAddress(location.hash.slice(1))));
  await restore(start);
  return { state: () => toAddress(settings, report.epoch) };

  async function restore(from) {
    settings = from.settings;
    drawForm();
    await reset();
    while (session && report.epoch < from.epoch && !report.stopped) {
      await advance(Math.min(10, from.epoch - report.epoch));
      if (performance.now() - lastDrawn > 100) {
        draw();
        await new Promise(requestAnimationFrame);
      }
    }
    draw();
    remember();
  }

  /** Draws the points and the first parameters anew. */
  async function reset() {
    pause();
    history = [];
    shownUnit = 'output';
    try {
      session = await crates.ask((program) => new program.Plane(JSON.stringify(settings)));
      generation = crates.generation;
      await told((plane) => JSON.parse(plane.report()));
      reach = [...session.reach()];
      showError();
    } catch (error) {
      session = undefined;
      reach = [-1, 1, -1, 1];
      report = { epoch: 0, loss: NaN, accuracy: NaN, stopped: null };
      showError(settings.data === 'own' && settings.own.length < 2 ? new Error('Click on the picture to set points of at least two classes, or paste a table.') : error);
    }
    drawUnitChoice();
    draw();
    remember();
  }

  /** Asks the session, and keeps the report that it gives. */
  async function told(question) {
    report = await crates.ask(() => question(session));
    const last = history.at(-1);
    if (!last || last[0] !== report.epoch) history.push([report.epoch, report.loss]);
  }

  async function advance(epochs) {
    if (!session || generation !== crates.generation) return pause();
    try {
      await told((plane) => JSON.parse(plane.train(epochs)));
      if (report.stopped) showError(new Error(report.stopped));
    } catch (error) {
      session = undefined;
      showError(error);
      pause();
    }
  }

  async function step() {
    pause();
    await advance(1);
    draw();
    remember();
  }

  async function run() {
    if (!session || report.stopped) return;
    running = true;
    runButton.textContent = 'Pause';
    let epochs = 1;
    while (running && session && !report.stopped && report.epoch < MOST_EPOCHS) {
      const before = performance.now();
      await advance(epochs);
      const took = performance.now() - before;
      // A frame has time for so many.
      if (took < 8) epochs = Math.min(epochs + 1, 40);
      if (took > 16 && epochs > 1) epochs -= 1;
      if (performance.now() - lastDrawn > (calm.matches ? 600 : 60)) draw();
      await new Promise(requestAnimationFrame);
    }
    pause();
    draw();
    remember();
  }

  function pause() {
    running = false;
    runButton.textContent = 'Run';
  }

  /** Keeps the state in the address, for whoever shares it. */
  function remember() {
    if (onOwnPage) globalThis.history.replaceState(null, '', `#${toAddress(settings, report.epoch)}`);
  }

  async function copyLink() {
    const link = `${page.href}#${toAddress(settings, report.epoch)}`;
    if (link.length > LONGEST_LINK) return showNote(new Error('There are too many points for a link: keep the table and share that.'));
    try {
      await navigator.clipboard.writeText(link);
      linkButton.textContent = 'Copied';
      setTimeout(() => { linkButton.textContent = 'Copy link'; }, 1500);
    } catch {
      showNote(new Error(link));
    }
  }

  function addPoint(x, y) {
    settings.own.push([x, y, penClass]);
    reset();
  }

  async function takeTable(text) {
    try {
      const { points } = JSON.parse(await crates.ask((program) => program.pointsFromTable(text)));
      settings = { ...settings, ...SUITS.own, data: 'own', own: points };
      if (Math.max(...points.map((point) => point[2])) > 1) settings.loss = 'cross-entropy';
      showNote();
      drawForm();
      await reset();
    } catch (error) {
      showNote(error);
    }
  }

  // ——— Drawing ———

  function draw() {
    lastDrawn = performance.now();
    const percent = (share) => `${(100 * share).toFixed(share > 0.999 && share < 1 ? 2 : 1)} %`;
    numbers.textContent = session ? `Epoch ${report.epoch}: loss ${report.loss.toPrecision(4)}, ${percent(report.accuracy)} of the points right.` : '';
    place.dataset.epoch = report.epoch;
    place.dataset.accuracy = report.accuracy;
    place.dataset.loss = report.loss;
    const pictures = session && generation === crates.generation ? session.pictures(CELLS) : undefined;
    drawPlane(pictures);
    drawCurve();
    drawUnits(pictures);
    if (!running) drawWeights();
  }

  function unitsBefore(l) {
    return [...session.widths()].slice(1, l).reduce((sum, units) => sum + units, 0);
  }

  function pictureOf(pictures, l, i) {
    const first = (unitsBefore(l) + i) * CELLS ** 2;
    return pictures.subarray(first, first + CELLS ** 2);
  }

  /** A small canvas with a colour for each cell. */
  function painted(colourOf) {
    const small = new OffscreenCanvas(CELLS, CELLS);
    const context = small.getContext('2d');
    const image = context.createImageData(CELLS, CELLS);
    for (let cell = 0; cell < CELLS ** 2; cell += 1) image.data.set([...colourOf(cell), 255], 4 * cell);
    context.putImageData(image, 0, 0);
    return small;
  }

  /** A unit: blue where it is negative, orange where it is positive. */
  function paintedUnit(values) {
    const [page, blue, orange] = ['--page', '--blue', '--orange'].map((name) => colour(place, name));
    const most = Math.max(1e-9, ...values.map(Math.abs));
    return painted((cell) => mix(page, values[cell] < 0 ? blue : orange, 0.85 * Math.abs(values[cell]) / most));
  }

  function paintedOutput(pictures) {
    const widths = session.widths();
    const last = widths.length - 1;
    const outputs = [...Array(widths[last]).keys()].map((i) => pictureOf(pictures, last, i));
    const page = colour(place, '--page');
    const classes = COLOURS.map((name) => colour(place, name));
    const shares = (cell) => {
      if (outputs.length === 1) return [1 - outputs[0][cell], outputs[0][cell]];
      const all = outputs.map((output) => output[cell]);
      const sum = all.reduce((one, other) => one + other, 1e-12);
      return all.map((share) => share / sum);
    };
    return painted((cell) => {
      const mixed = [0, 0, 0];
      shares(cell).forEach((share, label) => classes[label].forEach((part, at) => { mixed[at] += share * part; }));
      return mix(page, mixed, 0.55);
    });
  }

  function drawPlane(pictures) {
    const context = canvas.getContext('2d');
    const { width, height } = canvas;
    context.fillStyle = getComputedStyle(place).getPropertyValue('--paper');
    context.fillRect(0, 0, width, height);
    if (pictures) {
      const [l, i] = shownUnit.split(' ').map(Number);
      const field = shownUnit === 'output' ? paintedOutput(pictures) : paintedUnit(pictureOf(pictures, l, i));
      context.imageSmoothingEnabled = true;
      context.drawImage(field, 0, 0, width, height);
    }
    const points = session ? session.points() : new Float32Array(settings.own.flat());
    const [left, right, bottom, top] = reach;
    const page = getComputedStyle(place).getPropertyValue('--page');
    const radius = points.length > 1500 ? 4 : 6;
    for (let at = 0; at < points.length; at += 3) {
      const [x, y, label] = points.subarray(at, at + 3);
      context.beginPath();
      context.arc((x - left) / (right - left) * width, (top - y) / (top - bottom) * height, radius, 0, 2 * Math.PI);
      context.fillStyle = getComputedStyle(place).getPropertyValue(COLOURS[label]);
      context.fill();
      context.lineWidth = 1.8;
      context.strokeStyle = page;
      context.stroke();
    }
    const what = shownUnit === 'output' ? 'the class that the network gives each point of the plane' : 'what one hidden unit gives for each point of the plane';
    canvas.setAttribute('aria-label', `The plane with ${points.length / 3} points, coloured by ${what}. ${numbers.textContent}`);
  }

  function drawCurve() {
    const [width, height, left, low] = [300, 130, 44, 20];
    const losses = history.filter(([, loss]) => loss > 0 && Number.isFinite(loss));
    const drawing = s('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `The loss over ${report.epoch} epochs, on a logarithmic scale; it is now ${report.loss.toPrecision?.(3)}.` });
    if (losses.length) {
      const logs = losses.map(([, loss]) => Math.log10(loss));
      const [most, least] = [Math.ceil(Math.max(...logs) + 0.05), Math.floor(Math.min(...logs))];
      const x = (epoch) => left + (width - left - 8) * epoch / Math.max(report.epoch, 1);
      const y = (log) => 8 + (height - low - 8) * (most - log) / (most - least);
      for (let log = least; log <= most; log += 1) {
        drawing.append(s('line', { x1: left, x2: width - 8, y1: y(log), y2: y(log), class: 'grid' }), s('text', { x: left - 6, y: y(log), dy: '0.35em', 'text-anchor': 'end' }, String(+(10 ** log).toPrecision(1))));
      }
      // A line of a few hundred points looks like one of thousands.
      const every = Math.ceil(losses.length / 300);
      const kept = losses.filter((_, n) => n % every === 0 || n === losses.length - 1);
      drawing.append(
        s('text', { x: left, y: height - 4 }, '0'), s('text', { x: width - 8, y: height - 4, 'text-anchor': 'end' }, String(report.epoch)),
        s('polyline', { points: kept.map(([epoch, loss]) => `${x(epoch).toFixed(1)},${y(Math.log10(loss)).toFixed(1)}`).join(' '), class: 'line' }));
    }
    curve.replaceChildren(drawing);
  }

  function drawUnits(pictures) {
    if (!pictures) return drawing.removeAttribute('width');
    const widths = [...session.widths()];
    const [size, gap, column] = [30, 6, 92];
    const tallest = Math.max(...widths);
    const [width, height] = [column * (widths.length - 1) + size + 30, Math.max(tallest, 3) * (size + gap)];
    const scale = 2;
    if (drawing.width !== width * scale || drawing.height !== height * scale) Object.assign(drawing, { width: width * scale, height: height * scale });
    drawing.style.width = `${width}px`;
    const context = drawing.getContext('2d');
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(place);
    const [blue, orange, ink, line] = ['--blue', '--orange', '--ink', '--line'].map((name) => style.getPropertyValue(name));
    const at = (l, i) => [20 + column * l, height / 2 + (i - (widths[l] - 1) / 2) * (size + gap)];
    const all = session.weights();
    let next = 0;
    for (let l = 1; l < widths.length; l += 1) {
      const own = all.subarray(next, next += widths[l] * widths[l - 1]);
      const most = Math.max(1e-9, ...own.map(Math.abs));
      own.forEach((weight, n) => {
        const [i, k] = [Math.floor(n / widths[l - 1]), n % widths[l - 1]];
        const [[x1, y1], [x2, y2]] = [at(l - 1, k), at(l, i)];
        context.beginPath();
        context.moveTo(x1 + (l === 1 ? 6 : size / 2), y1);
        context.lineTo(x2 - size / 2, y2);
        context.lineWidth = 0.2 + 3 * Math.abs(weight) / most;
        context.globalAlpha = 0.15 + 0.75 * Math.abs(weight) / most;
        context.strokeStyle = weight < 0 ? blue : orange;
        context.stroke();
      });
      context.globalAlpha = 1;
    }
    context.fillStyle = ink;
    context.font = '14px system-ui, sans-serif';
    for (let i = 0; i < 2; i += 1) context.fillText(`x${index(i)}`, at(0, i)[0] - 16, at(0, i)[1] + 5);
    for (let l = 1; l < widths.length; l += 1) {
      for (let i = 0; i < widths[l]; i += 1) {
        const [x, y] = at(l, i);
        context.drawImage(paintedUnit(pictureOf(pictures, l, i)), x - size / 2, y - size / 2, size, size);
        context.strokeStyle = shownUnit === `${l} ${i}` ? orange : line;
        context.lineWidth = shownUnit === `${l} ${i}` ? 2.5 : 1;
        context.strokeRect(x - size / 2, y - size / 2, size, size);
      }
    }
    drawing.setAttribute('aria-label', `The network: ${widths.join('–')} units, each with a small picture of what it gives over the plane, and lines for the weights.`);
  }

  function drawUnitChoice() {
    if (!session) return unitChoice.replaceChildren();
    const widths = [...session.widths()];
    const units = widths.slice(1, -1).flatMap((units, n) => [...Array(units).keys()].map((i) => [`${n + 1} ${i}`, `unit ${i + 1} of layer ${n + 1}: a${index(i)}${ofLayer(n + 1)}`]));
    unitChoice.replaceChildren(select('Shown', [['output', 'what the network says'], ...units], shownUnit, (chosen) => { shownUnit = chosen; draw(); }));
  }

  function drawWeights() {
    if (!session || !weightsBox.open) return;
    const widths = [...session.widths()];
    const all = session.weights();
    let next = 0;
    weights.replaceChildren(...widths.slice(1).map((units, n) => {
      const below = widths[n];
      const own = all.subarray(next, next += units * below);
      const rows = [...Array(units).keys()].map((i) => h('tr', {}, h('th', { scope: 'row' }, `unit ${i + 1}`),
        [...own.subarray(i * below, (i + 1) * below)].map((weight) => h('td', { class: 'result' }, weight.toFixed(3).replace('-', '−')))));
      return h('table', {}, h('caption', {}, `W${ofLayer(n + 1)}: a row for each unit, a column for each unit below`), h('tbody', {}, rows));
    }));
  }

  // ——— Settings ———

  function drawForm() {
    const anew = settle(() => reset(), 200);
    const set = (name) => (value) => { settings[name] = value; anew(); };
    const again = (f) => (value) => { f(value); drawForm(); reset(); };
    const isDrawn = !['xor', 'own'].includes(settings.data);
    const layers = h('fieldset', {}, h('legend', {}, 'Hidden layers'),
      h('div', { class: 'row' }, settings.hidden.map((units, n) =>
        number(`Layer ${n + 1}`, units, (value) => { settings.hidden[n] = Math.round(value); anew(); }, { min: 1, max: 32, step: 1, class: 'short' }))),
      h('div', { class: 'row' },
        h('button', { type: 'button', onclick: () => again(() => settings.hidden.length < 4 && settings.hidden.push(8))() }, 'Add a layer'),
        h('button', { type: 'button', onclick: () => again(() => settings.hidden.pop())() }, 'Take one away')));
    const names = (list) => list.map((name) => (Array.isArray(name) ? name : [name, name]));
    form.replaceChildren(
      select('Data', names(['xor', 'moons', 'circles', 'spirals', ['own', 'your own points']]), settings.data, again((data) => { settings = { ...settings, ...SUITS[data], data }; })),
      ...(isDrawn ? [
        number('Points', settings.points, set('points'), { min: 10, max: 2000, step: 10 }),
        number('Noise', settings.noise, set('noise'), { min: 0, max: 1, step: 0.05 })] : []),
      layers,
      select('Activation', names(['tanh', 'relu', 'leaky-relu', 'sigmoid', 'softplus', 'identity', 'step']), settings.activation, set('activation')),
      select('Loss', names(['cross-entropy', 'binary-cross-entropy', 'least-squares']), settings.loss, set('loss')),
      number('Learning rate η', settings.learning_rate, set('learning_rate'), { min: 0, step: 'any' }),
      number('Examples per batch', settings.batch, set('batch'), { min: 1, step: 1 }),
      select('Gradients', [['hand', 'by hand'], ['tape', 'by tape']], settings.engine, set('engine')),
      number('Seed', settings.seed, set('seed'), { min: 0, step: 1 }));
    drawPen();
  }

  function drawPen() {
    if (settings.data !== 'own') return pen.replaceChildren();
    let [x, y] = [0, 0];
    const table = h('textarea', { rows: 4, placeholder: 'x1, x2, class\n0.5, -0.2, red', 'aria-label': 'A table: a row for each point with x₁, x₂ and a class' });
    pen.replaceChildren(
      h('p', { class: 'caption' }, 'Click on the picture to set a point, or type it; or paste a table, or drop a CSV file on the picture. Your points are standardised before the network sees them.'),
      h('div', { class: 'row' },
        select('Class', CLASSES.map((name, label) => [label, name]), String(penClass), (label) => { penClass = Number(label); }),
        number('x₁', x, (typed) => { x = typed; }, { class: 'short' }), number('x₂', y, (typed) => { y = typed; }, { class: 'short' }),
        h('button', { type: 'button', onclick: () => addPoint(x, y) }, 'Set the point')),
      table,
      h('div', { class: 'row' },
        h('button', { type: 'button', onclick: () => takeTable(table.value) }, 'Take the table'),
        h('button', { type: 'button', onclick: () => { settings.own = []; reset(); } }, 'Remove all points')));
  }
}
