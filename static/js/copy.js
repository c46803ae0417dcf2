// Copy buttons: shown only with scripts; without a clipboard they select the text instead.
const COPIED_FOR_MS = 2000;

async function copy(text, beside) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text, beside);
  }
}

// Inside a modal dialog only what is in the dialog can be selected.
function copyBySelection(text, beside) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  beside.after(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  beside.focus();
  return copied;
}

function announce(text) {
  let status = document.getElementById("copy-status");
  if (!status) {
    status = document.createElement("output");
    status.id = "copy-status";
    status.className = "visually-hidden";
    document.body.append(status);
  }
  status.textContent = text;
}

function bind(button) {
  const label = button.querySelector("span");
  const idle = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const copied = await copy(button.dataset.copy, button);
    label.textContent = copied ? "Copied" : button.dataset.copy;
    announce(copied ? `${button.dataset.copy} copied` : "Not copied: select the number and press Ctrl+C");
    if (copied) setTimeout(() => (label.textContent = idle), COPIED_FOR_MS);
  });
}

for (const button of document.querySelectorAll("[data-copy]")) bind(button);
document.addEventListener("aloha:replaced", (event) => {
  for (const button of event.detail.querySelectorAll("[data-copy]")) bind(button);
});
