"""What is counted where nothing may grow: code for the page's worker and for the page. Does not run it."""

from __future__ import annotations

# `_hiwire_num_refs`: JavaScript values that Python holds; `pyproxy_alloc_map`: the other way round.
COUNT = """
import gc

gc.collect()
inside = page.pyodide._module
{
    "held by Python": inside._hiwire_num_refs(),
    "held by JavaScript": inside.pyproxy_alloc_map.size,
    "objects": len(gc.get_objects()),
    "textures": page.python.engine.compositor.textures,
    "heap": page.heap(),
}
"""
TRACE = "() => self.page.pyodide._module.enable_pyproxy_allocation_tracing()"
MEMORY = "performance.measureUserAgentSpecificMemory().then(({ bytes }) => bytes)"  # the page and its workers

# Photos dropped on the page one after another, each once the one before has its answers. Takes how many, and
# the files' contents in base64, which are used in turn: two beside each other have to be of different shapes.
# Gives the milliseconds of each.
PHOTOS = """async ([count, texts]) => {
    const bytes = texts.map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
    const shape = () => document.querySelector('#labels').style.getPropertyValue('--ratio');
    const times = [];
    for (let i = 0; i < count; i += 1) {
        const before = shape(), begin = performance.now(), late = begin + 60_000;
        const data = new DataTransfer();
        data.items.add(new File([bytes[i % bytes.length]], `${i}.jpg`, { type: 'image/jpeg' }));
        const how = { dataTransfer: data, bubbles: true, cancelable: true };
        document.body.dispatchEvent(new DragEvent('drop', how));
        while (shape() === before) {
            if (performance.now() > late) throw new Error(`photo ${i} has no answers`);
            await new Promise((resolve) => { setTimeout(resolve, 2); });
        }
        times.push(performance.now() - begin);
    }
    return times;
}"""
