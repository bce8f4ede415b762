"""Text as pixels, for pictures that are written without a drawing library: five columns of eight dots a letter."""

import unicodedata

import numpy as np
import numpy.typing as npt

# Columns from left to right, the lowest bit on top, for the characters from the space to the tilde.
_COLUMNS = bytes.fromhex(
    "0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649552250 0005030000"
    "001c224100 0041221c00 14083e0814 08083e0808 0050300000 0808080808 0060600000 2010080402"
    "3e5149453e 00427f4000 4261514946 2141454b31 1814127f10 2745454539 3c4a494930 0171090503"
    "3649494936 064949291e 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906"
    "324979413e 7e1111117e 7f49494936 3e41414122 7f4141221c 7f49494941 7f09090901 3e4149497a"
    "7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f020c027f 7f0408107f 3e4141413e"
    "7f09090906 3e4151215e 7f09192946 4649494931 01017f0101 3f4040403f 1f2040201f 3f4038403f"
    "6314081463 0708700807 6151494543 007f414100 0204081020 0041417f00 0402010204 4040404040"
    "0001020400 2054545478 7f48444438 3844444420 384444487f 3854545418 087e090102 18a4a4a47c"
    "7f08040478 00447d4000 4080847d00 7f10284400 00417f4000 7c04180478 7c08040478 3844444438"
    "fc24242418 18242424fc 7c08040408 4854545420 043f444020 3c4040207c 1c2040201c 3c4030403c"
    "4428102844 1ca0a0a07c 4464544c44 0008364100 00007f0000 0041360800 0804081008"
)
_FIRST, _LAST = 32, 126
_TIMES = 2  # dots become squares of so many pixels
ADVANCE, HEIGHT = 6 * _TIMES, 9 * _TIMES  # pixels from letter to letter and from line to line


def lettered(text: str, width: int) -> npt.NDArray[np.bool_]:
    """Set one line: where ink is, ``(HEIGHT, width)``; what does not fit ends in three dots."""
    letters = _plain(text)
    room = width // ADVANCE
    if len(letters) > room:
        letters = letters[: max(room - 2, 0)] + ".." if room > 2 else letters[:room]
    columns = np.frombuffer(_COLUMNS, dtype=np.uint8).reshape(-1, 5)
    dots = np.zeros((8, 6 * len(letters)), dtype=bool)
    for k, letter in enumerate(letters):
        dots[:, 6 * k : 6 * k + 5] = (columns[ord(letter) - _FIRST] >> np.arange(8)[:, None]) & 1
    ink = np.zeros((HEIGHT, width), dtype=bool)
    large = dots.repeat(_TIMES, axis=0).repeat(_TIMES, axis=1)
    ink[: large.shape[0], : large.shape[1]] = large
    return ink


def _plain(text: str) -> str:
    """Letters without their accents, a question mark for what has no dots here."""
    apart = unicodedata.normalize("NFKD", text.replace("\N{MINUS SIGN}", "-"))
    kept = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return "".join(letter if _FIRST <= ord(letter) <= _LAST else "?" for letter in kept)
