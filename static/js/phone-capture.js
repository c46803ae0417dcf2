// In the audio thread: the microphone, cut to telephone width, in pieces of 20 ms.
import { encode } from "./mulaw.js";

const LINE_HZ = 8000;
const FRAME = 160;
const PHASES = 64;
const LOBES = 8;
const CUTOFF = 0.9; // of half the line's rate: what lies above would fold back as noise

// A windowed sinc for each place that a sample of the line may have between two of the microphone.
function kernels(ratio) {
  const half = Math.ceil(LOBES * ratio);
  return Array.from({ length: PHASES }, (_, phase) => {
    const taps = Float32Array.from({ length: 2 * half }, (_, index) => {
      const distance = (index - half + 1 - phase / PHASES) / ratio;
      const x = Math.PI * distance * CUTOFF;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / LOBES);
      return Math.abs(distance) >= LOBES ? 0 : (x === 0 ? 1 : Math.sin(x) / x) * window;
    });
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return taps.map((tap) => tap / sum);
  });
}

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ratio = Math.max(sampleRate / LINE_HZ, 1);
    this.kernels = kernels(this.ratio);
    this.taps = this.kernels[0].length;
    this.input = new Float32Array(this.taps);
    this.position = 0;
    this.frame = new Uint8Array(FRAME);
    this.filled = 0;
  }

  process([[channel]]) {
    if (!channel) return true;
    const joined = new Float32Array(this.input.length + channel.length);
    joined.set(this.input);
    joined.set(channel, this.input.length);
    while (Math.floor(this.position) + this.taps <= joined.length) {
      this.emit(this.sample(joined));
      this.position += sampleRate / LINE_HZ;
    }
    const done = Math.min(Math.floor(this.position), joined.length);
    this.position -= done;
    this.input = joined.slice(done);
    return true;
  }

  sample(input) {
    const start = Math.floor(this.position);
    const kernel = this.kernels[Math.floor((this.position - start) * PHASES)];
    let sum = 0;
    for (let tap = 0; tap < this.taps; tap += 1) sum += kernel[tap] * input[start + tap];
    return sum;
  }

  emit(sample) {
    this.frame[this.filled] = encode(sample);
    this.filled += 1;
    if (this.filled < FRAME) return;
    this.port.postMessage(this.frame.slice());
    this.filled = 0;
  }
}

registerProcessor("phone-capture", Capture);
