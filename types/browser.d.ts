// What browsers have and TypeScript's own libraries lack.

interface MediaStreamTrackProcessorInit {
  track: MediaStreamTrack;
  maxBufferSize?: number;
}

/** https://w3c.github.io/mediacapture-transform/ (Chromium: in the window) */
declare var MediaStreamTrackProcessor: undefined | {
  new (init: MediaStreamTrackProcessorInit): { readonly readable: ReadableStream<VideoFrame> };
};
