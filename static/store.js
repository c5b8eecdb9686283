// @ts-check
// Owns the browser's store of the visitor's own pictures: one IndexedDB object store, read and written here.
// Does not look into a row: Python checks what it reads.

/** @typedef {{ id: string, name: string, card: string, features: Uint8Array, thumb: Blob }} Row */

const SILENT = 10_000; // ms after which a store that does not answer counts as none

/**
 * @template Result
 * @param {IDBRequest<Result>} made
 * @returns {Promise<Result>}
 */
const request = (made) => new Promise((resolve, reject) => {
  made.onsuccess = () => resolve(made.result);
  made.onerror = () => reject(made.error);
});

/** The database, opened once. @type {Promise<IDBDatabase> | null} */
let opened = null;

function database() {
  opened ??= (async () => {
    const opening = indexedDB.open('vitrine', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('own', { keyPath: 'id' });
    return request(opening);
  })();
  return opened;
}

/**
 * @template Result
 * @param {IDBTransactionMode} mode
 * @param {(all: IDBObjectStore) => IDBRequest<Result>} act
 * @returns {Promise<Result>}
 */
async function pictures(mode, act) {
  const work = async () => {
    const transaction = (await database()).transaction('own', mode);
    const result = await request(act(transaction.objectStore('own')));
    if (mode === 'readwrite') {
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
    }
    return result;
  };
  const silence = new Promise((resolve, reject) => {
    setTimeout(() => reject(new DOMException('', 'TimeoutError')), SILENT);
  });
  return /** @type {Promise<Result>} */ (Promise.race([work(), silence]));
}

/** All rows. @returns {Promise<Row[]>} */
export const rows = () => pictures('readonly', (all) => all.getAll());

/** @param {Row} row added, or put in the place of the one with its id */
export const put = (row) => pictures('readwrite', (all) => all.put(row));

/** @param {string} id */
export const remove = (id) => pictures('readwrite', (all) => all.delete(id));
