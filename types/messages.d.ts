// The messages between the page and a worker, and the records in them, as types for tsc.
// Holds no code and is not part of the page. The Python side: app/page, app/worker and app/panel.

/** The whole number of a face, or 0 for all faces together. */
export type FaceId = number;

/** What one worker is started with; Python writes it and Python reads it. */
export type Start = { query: string; [field: string]: unknown };

/** One setting as the panel shows it. */
export type Control = {
  name: string;
  label: string;
  kind: 'choice' | 'range' | 'toggle' | 'colour' | 'file';
  value: string | number | boolean;
  group: string;
  hint: string;
  /** `cannot` says why an option cannot be chosen here; "" where it can. */
  options: { value: string; title: string; cannot: string }[];
  low: number;
  high: number;
  step: number;
  unit: string;
  accept: string;
};

/** A character as a card shows it. Without `sheet` the picture is one of the visitor's own, found by `key`. */
export type Character = {
  key: string;
  name: string;
  set: string;
  design: string;
  /** Percent. */
  likeness: number;
  sheet: string;
  x: number;
  y: number;
  columns: number;
  rows: number;
};

/** Left, top, width and height as shares of the picture. */
export type Box = [number, number, number, number];

export type Answers = {
  faces: { id: FaceId; box: Box; five: Character[] }[];
  together: Character[];
  note: string;
  hint: string;
  titles: Record<FaceId, string>;
  picked: Record<FaceId, string>;
  /** Width and height of the picture in pixels. */
  picture: [number, number];
};

export type Stats = {
  fps: number;
  frames: number;
  dropped: number;
  backend: string;
  model: string;
  variant: string;
  threads: number;
  textures: number;
  picture: [number, number];
  /** Medians in milliseconds. */
  ms: { sample: number; infer: number; compose: number; overlay?: number; python: number; frame: number };
  /** Milliseconds of the last frames, the oldest first. */
  plot: number[];
  /** Bytes. */
  memory: { python: number; page?: number };
};

/** The limits of a picture file. */
export type Bounds = {
  /** The largest width and height in pixels; a larger picture is made smaller. */
  photo: [number, number];
  megabytes: number;
  megapixels: number;
};

/** The source to open, and the words of the question that comes first; no words, no question. */
export type SourceRequest = Bounds & {
  source: 'sample' | 'camera' | 'file';
  /** The device id of the camera; "" for any. */
  camera: string;
  width: number;
  height: number;
  ask: string[];
};

/** What the page does when a worker has not answered for `limit` milliseconds. */
export type Plan = {
  limit: number;
  /** Whether the unmasked picture of the source may be shown. */
  show: boolean;
  colour: string;
  picture: string;
  start: Start | null;
  stay: Stay | null;
  last: string;
};

/** Says to the worker on screen that the one started beside it gave up. */
export type Stay = { trials?: string[]; broken?: Record<string, string>; text?: string };

/** One picture of the visitor's own, without its thumbnail. */
export type UserFeatures = { id: string; name: string; card: string; features: Uint8Array };

/** Every message from a worker to the page, by its type. */
export type FromWorker = {
  // The supervisor (workers.js).
  plan: Plan;
  ready: object;
  done: object;
  beat: object;
  again: object;
  heard: object;
  begin: { start: Start; failed?: boolean };
  stay: Stay;
  last: { text: string };
  // What the page shows (page.js).
  log: { label: string; have: number; total: number };
  note: { text: string };
  panel: { controls: Control[]; query: string; title: string; about: string; answers: boolean };
  source: SourceRequest;
  stats: Stats;
  saved: { blob: Blob };
  answers: Answers;
  share: { boxes: Box[]; row: Character; words: { likeness: string; foot: string }; name: string };
  // The visitor's own pictures (own.js).
  own: { bounds: Bounds; most: number; file: number; busy: string };
  'own-made': UserFeatures & { asked: string; thumb: Blob | null };
  'own-gone': { asked: string };
  'own-stale': { ids: string[] };
};

/** Every message from the page to a worker, by its type. `start` and `frame` never wait in a queue. */
export type ToWorker = {
  start: {
    start: string;
    /** The data-* texts of #boot in index.html. */
    texts: Record<string, string | undefined>;
    canvas: OffscreenCanvas;
    manifest: string;
    own: ImageBitmap | null;
    kept: UserFeatures[];
  };
  frame: { picture: VideoFrame | ImageBitmap; time: number; skipped: number; still: boolean; fresh: boolean };
  set: { name: string; value: unknown };
  asked: object;
  cameras: { cameras: [string, string][] };
  own: { picture: ImageBitmap };
  trouble: { kind: string; name: string; [figure: string]: string | number };
  stay: Stay;
  save: object;
  pick: { face: FaceId; key: string };
  share: { face: FaceId };
  'own-add': { asked: string; name: string; picture: ImageBitmap };
  'own-kept': { pictures: UserFeatures[] };
  'own-import': { text: string };
  'own-remove': { id: string };
};

/** A message as it is posted: its fields and its type. */
export type Message<Table, Type extends keyof Table = keyof Table> = {
  [Name in Type]: { type: Name } & Table[Name];
}[Type];
