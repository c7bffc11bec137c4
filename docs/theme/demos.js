// The demos of a page, where there are any. They are modules, which are found from the page, not from this script.
if (document.querySelector('.demo[data-demo]')) {
    import(new URL(`${path_to_root}playground/demos.js`, document.baseURI));
}
