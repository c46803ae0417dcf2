// Talk to Aloha: the owner's number called from the browser, by microphone or by somebody else.
import { clockText, followLines } from "./live-lines.js";
import { PhoneAudio } from "./phone-audio.js";

const BARS = 30;
const STATUS = { idle: "Not connected", calling: "Calling", live: "Connected", over: "The call is over" };
const REFUSED =
  "The microphone is not available: the browser or the system refuses it. Allow it for this page, or let somebody else call; you hear both sides.";

class Meter {
  constructor(part) {
    this.word = part.querySelector("[data-word]");
    this.quiet = part.dataset.quiet;
    this.bars = Array.from({ length: BARS }, (_, index) => {
      const bar = document.createElement("i");
      bar.style.height = `${40 + (60 * index) / BARS}%`;
      return bar;
    });
    part.querySelector(".meter").append(...this.bars);
    this.silentFor = 0;
  }

  show(level, ms) {
    // -50 dB to 0 dB over the bars, as ears hear it.
    const lit = level ? Math.round(((20 * Math.log10(level) + 50) / 50) * BARS) : 0;
    this.bars.forEach((bar, index) => bar.classList.toggle("is-on", index < lit));
    this.silentFor = level ? 0 : this.silentFor + ms;
    const word = this.silentFor < 500 ? "speaking" : this.quiet;
    if (this.word.textContent !== word) this.word.textContent = word;
  }

  clear() {
    this.show(0, 1000);
    this.word.textContent = "";
  }
}

class Phone {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.meters = Object.fromEntries(
      [...root.querySelectorAll("[data-meter]")].map((part) => [part.dataset.meter, new Meter(part)]),
    );
    this.find("place").addEventListener("submit", (event) => {
      event.preventDefault();
      this.call();
    });
    this.find("caller").addEventListener("change", () => this.showCaller());
    this.find("hangup").addEventListener("click", () => this.say({ type: "hangup" }));
    this.find("mute").addEventListener("click", () => this.toggleMute());
    for (const key of root.querySelectorAll("[data-key]")) {
      key.addEventListener("click", () => this.say({ type: "key", key: key.dataset.key }));
    }
    window.addEventListener("pagehide", () => this.socket?.close());
    this.find("call").disabled = false;
    this.showCaller();
  }

  get script() {
    return this.find("caller").value;
  }

  showCaller() {
    const chosen = this.find("caller").selectedOptions[0];
    this.find("from").textContent = chosen.dataset.number;
    this.root.querySelector('[data-meter="caller"] [data-name]').textContent = this.script ? "Caller" : "You";
    this.find("mute").hidden = Boolean(this.script);
  }

  async call() {
    this.reset();
    this.audio = new PhoneAudio();
    const audio = this.audio;
    this.show("calling");
    try {
      await audio.open({ hearsCaller: Boolean(this.script), onLevels: (levels) => this.showLevels(levels) });
      if (!this.script) await audio.listen((frame) => this.socket?.readyState === WebSocket.OPEN && this.socket.send(frame));
    } catch (error) {
      audio.close();
      this.show("idle");
      this.trouble(error instanceof DOMException || !navigator.mediaDevices ? REFUSED : `The phone could not start: ${error.message}`);
      this.find("caller").focus();
      return;
    }
    this.connect();
  }

  connect() {
    const url = new URL(this.root.dataset.phone, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.placedAt = performance.now();
    this.showFigures(true);
    socket.addEventListener("open", () => this.say({ type: "call", script: this.script }));
    socket.addEventListener("message", ({ data }) => (typeof data === "string" ? this.take(JSON.parse(data)) : this.hear(data)));
    socket.addEventListener("close", () => {
      if (this.state === "calling") this.trouble("The call could not be placed. Reload the page and try again.");
      else if (this.state === "live") this.trouble("The connection was lost; the call has ended.");
      this.finish(this.state === "calling" ? "idle" : "over");
    });
  }

  hear(data) {
    const bytes = new Uint8Array(data);
    this.audio.play(bytes[0], bytes.subarray(1));
  }

  take(message) {
    switch (message.type) {
      case "said":
        this.write("Notice", message.text);
        break;
      case "connected":
        this.show("live");
        break;
      case "call":
        this.lines = followLines(message.lines, this.find("lines"), {
          onLine: () => (this.find("empty").hidden = true),
          saying: this.find("saying"),
        });
        break;
      case "interrupted":
        this.interruptions += 1;
        this.find("interrupted").textContent = this.interruptions === 1 ? "once" : `${this.interruptions} times`;
        break;
      case "refused":
        this.trouble(message.text);
        this.finish("idle");
        break;
      case "ended":
        if (message.isRejected) this.trouble("The number rejected the call.");
        this.finish("over");
        break;
      case "message":
        this.find("message").querySelector("a").href = message.page;
        this.find("message").hidden = false;
        break;
    }
  }

  say(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  write(who, text) {
    const line = document.createElement("li");
    line.className = "turn turn-agent";
    line.append(...[["span", "turn-time", clockText((performance.now() - this.placedAt) / 1000)], ["span", "turn-who", who], ["p", "turn-text", text]].map(([tag, name, content]) => {
      const part = document.createElement(tag);
      part.className = name;
      part.textContent = content;
      return part;
    }));
    this.find("lines").append(line);
    this.find("empty").hidden = true;
  }

  showLevels({ agent, caller, ms }) {
    this.meters.caller.show(caller, ms);
    // Before the answer nobody listens.
    if (agent || this.isAnswered) this.meters.agent.show(agent, ms);
    if (!agent) return;
    this.root.dataset.heardMs = Number(this.root.dataset.heardMs ?? 0) + ms;
    if (this.isAnswered) return;
    this.isAnswered = true;
    if (this.state === "calling") this.show("live");
    this.find("answered").textContent = `${((performance.now() - this.placedAt) / 1000).toFixed(1)} s`;
  }

  toggleMute() {
    this.audio.isMuted = !this.audio.isMuted;
    this.find("mute").setAttribute("aria-pressed", this.audio.isMuted);
  }

  trouble(text) {
    this.find("trouble").querySelector("p").textContent = text;
    this.find("trouble").hidden = false;
  }

  reset() {
    this.find("trouble").hidden = this.find("message").hidden = true;
    this.find("lines").replaceChildren();
    this.find("answered").textContent = this.find("interrupted").textContent = "not yet";
    this.showFigures(false);
    this.find("mute").setAttribute("aria-pressed", "false");
    this.isAnswered = false;
    this.interruptions = 0;
    this.root.dataset.heardMs = 0;
  }

  showFigures(isPlaced) {
    for (const part of this.root.querySelectorAll("[data-figure]")) part.hidden = !isPlaced;
  }

  show(state) {
    const hadFocus = this.root.contains(document.activeElement);
    this.state = state;
    const isOn = state === "calling" || state === "live";
    this.find("status").textContent = STATUS[state];
    this.find("state").dataset.state = isOn ? "on" : "idle";
    this.find("place").hidden = isOn;
    for (const part of this.root.querySelectorAll("[data-during]")) part.hidden = !isOn;
    if (state === "calling") {
      this.find("clock").textContent = "0:00";
      if (hadFocus) this.find("hangup").focus();
      this.find("state").scrollIntoView({ block: "nearest" });
    } else if (state === "live" && !this.ticking) {
      const since = performance.now();
      this.ticking = setInterval(() => (this.find("clock").textContent = clockText((performance.now() - since) / 1000)), 500);
    } else if (!isOn && hadFocus) this.find("call").focus();
  }

  finish(state) {
    clearInterval(this.ticking);
    this.ticking = undefined;
    this.audio?.close();
    for (const meter of Object.values(this.meters)) meter.clear();
    if (!this.isAnswered) this.find("answered").textContent = "no answer";
    if (!this.interruptions) this.find("interrupted").textContent = "never";
    if (this.state !== "idle" && this.state !== "over") this.show(state);
  }
}

const root = document.querySelector("[data-phone]");
if (root) new Phone(root);
