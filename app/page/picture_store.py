"""The browser's store of the visitor's pictures, as Python values: rows read, checked, written and removed.

Does not open the database: static/store.js does. Does not keep anything in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from js import Object, Uint8Array
from pyodide.ffi import JsException, to_js

from app.core.errors import UserError
from app.tasks.lookalike.user_gallery import Picture, picture

Row = tuple[str, Picture, Any]  # id, picture, its thumbnail as Blob


class PictureStore:
    """`js_store` is what static/worker.js offers: rows(), put(row), remove(id)."""

    def __init__(self, js_store: Any) -> None:
        self._js_store = js_store

    async def rows(self) -> list[Row] | None:
        """Every row that is sound; None where the browser stores nothing."""
        try:
            js_rows = await self._js_store.rows()
        except JsException:
            return None
        return list(_sound(js_rows))

    async def put(self, id: str, added: Picture, js_thumbnail: Any) -> str:
        """Write a row; gives the DOMException's name where the browser does not, "" otherwise."""
        js_features = Uint8Array.new(to_js(added.features.tobytes()))
        fields = {"id": id, "name": added.name, "card": added.card}
        pairs = [*fields.items(), ("features", js_features), ("thumb", js_thumbnail)]
        try:
            await self._js_store.put(Object.fromEntries(to_js([list(pair) for pair in pairs])))
        except JsException as error:
            return str(error.name)
        return ""

    async def remove(self, id: str) -> bool:
        """Remove a row; whether the browser did."""
        try:
            await self._js_store.remove(id)
        except JsException:
            return False
        return True


def _sound(js_rows: Any) -> Iterator[Row]:
    for js_row in js_rows:
        try:
            added = picture(js_row.name, js_row.card, bytes(js_row.features.to_bytes()))
            js_row.thumb.arrayBuffer  # noqa: B018 - AttributeError where it is no Blob
        except (UserError, AttributeError):
            continue
        yield js_row.id, added, js_row.thumb
