// Runs in the audio thread: takes what the microphone gives, at the device's own rate, and posts it at 16 kHz, a tenth of
// a second at a time. While nobody holds the button nothing is kept.

import { Resampler } from "./resampler.js";

const RATE_HZ = 16_000;
const BLOCK = RATE_HZ / 10; // how often the level meter moves

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.isOn = false;
    this.port.onmessage = ({ data }) => (data === "start" ? this.start() : this.stop());
  }

  start() {
    this.resampler = new Resampler(sampleRate, RATE_HZ);
    this.block = new Float32Array(BLOCK);
    this.filled = 0;
    this.isOn = true;
  }

  stop() {
    if (this.isOn) this.port.postMessage({ samples: this.block.slice(0, this.filled), isLast: true });
    this.isOn = false;
  }

  process([channels]) {
    if (!this.isOn || channels.length === 0) return true;
    for (const sample of this.resampler.push(mixed(channels))) {
      this.block[this.filled] = sample;
      this.filled += 1;
      if (this.filled === BLOCK) {
        this.port.postMessage({ samples: this.block.slice() });
        this.filled = 0;
      }
    }
    return true;
  }
}

/** All channels as one: a microphone with two may have the voice in one of them alone. */
function mixed(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, i) => channels.reduce((sum, channel) => sum + channel[i], 0) / channels.length);
}

registerProcessor("recorder", Recorder);
