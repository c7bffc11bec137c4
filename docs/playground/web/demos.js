// Finds the demos of a page, and starts each when it comes near the window.

const found = [...document.querySelectorAll('.demo[data-demo]:not([data-missing])')];
let styled;

if (found.length) {
  const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: new URL('playground.css', import.meta.url) });
  styled = new Promise((done, failed) => Object.assign(style, { onload: done, onerror: () => failed(new Error('its style is not there')) }));
  document.head.append(style);
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      start(target);
    }
  }, { rootMargin: '400px' });
  found.forEach((demo) => watch.observe(demo));
}

async function start(place) {
  const name = place.dataset.demo;
  const box = document.createElement('div');
  box.className = 'demo-body';
  // The arrow keys turn the pages of the book; here they belong to the demo.
  box.addEventListener('keydown', (event) => event.stopPropagation());
  const words = [...place.childNodes];
  try {
    const [{ mount }, { Crates }] = await Promise.all([import(`./${name}.js`), import('./crates.js'), styled]);
    place.append(box); // what is drawn takes its colours from here
    const page = new URL(`${name}.html`, import.meta.url);
    const onOwnPage = 'ownPage' in place.dataset;
    const demo = await mount(box, new Crates(), { onOwnPage, page });
    if (!onOwnPage) box.append(linkToPage(page, demo));
    words.forEach((word) => word.remove());
    place.dataset.ready = '';
  } catch (error) {
    console.error(error);
    box.remove();
    place.append(Object.assign(document.createElement('p'), { className: 'message', textContent: `It could not start: ${error.message}` }));
  }
}

/** The demo with more room, in the state that it is in. */
function linkToPage(page, demo) {
  const link = Object.assign(document.createElement('a'), { href: page, textContent: 'This demo on a page of its own' });
  link.addEventListener('click', () => {
    if (demo?.state) link.href = `${page.href}#${demo.state()}`;
  });
  const line = Object.assign(document.createElement('p'), { className: 'to-page' });
  line.append(link);
  return line;
}
