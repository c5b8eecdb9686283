"""The sentences a visitor reads when something outside our code goes wrong.

Does not detect trouble and does not mend it.
"""

from __future__ import annotations

# DOMException name -> sentence. https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia
CAMERA: dict[str, str] = {
    "NotAllowedError": "The camera stays off: this page was not allowed to use it. Allow it in the browser's"
    " address bar and press “Use my camera” again.",
    "NotFoundError": "No camera was found. Plug one in, or choose a photo or video file as the source.",
    "NotReadableError": "The camera is in use by another program. Close that program and try again.",
    "OverconstrainedError": "That camera cannot give such a picture. Choose another camera or resolution.",
    "SecurityError": "The browser allows cameras only on https pages and on localhost.",
    "ended": "The camera was unplugged or taken by another program.",
}
FILE: dict[str, str] = {
    "large": "That file is too large: {size} MB. Photos of up to {most} MB and any video can be shown.",
    "pixels": "That photo has {megapixels} million pixels. Photos of up to {most} million can be shown.",
    "decode": "That file could not be read as a picture or video. PNG, JPEG, WebP, AVIF, MP4, WebM can.",
    "bounded": "The photo is {width} × {height} pixels; it is shown at {shown} to stay within memory.",
}
OWN: dict[str, str] = {
    "large": "{file} is too large: {size} MB. Pictures of up to {most} MB can be added.",
    "pixels": "{file} has {megapixels} million pixels. Pictures of up to {most} million can be added.",
    "decode": "{file} could not be read as a picture. PNG, JPEG, WebP, AVIF can.",
    "import": "That file is too large to be one of this page's: {size} MB.",
    "remove": "The picture could not be deleted from browser storage and may reappear next time.",
    "QuotaExceededError": "Browser storage is full. This picture will be gone when you close the page.",
}
# What is asked before a source is opened: the button's words and a line beneath it.
ASK: dict[str, tuple[str, str]] = {
    "camera": ("Turn the camera on", "The picture stays on this machine."),
    "file": ("Choose a photo or video", "Or drop one here. It stays on this machine."),
}
AWAY = "the server does not answer"
SILENT = "it stopped answering"
NO_MODEL = "This build holds no model that can run here. Build it again where its sources can be reached."
FALLBACK = "{title} stopped ({why}). Going on with {next}."
AGAIN = "{title} stopped ({why}). Starting it again."
BACKDROP = "That backdrop could not be loaded ({why})."
GALLERY = "That gallery could not be loaded ({why})."
BUSY = "Pictures still to be looked at:"
NO_TASK = "another task runs"
PICTURE = "{name} could not be added ({why})."
HINT = "Pick the one you like: it is the one that is shared."
FACE, TOGETHER = "Face {id}", "All faces together"
DESIGN = "Design: {design}"  # of a character's set: who made it, and the licence it may be shown under
SHARE = {"similarity": "{similarity}% alike", "foot": "Vitrine: compared on my own machine"}
SHARED_FILE, SAVED_FILE, EXPORTED_FILE = "vitrine-lookalike.png", "vitrine.png", "vitrine-pictures.json"
OVERLAY = "The overlay was taken away ({why}). The picture goes on without."
LAST = "{title} stopped ({why}); nothing else can run this model here. Choose another, or reload the page."


def brief(error: Exception) -> str:
    """What went wrong in a few words: an error's first line."""
    return str(error).split("\n")[0][:200] or type(error).__name__


def source(kind: str, name: str, **figures: object) -> str:
    """The sentence for a source that failed; the browser's own word where we know no better."""
    if kind == "camera":
        return CAMERA.get(name, f"The camera could not be opened ({name}).")
    if kind == "sample":
        return f"The built-in scene could not be loaded ({name})."
    if kind == "picture":
        kept = (
            f"Browser storage does not keep this picture ({name}). It will be gone when you close the page."
        )
        return OWN.get(name, kept).format(**figures)
    return FILE.get(name, f"The file could not be opened ({name}).").format(**figures)
