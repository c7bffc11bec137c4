// What the demos share: making elements, names as on paper, messages.

/** An element: `h('button', { class: 'x', onclick }, 'words')`. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of a drawing. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(9).filter((child) => child != null && child !== false));
  return element;
}

const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const lowered = '₀₁₂₃₄₅₆₇₈₉';
const digits = (number, signs) => [...String(number)].map((digit) => signs[digit]).join('');

/** ⁽²⁾ */
export const ofLayer = (l) => `⁽${digits(l, raised)}⁾`;
/** ₂, for an index that counts from 0. */
export const index = (i) => digits(i + 1, lowered);

/** A choice among `[value, words]`. */
export function select(label, choices, value, change) {
  const options = choices.map(([name, words]) => h('option', { value: name, selected: name === value }, words));
  const box = h('select', { onchange: () => change(box.value) }, options);
  return h('label', { class: 'field' }, h('span', {}, label), box);
}

/** A number to type. `change` gets what can be read as one. */
export function number(label, value, change, attributes = {}) {
  const box = h('input', {
    type: 'number', step: 'any', value, ...attributes,
    oninput: () => Number.isFinite(box.valueAsNumber) && change(box.valueAsNumber),
  });
  return h('label', { class: 'field' }, h('span', {}, label), box);
}

/** Calls `f` once `wait` milliseconds have passed without another call. */
export function settle(f, wait = 120) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...values), wait);
  };
}

/** A place for a message; `show(error)` fills it, `show()` empties it. */
export function messageBox() {
  const box = h('p', { class: 'message', role: 'alert', hidden: true });
  const show = (error) => {
    box.hidden = !error;
    box.classList.toggle('todo', Boolean(error?.todo));
    box.replaceChildren(error ? (error.message ?? String(error)) : '');
  };
  return { box, show };
}

/** A colour of the page's style as [red, green, blue]. */
export function colour(element, name) {
  const hex = getComputedStyle(element).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** Calls `f` when the reader chooses another theme. */
export function onTheme(f) {
  new MutationObserver(f).observe(document.documentElement, { attributes: true, attributeFilter: ['class'] });
}
