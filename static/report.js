// Sorts the table of models.html by the column whose head is pressed. Without it the table stands as it is.

const table = document.getElementById('models');
const body = table.tBodies[0];
const rows = [...body.rows];

// What a row sorts by: a number where the cell has one, else its text. A missing model has one wide cell.
const key = (row, column) => {
  const cell = row.cells[column];
  return cell?.dataset.value === undefined ? (cell?.textContent ?? '') : Number(cell.dataset.value.replace('inf', 'Infinity'));
};

const sort = (head, column) => {
  const down = head.getAttribute('aria-sort') === 'ascending';
  for (const other of head.parentElement.cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const compare = (a, b) => {
    const [x, y] = [key(a, column), key(b, column)];
    if (typeof x !== typeof y) return 0;
    return typeof x === 'number' ? (x > y) - (x < y) : x.localeCompare(y);
  };
  const missing = (row) => row.classList.contains('missing');
  const sorted = rows.filter((row) => !missing(row)).sort((a, b) => (down ? compare(b, a) : compare(a, b)));
  body.append(...sorted, ...rows.filter(missing));
};

[...table.tHead.rows[0].cells].forEach((head, column) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.append(...head.childNodes);
  button.addEventListener('click', () => sort(head, column));
  head.append(button);
});
