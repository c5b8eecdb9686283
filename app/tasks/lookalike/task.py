"""The look-alike task: finds the gallery characters that each face resembles.

Does not draw and does not read pixels: ONNX graphs cut faces out and compare them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.core.characters import LoadedGallery
from app.core.events import Answers
from app.core.frame import Frame
from app.core.gallery import NEAREST, Match
from app.core.geometry import RotatedRect, center_square, expanded, face_roi, to_frame
from app.core.model import Model
from app.core.nms import FACES, ROW, SCORE
from app.core.ports import Tensor
from app.core.settings import Settings
from app.tasks.background import Background
from app.tasks.base import Requires, Result
from app.tasks.lookalike.comparison import Comparison, FaceMatches, answers
from app.tasks.lookalike.ranking import SHOWN, StableRanking, update
from app.tasks.lookalike.tracking import TRACK_TIMEOUT_MS, Track, associate, box, next_to_refresh

# The square that is compared: the detector's box, which reaches from the brows to the chin, made twice as
# large and moved up by a fifth of its height, so that it contains hair and chin. From 1.6 to 2.4 times, the
# frames of one person agree equally often; with less hair, different people get the same answers
# (docs/lookalike.md).
EXPANSION, SHIFT_UP = 2.0, 0.2
KEEP = 0.8  # weight of a face's earlier features in exponential smoothing

MAPS = ("mask", "parts")  # the outputs of the segmenter that a cutout graph may take

NO_FACE_PHOTO = "No face was found. The middle of the picture was compared instead."
NO_FACE_LIVE = "No face is visible."


class Lookalike:
    """Takes a segmenter with its cutout, a detector, and a classifier with the indexes of the galleries.

    The background is replaced as in the background task. In a photo, all faces are compared at once. In a
    live picture the task processes one face at a time over two frames, which keeps each frame short: it cuts
    the face out in the first and compares it in the second.
    """

    title = "Look-alike"
    about = "Which characters your face resembles."
    background = "none"
    requires = Requires(("segmenter",), ("detector", "classifier"), cutout=True, galleries=True)
    # The full-range detector finds faces that the short-range one misses: a face a tenth as wide as the
    # picture, and a distant face in 92 of 92 frames instead of 27.
    preferred: tuple[str, ...] = ("bodypix", "selfie", "blazeface-full", "mobilenet-v2")
    events = (Answers,)

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        """Raises ValueError when the model's cutout graph is not loaded."""
        if model.cutout is None:
            raise ValueError(f"{model.card.title} cannot cut out a face. Choose another model.")
        self._model, self._cutout = model, model.cutout
        self._detector, self._classifier = auxiliary["detector"], auxiliary["classifier"]
        self._background = Background(model, {})
        session = self._classifier.session
        self._blank: Tensor = None  # zeros of the features' size, once it is known
        self._weights = [session.tensor([n / (n + 1)], (1,)) for n in range(FACES)]
        self._keep = session.tensor([KEEP], (1,))
        self.outputs: Mapping[str, Tensor] = {}
        self.galleries: tuple[LoadedGallery, ...] = ()
        self.comparison: Comparison | None = None  # the result of the last frame; None: nothing new
        self._photo: Comparison | None = None  # the result for the photo that is shown
        self._compared_with: tuple[LoadedGallery, ...] = ()
        self._source = 0
        self._begin()

    def _begin(self) -> None:
        """Forget all faces."""
        self._tracks: tuple[Track, ...] = ()
        self._cut: tuple[int, Tensor] = 0, None  # a face to compare next: track id (0: none), cutout
        self._together = StableRanking()
        self._count = 0  # comparisons so far
        self._round = 0  # `_count` when all faces were last compared together
        self._last_face = -1.0  # the time of the last frame with a face, or of the first frame
        self._photo = None
        self._told_empty = False

    async def step(self, frame: Frame, settings: Settings) -> Result:
        """See Task."""
        if self._galleries_changed() or frame.first_of_source:
            self._begin()
        self._source += frame.first_of_source
        self.comparison = None
        faces = (await self._detector.infer(frame))["faces"]
        rois = self._rois(frame, faces, None)
        self.outputs = {"faces": faces} if rois else {}
        if self.galleries:
            if not rois:
                rois = await self._zoomed_out(frame)
            if not frame.is_photo:
                self.comparison = await self._live(frame, rois)
            else:  # a photo may be drawn again, for example mirrored; its result stays the same
                self._photo = self._photo or await self._compare_photo(frame, rois)
                self.comparison = self._photo
        shown = await self._background.step(frame, settings)
        self.outputs = {**self._background.outputs, **self.outputs}
        if self.comparison is None:
            return shown
        size = settings.shown_size(frame)
        return replace(shown, events=(answers(self.comparison, self.galleries, settings.mirror, size),))

    async def embed(self, frame: Frame) -> tuple[Tensor, RotatedRect]:
        """See ComparingTask. It uses the face with the highest score; without a face, the centre square."""
        faces = self._rois(frame, (await self._detector.infer(frame))["faces"], None)
        faces = faces or await self._zoomed_out(frame)
        roi = expanded(faces[0], EXPANSION, SHIFT_UP) if faces else center_square(frame)
        return await self._features(await self._cut_out(frame, roi)), roi

    def _galleries_changed(self) -> bool:
        """Whether the galleries have changed since the last frame."""
        old, self._compared_with = self._compared_with, self.galleries
        return len(old) != len(self.galleries) or any(
            a.index is not b.index for a, b in zip(old, self.galleries, strict=True)
        )

    async def _zoomed_out(self, frame: Frame) -> list[RotatedRect]:
        """Detect a face that fills the picture: sample the frame at half the scale, with a black border."""
        into, size = self._detector.card.input, 2.0 * max(frame.width, frame.height)
        far = RotatedRect(frame.width / 2, frame.height / 2, size * into.width / into.height, size)
        return self._rois(frame, (await self._detector.infer(frame, far))["faces"], far)

    def _rois(self, frame: Frame, faces: Tensor, sampled: RotatedRect | None) -> list[RotatedRect]:
        """The detected faces as squares of the frame, highest score first. `sampled`: the detector's
        region.
        """
        numbers = self._detector.session.numbers(faces)
        to = to_frame(frame.width, frame.height, self._detector.card.input, sampled)
        rows = (numbers[n : n + ROW] for n in range(0, len(numbers), ROW))
        rois = (face_roi(row, to, frame) for row in rows if row[0] > SCORE)
        return [roi for roi in rois if roi is not None]

    async def _compare_photo(self, frame: Frame, faces: Sequence[RotatedRect]) -> Comparison:
        """Compare all faces of a photo, from left to right; without a face, its centre square."""
        squares = sorted(faces, key=lambda face: face.x) or [center_square(frame)]
        compared, features_of_all = [], []
        for id, face in enumerate(squares, 1):
            roi = expanded(face, EXPANSION, SHIFT_UP) if faces else face
            features = await self._features(await self._cut_out(frame, roi))
            smoothed, matches = await self._compare(features, None, 0)
            compared.append(FaceMatches(id, box(face, frame), tuple(matches[:SHOWN])))
            features_of_all.append(smoothed)
        together = tuple((await self._mean(features_of_all))[:SHOWN])
        return Comparison(tuple(compared), together, "" if faces else NO_FACE_PHOTO, self._source)

    async def _live(self, frame: Frame, faces: Sequence[RotatedRect]) -> Comparison | None:
        """Track the faces of a live frame and process one of them."""
        before, self._tracks = self._tracks, associate(self._tracks, faces, frame.time)
        restarted = frame.time < self._last_face  # a clip has restarted
        if faces or self._last_face < 0 or restarted:
            self._last_face = frame.time
        if restarted or {track.id for track in before} != {track.id for track in self._tracks}:
            self._together, self._round = StableRanking(), 0
        id, cut = self._cut
        self._cut = 0, None
        if track := next((track for track in self._tracks if track.id == id and not restarted), None):
            await self._refresh(frame, track, cut)
        elif track := next_to_refresh(self._tracks, frame.time):
            self._cut = track.id, await self._cut_out(frame, expanded(track.face, EXPANSION, SHIFT_UP))
        ranked = [track for track in self._tracks if track.ranking.shown]
        if ranked:
            self._told_empty = False
            faces_ = (FaceMatches(track.id, box(track.face, frame), track.ranking.shown) for track in ranked)
            together = self._together.shown if len(ranked) > 1 else ()
            return Comparison(tuple(faces_), together, "", self._source)
        empty = not self._tracks and frame.time - self._last_face > TRACK_TIMEOUT_MS
        if empty and not self._told_empty:
            self._told_empty = True
            return Comparison(note=NO_FACE_LIVE, source=self._source)
        return None

    async def _refresh(self, frame: Frame, track: Track, cut: Tensor) -> None:
        """Compare a face again. When every face of this frame has been compared, compare all together."""
        features = await self._features(cut)
        keep = 0 if track.smoothed is None else None
        smoothed, matches = await self._compare(features, track.smoothed, keep)
        self._count += 1
        ranking = update(track.ranking, matches)
        refreshed = replace(track, refreshed=self._count, smoothed=smoothed, ranking=ranking)
        self._tracks = tuple(refreshed if each.id == track.id else each for each in self._tracks)
        # Only faces of this frame: with passers-by, the tracks of the last second can be many.
        present = [each for each in self._tracks if each.time == frame.time][:FACES]
        if len(present) > 1 and all(each.refreshed > self._round for each in present):
            self._round = self._count
            self._together = update(self._together, await self._mean([each.smoothed for each in present]))

    async def _cut_out(self, frame: Frame, roi: RotatedRect) -> Tensor:
        """A square of the frame as the classifier's input, with the surroundings of the face removed.

        If the segmenter finds almost nothing, the cutout graph detects this and returns the square unchanged.
        """
        model, classifier = self._model, self._classifier
        into = model.card.input
        wide = replace(roi, width=roi.height * into.width / into.height)
        outputs = await model.infer(frame, wide)
        maps = {name: tensor for name, tensor in outputs.items() if name in MAPS}
        rgba = classifier.sample(frame, roi).tensor
        with classifier.meter.stage(classifier.stages[1]):
            return (await self._cutout.run({"rgba": rgba, **maps}))["cut"]

    async def _features(self, cut: Tensor) -> Tensor:
        """The classifier's feature vector of a cut-out face."""
        with self._classifier.meter.stage(self._classifier.stages[1]):
            return (await self._classifier.session.run({"rgba": cut}))["features"]

    async def _compare(
        self, features: Tensor, memory: Tensor, earlier: int | None
    ) -> tuple[Tensor, list[Match]]:
        """The smoothed features of a face, and the nearest characters of all galleries, best first.

        `earlier` n: a running mean over n earlier faces. None: exponential smoothing between comparisons.
        """
        session = self._classifier.session
        if self._blank is None:
            self._blank = session.blank((1, len(session.numbers(features))))
        memory = self._blank if memory is None else memory
        weight = self._keep if earlier is None else self._weights[earlier]
        smoothed: Tensor = memory
        matches: list[Match] = []
        with self._classifier.meter.stage(self._classifier.stages[1]):
            for gallery in self.galleries:
                smoothed, nearest = await gallery.index.nearest(features, memory, weight)
                matches += nearest
        return smoothed, sorted(matches, key=lambda match: -match.similarity)[:NEAREST]

    async def _mean(self, faces: Sequence[Tensor]) -> list[Match]:
        """The characters nearest to the mean of several faces; empty for fewer than two faces."""
        memory: Tensor = None
        matches: list[Match] = []
        for n, features in enumerate(faces if len(faces) > 1 else ()):
            memory, matches = await self._compare(features, memory, n)
        return matches


TASK = Lookalike
