"""The sentences that a visitor reads when something outside this program goes wrong.

Does not detect a failure and does not handle it.
"""

from __future__ import annotations

# DOMException name -> sentence. https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia
CAMERA: dict[str, str] = {
    "NotAllowedError": "The camera stays off: the browser does not allow this page to use it. Allow it in"
    " the browser's address bar, then press “Use my camera” again.",
    "NotFoundError": "No camera was found. Plug one in, or choose a photo or video file as the source.",
    "NotReadableError": "Another program is using the camera. Close that program and try again.",
    "OverconstrainedError": "This camera does not support the chosen resolution. Choose another camera or"
    " resolution.",
    "SecurityError": "The browser allows cameras only on https pages and on localhost. Open this page at"
    " such an address.",
    "ended": "The camera was unplugged, or another program took it. Connect it, then press “Use my camera”"
    " again.",
}
FILE: dict[str, str] = {
    "large": "That file is too large ({size} MB). Choose a photo of at most {most} MB, or a video.",
    "pixels": "That photo is too large ({megapixels} megapixels). Choose a photo of at most {most}"
    " megapixels.",
    "decode": "The browser could not read that file. Choose a PNG, JPEG, WebP or AVIF picture, or an MP4 or"
    " WebM video.",
    "bounded": "The photo is {width} × {height} pixels. It is shown at {shown} to save memory.",
}
OWN: dict[str, str] = {
    "large": "{file} is too large ({size} MB). Choose a picture of at most {most} MB.",
    "pixels": "{file} is too large ({megapixels} megapixels). Choose a picture of at most {most} megapixels.",
    "decode": "The browser could not read {file}. Choose a PNG, JPEG, WebP or AVIF picture.",
    "import": "That file is too large ({size} MB) to be an export from this page. Choose a file saved with"
    " “Export”.",
    "remove": "The picture could not be deleted from browser storage and may reappear next time.",
    "QuotaExceededError": "Browser storage is full. This picture will be gone when you close the page.",
}
# The question that the page asks before it opens a source: the button's label and the line below it.
ASK: dict[str, tuple[str, str]] = {
    "camera": ("Turn the camera on", "The picture stays on this machine."),
    "file": ("Choose a photo or video", "Or drop one here. It stays on this machine."),
}
AWAY = "the server does not answer"
SILENT = "it stopped answering"
NO_MODEL = (
    "This build contains no model that can run here. Build it again on a machine that can download"
    " the models."
)
FALLBACK = "{title} stopped ({why}). Continuing with {next}."
AGAIN = "{title} stopped ({why}). Restarting it."
BACKDROP = "That backdrop could not be loaded ({why})."
GALLERY = "That gallery could not be loaded ({why})."
BUSY = "Pictures waiting:"
NO_TASK = "another task is running"
PICTURE = "{name} could not be added ({why})."
HINT = "Pick the match you like. “Share as a picture” uses it."
FACE, TOGETHER = "Face {id}", "All faces together"
DESIGN = "Design: {design}"  # of a character's set: the designer and the licence
SHARE = {"similarity": "{similarity}% alike", "foot": "Vitrine: compared on my own machine"}
SHARED_FILE, SAVED_FILE, EXPORTED_FILE = "vitrine-lookalike.png", "vitrine.png", "vitrine-pictures.json"
OVERLAY = "The overlay failed ({why}) and was turned off."
LAST = (
    "{title} stopped ({why}), and no other backend can run this model here. Choose another model or"
    " reload the page."
)


def brief(error: Exception) -> str:
    """The first line of an error's text, at most 200 characters; its class name where the text is empty."""
    return str(error).split("\n")[0][:200] or type(error).__name__


def source(kind: str, name: str, **figures: object) -> str:
    """The sentence for a source that failed. For an unknown error it quotes the browser's name of the
    error.
    """
    if kind == "camera":
        return CAMERA.get(name, f"The camera could not be opened ({name}).")
    if kind == "sample":
        return f"The built-in scene could not be loaded ({name})."
    if kind == "picture":
        not_stored = (
            f"The browser could not store this picture ({name}). It will be gone when you close the page."
        )
        return OWN.get(name, not_stored).format(**figures)
    return FILE.get(name, f"The file could not be opened ({name}).").format(**figures)
