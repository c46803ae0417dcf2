// The forwarding wizard without page loads: links open it in a dialog, forms put its next state in
// place, and a running test is asked for every second. Without scripts all of it is a page.
const dialog = document.getElementById("forwarding-dialog");
const place = document.querySelector("[data-wizard-place]");
const said = document.querySelector("[data-wizard-said]");
const POLL_MS = 1000;
let hasChanged = false;
let polling = 0;

async function load(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const wizard = page.getElementById("wizard");
  if (!wizard) throw new Error(`${url} is not the wizard`);
  show(wizard);
}

function show(wizard) {
  const before = sentences();
  const focused = place.contains(document.activeElement) ? address(document.activeElement) : null;
  const isFirst = !place.firstElementChild;
  if (place.hasAttribute("data-on-page")) asHeadingOfPage(wizard);
  place.replaceChildren(wizard);
  document.dispatchEvent(new CustomEvent("aloha:replaced", { detail: wizard }));
  if (focused) (place.querySelector(focused) ?? wizard.querySelector("[tabindex='-1']"))?.focus();
  // Only what is new and settled is spoken, not the clock.
  if (!isFirst) said.textContent = sentences().filter((text) => !before.includes(text)).join(" ");
  poll(wizard);
}

// On its own page the title is the page's, and the browser has the focus where the reader left it.
function asHeadingOfPage(wizard) {
  const title = wizard.querySelector("h2#wizard-title");
  const heading = document.createElement("h1");
  heading.id = title.id;
  heading.tabIndex = -1;
  heading.textContent = title.textContent;
  title.replaceWith(heading);
}

const sentences = () => [...place.querySelectorAll("[data-says]")].map((part) => `${part.textContent.replace(/\.$/, "")}.`);

// How to find the same control in the next state of the wizard.
function address(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.name && element.value) return `[name="${element.name}"][value="${CSS.escape(element.value)}"]`;
  if (element.dataset.copy) return `[data-copy="${CSS.escape(element.dataset.copy)}"]`;
  return element.matches("[data-dialog-close]") ? ".wizard-foot [data-dialog-close]" : "#wizard-title";
}

function poll(wizard) {
  clearTimeout(polling);
  if (!wizard.hasAttribute("data-poll")) return;
  polling = setTimeout(async () => {
    try {
      if (!document.hidden && (!dialog || dialog.open)) await load(`${wizard.dataset.url}?step=proof`);
      else poll(wizard);
    } catch {
      poll(wizard); // offline for now: the next round tries again
    }
  }, POLL_MS);
}

async function send(form, submitter) {
  const action = submitter?.getAttribute("formaction") || form.getAttribute("action");
  hasChanged = true;
  await load(action, { method: "POST", body: new FormData(form, submitter) });
}

document.addEventListener("click", async (event) => {
  const opener = event.target.closest("[data-wizard-open]");
  const step = event.target.closest("[data-wizard-go]");
  if (dialog?.contains(event.target) && event.target.closest("[data-dialog-close]")) {
    event.preventDefault();
    dialog.close();
  }
  const link = step ?? (dialog ? opener : null);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    await load(link.href);
    if (dialog && !dialog.open) dialog.showModal();
  } catch {
    location.assign(link.href);
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-wizard-form]");
  if (!form) return;
  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  form.setAttribute("aria-busy", "true");
  try {
    await send(form, event.submitter);
  } catch {
    form.removeAttribute("aria-busy");
    said.textContent = "That did not work. Check your connection and try again.";
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-send-on-change]");
  if (form?.reportValidity()) form.requestSubmit();
});

// The card below shows what was changed in the dialog, and the focus goes back to what opened it.
dialog?.addEventListener("close", async () => {
  clearTimeout(polling);
  place.replaceChildren();
  if (!hasChanged) return;
  hasChanged = false;
  const opened = document.activeElement?.matches("[data-wizard-open]") ? document.activeElement : null;
  const isStatus = Boolean(opened?.closest("#forwarding-status"));
  const answer = await fetch(location.pathname);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const card = page.getElementById("voicemail");
  document.getElementById("voicemail").replaceWith(card);
  document.dispatchEvent(new CustomEvent("aloha:replaced", { detail: card }));
  const opener = isStatus ? card.querySelector("#forwarding-status [data-wizard-open]") : null;
  (opener ?? card.querySelector(".card-foot [data-wizard-open]"))?.focus();
});

document.documentElement.classList.add("has-script");
if (place?.firstElementChild) poll(place.firstElementChild);
