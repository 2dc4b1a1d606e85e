"""Writes trained.json.gz, a network, and digits.png, digits to show it.

usage: python3 make_fixtures.py        (Python 3 with numpy, and Go)

This repository's program trains the network on the built-in digits, for one
epoch only, so that it misreads some: 28 of the 400 in the picture. Its numbers
are rounded to three decimals and stand in the form of page.Page.

The picture has ten rows of forty digits, 28x28 pixels each, light on black.
Row d has the first forty test digits with the label d. A pixel v/256 of the
data is the grey v.
"""
import gzip
import json
import os
import pickle
import struct
import subprocess
import tempfile
import zlib

import numpy as np

ROWS, COLS, WIDTH = 10, 40, 28
here = os.path.dirname(os.path.abspath(__file__))
root = os.path.join(here, "..", "..", "..")
data = os.path.join(root, "data", "digits.pkl.gz")

with tempfile.TemporaryDirectory() as folder:
    saved = os.path.join(folder, "net.json")
    flags = "-hidden 30 -cost cross-entropy -init scaled -eta 0.5 -epochs 1 -seed 1"
    subprocess.run(["go", "run", ".", "-data", data, *flags.split(), "-save", saved], cwd=root, check=True)
    with open(saved) as f:
        net = json.load(f)


def rounded(matrix):
    return [round(float(v), 3) for v in matrix.reshape(-1)]


network = {
    "Sizes": net["sizes"],
    "Weights": [rounded(np.array(w).T) for w in net["weights"]],  # saved with a row for each receiving neuron
    "Biases": [rounded(np.array(b)) for b in net["biases"]],
    "Cost": net["cost"],
}
text = json.dumps(network, separators=(",", ":")).encode()
with open(os.path.join(here, "trained.json.gz"), "wb") as f:
    f.write(gzip.compress(text, 9, mtime=0))

with gzip.open(data) as f:
    images, labels = pickle.load(f, encoding="latin1")[2]
greys = (images * 256).reshape(-1, WIDTH, WIDTH)
sheet = np.vstack([np.hstack(greys[labels == d][:COLS]) for d in range(ROWS)])
assert (sheet == sheet.astype(np.uint8)).all(), "a grey has been rounded"
sheet = sheet.astype(np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


lines = b"".join(b"\x00" + line.tobytes() for line in sheet)  # 0: the line is not filtered
header = struct.pack(">IIBBBBB", COLS * WIDTH, ROWS * WIDTH, 8, 0, 0, 0, 0)  # 8 bits, grey, not interlaced
with open(os.path.join(here, "digits.png"), "wb") as f:
    f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))
