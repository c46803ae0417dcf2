// What is said on a call, line by line, into a list: server-sent events that the browser renews.
const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;

export const clockText = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.max(0, Math.floor(seconds % 60))).padStart(2, "0")}`;

export function followLines(url, list, { onLine = () => {}, onOver = () => {}, saying = null, soFar = null } = {}) {
  const last = list.querySelector("[data-position]:last-child");
  const source = new EventSource(last ? `${url}?after=${last.dataset.position}` : url);
  source.addEventListener("line", (event) => {
    const line = parsed(event.data);
    if (!line || list.querySelector(`[data-position="${line.dataset.position}"]`)) return;
    list.append(line);
    onLine(line);
  });
  source.addEventListener("gist", ({ data }) => {
    const facts = parsed(data);
    if (soFar && facts) soFar.replaceChildren(...facts.childNodes);
  });
  source.addEventListener("saying", ({ data }) => {
    if (!saying) return;
    saying.hidden = !data;
    saying.querySelector("p").textContent = data;
  });
  source.addEventListener("over", () => {
    source.close();
    if (saying) saying.hidden = true;
    onOver();
  });
  return source;
}
