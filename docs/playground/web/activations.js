// Demo: an activation, its derivative, and the tangent at a z that the reader moves.
import { h, messageBox, s, select } from './ui.js';

const [FROM, TO, POINTS] = [-5, 5, 401];
const [WIDTH, HEIGHT, LEFT, LOW] = [560, 330, 34, 24];
const [LEAST, MOST] = [-1.6, 3.2];
const x = (z) => LEFT + (WIDTH - LEFT - 8) * (z - FROM) / (TO - FROM);
const y = (a) => 8 + (HEIGHT - LOW - 8) * (MOST - a) / (MOST - LEAST);

export async function mount(place, crates) {
  let name = 'sigmoid';
  let z = 1;
  const { box: message, show: showError } = messageBox();
  const names = JSON.parse(await crates.ask((program) => program.activationNames()));
  const plot = h('div', { class: 'activation-plot' });
  const slider = h('input', { type: 'range', min: FROM, max: TO, step: 0.05, value: z, 'aria-label': 'z', oninput: () => { z = slider.valueAsNumber; draw(); } });
  const numbers = h('dl', { class: 'results', 'aria-live': 'polite' });
  const words = h('p', { class: 'caption' });
  place.append(
    h('div', { class: 'bar' }, select('Activation', names.map((one) => [one, one]), name, (chosen) => { name = chosen; draw(); }),
      h('label', { class: 'field slider' }, h('span', {}, 'z'), slider)),
    message, numbers, plot, words);
  await draw();

  async function draw() {
    const zs = Float64Array.from({ length: POINTS }, (_, n) => FROM + (TO - FROM) * n / (POINTS - 1));
    let values;
    let point;
    try {
      [values, point] = await crates.ask((program) => [program.activationValues(name, zs), JSON.parse(program.activationPoint(name, z))]);
      showError();
    } catch (error) {
      return showError(error);
    }
    slider.setAttribute('aria-valuetext', `z = ${point.z_text}: a is ${point.a_text}, its slope ${point.slope_text}`);
    const item = (label, value, kind) => h('div', {}, h('dt', {}, label), h('dd', { class: kind }, value));
    numbers.replaceChildren(item('z', point.z_text), item('a = σ(z)', point.a_text, 'key weight'), item('σ′(z)', point.slope_text, 'key gradient'));
    const weak = Math.abs(point.slope);
    words.textContent = weak === 0
      ? 'The curve is flat here: of an error that comes back, nothing passes.'
      : `Of an error that comes back through this unit, ${weak === 1 ? 'all' : `${+(100 * weak).toPrecision(3)} %`} passes.`;
    plot.replaceChildren(drawing(zs, values, point));
  }

  function drawing(zs, values, point) {
    const grid = [];
    for (let a = Math.ceil(LEAST); a <= MOST; a += 1) grid.push(s('line', { x1: LEFT, x2: WIDTH - 8, y1: y(a), y2: y(a), class: a ? 'grid' : 'axis' }), s('text', { x: LEFT - 7, y: y(a), dy: '0.35em', 'text-anchor': 'end' }, String(a).replace('-', '−')));
    for (let at = FROM + 1; at < TO; at += 2) grid.push(s('text', { x: x(at), y: HEIGHT - 6, 'text-anchor': 'middle' }, String(at).replace('-', '−')));
    grid.push(s('line', { x1: x(0), x2: x(0), y1: 8, y2: HEIGHT - LOW, class: 'axis' }));
    const line = (offset) => {
      // A jump is no line.
      let path = '';
      for (let n = 0; n < POINTS; n += 1) {
        const jumps = n && Math.abs(values[2 * n + offset] - values[2 * n - 2 + offset]) > 0.5;
        path += `${n && !jumps ? 'L' : 'M'}${x(zs[n]).toFixed(1)} ${y(values[2 * n + offset]).toFixed(1)}`;
      }
      return path;
    };
    const reach = 1.4;
    const tangent = [-reach, reach].map((step) => [x(z + step), y(point.a + step * point.slope)]);
    return s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${name} and its derivative for z from ${FROM} to ${TO}, with the tangent at z = ${point.z_text}` },
      s('defs', {}, s('clipPath', { id: 'activation-window' }, s('rect', { x: LEFT, y: 8, width: WIDTH - LEFT - 8, height: HEIGHT - LOW - 8 }))),
      grid,
      s('g', { 'clip-path': 'url(#activation-window)' },
        s('path', { d: line(1), class: 'slope' }), s('path', { d: line(0), class: 'curve-of-a' }),
        s('line', { x1: x(z), x2: x(z), y1: 8, y2: HEIGHT - LOW, class: 'cursor' }),
        s('line', { x1: tangent[0][0], y1: tangent[0][1], x2: tangent[1][0], y2: tangent[1][1], class: 'tangent' }),
        s('circle', { cx: x(z), cy: y(point.slope), r: 5, class: 'dot-slope' }), s('circle', { cx: x(z), cy: y(point.a), r: 6, class: 'dot' })));
  }
}
