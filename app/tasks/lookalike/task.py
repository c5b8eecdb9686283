"""The look-alike task: which characters of a gallery does each face resemble.

Does not draw, does not know the characters' names and does not look at a pixel: graphs cut out and compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.core.frame import Frame
from app.core.gallery import NEAREST, Index, Match
from app.core.geometry import RotatedRect, center_square, expanded, face_roi, to_frame
from app.core.model import Model
from app.core.nms import FACES, ROW, SCORE
from app.core.ports import Tensor
from app.core.settings import Settings
from app.tasks.background import Background
from app.tasks.lookalike.answers import (
    GONE,
    SHOWN,
    StableRanking,
    Track,
    associate,
    box,
    next_to_refresh,
    update,
)

# The square that is compared, of the detector's box, which reaches from the brows to the chin: twice as large
# and higher by a fifth of the box it holds hair and chin. From 1.6 to 2.4 times the frames of a person agree
# as often, but with less hair in it the answers of different people are the same (docs/lookalike.md).
GROWN, UP = 2.0, 0.2
KEEP = 0.8  # of a face's features from one look to the next

MAPS = ("mask", "parts")  # what a cutout takes of what the segmenter gives

ALONE = "No face was found: the middle of the picture was compared."
NOBODY = "No face is to be seen."


class Lookalike:
    """Takes a segmenter with its cutout, a detector, and a classifier with the indexes of the galleries.

    What is behind the person is replaced as in the background task. A photo's faces are all compared at once.
    Of a live picture they are looked at in turn, each in two frames, which so come faster: in one the face is
    cut out, in the next it is compared.
    """

    title = "Look-alike"
    about = "Which characters your face resembles."
    background = "none"
    model_kinds: tuple[str, ...] = ("segmenter",)
    auxiliary: tuple[str, ...] = ("detector", "classifier")
    # The full range finds what the short one does not: a face a tenth as wide as the picture, and one in the
    # distance in 92 of 92 frames instead of 27.
    preferred: tuple[str, ...] = ("bodypix", "selfie", "blazeface-full", "mobilenet-v2")
    requires: tuple[str, ...] = ("cutout", "gallery")

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        """Raises ValueError where the model came without its cutout."""
        if model.cutout is None:
            raise ValueError(f"{model.card.title} cannot cut out a face")
        self._model, self._cutout = model, model.cutout
        self._detector, self._classifier = auxiliary["detector"], auxiliary["classifier"]
        self._background = Background(model, {})
        session = self._classifier.session
        self._blank: Tensor = None  # as large as the features, once their size is known
        self._keeps = [session.tensor([n / (n + 1)], (1,)) for n in range(FACES)]
        self._keep = session.tensor([KEEP], (1,))
        self.found: Mapping[str, Tensor] = {}
        self._said: Mapping[str, Any] | None = None
        self._last: Mapping[str, Any] | None = None  # what was said of a photo
        self._indexes: tuple[Index, ...] = ()
        self._source = 0
        self._begin()

    def _begin(self) -> None:
        """Nothing is known of any face."""
        self._tracks: tuple[Track, ...] = ()
        self._cut: tuple[int, Tensor] = 0, None  # whose face is cut out and not compared yet; 0: nobody's
        self._together = StableRanking()
        self._looks = 0
        self._met = 0  # the look after which all of them were compared together last
        self._faced = -1.0  # the time a face was seen last, or the first frame's
        self._last = None
        self._silent = False

    @property
    def said(self) -> Mapping[str, Any] | None:
        """See Task. `faces`: id, box (0..1 of the frame: left, top, width, height) and near (Near, five at
        most); `together`: Near, of two faces or more; `note`: a sentence or ""; `source`: a number, another
        with each new source, whose faces have nothing to do with those before.
        """
        said, self._said = self._said, None
        return {**said, "source": self._source} if said else None

    async def step(self, frame: Frame, settings: Settings) -> Tensor | None:
        """See Task. The Mask comes last: the Compositor keeps what its model was shown last."""
        if self._changed() or frame.first_of_source:
            self._begin()
        self._source += frame.first_of_source
        faces = (await self._detector.infer(frame))["faces"]
        regions = self._regions(frame, faces, None)
        self.found = {"faces": faces} if regions else {}
        if self._indexes:
            if not regions:
                regions = await self._larger(frame)
            if not frame.is_photo:
                await self._live(frame, regions)
            elif self._last is None:
                self._last = await self._photo(frame, regions)
            if frame.is_photo:  # drawn again, for another background or mirrored, it is the same photo
                self._said = self._last
        mask = await self._background.step(frame, settings)
        self.found = {**self._background.found, **self.found}
        return mask

    async def embed(self, frame: Frame) -> tuple[Tensor, RotatedRect]:
        """See Task. Of the surest face; where there is none, of the picture's middle."""
        faces = self._regions(frame, (await self._detector.infer(frame))["faces"], None)
        faces = faces or await self._larger(frame)
        roi = expanded(faces[0], GROWN, UP) if faces else center_square(frame)
        return await self._features(await self._cut_out(frame, roi)), roi

    def _changed(self) -> bool:
        """Whether the galleries are others than they were."""
        old, self._indexes = self._indexes, tuple(self._classifier.indexes)
        return len(old) != len(self._indexes) or any(
            a is not b for a, b in zip(old, self._indexes, strict=True)
        )

    async def _larger(self, frame: Frame) -> list[RotatedRect]:
        """The faces of a picture that is all face: it is looked at from twice as far away."""
        into, size = self._detector.card.input, 2.0 * max(frame.width, frame.height)
        far = RotatedRect(frame.width / 2, frame.height / 2, size * into.width / into.height, size)
        return self._regions(frame, (await self._detector.infer(frame, far))["faces"], far)

    def _regions(self, frame: Frame, faces: Tensor, seen: RotatedRect | None) -> list[RotatedRect]:
        """The detector's faces in the frame or a region of it, surest first, as squares of the frame."""
        numbers = self._detector.session.numbers(faces)
        to = to_frame(frame.width, frame.height, self._detector.card.input, seen)
        rows = (numbers[n : n + ROW] for n in range(0, len(numbers), ROW))
        found = (face_roi(row, to, frame) for row in rows if row[0] > SCORE)
        return [roi for roi in found if roi is not None]

    async def _photo(self, frame: Frame, faces: Sequence[RotatedRect]) -> Mapping[str, Any]:
        """Every face from left to right; without one the middle of the picture."""
        squares = sorted(faces, key=lambda face: face.x) or [center_square(frame)]
        told, everyone = [], []
        for id, face in enumerate(squares, 1):
            roi = expanded(face, GROWN, UP) if faces else face
            features = await self._features(await self._cut_out(frame, roi))
            seen, near = await self._compare(features, None, 0)
            told.append({"id": id, "box": box(face, frame), "near": near[:SHOWN]})
            everyone.append(seen)
        together = (await self._mean(everyone))[:SHOWN]
        return {"faces": told, "together": together, "note": "" if faces else ALONE}

    async def _live(self, frame: Frame, faces: Sequence[RotatedRect]) -> None:
        """The faces followed, one of them looked at."""
        before, self._tracks = self._tracks, associate(self._tracks, faces, frame.time)
        anew = frame.time < self._faced  # a clip
        if faces or self._faced < 0 or anew:
            self._faced = frame.time
        if anew or {track.id for track in before} != {track.id for track in self._tracks}:
            self._together, self._met = StableRanking(), 0
        id, cut = self._cut
        self._cut = 0, None
        if track := next((track for track in self._tracks if track.id == id and not anew), None):
            await self._look(frame, track, cut)
        elif track := next_to_refresh(self._tracks, frame.time):
            self._cut = track.id, await self._cut_out(frame, expanded(track.face, GROWN, UP))
        shown = [track for track in self._tracks if track.standing.shown]
        if shown:
            self._silent = False
            self._said = {
                "faces": [
                    {"id": track.id, "box": box(track.face, frame), "near": list(track.standing.shown)}
                    for track in shown
                ],
                "together": list(self._together.shown) if len(shown) > 1 else [],
                "note": "",
            }
        elif not self._silent and not self._tracks and frame.time - self._faced > GONE:
            self._silent = True
            self._said = {"faces": [], "together": [], "note": NOBODY}

    async def _look(self, frame: Frame, track: Track, cut: Tensor) -> None:
        """One more look at a face; once each of this frame had its turn, at all of them together."""
        features = await self._features(cut)
        seen, near = await self._compare(features, track.seen, 0 if track.seen is None else None)
        standing = update(track.standing, near)
        self._looks += 1
        looked = replace(track, looked=self._looks, seen=seen, standing=standing)
        self._tracks = tuple(looked if each.id == track.id else each for each in self._tracks)
        # Not those of the last second as well: of passers-by there may be any number.
        here = [each for each in self._tracks if each.time == frame.time][:FACES]
        if len(here) > 1 and all(each.looked > self._met for each in here):
            self._met = self._looks
            self._together = update(self._together, await self._mean([each.seen for each in here]))

    async def _cut_out(self, frame: Frame, roi: RotatedRect) -> Tensor:
        """A square region as the classifier's input, with what is around the face taken away.

        Where the segmenter has missed the face the cutout takes nothing away: its graph reckons that out.
        """
        model, classifier = self._model, self._classifier
        into = model.card.input
        wide = replace(roi, width=roi.height * into.width / into.height)
        found = await model.infer(frame, wide)
        maps = {name: tensor for name, tensor in found.items() if name in MAPS}
        sample, infer = classifier.stages
        with classifier.meter.stage(sample):
            rgba = classifier.compositor.sample(frame, classifier.card.input, roi, classifier.rgba)
        with classifier.meter.stage(infer):
            return (await self._cutout.run({"rgba": rgba, **maps}))["cut"]

    async def _features(self, cut: Tensor) -> Tensor:
        """What the classifier sees of a face that is cut out."""
        with self._classifier.meter.stage(self._classifier.stages[1]):
            return (await self._classifier.session.run({"rgba": cut}))["features"]

    async def _compare(
        self, features: Tensor, memory: Tensor, keep: int | None
    ) -> tuple[Tensor, list[Match]]:
        """What is remembered of a face, and the nearest of all galleries. `keep` n: as the n faces before
        it weigh in a mean; None: as one look does on the next.
        """
        session = self._classifier.session
        if self._blank is None:
            self._blank = session.blank((1, len(session.numbers(features))))
        memory = self._blank if memory is None else memory
        weight = self._keep if keep is None else self._keeps[keep]
        seen: Tensor = memory
        near: list[Match] = []
        with self._classifier.meter.stage(self._classifier.stages[1]):
            for index in self._indexes:
                seen, some = await index.nearest(features, memory, weight)
                near += some
        return seen, sorted(near, key=lambda one: -one.similarity)[:NEAREST]

    async def _mean(self, faces: Sequence[Tensor]) -> list[Match]:
        """What is nearest to several faces together; nothing for one alone."""
        memory: Tensor = None
        near: list[Match] = []
        for n, features in enumerate(faces if len(faces) > 1 else ()):
            memory, near = await self._compare(features, memory, n)
        return near
