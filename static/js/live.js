// Parts of a page that may change by themselves: fetches the page again and puts them in place.
// Without scripts a reload does the same. A page with `data-live-news` is told when something is new.
const MAX_FACTOR = 10;
const TOLD_MS = 300; // several news at once are one

const parts = () => [...document.querySelectorAll("[data-live]")];
const seconds = () => Math.min(...parts().map((part) => Number(part.dataset.live)));
let factor = 1;

async function refresh() {
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts()) {
    const fresh = page.getElementById(part.id);
    if (!fresh || part.contains(document.activeElement) || part.isEqualNode(fresh)) continue;
    part.replaceWith(fresh);
    factor = 1;
    document.dispatchEvent(new CustomEvent("aloha:replaced", { detail: fresh }));
  }
}

function schedule() {
  if (!parts().length) return;
  setTimeout(async () => {
    if (!document.hidden) {
      try {
        await refresh();
      } catch {
        // Offline for now: the next round tries again, later each time.
      }
      factor = Math.min(factor * 1.3, MAX_FACTOR);
    }
    schedule();
  }, seconds() * factor * 1000);
}

let isTold = false;
for (const { dataset } of document.querySelectorAll("[data-live-news]")) {
  new EventSource(dataset.liveNews).addEventListener("news", () => {
    if (isTold || document.hidden) return;
    isTold = true;
    setTimeout(() => {
      isTold = false;
      refresh().catch(() => {});
    }, TOLD_MS);
  });
}

document.addEventListener("visibilitychange", () => (factor = 1));
schedule();
