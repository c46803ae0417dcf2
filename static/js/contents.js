// Marks the entry of the contents list whose card is in sight.
const links = [...document.querySelectorAll("[data-contents] a")];
const cards = links.map((link) => document.querySelector(link.hash));

function mark() {
  const line = window.innerHeight / 3;
  const atEnd = window.scrollY > 0 && window.innerHeight + window.scrollY >= document.body.offsetHeight - 2;
  let current = cards.findLastIndex((card) => card.getBoundingClientRect().top < line);
  if (atEnd) current = cards.length - 1;
  links.forEach((link, index) => {
    if (index === Math.max(current, 0)) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });
}

document.addEventListener("scroll", mark, { passive: true });
mark();
