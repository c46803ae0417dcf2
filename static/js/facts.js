// The facts about the owner, a row for each. The text field that the server reads has one a line;
// without scripts it is what is filled in.
const field = document.querySelector("[data-facts]");

function start({ source, rows, sample, count, add }) {
  const fields = () => [...rows.querySelectorAll("textarea")];
  const facts = () => fields().map((each) => each.value.trim()).filter(Boolean);

  const number = () => {
    fields().forEach((each, index) => {
      each.setAttribute("aria-label", `Fact ${index + 1}`);
      each.closest("li").querySelector("button").setAttribute("aria-label", `Remove fact ${index + 1}`);
    });
    const found = facts().length;
    count.textContent = `${found} ${found === 1 ? "fact" : "facts"}`;
  };

  const write = () => {
    source.value = facts().join("\n");
    number();
  };

  const changed = () => {
    write();
    rows.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const insert = (text, before = null) => {
    const row = sample.content.firstElementChild.cloneNode(true);
    const typed = row.querySelector("textarea");
    typed.value = text;
    typed.maxLength = source.maxLength;
    row.querySelector("button").addEventListener("click", () => {
      const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("textarea");
      row.remove();
      if (!fields().length) insert("");
      changed();
      (next ?? fields()[0]).focus();
    });
    typed.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      insert("", row.nextElementSibling).focus();
    });
    typed.addEventListener("input", () => {
      const [first, ...more] = typed.value.split(/[\r\n]+/);
      if (more.length) {
        typed.value = first;
        const next = row.nextElementSibling;
        more.filter((line) => line.trim()).forEach((line) => insert(line, next));
      }
    });
    rows.insertBefore(row, before);
    number();
    return typed;
  };

  const show = () => {
    rows.replaceChildren();
    const lines = source.value.split("\n").filter((line) => line.trim());
    (lines.length ? lines : [""]).forEach((line) => insert(line));
  };

  rows.addEventListener("input", write);
  add.addEventListener("click", () => insert("").focus());
  // A draft is put back into the text field by another module.
  source.form.addEventListener("input", (event) => event.target === source.form && show());
  show();
}

if (field) {
  const box = field.closest(".facts-field");
  const source = field;
  const rows = box.querySelector("[data-fact-rows]");
  rows.id = source.id;
  source.removeAttribute("id");
  for (const each of box.querySelectorAll("[data-with-scripts]")) each.hidden = false;
  for (const each of box.querySelectorAll("[data-plain]")) each.hidden = true;
  start({
    source,
    rows,
    sample: box.querySelector("template"),
    count: box.closest("form").querySelector("[data-fact-count]"),
    add: box.querySelector("[data-fact-add]"),
  });
}
