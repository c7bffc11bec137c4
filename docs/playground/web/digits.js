// Demo: a network learns to read digits in the browser, and then reads one that the reader draws.
import { colour, h, messageBox, number, onTheme, select, settle } from './ui.js';

const SIZE = 280; // of the drawing, in pixels
const SIDE = 8; // of a picture, in pixels

export async function mount(place, crates) {
  const settings = { hidden: 64, learning_rate: 0.2, batch: 32, engine: 'hand', seed: 1 };
  let session;
  let report = { epoch: 0, stopped: null };
  let strokes = []; // lists of [x, y]
  let reading;
  let pixels;
  let training = false;
  let cursor = [SIZE / 2, SIZE / 2]; // of the keyboard
  let penDown = false;

  const { box: message, show: showError } = messageBox();
  const button = (words, f, attributes = {}) => h('button', { type: 'button', onclick: f, ...attributes }, words);
  const status = h('p', { class: 'position', role: 'status' });
  const trainButton = button('Train 5 epochs', () => train(5), { class: 'main' });
  const pad = h('canvas', { width: SIZE, height: SIZE, class: 'pad', tabindex: 0, role: 'img', 'aria-label': 'Draw a digit here, with mouse, finger or pen; by keyboard, the arrow keys move and Space puts the pen down or lifts it.' });
  const seen = canvas('What the network sees: eight by eight pixels');
  const saliency = canvas('Which pixels mattered: ∂J/∂x, by the tape');
  const hidden = h('div', { class: 'hidden-units' });
  const answer = h('p', { class: 'verdict', role: 'status' });
  const bars = h('div');
  const form = h('div', { class: 'row' });

  place.append(
    h('div', { class: 'bar' }, trainButton, button('Begin anew', () => begin()), button('Clear the drawing', () => { strokes = []; show(); })),
    status, message,
    h('div', { class: 'digit-columns' },
      h('section', {}, h('p', { class: 'heading' }, 'Draw a digit'), pad, h('p', { class: 'caption' }, 'By keyboard: arrow keys move, Space puts the pen down or lifts it.')),
      h('section', {}, h('p', { class: 'heading' }, 'What the network says'), answer, bars),
      h('section', {},
        h('div', { class: 'small-pictures' },
          h('div', {}, seen, h('p', {}, 'what it sees')),
          h('div', {}, saliency, h('p', {}, '∂J/∂x: more ink there makes it surer (blue) or less sure (orange)'))),
        h('p', { class: 'heading' }, 'Hidden units'), hidden)),
    h('details', { class: 'edit' }, h('summary', {}, 'Change the network and its training'), form));
  drawForm();
  listen();
  onTheme(() => show());
  await begin();

  function canvas(label) {
    return h('canvas', { width: SIDE, height: SIDE, class: 'pixels', role: 'img', 'aria-label': label });
  }

  async function begin() {
    try {
      const { hidden: units, engine, batch, learning_rate, seed } = settings;
      session = await crates.ask((program) => new program.Digits(units, engine, batch, learning_rate, seed));
      report = { epoch: 0, stopped: null };
      showError();
    } catch (error) {
      session = undefined;
      showError(error);
    }
    await evaluate();
    show();
  }

  async function train(epochs) {
    if (training || !session) return;
    training = true;
    trainButton.setAttribute('aria-disabled', 'true');
    try {
      let examples = 0;
      let time = 0;
      for (let n = 0; n < epochs && !report.stopped; n += 1) {
        const before = performance.now();
        report = JSON.parse(await crates.ask(() => session.train(1)));
        time += performance.now() - before;
        examples += session.examples();
        await evaluate();
        show();
        await new Promise(requestAnimationFrame);
      }
      place.dataset.speed = examples / (time / 1000);
      if (report.stopped) showError(new Error(report.stopped));
    } catch (error) {
      session = undefined;
      showError(error);
    }
    training = false;
    trainButton.setAttribute('aria-disabled', 'false');
  }

  async function evaluate() {
    if (!session) return status.replaceChildren();
    try {
      const held = JSON.parse(await crates.ask(() => session.heldOut()));
      place.dataset.epoch = report.epoch;
      place.dataset.accuracy = held.accuracy;
      const learnt = report.epoch ? `Epoch ${report.epoch}: loss ${report.loss.toPrecision(3)} on ${session.examples()} training digits. ` : 'Not trained yet. ';
      status.textContent = `${learnt}Of ${held.examples} digits that were held out, ${(100 * held.accuracy).toFixed(1)} % are read right.`;
    } catch (error) {
      session = undefined;
      showError(error);
    }
  }

  /** Reads the drawing, and shows what comes of it. */
  async function show() {
    drawPad();
    try {
      const flat = strokes.flatMap((stroke) => [...stroke.flat(), NaN, NaN]);
      pixels = await crates.ask((program) => program.pictureOfStrokes(new Float64Array(flat)));
      reading = pixels && session ? JSON.parse(await crates.ask(() => session.read(pixels))) : undefined;
    } catch (error) {
      reading = undefined;
      showError(error);
    }
    const [page, ink, blue, orange] = ['--page', '--ink', '--blue', '--orange'].map((name) => colour(place, name));
    paint(seen, (at) => mix(page, ink, (pixels?.[at] ?? 0) / 16));
    const most = Math.max(1e-9, ...(reading?.saliency ?? []).map(Math.abs));
    paint(saliency, (at) => {
      const g = reading?.saliency[at] ?? 0;
      return mix(page, g < 0 ? blue : orange, Math.abs(g) / most);
    });
    place.dataset.digit = reading ? reading.digit : '';
    answer.textContent = reading
      ? `${report.epoch ? '' : 'Untrained, it guesses: '}${reading.digit}, with probability ${(100 * reading.probabilities[reading.digit]).toFixed(1)} %.`
      : 'Draw a digit, and it is read with every stroke.';
    const probabilities = reading?.probabilities ?? Array(10).fill(0);
    bars.replaceChildren(h('table', { class: 'bars' }, h('caption', { class: 'for-ears' }, 'The probability of each digit'), h('tbody', {}, probabilities.map((share, digit) =>
      h('tr', { class: reading?.digit === digit ? 'best' : '' }, h('th', { scope: 'row' }, digit),
        h('td', { class: 'bar-cell' }, h('span', { class: 'share', style: `width:${(100 * share).toFixed(1)}%` })),
        h('td', { class: 'result' }, reading ? `${(100 * share).toFixed(1)} %` : ''))))));
    const strongest = Math.max(1e-9, ...(reading?.hidden ?? []));
    hidden.setAttribute('role', 'img');
    const active = reading?.hidden.filter((a) => a > 0).length ?? 0;
    hidden.setAttribute('aria-label', `${active} of ${settings.hidden} hidden units are above zero`);
    hidden.replaceChildren(...(reading?.hidden ?? Array(settings.hidden).fill(0)).map((a) => h('i', { style: `opacity:${(0.12 + 0.88 * a / strongest).toFixed(2)}` })));
  }

  function mix(one, other, share) {
    return one.map((part, at) => part + (other[at] - part) * share);
  }

  function paint(box, colourOf) {
    const context = box.getContext('2d');
    const image = context.createImageData(SIDE, SIDE);
    for (let at = 0; at < SIDE * SIDE; at += 1) image.data.set([...colourOf(at), 255], 4 * at);
    context.putImageData(image, 0, 0);
  }

  function drawPad() {
    const style = getComputedStyle(place);
    const context = pad.getContext('2d');
    context.fillStyle = style.getPropertyValue('--page');
    context.fillRect(0, 0, SIZE, SIZE);
    Object.assign(context, { lineWidth: 22, lineCap: 'round', lineJoin: 'round', strokeStyle: style.getPropertyValue('--ink') });
    for (const stroke of strokes) {
      context.beginPath();
      stroke.forEach(([x, y], n) => (n ? context.lineTo(x, y) : context.moveTo(x, y)));
      if (stroke.length === 1) context.lineTo(stroke[0][0], stroke[0][1]);
      context.stroke();
    }
    if (document.activeElement === pad && pad.matches(':focus-visible')) {
      context.beginPath();
      context.arc(...cursor, 11, 0, 2 * Math.PI);
      Object.assign(context, { lineWidth: 3, strokeStyle: style.getPropertyValue(penDown ? '--orange' : '--blue') });
      context.stroke();
    }
  }

  function listen() {
    const at = (event) => {
      const box = pad.getBoundingClientRect();
      return [(event.clientX - box.left) * SIZE / box.width, (event.clientY - box.top) * SIZE / box.height];
    };
    pad.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      pad.setPointerCapture(event.pointerId);
      strokes.push([at(event)]);
      show();
    });
    pad.addEventListener('pointermove', (event) => {
      if (!pad.hasPointerCapture(event.pointerId)) return;
      for (const one of event.getCoalescedEvents?.() ?? [event]) strokes.at(-1).push(at(one));
      show();
    });
    pad.addEventListener('keydown', (event) => {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      if (event.key === ' ') {
        penDown = !penDown;
        if (penDown) strokes.push([[...cursor]]);
      } else if (moves[event.key]) {
        cursor = cursor.map((x, n) => Math.max(0, Math.min(SIZE, x + 14 * moves[event.key][n])));
        if (penDown) strokes.at(-1).push([...cursor]);
      } else {
        return;
      }
      event.preventDefault();
      show();
    });
    for (const name of ['focus', 'blur']) pad.addEventListener(name, () => { penDown = false; drawPad(); });
  }

  function drawForm() {
    const anew = settle(() => begin(), 250);
    const set = (name) => (value) => { settings[name] = value; anew(); };
    form.replaceChildren(
      number('Hidden units', settings.hidden, set('hidden'), { min: 1, max: 256, step: 1 }),
      number('Learning rate η', settings.learning_rate, set('learning_rate'), { min: 0 }),
      number('Digits per batch', settings.batch, set('batch'), { min: 1, step: 1 }),
      select('Gradients', [['hand', 'by hand'], ['tape', 'by tape']], settings.engine, set('engine')),
      number('Seed', settings.seed, set('seed'), { min: 0, step: 1 }));
  }
}
