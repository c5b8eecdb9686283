"""Chain: two graphs with Python's face selection between them, as one Session.

For backends without NonMaxSuppression (WebGL). Does not touch pixels: it reads 896 or 2304 rows of 17
numbers.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from app.core.nms import select
from app.core.ports import Session, Tensor


class Chain:
    """`first` outputs candidates [n,17], select() makes faces [5,17] of them, `second` draws the Mask."""

    def __init__(self, first: Session, second: Session) -> None:
        self._first = first
        self._second = second

    async def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """rgba, memory, keep -> faces, mask."""
        detected = await self._first.run({"rgba": feeds["rgba"]})
        faces = self._second.tensor(select(self._first.numbers(detected["candidates"])), (5, 17))
        drawn = await self._second.run({"faces": faces, "memory": feeds["memory"], "keep": feeds["keep"]})
        return {"faces": faces, "mask": drawn["mask"]}

    def tensor(self, numbers: Sequence[float] | array[float], shape: Sequence[int]) -> Tensor:
        """See Session."""
        return self._second.tensor(numbers, shape)

    def blank(self, shape: Sequence[int]) -> Tensor:
        """See Session."""
        return self._second.blank(shape)

    def numbers(self, tensor: Tensor) -> array[float]:
        """See Session."""
        return self._second.numbers(tensor)

    async def close(self) -> None:
        """See Session."""
        await self._first.close()
        await self._second.close()
