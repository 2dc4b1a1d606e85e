"""The small data set that every pickle in pickles/ holds, in the shape of MNIST.

Three pairs (training, validation, test) of (images, labels). An image is 3x4
pixels in a row of 12; its pixels and its label follow from two formulas, level
and label below, so that a test in any language can work out what it should have
read. The formulas treat set, row and column differently: swapped sets, rows read
as columns and swapped bytes all show.

This file and standin.py run under Python 2.7 as well as 3, because the book's
MNIST file came from Python 2.
"""

import tempfile

ROWS = (6, 2, 3)  # how many images: training, validation, test
COLUMNS = 12


def level(s, i, j):
    """The brightness, 0..255, of pixel j of image i in set s (0, 1, 2)."""
    return (s * 89 + i * 37 + j * 23) % 256 if (s + i + j) % 2 else 0


def label(s, i):
    """The digit that image i of set s is said to show."""
    return (s * 7 + i * 3) % 10


def build(np, images='<f4', labels='<i8', order='C', rows=ROWS, lists=False,
          readonly=False, strided=False, square=False, pairs=3, expanded=False,
          subclass=None, transposed=False):
    """The data set as Python would hold it just before pickling it.

    np is numpy, or standin.py in its place. images is a numpy type: a pixel is
    its level / 256, but in bytes ('|u1') the level itself. labels is a numpy
    type or one of the lists that label_column knows. order is the memory order
    of the images, 'C' or 'F'. lists asks for lists in place of all tuples. The real
    numpy can do more: square makes the images n x 3 x 4, two pairs leave out the
    validation set, expanded makes lists of the training set's arrays, as the
    book's expand_mnist.py does, and subclass is 'memmap' or 'matrix'. The stand-in can
    do one thing more: transposed lets n x 3 x 4 images lie in memory as 3 x 4 x n.
    """
    sets = []
    for s, n in enumerate(rows):
        x = image_matrix(np, s, n, images, order)
        if readonly:
            x.setflags(write=False)
        if strided:  # every other row of a larger matrix (real numpy only)
            x = np.repeat(x, 2, axis=0)[::2]
        if square:
            x = x.reshape(n, 3, 4, order='C').copy(order)
        if subclass == 'matrix':
            x = np.matrix(x)
        if subclass == 'memmap':
            mapped = np.memmap(tempfile.TemporaryFile(), x.dtype, shape=x.shape)
            mapped[:] = x
            x = mapped
        if transposed:
            x.lie((n, 3, 4), (1, 2, 0))
        pair = (x, label_column(np, s, n, labels))
        if expanded and s == 0:
            pair = [list(column) for column in zip(*zip(*pair))]
        sets.append(list(pair) if lists else pair)
    if pairs == 2:
        del sets[1]
    return sets if lists else tuple(sets)


def image_matrix(np, s, n, dtype, order):
    """The n images of set s, one in each row."""
    scale = 1 if dtype == '|u1' else 256.0
    x = np.zeros((n, COLUMNS), dtype, order)
    for i in range(n):
        for j in range(COLUMNS):
            x[i, j] = level(s, i, j) / scale
    return x


def label_column(np, s, n, kind):
    """The n labels of set s: an array of a numpy type, or a list."""
    digits = [label(s, i) for i in range(n)]
    if kind == 'list':
        return digits
    if kind == 'list of longs':  # Python 2 only
        return [long(digit) for digit in digits]
    scalars = kind.startswith('list of ')  # of numpy's: 'list of <i8'
    y = np.zeros((n,), kind[-3:] if scalars else kind, 'C')
    for i, digit in enumerate(digits):
        y[i] = digit
    return list(y) if scalars else y
