// The greeting as callers will hear it, while its owner types; the server writes the same sentence
// (agent/greetings.py).
const tidy = (text) => text.trim().split(/\s+/u).join(" ");

for (const preview of document.querySelectorAll("[data-greeting]")) {
  const form = preview.closest("form");
  const { owner, ask } = preview.dataset;
  const show = () => {
    const name = tidy(form.elements.agent_name.value) || "Aloha";
    const own = tidy(form.elements.greeting.value);
    const saysWho = own.toLowerCase().includes(name.toLowerCase()) && own.includes("AI");
    preview.textContent = saysWho ? own : `Hi, this is ${name}, the AI assistant of ${owner}. ${own || ask}`;
  };
  form.addEventListener("input", show);
  show();
}
