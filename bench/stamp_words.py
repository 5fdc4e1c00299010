"""Draws the words that stamps say, as ``workers/tools/models/words.npz`` keeps them: run again when a word is added.

    .venv/bin/python bench/stamp_words.py

Bold capitals of the installed typefaces (free ones: Liberation, DejaVu), cut to the letters' own box, capitals CAP_PX high.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samples.typeface import font, installed
from workers.tools.stamp_words import CAP_PX, MODEL, WORDS

FACES = ("Liberation Serif", "Liberation Sans", "DejaVu Serif", "DejaVu Sans")
"""narrow to broad; Liberation Serif has the measures of Times New Roman, which the forms demand"""


def main() -> None:
    drawn = {}
    for face in (face for face in installed() if face.name in FACES):
        size = 40 * CAP_PX / font(face.bold, 40).getbbox("H", anchor="ls")[1] * -1
        letters = font(face.bold, size)
        for word in WORDS:
            width = int(letters.getlength(word)) + 8
            image = Image.new("L", (width, 3 * CAP_PX), 0)
            ImageDraw.Draw(image).text((4, 2 * CAP_PX), word, font=letters, fill=255, anchor="ls")
            pixels = np.asarray(image)
            columns = np.flatnonzero(pixels.max(axis=0))
            # from the hats' room above the capitals to the dots' below: the same height for every word
            drawn[f"{face.name}/{word}"] = pixels[CAP_PX // 2 : 2 * CAP_PX + CAP_PX // 3, columns[0] : columns[-1] + 1]
    MODEL.parent.mkdir(exist_ok=True)
    np.savez_compressed(MODEL, **drawn)


if __name__ == "__main__":
    main()
