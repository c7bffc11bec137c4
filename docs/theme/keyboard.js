// What scrolls inside itself can be scrolled with the keyboard too.
for (const box of document.querySelectorAll('.table-wrapper, .content pre > code')) {
    box.tabIndex = 0;
}
