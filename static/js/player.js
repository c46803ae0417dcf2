// The recording as two rows of bars: the caller above the line, Aloha below.
// Without scripts the browser's own player stands there.
const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 56;
const SPEEDS = [1, 1.5, 2];
const STEP_S = 5;

const ICONS = {
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8.5 5.5v13M15.5 5.5v13",
};

const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

function element(name, attributes, ...children) {
  const made = name in { svg: 1, path: 1, line: 1 } ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function bars(channels) {
  const count = Math.max(...channels.map((channel) => channel.length));
  const drawn = [];
  channels.forEach((channel, side) => {
    channel.forEach((loudness, index) => {
      const length = (loudness / 100) * (HEIGHT / 2 - 3);
      if (length < 0.5) return;
      const x = `${((index + 0.5) / count) * 100}%`;
      const [y1, y2] = side === 0 ? [HEIGHT / 2 - 2, HEIGHT / 2 - 2 - length] : [HEIGHT / 2 + 2, HEIGHT / 2 + 2 + length];
      const bar = element("line", { x1: x, x2: x, y1, y2, "stroke-width": 3, "stroke-linecap": "round" });
      bar.classList.add(side === 0 ? "bar-caller" : "bar-agent");
      if (index % 2) bar.classList.add("bar-odd");
      drawn.push({ bar, at: (index + 0.5) / count });
    });
  });
  return drawn;
}

class Player {
  constructor(root, audio) {
    this.audio = audio;
    this.duration = Number(audio.dataset.durationMs) / 1000;
    this.turns = [...root.querySelectorAll("[data-start-ms]")];
    this.bars = bars(JSON.parse(document.getElementById(audio.dataset.peaks).textContent));
    this.build();
    this.listen();
    for (const hint of root.querySelectorAll("[data-player-legend]")) hint.hidden = false;
    this.show();
  }

  build() {
    this.icon = element("path", { d: ICONS.play });
    this.play = element("button", { type: "button", class: "player-play" },
      element("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, this.icon));
    this.head = element("line", { class: "player-head", y1: 0, y2: HEIGHT, "stroke-width": 2 });
    const axis = element("line", { class: "player-axis", x1: 0, x2: "100%", y1: HEIGHT / 2, y2: HEIGHT / 2 });
    const drawing = element("svg", { "aria-hidden": "true" }, axis, ...this.bars.map(({ bar }) => bar), this.head);
    this.now = element("span", {});
    this.track = element("div", { class: "player-track", role: "slider", tabindex: 0, "aria-label": "Position", "aria-valuemin": 0, "aria-valuemax": Math.round(this.duration) },
      drawing, element("div", { class: "player-times" }, this.now, clock(this.duration)));
    this.speeds = SPEEDS.map((speed) => element("button", { type: "button", "aria-label": `Speed ${speed}x` }, `${speed}x`));
    const speeds = element("div", { class: "segments player-speeds", role: "group", "aria-label": "Speed" }, ...this.speeds);
    this.audio.controls = false;
    this.audio.hidden = true;
    this.audio.after(element("div", { class: "player" }, this.play, this.track, speeds));
  }

  listen() {
    for (const name of ["play", "pause", "timeupdate", "seeked", "ended", "ratechange"]) {
      this.audio.addEventListener(name, () => this.show());
    }
    this.play.addEventListener("click", () => (this.audio.paused ? this.audio.play() : this.audio.pause()));
    // A press on the current one goes on to the next: phones show only that one.
    this.speeds.forEach((button, index) => button.addEventListener("click", () => {
      const isCurrent = this.audio.playbackRate === SPEEDS[index];
      this.audio.playbackRate = SPEEDS[isCurrent ? (index + 1) % SPEEDS.length : index];
    }));
    this.track.addEventListener("click", (event) => {
      const box = this.track.getBoundingClientRect();
      this.seek(((event.clientX - box.left) / box.width) * this.duration);
    });
    this.track.addEventListener("keydown", (event) => this.key(event));
    this.turns = this.turns.map((line) => this.makeSeekable(line));
  }

  // The whole line becomes a button, or only its time where the line holds other things to press.
  makeSeekable(line) {
    const time = line.querySelector("[data-seek]");
    if (time) {
      const button = element("button", { type: "button", class: "turn-time", "aria-label": `Play from ${time.textContent}` }, time.textContent);
      button.addEventListener("click", () => this.playFrom(line));
      time.replaceWith(button);
    }
    const hasOthers = time || !line.matches(".turn");
    return hasOthers ? line : this.makeButton(line);
  }

  playFrom(line) {
    this.seek(Number(line.dataset.startMs) / 1000);
    this.audio.play();
  }

  makeButton(line) {
    const button = element("button", { type: "button" }, ...line.childNodes);
    button.className = line.className;
    Object.assign(button.dataset, line.dataset);
    button.addEventListener("click", () => this.playFrom(button));
    line.removeAttribute("class");
    line.replaceChildren(button);
    return button;
  }

  key(event) {
    const at = this.audio.currentTime;
    const target = { ArrowLeft: at - STEP_S, ArrowRight: at + STEP_S, Home: 0, End: this.duration }[event.key];
    if (event.key === " ") this.play.click();
    else if (target === undefined) return;
    else this.seek(target);
    event.preventDefault();
  }

  seek(seconds) {
    this.audio.currentTime = Math.min(Math.max(seconds, 0), this.duration);
    this.show();
  }

  show() {
    const at = this.audio.currentTime;
    const part = this.duration ? Math.min(at / this.duration, 1) : 0;
    this.icon.setAttribute("d", this.audio.paused ? ICONS.play : ICONS.pause);
    this.play.setAttribute("aria-label", this.audio.paused ? "Play" : "Pause");
    this.speeds.forEach((button, index) => button.setAttribute("aria-pressed", this.audio.playbackRate === SPEEDS[index]));
    this.now.textContent = clock(at);
    this.track.setAttribute("aria-valuenow", Math.round(at));
    this.track.setAttribute("aria-valuetext", `${clock(at)} of ${clock(this.duration)}`);
    for (const name of ["x1", "x2"]) this.head.setAttribute(name, `${part * 100}%`);
    for (const { bar, at: place } of this.bars) bar.classList.toggle("bar-later", at > 0 && place > part);
    for (const turn of this.turns) {
      const isHeard = at > 0 && at * 1000 >= Number(turn.dataset.startMs) && at * 1000 < Number(turn.dataset.endMs);
      if (isHeard) turn.setAttribute("aria-current", "true");
      else turn.removeAttribute("aria-current");
    }
  }
}

function start(root) {
  const audio = root.querySelector("audio[data-peaks]");
  if (audio) new Player(root, audio);
}

for (const root of document.querySelectorAll("[data-player]")) start(root);
// "Listen" on another page leads here; a browser that does not play by itself leaves it to the button.
if (location.hash === "#listen") document.querySelector("[data-player] audio[data-peaks]")?.play().catch(() => {});
document.addEventListener("aloha:replaced", (event) => {
  if (event.detail.matches("[data-player]")) start(event.detail);
});
