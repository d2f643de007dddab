// The browser's microphone: asked for at the first press, let go while the page is out of sight. Knows no button and no
// server. What goes wrong is an Error whose `name` says what.

import { wav } from "./wav.js";

const WORKLET = new URL("recorder_worklet.js", import.meta.url);
const LEVEL_GAIN = 4; // speech is a tenth of full scale: the meter shall show it

let context = null;
let stream = null;
let node = null;
let recording = null; // {blocks, ended}: what is said just now

/** Can this page have a microphone at all? Browsers give none to plain http but on localhost. */
export function isAllowed() {
  return Boolean(globalThis.isSecureContext && navigator.mediaDevices?.getUserMedia && globalThis.AudioWorkletNode);
}

/** Asks the player, and the browser, for it; nothing where it is there. `onLevel(0…1)`: how loud it is, ten times a second. */
export async function open(onLevel) {
  if (stream?.getAudioTracks().some((track) => track.readyState === "live") && context?.state !== "closed") {
    await context.resume(); // phones suspend it
    return;
  }
  await close();
  const asked = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  stream = await navigator.mediaDevices.getUserMedia({ audio: asked, video: false });
  context = new AudioContext({ latencyHint: "interactive" });
  await context.audioWorklet.addModule(WORKLET);
  node = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
  node.port.onmessage = ({ data }) => take(data, onLevel);
  context.createMediaStreamSource(stream).connect(node);
  await context.resume();
}

function take({ samples, isLast }, onLevel) {
  if (!recording) return;
  recording.blocks.push(samples);
  onLevel(isLast ? 0 : Math.min(1, LEVEL_GAIN * Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)));
  if (isLast) recording.ended();
}

export function start() {
  recording = { blocks: [] };
  recording.whenEnded = new Promise((resolve) => (recording.ended = resolve));
  node.port.postMessage("start");
}

/** What was said since `start`, as a WAV file. */
export async function stop() {
  const { blocks, whenEnded } = recording;
  node.port.postMessage("stop");
  await whenEnded;
  recording = null;
  return wav(blocks);
}

/** Lets it go: the browser's sign that it is on goes out. */
export async function close() {
  stream?.getTracks().forEach((track) => track.stop());
  if (context && context.state !== "closed") await context.close();
  context = stream = node = recording = null;
}
