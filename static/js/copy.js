// Copy buttons: shown only with scripts; without a clipboard they select the text instead.
const COPIED_FOR_MS = 2000;

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
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

for (const button of document.querySelectorAll("[data-copy]")) {
  const label = button.querySelector("span");
  const idle = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const copied = await copy(button.dataset.copy);
    label.textContent = copied ? "Copied" : button.dataset.copy;
    announce(copied ? `${button.dataset.copy} copied` : "Not copied: select the number and press Ctrl+C");
    if (copied) setTimeout(() => (label.textContent = idle), COPIED_FOR_MS);
  });
}
