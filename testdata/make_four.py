"""Draws four.png, a 4 written with a felt pen on paper in the light of a lamp.

usage: python3 make_four.py        (Python 3 with numpy and Pillow)
"""
import os

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT, SCALE = 180, 215, 3  # drawn SCALE times as large, then made smaller
rng = np.random.default_rng(4)
ink = Image.new("L", (WIDTH * SCALE, HEIGHT * SCALE))
pen = ImageDraw.Draw(ink)


def stroke(points, width):
    """A line through the points, its corners rounded, by a hand that is not quite steady."""
    points, t = np.array(points, float), np.linspace(0, 1, 160)
    line = [np.interp(t, np.linspace(0, 1, len(points)), c) for c in points.T]
    line = [np.convolve(np.pad(c, 11, "edge"), np.ones(23) / 23, "valid") + rng.normal(0, 0.1, 160).cumsum() for c in line]
    for x, y in zip(*line):
        r = width / 2 + rng.normal(0, 0.12)
        pen.ellipse([(v * SCALE) for v in (x - r, y - r, x + r, y + r)], fill=255)


stroke([(79, 34), (65, 64), (51, 97), (42, 117), (75, 115), (123, 108), (150, 105)], 10)
stroke([(123, 57), (120, 90), (115, 131), (112, 182)], 11)

covered = np.array(ink.resize((WIDTH, HEIGHT), Image.LANCZOS)) / 255
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
paper = 236 - 22 * x / WIDTH - 14 * y / HEIGHT + rng.normal(0, 1, covered.shape)
page = paper * (1 - covered) + 52 * covered
Image.fromarray(page.clip(0, 255).astype(np.uint8)).save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "four.png"), optimize=True)
