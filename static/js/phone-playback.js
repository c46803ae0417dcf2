// In the audio thread: both sides of the line, played as they come; tells how loud each is.
import { VALUES } from "./mulaw.js";

const LINE_HZ = 8000;
const START_MS = 80; // collected before it plays: the network delivers unevenly
const LONGEST_MS = 400; // beyond this somebody would hear the past
const TELL_MS = 100;
const TELEPHONE_FLOOR = 0.003; // about -50 dBov: anything louder is somebody speaking

class Side {
  constructor() {
    this.samples = [];
    this.position = 0;
    this.plays = false;
    this.squares = 0;
  }

  take(bytes) {
    for (const byte of bytes) this.samples.push(VALUES[byte]);
    if (this.samples.length <= (LONGEST_MS * LINE_HZ) / 1000) return;
    this.samples.splice(0, this.samples.length - (START_MS * LINE_HZ) / 1000);
    this.position = 0;
  }

  next() {
    this.plays ||= this.samples.length >= (START_MS * LINE_HZ) / 1000;
    const at = Math.floor(this.position);
    if (!this.plays || at + 1 >= this.samples.length) {
      this.plays = false;
      return 0;
    }
    const part = this.position - at;
    this.position += LINE_HZ / sampleRate;
    const value = this.samples[at] * (1 - part) + this.samples[at + 1] * part;
    this.squares += value * value;
    return value;
  }

  tidy() {
    const done = Math.floor(this.position);
    this.samples.splice(0, done);
    this.position -= done;
  }
}

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.sides = [new Side(), new Side()];
    this.hearsCaller = false;
    this.counted = 0;
    this.port.onmessage = ({ data }) => {
      if (data.bytes) this.sides[data.side].take(data.bytes);
      else this.hearsCaller = data.hearsCaller;
    };
  }

  process(_, [[output]]) {
    const [agent, caller] = this.sides;
    for (let index = 0; index < output.length; index += 1) {
      const said = caller.next();
      output[index] = agent.next() + (this.hearsCaller ? said : 0);
    }
    this.sides.forEach((side) => side.tidy());
    this.counted += output.length;
    if (this.counted >= (TELL_MS * sampleRate) / 1000) this.tell();
    return true;
  }

  tell() {
    const [agent, caller] = this.sides.map((side) => {
      const level = Math.sqrt(side.squares / this.counted);
      side.squares = 0;
      return level < TELEPHONE_FLOOR ? 0 : level;
    });
    this.port.postMessage({ agent, caller, ms: Math.round((this.counted / sampleRate) * 1000) });
    this.counted = 0;
  }
}

registerProcessor("phone-playback", Playback);
