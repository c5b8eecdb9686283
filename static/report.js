// @ts-check
// Owns the order of the rows in models.html: a press on a column's head sorts by that column.
// Does not build the table: it can be read without this script.

const table = /** @type {HTMLTableElement} */ (document.getElementById('models'));
const head = /** @type {HTMLTableSectionElement} */ (table.tHead).rows[0];
const body = table.tBodies[0];
const rows = [...body.rows];

/**
 * What a row is sorted by: the cell's number where it has one, else its text. The row of a model that is
 * missing has one wide cell.
 * @param {HTMLTableRowElement} row
 * @param {number} column
 */
const key = (row, column) => {
  const cell = row.cells[column];
  const number = cell?.dataset.value;
  return number === undefined ? (cell?.textContent ?? '') : Number(number.replace('inf', 'Infinity'));
};

/**
 * @param {HTMLTableCellElement} cell of the head
 * @param {number} column
 */
const sort = (cell, column) => {
  const down = cell.getAttribute('aria-sort') === 'ascending';
  for (const other of head.cells) other.removeAttribute('aria-sort');
  cell.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const compare = (/** @type {HTMLTableRowElement} */ a, /** @type {HTMLTableRowElement} */ b) => {
    const [x, y] = [key(a, column), key(b, column)];
    if (typeof x === 'number' && typeof y === 'number') return Number(x > y) - Number(x < y);
    return typeof x === 'string' && typeof y === 'string' ? x.localeCompare(y) : 0;
  };
  const missing = (/** @type {HTMLTableRowElement} */ row) => row.classList.contains('missing');
  const sorted = rows.filter((row) => !missing(row)).sort((a, b) => (down ? compare(b, a) : compare(a, b)));
  body.append(...sorted, ...rows.filter(missing));
};

[...head.cells].forEach((cell, column) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.append(...cell.childNodes);
  button.addEventListener('click', () => sort(cell, column));
  cell.append(button);
});
