"""Makes saved.json and saved_outputs.json beside it: a network as the book's
network2.py saves it, and what numpy computes with it; or checks one that the Go
program has saved.

    python3 make_saved.py              writes the two files
    python3 make_saved.py FILE AGAIN   loads FILE as network2.py does, saves it as AGAIN,
                                       and prints the outputs for an input that is 1 in
                                       every 97th place, from the first on, and else 0

The functions load and save are those of network2.py, but for the class around them.
The same machine writes the same files every time.
"""

import json
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = [12, 5, 4, 10]


def save(net, filename):
    data = {"sizes": net["sizes"],
            "weights": [w.tolist() for w in net["weights"]],
            "biases": [b.tolist() for b in net["biases"]],
            "cost": net["cost"]}
    with open(filename, "w") as f:
        json.dump(data, f)


def load(filename):
    with open(filename) as f:
        data = json.load(f)
    return {"sizes": data["sizes"], "cost": data["cost"],
            "weights": [np.array(w) for w in data["weights"]],
            "biases": [np.array(b) for b in data["biases"]]}


def feedforward(net, a):
    for b, w in zip(net["biases"], net["weights"]):
        a = 1.0 / (1.0 + np.exp(-(np.dot(w, a) + b)))
    return a


def main():
    if len(sys.argv) == 3:
        net = load(sys.argv[1])
        save(net, sys.argv[2])
        x = np.zeros((net["sizes"][0], 1))
        x[::97] = 1.0
        print(" ".join(repr(float(v)) for v in feedforward(net, x).ravel()))
        return
    rng = np.random.default_rng(5)
    net = {"sizes": SIZES, "cost": "CrossEntropyCost",
           "biases": [rng.standard_normal((n, 1)) for n in SIZES[1:]],
           "weights": [rng.standard_normal((n, m)) for m, n in zip(SIZES[:-1], SIZES[1:])]}
    net["weights"][0][0, :4] = [1e-300, -0.1, 1.0, 12345678901234567890.0 / 3e19]  # hard to write exactly
    save(net, os.path.join(HERE, "saved.json"))
    inputs = rng.integers(0, 257, (6, SIZES[0])) / 256.0
    outputs = [feedforward(net, x.reshape(-1, 1)).ravel().tolist() for x in inputs]
    with open(os.path.join(HERE, "saved_outputs.json"), "w") as f:
        json.dump({"inputs": inputs.tolist(), "outputs": outputs}, f)


if __name__ == "__main__":
    main()
