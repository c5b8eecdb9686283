// Written by `python3 build.py docs` from app/worker/protocol. Do not edit.

/** Begin. The first message; static/worker.js starts Python, then Python reads it. */
export interface Start {
  type: 'start';
  handover: Handover;
  /** the text of manifest.json */
  manifest: string;
  /** the picture is drawn on it */
  canvas: OffscreenCanvas;
  /** the visitor's own backdrop; null where there is none */
  backdrop: ImageBitmap | null;
  /** those that browser storage does not hold */
  pictures: UserPicture[];
  /** what a failed start says, from index.html */
  texts: Record<string, string>;
}

/** A picture of the source. It goes into the frame slot; update() does not see it. */
export interface FrameReady {
  type: 'frame';
  picture: VideoFrame | ImageBitmap;
  /** ms */
  time: number;
  is_photo: boolean;
  /** the picture before it showed something else */
  first_of_source: boolean;
  /** pictures that the source has shown since the last one taken */
  skipped: number;
}

/** A camera's frames, which the worker reads itself; null: no more. static/frames.js follows it. */
export interface Stream {
  type: 'stream';
  readable: ReadableStream<VideoFrame> | null;
  /** the picture before its first showed something else */
  first_of_source: boolean;
}

/** This worker's canvas is on the screen now: send everything that the page draws. */
export interface Shown {
  type: 'shown';
}

/** The visitor, or a script by vitrine.set(), changed a setting. */
export interface SetSetting {
  type: 'set';
  name: string;
  value: string | number | boolean;
}

/** The visitor pressed the button that turns the camera on. */
export interface CameraRequested {
  type: 'camera-requested';
}

/** The browser has named its cameras. */
export interface CamerasFound {
  type: 'cameras';
  /** device id, label */
  cameras: [string, string][];
}

/** The visitor chose a picture of their own as backdrop. */
export interface BackdropChosen {
  type: 'backdrop';
  picture: ImageBitmap | null;
}

/** A picture of the visitor's video. It goes to the Compositor; update() does not see it. */
export interface BackdropFrame {
  type: 'backdrop-frame';
  picture: VideoFrame | ImageBitmap;
}

/** A source or a file could not be opened, or the page made it smaller. */
export interface SourceFailed {
  type: 'source-failed';
  /** sample, camera, file, or picture: one that the visitor adds to compare with */
  kind: string;
  /** a DOMException's name, or: large, pixels, decode, bounded, ended, import */
  name: string;
  /** what the sentence names: size, width, file, ... */
  figures: Record<string, string | number>;
}

/** The worker that was to take over gave up: this one goes on. */
export interface SuccessorFailed {
  type: 'successor-failed';
  /** backends still to be tried */
  trials?: string[];
  /** backend -> why it failed */
  failed?: Record<string, string> | null;
  /** a sentence for the visitor; "" after a trial, which the visitor did not ask for */
  text?: string;
}

/** The visitor asked to save the next picture as a file. */
export interface SaveRequested {
  type: 'save';
}

/** The visitor picked one of a face's answers. */
export interface Picked {
  type: 'pick';
  /** its id; 0: all faces together */
  face: number;
  /** of the answer */
  key: string;
}

/** The visitor asked for a picture of a face beside its answer. */
export interface ShareRequested {
  type: 'share';
  /** its id; 0: all faces together */
  face: number;
}

/** The visitor added a picture to compare with. It is handled once its features are known. */
export interface PictureAdded {
  type: 'add-picture';
  name: string;
  picture: ImageBitmap | null;
}

/** The visitor removed one of their pictures. */
export interface PictureRemoved {
  type: 'remove-picture';
  id: string;
}

/** The visitor chose a file of exported pictures. */
export interface PicturesImported {
  type: 'import-pictures';
  file: Blob;
}

/** The visitor asked for their pictures as one file. */
export interface ExportRequested {
  type: 'export-pictures';
}

/** The worker is done with a message; one that is not handled is sent again to the worker that follows. */
export interface Handled {
  type: 'handled';
  /** that the page gave the message */
  number: number;
}

/** The download progress of a file, while the worker starts. */
export interface Log {
  type: 'log';
  label: string;
  /** bytes */
  have: number;
  total: number;
}

/** A sentence for the visitor. */
export interface Note {
  type: 'note';
  text: string;
}

/** The controls and the head of the page, for the current settings. */
export interface Panel {
  type: 'panel';
  /** of the task */
  title: string;
  about: string;
  /** the types of event that the task may send: their parts of the page are shown */
  events: string[];
  controls: Control[];
  /** every setting, for the address bar */
  query: string;
}

/** Which source the page opens, and the bounds of a photo. */
export interface Source {
  type: 'source';
  /** sample, camera, file */
  source: string;
  /** a device id; "" is the browser's choice */
  camera: string;
  /** of the live picture, at most */
  width: number;
  height: number;
  /** a button's words and a line: the visitor is asked first; empty: no question */
  ask: string[];
  /** width and height that a larger photo is made smaller to */
  photo: [number, number];
  /** a larger file is refused */
  megabytes: number;
  /** a photo with more is refused */
  megapixels: number;
}

/** How the visitor's video is to be sampled for the background. */
export interface BackdropVideo {
  type: 'backdrop-video';
  /** pictures a second, at most; 0: the background shows no video */
  rate: number;
  /** of the picture that they fill: a larger one is made smaller */
  width: number;
  height: number;
}

/** The models are loaded and warm: send pictures. */
export interface Ready {
  type: 'ready';
}

/** A picture takes long, and the worker is alive. */
export interface Progress {
  type: 'progress';
}

/** A picture is drawn: send the next. */
export interface Done {
  type: 'done';
}

/** A still source must send its picture again. */
export interface Redraw {
  type: 'redraw';
}

/** What the page does when this worker stops answering: the worker can no longer say it then. */
export interface Plan {
  type: 'plan';
  /** ms without an answer after which the worker counts as stopped */
  limit: number;
  /** whether the picture may be shown unmasked: the visitor chose "none" */
  show: boolean;
  /** covers the picture otherwise */
  color: string;
  /** path of a backdrop that covers it; "" */
  image: string;
  /** begins the worker that follows; None: there is none to try */
  handover: Handover | null;
  /** of a trial: what the worker on the screen is told instead */
  decline: SuccessorFailed | null;
  /** for the visitor where nothing follows */
  text: string;
}

/** Start a worker beside this one; it takes over with its first picture. */
export interface Begin {
  type: 'begin';
  handover: Handover;
  /** this worker has failed and draws no more */
  failed: boolean;
}

/** This worker was a trial and is not faster, or failed: end it, tell the worker on the screen. */
export interface Declined {
  type: 'declined';
  outcome: SuccessorFailed;
}

/** This worker has failed and nothing follows it. */
export interface Stopped {
  type: 'stopped';
  /** for the visitor */
  text: string;
}

/** Figures of the last frames, twice a second; what vitrine.stats() gives. */
export interface Stats {
  type: 'stats';
  fps: number;
  /** median of each stage */
  ms: Record<string, number>;
  frames: number;
  /** ms of each of the last frames */
  plot: number[];
  /** how many frames the plot is wide */
  window: number;
  backend: string;
  model: string;
  variant: string;
  threads: number;
  dropped: number;
  textures: number;
  /** the share of the last frames that used the Mask of the one before again */
  reused: number;
  /** of app.core.economy: how much is saved because the machine is slow */
  level: number;
  /** width and height of the canvas */
  picture: [number, number];
  /** bytes; the page adds its own */
  memory: Record<string, number>;
}

/** A file for the visitor to save. */
export interface Download {
  type: 'download';
  file: Blob;
  name: string;
}

/** A face beside its answer, to be drawn as one picture and shared. */
export interface ShareCard {
  type: 'share-card';
  answer: Answer;
  /** of the faces, as in FaceAnswers */
  boxes: [number, number, number, number][];
  words: Record<string, string>;
  /** of the file */
  name: string;
}

/** The visitor's own pictures, and how many are still being processed. */
export interface Pictures {
  type: 'pictures';
  pictures: UserPicture[];
  /** pictures still being processed */
  busy: number;
  /** shown before their number */
  label: string;
  /** bounds of a picture to be added, as in Source */
  photo: [number, number];
  megabytes: number;
  megapixels: number;
  /** bytes of a file to be imported, at most */
  file: number;
}

/** A sentence under the picture. */
export interface Caption {
  type: 'caption';
  text: string;
}

/** The characters that the faces of the picture resemble. */
export interface Answers {
  type: 'answers';
  faces: FaceAnswers[];
  /** the answers for all faces as one; empty for fewer than two faces */
  together: Answer[];
  /** a sentence about the picture; "" for none */
  note: string;
  /** changes with each new source, whose faces are new too */
  source: number;
  /** width and height, in pixels, of the picture shown */
  picture: [number, number];
  picked: Record<number, string>;
  /** shown when `note` is empty */
  hint: string;
  /** how many the page keeps decoded: each is 640 x 640 pixels, 1.6 MB */
  sheets: number;
  /** how long a card waits for its picture, so that name and picture change together */
  wait_ms: number;
  /** the name of each face by id; 0: all faces together */
  titles: Record<number, string>;
}

/** A character that resembles a face, and where its picture is. */
export interface Answer {
  /** the gallery's id, a slash, the character's key */
  key: string;
  name: string;
  /** the title of its set */
  set: string;
  /** designer and licence; "" for the visitor's own pictures */
  design: string;
  /** percent */
  similarity: number;
  /** path of the image that holds its picture; "" for the visitor's own pictures */
  sheet: string;
  /** column and row on the sheet */
  x: number;
  y: number;
  /** of the sheet */
  columns: number;
  rows: number;
}

/** One row of the panel. `kind`: choice, range, toggle, colour or file. */
export interface Control {
  name: string;
  label: string;
  kind: string;
  value: string | number | boolean;
  group: string;
  hint: string;
  options: Option[];
  low: number;
  high: number;
  step: number;
  unit: string;
  /** kind file: the types that the picker offers */
  accept: string;
}

/** A face in the picture and the characters that it resembles, best first. */
export interface FaceAnswers {
  /** from 1; stays the same while the face is tracked */
  id: number;
  /** left, top, width, height, 0 to 1 of the picture shown */
  box: [number, number, number, number];
  five: Answer[];
}

/** The data that a worker starts with. The first worker has only the page's query. */
export interface Handover {
  /** the settings */
  query: string;
  /** the backend to run on; "" leaves it to the query */
  backend: string;
  /** backends still to be tried; None: none was tried yet */
  trials: string[] | null;
  /** a trial must infer faster than this; 0: the worker is not a trial */
  target_ms: number;
  /** backend -> why it failed in this visit */
  failed: Record<string, string>;
  /** device id, label */
  cameras: [string, string][];
  /** the visitor asked for the camera in this visit */
  camera_requested: boolean;
  /** sentences for the visitor */
  notes: string[];
  /** how often the last backend of the ladder was started again */
  retries: number;
  /** a face's id (0: all together), the key of the answer picked */
  picks: [number, string][];
}

/** The worker that was to take over gave up: this one goes on. */
export interface SuccessorFailed {
  type: 'successor-failed';
  /** backends still to be tried */
  trials?: string[];
  /** backend -> why it failed */
  failed?: Record<string, string> | null;
  /** a sentence for the visitor; "" after a trial, which the visitor did not ask for */
  text?: string;
}

/** A picture that the visitor added, as the page's list shows it. */
export interface UserPicture {
  id: string;
  name: string;
  /** a square JPEG */
  thumbnail: Blob;
  /** whether browser storage holds it; the next worker is given those that it does not hold */
  stored: boolean;
}

/** One option. `unavailable` says in a few words why it cannot be selected; "" when it can. */
export interface Option {
  value: string;
  title: string;
  unavailable: string;
}

/** Each message by its type. */
export interface ToWorker {
  'start': Start;
  'frame': FrameReady;
  'stream': Stream;
  'shown': Shown;
  'set': SetSetting;
  'camera-requested': CameraRequested;
  'cameras': CamerasFound;
  'backdrop': BackdropChosen;
  'backdrop-frame': BackdropFrame;
  'source-failed': SourceFailed;
  'successor-failed': SuccessorFailed;
  'save': SaveRequested;
  'pick': Picked;
  'share': ShareRequested;
  'add-picture': PictureAdded;
  'remove-picture': PictureRemoved;
  'import-pictures': PicturesImported;
  'export-pictures': ExportRequested;
}

/** Each message by its type. */
export interface ToPage {
  'handled': Handled;
  'log': Log;
  'note': Note;
  'panel': Panel;
  'source': Source;
  'backdrop-video': BackdropVideo;
  'ready': Ready;
  'progress': Progress;
  'done': Done;
  'redraw': Redraw;
  'plan': Plan;
  'begin': Begin;
  'declined': Declined;
  'stopped': Stopped;
  'stats': Stats;
  'download': Download;
  'share-card': ShareCard;
  'pictures': Pictures;
  'caption': Caption;
  'answers': Answers;
}
