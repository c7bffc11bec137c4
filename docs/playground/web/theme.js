// The theme that the reader has chosen in the book, or that of the system.
(() => {
  let theme;
  try {
    theme = localStorage.getItem('mdbook-theme');
  } catch {
    // A page without storage follows the system.
  }
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.classList.add(theme ?? (isDark ? 'navy' : 'light'));
})();
