"""Writes digits.png, the first 24 test digits of data/digits.pkl.gz side by side.

usage: python3 make_digits.py        (Python 3 with numpy)

Each is 28x28 pixels, light on black. A pixel v/256 of the data is the grey v.
"""
import gzip
import os
import pickle
import struct
import zlib

import numpy as np

COUNT, WIDTH = 24, 28
here = os.path.dirname(os.path.abspath(__file__))

with gzip.open(os.path.join(here, "..", "..", "..", "data", "digits.pkl.gz")) as f:
    images, labels = pickle.load(f, encoding="latin1")[2]
digits = (images[:COUNT] * 256).reshape(COUNT, WIDTH, WIDTH)
strip = np.hstack(digits).astype(np.uint8)
assert (strip == np.hstack(digits)).all(), "a grey has been rounded"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


rows = b"".join(b"\x00" + row.tobytes() for row in strip)  # 0: the row is not filtered
header = struct.pack(">IIBBBBB", COUNT * WIDTH, WIDTH, 8, 0, 0, 0, 0)  # 8 bits, grey, not interlaced
with open(os.path.join(here, "digits.png"), "wb") as f:
    f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
