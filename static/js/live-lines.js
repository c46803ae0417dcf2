// What is said on a call, line by line, into a list: server-sent events that the browser renews.
const parsed = (html) => new DOMParser().parseFromString(html, "text/html").querySelector("li");

export const clockText = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.max(0, Math.floor(seconds % 60))).padStart(2, "0")}`;

export function followLines(url, list, { onLine = () => {}, onOver = () => {} } = {}) {
  const last = list.querySelector("[data-position]:last-child");
  const source = new EventSource(last ? `${url}?after=${last.dataset.position}` : url);
  source.addEventListener("line", (event) => {
    const line = parsed(event.data);
    if (!line || list.querySelector(`[data-position="${line.dataset.position}"]`)) return;
    list.append(line);
    onLine(line);
  });
  source.addEventListener("over", () => {
    source.close();
    onOver();
  });
  return source;
}
