// Somebody calls while a page is open: the sign in the top bar comes and goes by itself.
const EVERY_MS = 4000;

async function look() {
  const sign = document.getElementById("on-the-line");
  if (!sign || document.hidden) return;
  const answer = await fetch(sign.dataset.onTheLine, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("on-the-line");
  if (!fresh || sign.contains(document.activeElement)) return;
  if (fresh.innerHTML !== sign.innerHTML) sign.replaceChildren(...fresh.childNodes);
}

// Offline for now: the next round tries again.
const lookQuietly = () => look().catch(() => {});

setInterval(lookQuietly, EVERY_MS);
document.addEventListener("visibilitychange", lookQuietly);
