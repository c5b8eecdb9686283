// The elements of static/index.html that the scripts find by id, as types for tsc.
// Holds no code and is not part of the page; tests/unit/test_static.py compares it with index.html.

export type PageElements = {
  about: HTMLSpanElement;
  answers: HTMLElement;
  'answers-note': HTMLParagraphElement;
  'answers-summary': HTMLParagraphElement;
  ask: HTMLDivElement;
  boot: HTMLDivElement;
  camera: HTMLButtonElement;
  caption: HTMLParagraphElement;
  controls: HTMLFormElement;
  faces: HTMLDivElement;
  figures: HTMLDListElement;
  five: HTMLDivElement;
  fps: HTMLOutputElement;
  labels: HTMLDivElement;
  log: HTMLOListElement;
  mine: HTMLElement;
  notes: HTMLDivElement;
  'own-add': HTMLInputElement;
  'own-busy': HTMLSpanElement;
  'own-count': HTMLSpanElement;
  'own-export': HTMLButtonElement;
  'own-import': HTMLInputElement;
  'own-list': HTMLUListElement;
  plot: HTMLCanvasElement;
  save: HTMLButtonElement;
  share: HTMLButtonElement;
  show: HTMLDivElement;
  stage: HTMLElement;
};
