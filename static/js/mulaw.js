// G.711 mu-law, the audio of telephone lines; samples are floats between -1 and 1.
const BIAS = 0x84;
const LARGEST = 32635;

export function encode(sample) {
  const sign = sample < 0 ? 0x80 : 0;
  const value = Math.min(Math.round(Math.abs(sample) * 32768), LARGEST) + BIAS;
  const exponent = 31 - Math.clz32(value) - 7;
  return ~(sign | (exponent << 4) | ((value >> (exponent + 3)) & 0x0f)) & 0xff;
}

export const VALUES = Float32Array.from({ length: 256 }, (_, byte) => {
  const inverted = ~byte & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + BIAS) << ((inverted >> 4) & 7)) - BIAS;
  return (inverted & 0x80 ? -magnitude : magnitude) / 32768;
});
