// What is typed into a form marked `data-draft` is kept in this tab until the server has taken it:
// it outlives a log-in that expired, a form that had grown too old, and the saving of another card.
const PREFIX = "aloha:draft:";
const KEPT = "input:not([type=hidden], [type=password], [type=file]), select, textarea";

const read = (key) => JSON.parse(sessionStorage.getItem(key));
const write = (key, draft) => sessionStorage.setItem(key, JSON.stringify(draft));
const allKeys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
const keyOf = (form) => `${PREFIX}${document.body.dataset.owner}:${new URL(form.action).pathname}`;
const fieldsOf = (form) => [...form.querySelectorAll(KEPT)].filter((field) => field.name);
const isTicked = (field) => ["checkbox", "radio"].includes(field.type);
const valuesOf = (form) => fieldsOf(form).map((field) => (isTicked(field) ? field.checked : field.value));
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

const unsaved = new Set();
let isOurs = false; // on the way to another page of Aloha, where the draft is kept

function putBack(form, values) {
  const fields = fieldsOf(form);
  if (fields.length !== values.length) return;
  fields.forEach((field, index) => {
    if (isTicked(field)) field.checked = values[index];
    else field.value = values[index];
  });
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function keep(form, stored) {
  const values = valuesOf(form);
  const isStored = isSame(values, stored);
  unsaved[isStored ? "delete" : "add"](form);
  if (isStored) sessionStorage.removeItem(keyOf(form));
  else write(keyOf(form), { values });
}

function watch(form) {
  const stored = valuesOf(form);
  form.addEventListener("input", () => keep(form, stored));
  form.addEventListener("submit", () => {
    unsaved.delete(form);
    isOurs = true;
    write(keyOf(form), { values: valuesOf(form), sent: true });
  });
  const draft = read(keyOf(form));
  if (form.querySelector('[aria-invalid="true"]')) write(keyOf(form), { values: stored });
  else if (draft?.sent) sessionStorage.removeItem(keyOf(form));
  else if (draft) putBack(form, draft.values);
}

// This page stands where the answer to a form would be: the form was not taken.
if (document.querySelector("[data-not-taken]")) {
  for (const key of allKeys()) write(key, { ...read(key), sent: false });
}
for (const form of document.querySelectorAll("form[data-draft]")) watch(form);
for (const form of document.querySelectorAll("[data-log-out]")) {
  form.addEventListener("submit", () => allKeys().forEach((key) => sessionStorage.removeItem(key)));
}
document.addEventListener("submit", () => (isOurs = true));
document.addEventListener("click", (event) => {
  if (event.target.closest("a[href]")?.origin === location.origin) isOurs = true;
});
window.addEventListener("beforeunload", (event) => {
  if (unsaved.size && !isOurs) event.preventDefault();
});
