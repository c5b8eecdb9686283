// Draws what Python describes: the controls, the stats, the log, the notes. Decides nothing.

export const by = (id) => document.getElementById(id);
export const make = (tag, fields = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), fields);
  element.append(...children);
  return element;
};

// kind of control -> its element, and how its value is read and shown
const KINDS = {
  choice: {
    make: () => make('select'),
    read: (e) => e.value,
    show(e, { options, value }) {
      const now = JSON.stringify(options);
      if (e.dataset.options !== now) {
        e.dataset.options = now;
        e.replaceChildren(...options.map((o) => make('option', {
          value: o.value, disabled: Boolean(o.unavailable), textContent: o.unavailable ? `${o.title} (${o.unavailable})` : o.title,
        })));
      }
      e.value = value;
    },
  },
  range: {
    make: ({ low, high, step }) => make('input', { type: 'range', min: low, max: high, step }),
    read: (e) => Number(e.value),
    show(e, { value, unit }) {
      e.value = value;
      e.setAttribute('aria-valuetext', `${value}${unit}`);
      e.parentElement.querySelector('output').textContent = `${value}${unit}`;
    },
  },
  toggle: { make: () => make('input', { type: 'checkbox' }), read: (e) => e.checked, show: (e, c) => { e.checked = c.value; } },
  colour: { make: () => make('input', { type: 'color' }), read: (e) => e.value, show: (e, c) => { e.value = c.value; } },
  file: { make: ({ accept }) => make('input', { type: 'file', accept }), read: (e) => e.files[0], show() {} },
};

const rows = new Map();

function row(control, changed) {
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

// Elements stay where they are while they are wanted, so that focus and a drag survive.
export function drawPanel(controls, changed) {
  const form = by('controls');
  form.querySelector(':scope > p')?.remove();
  const wanted = new Set(controls.map((c) => c.name));
  for (const [name, line] of rows) if (!wanted.has(name)) { line.remove(); rows.delete(name); }
  const next = new Map();
  for (const control of controls) {
    let group = form.querySelector(`[data-group="${control.group}"]`);
    if (!group) {
      group = make('fieldset', {}, make('legend', { textContent: control.group }));
      group.dataset.group = control.group;
      form.append(group);
    }
    if (!rows.has(control.name)) rows.set(control.name, row(control, changed));
    const line = rows.get(control.name);
    const at = next.get(group) ?? 1; // after the legend
    if (group.children[at] !== line) group.insertBefore(line, group.children[at] ?? null);
    next.set(group, at + 1);
    KINDS[control.kind].show(line.querySelector('select, input'), control);
    const hint = line.lastChild;
    hint.hidden = !control.hint;
    if (hint.textContent !== control.hint) hint.textContent = control.hint;
  }
}

// What the page is for, as Python says: the title, the line beneath it, whether answers are shown.
export function drawHead({ title, about, answers }) {
  document.title = `Vitrine: ${title}`;
  by('about').textContent = about;
  by('answers').hidden = by('labels').hidden = by('mine').hidden = !answers;
  by('stage').parentElement.classList.toggle('answers', answers);
}

export function drawStats(stats) {
  by('stage').parentElement.style.setProperty('--ratio', stats.picture[0] / stats.picture[1]);
  by('fps').textContent = stats.fps ? stats.fps.toFixed(0) : '–';
  const { sample, infer, compose, overlay, python, frame } = stats.ms;
  const mb = (bytes) => `${Math.round(bytes / 1048576)} MB`;
  const figures = {
    Backend: `${stats.backend}${stats.threads > 1 ? `, ${stats.threads} threads` : stats.backend === 'wasm' ? ', 1 thread' : ''}`,
    Model: `${stats.model} (${stats.variant})`,
    'Frame': `${frame} ms`, Sample: `${sample} ms`, Infer: `${infer} ms`, Compose: `${compose} ms`, ...(overlay !== undefined && { Overlay: `${overlay} ms` }), Python: `${python} ms`,
    Frames: `${stats.frames}${stats.dropped ? `, ${stats.dropped} dropped` : ''}`,
    Memory: [`Python ${mb(stats.memory.python)}`, stats.memory.page && `page ${mb(stats.memory.page)}`].filter(Boolean).join(', '),
  };
  by('figures').replaceChildren(...Object.entries(figures).map(([term, value]) =>
    make('div', {}, make('dt', { textContent: term }), make('dd', { textContent: value }))));
  const canvas = by('plot'), draw = canvas.getContext('2d');
  const most = Math.max(40, ...stats.plot), y = (ms) => canvas.height - 3 - (ms / most) * (canvas.height - 6);
  draw.clearRect(0, 0, canvas.width, canvas.height);
  draw.fillStyle = '#ffffff22';
  for (const ms of [1000 / 60, 1000 / 30]) draw.fillRect(0, y(ms), canvas.width, 1); // 60 and 30 frames per second
  draw.strokeStyle = '#5fd3b8';
  draw.lineWidth = 1.5;
  draw.beginPath();
  stats.plot.forEach((ms, i) => draw.lineTo((i / 89) * canvas.width, y(ms)));
  draw.stroke();
}

export function drawLog({ label, have, total }) {
  const mb = (bytes) => (bytes / 1e6).toFixed(1);
  let line = [...by('log').children].find((e) => e.dataset.label === label);
  if (!line) {
    line = make('li', {}, make('span', { textContent: label }), make('progress', { max: 1 }), make('small'));
    line.dataset.label = label;
    by('log').append(line);
  }
  line.querySelector('progress').value = have / total;
  line.querySelector('small').textContent = `${mb(have)} of ${mb(total)} MB`;
}

export function drawNote(text) {
  const same = [...by('notes').children].find((e) => e.firstChild.textContent === text);
  same?.remove();
  const note = make('p', {}, make('span', { textContent: text }), make('button', { type: 'button', ariaLabel: 'Dismiss', textContent: '×' }));
  note.lastChild.onclick = () => note.remove();
  by('notes').append(note);
  while (by('notes').children.length > 3) by('notes').firstChild.remove();
}
