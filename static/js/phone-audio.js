// The browser's ear and mouth: one audio context with the two worklets, made for each call.
const module = (name) => new URL(name, import.meta.url);

export class PhoneAudio {
  // Must begin inside the click that places the call: browsers keep other pages silent.
  constructor() {
    this.context = new AudioContext({ latencyHint: "interactive" });
    this.isMuted = false;
  }

  async open({ hearsCaller, onLevels }) {
    await this.context.audioWorklet.addModule(module("./phone-playback.js"));
    this.player = new AudioWorkletNode(this.context, "phone-playback", { numberOfInputs: 0, outputChannelCount: [1] });
    this.player.port.onmessage = ({ data }) => onLevels(data);
    this.player.port.postMessage({ hearsCaller });
    // Between two samples of the line the player draws straight lines; this takes off their edge.
    const smooth = new BiquadFilterNode(this.context, { type: "lowpass", frequency: 3600 });
    this.player.connect(smooth).connect(this.context.destination);
    await this.context.resume();
  }

  // Rejects when the microphone is refused or not there.
  async listen(onFrame) {
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    await this.context.audioWorklet.addModule(module("./phone-capture.js"));
    const capture = new AudioWorkletNode(this.context, "phone-capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    capture.port.onmessage = ({ data }) => {
      if (!this.isMuted) onFrame(data);
    };
    this.context.createMediaStreamSource(this.stream).connect(capture);
  }

  play(side, bytes) {
    this.player?.port.postMessage({ side, bytes });
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    if (this.context.state !== "closed") this.context.close();
  }
}
