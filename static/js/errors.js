// The summary of what is wrong with a form takes the focus. Beside a fragment in the address the
// browser passes `autofocus` over, and it follows the fragment last.
window.addEventListener("load", () => {
  setTimeout(() => document.querySelector("[role=alert][autofocus]")?.focus());
});
