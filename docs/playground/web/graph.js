// A network as a drawing: units as circles, weights as lines, the loss as a box. The demos say what stands where.
import { h, index, ofLayer, s } from './ui.js';

const RADIUS = 27;
const ROW = 150;
const COLUMN = 225;

/**
 * Draws a network of these widths. `look` answers what each part shows:
 * unit(l, i), weight(l, i, k), bias(l, i) and loss() give { lines: [{ text, kind }], mark }, where `mark` is a class name, and a unit
 * also `above`, a line that stands above it. In a layer of many weights only those that are marked have their numbers.
 */
export function graph({ widths, title, look, loss = true }) {
  const tallest = Math.max(...widths);
  const width = 120 + COLUMN * (widths.length - 1) + (loss ? 130 : 40);
  const height = Math.max(ROW * tallest, 170);
  const x = (l) => 60 + COLUMN * l;
  const y = (l, i) => height * ((i + 0.5) / widths[l]);
  const parts = [];
  const texts = [];
  for (let l = 1; l < widths.length; l += 1) {
    const many = widths[l] * widths[l - 1] > 6;
    for (let i = 0; i < widths[l]; i += 1) {
      for (let k = 0; k < widths[l - 1]; k += 1) {
        const { lines = [], mark } = look.weight(l, i, k);
        const [x1, y1, x2, y2] = [x(l - 1) + RADIUS, y(l - 1, k), x(l) - RADIUS, y(l, i)];
        parts.push(s('line', { x1, y1, x2, y2, class: `link ${mark ?? ''}` }));
        if (many && !mark) continue;
        // Lines that cross do so halfway: the numbers stand before that, on lines of one unit of the layer below alternately.
        const at = widths[l - 1] === 1 ? 0.5 : 0.27;
        texts.push(label(x1 + (x2 - x1) * at, y1 + (y2 - y1) * at, lines, mark));
      }
    }
  }
  widths.forEach((units, l) => {
    for (let i = 0; i < units; i += 1) {
      const { lines = [], above, mark } = look.unit(l, i);
      parts.push(s('circle', { cx: x(l), cy: y(l, i), r: RADIUS, class: `unit ${mark ?? ''}` }));
      texts.push(label(x(l), y(l, i), lines, mark));
      if (above) texts.push(label(x(l), y(l, i) - RADIUS - 12, [above], mark));
      if (l === 0) continue;
      const bias = look.bias(l, i);
      if (bias.lines?.length) texts.push(label(x(l), y(l, i) + RADIUS + 15, bias.lines, bias.mark, 0));
    }
  });
  if (loss) {
    const last = widths.length - 1;
    const [left, middle] = [x(last) + 92, height / 2];
    const { lines, mark } = look.loss();
    for (let i = 0; i < widths[last]; i += 1) {
      parts.unshift(s('line', { x1: x(last) + RADIUS, y1: y(last, i), x2: left, y2: middle, class: `link to-loss ${mark ?? ''}` }));
    }
    parts.push(s('rect', { x: left, y: middle - 24, width: 76, height: 48, rx: 4, class: `unit ${mark ?? ''}` }));
    texts.push(label(left + 38, middle, lines, mark));
  }
  const drawing = s('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title, class: 'graph' }, parts, texts);
  drawing.style.maxWidth = `${width * 1.25}px`;
  drawing.style.minWidth = `${Math.min(width * 0.8, 460)}px`;
  return h('div', { class: 'scrolls', tabindex: 0, role: 'group', 'aria-label': title }, drawing);
}

/** Lines of text in the middle of a place, or from it downwards. */
function label(x, y, lines, mark, above = (lines.length - 1) / 2) {
  const first = 0.35 - above * 1.15;
  const spans = lines.map(({ text, kind }, n) => s('tspan', { x, dy: `${n ? 1.15 : first}em`, class: kind ?? '' }, text));
  return s('text', { x, y, class: mark ?? '' }, spans);
}

/** The name of a unit's output: x₁ or a₁⁽²⁾. */
export const unitName = (l, i) => (l ? `a${index(i)}${ofLayer(l)}` : `x${index(i)}`);
