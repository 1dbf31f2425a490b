"""How far apart colours look: CIEDE2000, with simulated colour blindness, over a page; holds no test.

Colours are ``(..., 3)`` arrays of sRGB in [0, 1].
"""

import numpy as np

PAGES = {"light": ("#ffffff", "#1d2733"), "dark": ("#0f141a", "#e4e9ef")}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
# Machado, Oliveira and Fernandes (2009), whole loss of one kind of cone; on linear RGB.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def rgb(colour: str) -> np.ndarray:
    """Return ``#0072B2`` or ``rgb(0, 114, 178)`` as an array."""
    if colour.startswith("#"):
        return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.array([float(part) for part in colour.removeprefix("rgb(").rstrip(")").split(",")]) / 255


def linear(colours: np.ndarray) -> np.ndarray:
    """Return sRGB as light."""
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def seen_by(colours: np.ndarray, blindness: str) -> np.ndarray:
    """Return colours as they look to somebody; ``blindness`` may be empty."""
    if not blindness:
        return colours
    light = np.clip(linear(colours) @ np.array(BLINDNESS[blindness]).T, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def luminance(colour: np.ndarray) -> float:
    """Return the relative luminance."""
    return float(linear(colour) @ TO_XYZ[1])


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def as_drawn(colour: str, page: str) -> np.ndarray:
    """Return what ``readable`` of chart.js makes of a line's colour on a page: contrast 3 or more."""
    ground, text = map(rgb, PAGES[page])
    for share in np.arange(0, 1.01, 0.1):
        mixed = np.round(255 * (rgb(colour) + (text - rgb(colour)) * share)) / 255
        if contrast(mixed, ground) >= 3:
            return mixed
    return text


def over(colour: str, opacity: float, page: str) -> np.ndarray:
    """Return a fill that lets the page through."""
    return opacity * rgb(colour) + (1 - opacity) * rgb(PAGES[page][0])


def lab(colours: np.ndarray) -> np.ndarray:
    """Return colours in CIELAB under D65."""
    xyz = linear(colours) @ TO_XYZ.T / WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    )


def ciede2000(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return how far apart colours in CIELAB look (Sharma, Wu and Dalal, 2005); about 2 is just seen."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(one, -1, 0), np.moveaxis(other, -1, 0)
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    grey = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    c1, c2 = np.hypot(a1 * grey, b1), np.hypot(a2 * grey, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * grey)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = np.where(c1 * c2 == 0, 0.0, (h2 - h1 + 180) % 360 - 180)
    wide = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = np.where(c1 * c2 == 0, h1 + h2, (h1 + turn / 2) % 360)
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.2, 4, -63))
    t = 1 + sum(size * np.cos(np.radians(times * hue + shift)) for size, times, shift in waves)
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    bend = 60 * np.exp(-(((hue - 275) / 25) ** 2))
    rotation = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(bend))
    d_l, d_c, d_h = (l2 - l1) / s_l, (c2 - c1) / s_c, wide / s_h
    return np.sqrt(d_l**2 + d_c**2 + d_h**2 + rotation * d_c * d_h)


def least_apart(colours: np.ndarray, blindness: str = "") -> float:
    """Return how far apart the two colours look that are hardest to tell apart."""
    seen = lab(seen_by(colours, blindness))
    apart = ciede2000(seen[:, None], seen[None])
    return float(apart[~np.eye(len(colours), dtype=bool)].min())
