// @ts-check
// Owns the controls, the statistics, the log and the notes; draws there what Python describes.
// Does not know what a setting means: Python names the controls, their ranges, options and texts.

/** @import { Control, Log, Panel, Stats } from '../types/messages' */
/** @import { PageElements } from '../types/page' */

/** The number of frames across the plot of frame times: Meter in app/core/meter.py remembers as many. */
/** The most notes on the page at a time. */
const NOTES = 3;

/**
 * The element of index.html with this id.
 * @template {keyof PageElements} Id
 * @param {Id} id
 * @returns {PageElements[Id]}
 */
export const by = (id) => /** @type {PageElements[Id]} */ (document.getElementById(id));

/**
 * A new element with these properties and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [fields]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const make = (tag, fields = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), fields);
  element.append(...children);
  return element;
};

/**
 * A text with its {names} replaced by the values.
 * @param {string | undefined} text
 * @param {Record<string, unknown>} values
 */
export const format = (text, values) => (text ?? '').replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

// ---- controls ----

/**
 * How a kind of control is made, read and shown. `field` is the element that `make` gave.
 * @typedef {object} Kind
 * @property {(control: Control) => HTMLInputElement | HTMLSelectElement} make
 * @property {(field: any) => unknown} read
 * @property {(field: any, control: Control) => void} show
 */

/** @type {Record<Control['kind'], Kind>} */
const KINDS = {
  choice: {
    make: () => make('select'),
    read: (field) => field.value,
    show(field, { options, value }) {
      const described = JSON.stringify(options);
      if (field.dataset.options !== described) {
        field.dataset.options = described;
        field.replaceChildren(...options.map((option) => make('option', {
          value: option.value,
          disabled: Boolean(option.unavailable),
          textContent: option.unavailable ? `${option.title} (${option.unavailable})` : option.title,
        })));
      }
      field.value = value;
    },
  },
  range: {
    make: ({ low, high, step }) => make('input', { type: 'range', min: low, max: high, step }),
    read: (field) => Number(field.value),
    show(field, { value, unit }) {
      field.value = value;
      field.setAttribute('aria-valuetext', `${value}${unit}`);
      field.parentElement.querySelector('output').textContent = `${value}${unit}`;
    },
  },
  toggle: {
    make: () => make('input', { type: 'checkbox' }),
    read: (field) => field.checked,
    show(field, { value }) { field.checked = value; },
  },
  colour: {
    make: () => make('input', { type: 'color' }),
    read: (field) => field.value,
    show(field, { value }) { field.value = value; },
  },
  file: {
    make: ({ accept }) => make('input', { type: 'file', accept }),
    read: (field) => field.files[0],
    show() {},
  },
};

/** @typedef {(name: string, value: any, kind: Control['kind']) => unknown} Changed */

/** The line of each control, by its name. @type {Map<string, HTMLElement>} */
const lines = new Map();

/**
 * @param {Control} control
 * @param {Changed} changed
 */
function controlLine(control, changed) {
  const kind = KINDS[control.kind];
  const field = kind.make(control);
  Object.assign(field, { id: `control-${control.name}`, name: control.name });
  field.addEventListener(control.kind === 'range' || control.kind === 'colour' ? 'input' : 'change', () => {
    changed(control.name, kind.read(field), control.kind);
  });
  const label = make('label', { htmlFor: field.id, textContent: control.label });
  const line = make('div', { className: `row ${control.kind}` }, label, field);
  if (control.kind === 'range') line.append(make('output', { htmlFor: field.id }));
  line.append(make('p', { className: 'quiet', id: `${field.id}-hint` }));
  field.setAttribute('aria-describedby', `${field.id}-hint`);
  return line;
}

/**
 * Draw the controls. An element stays where it is as long as its control is listed, so that the visitor keeps
 * the focus and a slider that is being dragged.
 * @param {Control[]} controls
 * @param {Changed} changed called with each value the visitor sets
 */
export function drawPanel(controls, changed) {
  const form = by('controls');
  form.querySelector(':scope > p')?.remove();
  const listed = new Set(controls.map((control) => control.name));
  for (const [name, line] of lines) if (!listed.has(name)) { line.remove(); lines.delete(name); }
  const position = new Map();
  for (const control of controls) {
    let group = form.querySelector(`[data-group="${control.group}"]`);
    if (!group) {
      const added = make('fieldset', {}, make('legend', { textContent: control.group }));
      added.dataset.group = control.group;
      form.append(added);
      group = added;
    }
    const line = lines.get(control.name) ?? controlLine(control, changed);
    lines.set(control.name, line);
    const index = position.get(group) ?? 1; // after the legend
    if (group.children[index] !== line) group.insertBefore(line, group.children[index] ?? null);
    position.set(group, index + 1);
    KINDS[control.kind].show(line.querySelector('select, input'), control);
    const hint = /** @type {HTMLElement} */ (line.lastChild);
    hint.hidden = !control.hint;
    if (hint.textContent !== control.hint) hint.textContent = control.hint;
  }
}

/**
 * Draw what the task is: its title, the line beneath the page's name, and whether it has answers.
 * @param {Pick<Panel, 'title' | 'about'>} message
 */
export function drawHead({ title, about }) {
  document.title = `Vitrine: ${title}`;
  by('about').textContent = about;
}

/** The element that holds the picture and everything beside it. */
const layout = () => /** @type {HTMLElement} */ (by('stage').parentElement);

// ---- statistics ----

/** @param {Stats} stats */
export function drawStats(stats) {
  layout().style.setProperty('--ratio', String(stats.picture[0] / stats.picture[1]));
  by('fps').textContent = stats.fps ? stats.fps.toFixed(0) : '–';
  by('figures').replaceChildren(...Object.entries(figures(stats)).map(([term, value]) =>
    make('div', {}, make('dt', { textContent: term }), make('dd', { textContent: value }))));
  drawPlot(stats.plot, stats.window);
}

/** @param {Stats} stats */
function figures({ backend, threads, model, variant, frames, dropped, memory, ms }) {
  const mebibytes = (/** @type {number} */ bytes) => `${Math.round(bytes / 1048576)} MB`;
  const count = threads > 1 ? `, ${threads} threads` : backend === 'wasm' ? ', 1 thread' : '';
  return {
    Backend: `${backend}${count}`,
    Model: `${model} (${variant})`,
    Frame: `${ms.frame} ms`,
    Sample: `${ms.sample} ms`,
    Infer: `${ms.infer} ms`,
    Compose: `${ms.compose} ms`,
    ...(ms.overlay !== undefined && { Overlay: `${ms.overlay} ms` }),
    Python: `${ms.python} ms`,
    Frames: `${frames}${dropped ? `, ${dropped} dropped` : ''}`,
    Memory: `Python ${mebibytes(memory.python)}${memory.page ? `, page ${mebibytes(memory.page)}` : ''}`,
  };
}

/**
 * @param {number[]} times milliseconds
 * @param {number} window how many of them the plot is wide
 */
function drawPlot(times, window) {
  const canvas = by('plot');
  const draw = context2d(canvas);
  const most = Math.max(40, ...times);
  const y = (/** @type {number} */ ms) => canvas.height - 3 - (ms / most) * (canvas.height - 6);
  draw.clearRect(0, 0, canvas.width, canvas.height);
  draw.fillStyle = '#ffffff22';
  for (const fps of [60, 30]) draw.fillRect(0, y(1000 / fps), canvas.width, 1);
  draw.strokeStyle = '#5fd3b8';
  draw.lineWidth = 1.5;
  draw.beginPath();
  times.forEach((ms, i) => draw.lineTo((i / (window - 1)) * canvas.width, y(ms)));
  draw.stroke();
}

/**
 * The 2D context of a canvas, which every browser that runs the page has.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [options]
 */
export const context2d = (canvas, options) =>
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', options));

// ---- log and notes ----

/** @param {Log} message bytes loaded so far and in total */
export function drawLog({ label, have, total }) {
  const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
  const items = /** @type {HTMLElement[]} */ ([...by('log').children]);
  let item = items.find((each) => each.dataset.label === label);
  if (!item) {
    item = make('li', {}, make('span', { textContent: label }), make('progress', { max: 1 }), make('small'));
    item.dataset.label = label;
    by('log').append(item);
  }
  const [, progress, size] = item.children;
  /** @type {HTMLProgressElement} */ (progress).value = have / total;
  size.textContent = `${megabytes(have)} of ${megabytes(total)} MB`;
}

/**
 * Show a sentence until the visitor dismisses it. The same sentence is shown once.
 * @param {string} text
 */
export function drawNote(text) {
  const same = [...by('notes').children].find((note) => note.firstChild?.textContent === text);
  same?.remove();
  const { dismiss } = by('notes').dataset;
  const button = make('button', { type: 'button', ariaLabel: dismiss, textContent: '×' });
  const note = make('p', {}, make('span', { textContent: text }), button);
  button.onclick = () => note.remove();
  by('notes').append(note);
  while (by('notes').children.length > NOTES) by('notes').firstChild?.remove();
}
