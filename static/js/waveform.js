// The waveform, drawn by wavesurfer from the extremes that the worker made: nothing is fetched or decoded for it.

/** Draw `peaks` (in -1..1) of a recording of `duration` seconds into `host`; what `audio` has played is darker. */
export async function drawWaveform(host, { peaks, duration, audio, nonce, colours }) {
  const { default: WaveSurfer } = await import("../vendor/wavesurfer-8.0.1/wavesurfer.esm.js");
  return WaveSurfer.create({
    container: host,
    peaks: [peaks],
    duration,
    ...(audio ? { media: audio } : {}),
    height: host.clientHeight,
    normalize: true,
    interact: false,
    hideScrollbar: true,
    cursorWidth: 0,
    cspNonce: nonce,
    ...colours,
  });
}
