// From the rate of a device to the rate that recognisers want. A low-pass filter first, so that what lies above the new
// rate's half is taken out and not folded into the words (aliasing), then one sample for each place of the new rate.
// Pure: runs in the audio thread, and in tests.

const ZERO_CROSSINGS = 16; // of the filter's sinc on each side: 80 dB below, and 1 ms of delay
const PASS = 0.92; // of the new rate's half; above it the filter falls to nothing

/** The filter's weight `at` so many input samples from its middle; `cutoff` in cycles of a sample, `half` its half width. */
function weight(at, cutoff, half) {
  const x = 2 * cutoff * at;
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  const y = at / half;
  if (Math.abs(y) >= 1) return 0;
  const blackman = 0.42 + 0.5 * Math.cos(Math.PI * y) + 0.08 * Math.cos(2 * Math.PI * y);
  return 2 * cutoff * sinc * blackman;
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** `push(samples)` returns the samples that are due at the new rate. */
export class Resampler {
  constructor(fromHz, toHz) {
    const common = greatestCommonDivisor(fromHz, toHz);
    this.up = toHz / common; // places between two input samples where an output sample can lie
    this.down = fromHz / common; // of these places, from one output sample to the next
    const cutoff = (PASS * Math.min(1, toHz / fromHz)) / 2;
    this.half = Math.ceil(ZERO_CROSSINGS / (2 * cutoff));
    this.filters = Array.from({ length: this.up }, (_, phase) => this.filterAt(phase / this.up, cutoff));
    this.kept = new Float32Array(2 * this.half); // begins with silence, so that the first output sample has a past
    this.place = 0; // of the next output sample, from the first input sample that can be its middle
  }

  filterAt(fraction, cutoff) {
    const taps = new Float32Array(2 * this.half);
    let sum = 0;
    for (let i = 0; i < taps.length; i += 1) {
      taps[i] = weight(i - this.half + 1 - fraction, cutoff, this.half);
      sum += taps[i];
    }
    return taps.map((tap) => tap / sum); // a steady level stays what it is
  }

  push(samples) {
    const input = new Float32Array(this.kept.length + samples.length);
    input.set(this.kept);
    input.set(samples, this.kept.length);
    const out = [];
    let first = Math.floor(this.place / this.up);
    while (first + 2 * this.half <= input.length) {
      const taps = this.filters[this.place % this.up];
      let sum = 0;
      for (let i = 0; i < taps.length; i += 1) sum += taps[i] * input[first + i];
      out.push(sum);
      this.place += this.down;
      first = Math.floor(this.place / this.up);
    }
    this.kept = input.slice(first);
    this.place -= first * this.up;
    return Float32Array.from(out);
  }
}
