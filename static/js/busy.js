// A form that was sent says what it is doing and cannot be sent twice.
const SPINNER_AFTER_MS = 300;
const replaced = new Map();

function makeBusy(button, text) {
  button.dataset.idle = button.innerHTML;
  button.setAttribute("aria-busy", "true");
  setTimeout(() => {
    if (button.getAttribute("aria-busy") !== "true") return;
    const spinner = document.createElement("span");
    spinner.className = "spinner";
    button.replaceChildren(spinner, text);
  }, SPINNER_AFTER_MS);
}

// Where the answer will stand, shapes of it stand meanwhile: the form names the place's id.
function showShapes(form) {
  const place = document.getElementById(form.dataset.busyPlace);
  const shapes = document.querySelector("template[data-shapes]");
  if (!place || !shapes) return;
  setTimeout(() => {
    if (!form.dataset.sent) return;
    replaced.set(place, [...place.childNodes]);
    place.replaceChildren(shapes.content.cloneNode(true));
  }, SPINNER_AFTER_MS);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.busy) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  if (event.submitter) makeBusy(event.submitter, form.dataset.busy);
  if (form.dataset.busyPlace) showShapes(form);
});

// The browser's Back button brings the page back as it was left.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const [place, nodes] of replaced) place.replaceChildren(...nodes);
  replaced.clear();
  for (const button of document.querySelectorAll('button[aria-busy="true"][data-idle]')) {
    button.removeAttribute("aria-busy");
    button.innerHTML = button.dataset.idle;
  }
});
