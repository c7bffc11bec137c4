// Demo: "Where is my error?": paste a model, a batch and your gradients, and read which mistake gives them.
import { graph, unitName } from './graph.js';
import { h, index, messageBox, select } from './ui.js';

const MODEL = `{"format": "nn-model", "version": 1, "loss": "least-squares",
 "layers": [{"activation": "sigmoid", "weight": [[0.15, 0.20], [0.25, 0.30]], "bias": [0.35, 0.35]},
            {"activation": "sigmoid", "weight": [[0.40, 0.45], [0.50, 0.55]], "bias": [0.60, 0.60]}]}`;
const BATCH = `{"inputs": [[0.05, 0.1], [0.4, -0.3], [1.0, 0.5]],
 "targets": [[0.01, 0.99], [0.5, 0.2], [0.9, 0.1]]}`;

export async function mount(place, crates, { onOwnPage }) {
  let answer;
  const { box: message, show: showError } = messageBox();
  const area = (label, rows, text) => {
    const box = h('textarea', { rows, spellcheck: 'false', 'aria-label': label });
    box.value = text;
    return box;
  };
  const model = area('The model, as JSON', 4, MODEL);
  const batch = area('The examples, as JSON', 3, BATCH);
  const yours = area('Your gradients, as JSON', 6, '');
  const examples = h('div');
  const picture = h('div');
  const text = h('pre', { class: 'answer', tabindex: 0, 'aria-label': 'The answer in full' });
  const verdict = h('p', { class: 'verdict', role: 'status' });
  const ask = h('button', { type: 'button', class: 'main', onclick: () => diagnose() }, 'Where is my error?');
  const field = (words, box) => h('div', { class: 'field' }, h('span', {}, words), box);
  model.addEventListener('change', offer);
  batch.addEventListener('change', offer);

  place.append(
    h('div', { class: 'form' }, examples,
      field('Your gradients: a layer is {"weight_gradient": …, "bias_gradient": …}, and may hold z, a and delta too', yours),
      h('details', {}, h('summary', {}, 'The model and the examples'), h('div', { class: 'form' }, field('Model', model), field('Examples: a row for each', batch))),
      h('div', { class: 'bar' }, ask)),
    message, verdict,
    h('div', { class: 'columns answer-columns' }, h('section', {}, picture), h('section', {}, text)));
  await offer();
  await example('sigma-prime-missing 1');

  /** The mistakes that can be made in this network, one click away. */
  async function offer() {
    try {
      const choices = JSON.parse(await crates.ask((program) => program.mistakes(model.value, batch.value)));
      const named = choices.map(({ id, layer }) => [`${id} ${layer ?? ''}`, `${id.replaceAll('-', ' ')}${layer ? `, layer ${layer}` : ', everywhere'}`]);
      examples.replaceChildren(select('An example: gradients with this mistake', [['', 'none: the right gradients'], ...named], 'sigma-prime-missing 1', example));
      showError();
    } catch (error) {
      showError(error);
    }
  }

  async function example(choice) {
    const [id, layer] = choice.split(' ');
    try {
      yours.value = await crates.ask((program) => program.wrongGradients(model.value, batch.value, id || undefined, layer ? Number(layer) : undefined));
      await diagnose();
    } catch (error) {
      showError(error);
    }
  }

  async function diagnose() {
    try {
      answer = JSON.parse(await crates.ask((program) => program.diagnose(model.value, batch.value, yours.value)));
      showError();
    } catch (error) {
      showError(error);
      for (const box of [picture, text, verdict]) box.replaceChildren();
      return;
    }
    text.textContent = answer.text;
    verdict.replaceChildren(...sentence());
    picture.replaceChildren(...drawing());
  }

  function sentence() {
    const [finding] = answer.findings;
    if (answer.agrees) return [h('b', {}, 'Your gradients are right.')];
    if (!finding) return [h('b', {}, 'No known mistake gives these numbers.'), ' What is off is marked below.'];
    const where = finding.layer ? ` in layer ${finding.layer}` : '';
    const chapter = onOwnPage ? `equation (${finding.equation})` : h('a', { href: `${finding.chapter}.html#eq-${finding.equation}` }, `equation (${finding.equation})`);
    return [h('b', {}, `${finding.id.replaceAll('-', ' ')}${where}`), `: ${finding.sentence} See `, chapter, '.'];
  }

  /** The network, with the arrays that are off marked. */
  function drawing() {
    const { widths, weights, biases } = answer.network;
    const verdictOf = (array, layer) => answer.arrays.find((mark) => mark.array === array && (mark.layer ?? 0) === layer)?.verdict;
    const worst = (...marks) => ['off', 'transposed', 'unclear', 'right'].find((mark) => marks.includes(mark));
    const few = (text, kind) => [{ text, kind }];
    const paper = (x) => String(Number(x.toPrecision(3))).replace('-', '−');
    const look = {
      unit: (l, i) => ({ lines: few(unitName(l, i), 'name'), mark: l ? worst(verdictOf('z', l), verdictOf('a', l), verdictOf('delta', l)) : undefined }),
      weight: (l, i, k) => ({ lines: few(paper(weights[l - 1][i][k]), 'weight'), mark: worst(verdictOf('weight_gradient', l), verdictOf('updated_weight', l)) }),
      bias: (l, i) => ({ lines: few(`b${index(i)} ${paper(biases[l - 1][i])}`, `weight ${verdictOf('bias_gradient', l) ?? ''}`) }),
      loss: () => ({ lines: few('J', 'name'), mark: verdictOf('loss', 0) }),
    };
    if (Math.max(...widths) > 10 || widths.length > 6) return [h('p', { class: 'caption' }, 'The network is too large for a picture; the text names what is off.')];
    const words = { right: 'right', off: 'off', transposed: 'right, but transposed', unclear: 'too few digits to tell' };
    const row = ({ array, layer, verdict: mark }) => h('tr', {}, h('th', { scope: 'row' }, array.replaceAll('_', ' ')), h('td', {}, layer ? `layer ${layer}` : ''), h('td', { class: `mark ${mark}` }, words[mark]));
    return [
      graph({ widths, look, title: 'The network; what is off in your numbers is marked. The table below says the same.' }),
      h('table', { class: 'marks' }, h('caption', {}, 'Your arrays beside ours'),
        h('thead', {}, h('tr', {}, ['array', 'layer', 'verdict'].map((head) => h('th', { scope: 'col' }, head)))), h('tbody', {}, answer.arrays.map(row))),
    ];
  }
}
