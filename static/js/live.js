// Parts of a page that may change by themselves: fetches the page again and puts them in place.
// Without scripts a reload does the same.
const MAX_FACTOR = 10;

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

document.addEventListener("visibilitychange", () => (factor = 1));
schedule();
