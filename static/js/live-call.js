// The page of a running call: lines as they are spoken, the clock, and the story once it is over.
import { clockText, followLines } from "./live-lines.js";

const card = document.querySelector("[data-live-call]");
if (card) {
  followLines(card.dataset.liveCall, card.querySelector("[data-lines]"), {
    onOver: () => location.reload(),
    soFar: card.querySelector("[data-so-far]"),
    saying: card.querySelector("[data-saying]"),
  });
  const clock = card.querySelector("[data-clock-from]");
  const from = Date.parse(clock.dataset.clockFrom);
  const tick = () => (clock.textContent = clockText((Date.now() - from) / 1000));
  clock.previousElementSibling?.remove();
  clock.parentElement.setAttribute("aria-label", "Length of the call");
  clock.classList.add("is-ticking");
  tick();
  setInterval(tick, 1000);
}
