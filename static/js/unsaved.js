// A Save button is plain until its form differs from what is stored, then primary.
function snapshot(form) {
  return new URLSearchParams(new FormData(form)).toString();
}

function watch(form) {
  const stored = snapshot(form);
  const hasErrors = form.querySelector('[aria-invalid="true"]') !== null;
  const note = form.querySelector("[data-unsaved-note]");
  const save = form.querySelector('button[type="submit"]');
  const show = () => {
    const differs = hasErrors || snapshot(form) !== stored;
    save.classList.toggle("button-primary", differs);
    note.hidden = !differs;
  };
  form.addEventListener("input", show);
  show();
}

for (const form of document.querySelectorAll("[data-unsaved]")) watch(form);
document.addEventListener("aloha:replaced", (event) => {
  for (const form of event.detail.querySelectorAll("[data-unsaved]")) watch(form);
});
