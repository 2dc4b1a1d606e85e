"""Makes testdata/kinds: the same few digits in every kind of file people have MNIST in.

    python3 testdata/make_kinds.py

It needs numpy, and h5py, scipy, pandas and joblib for the kinds that are theirs
(Debian's python3-h5py and so on). The program refuses each of these files with a
line that makes the right one of it. Those lines are in testdata/recipes, NAME.sh for
the file NAME, word for word as the program says them. The tests compare the two, and
where there is a Python with numpy they run the lines and load what they make.

There are 14 digits of 3x4 pixels: 10 for training, 2 for validation, 2 for the test.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import sys
import zipfile

import h5py
import joblib
import numpy as np
import pandas
import scipy.io

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'kinds')
N, COLUMNS = 14, 12


def level(i, j):
    """The brightness, 0..255, of pixel j of image i."""
    return (i * 37 + j * 23) % 256 if (i + j) % 2 else 0


X = np.array([[level(i, j) for j in range(COLUMNS)] for i in range(N)], 'u1')
Y = np.array([i * 3 % 10 for i in range(N)], 'u1')
TRAINING, TEST = slice(0, 12), slice(12, 14)  # as most files have them: no validation
PAIRS = [((X[s] / np.float32(255)), Y[s].astype('i8'))
         for s in (slice(0, 10), slice(10, 12), TEST)]


def write(name, data):
    path = os.path.join(HERE, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(data)


def in_memory(save):
    """The bytes that save writes to a file."""
    f = io.BytesIO()
    save(f)
    return f.getvalue()


def zipped(data):
    """gzip without the time, so that the same versions write the same bytes."""
    return gzip.compress(data, mtime=0)


def idx(array):
    """An array as MNIST's original files have them."""
    lengths = struct.pack('>%dI' % array.ndim, *array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()


def table(head):
    rows = [','.join(map(str, [y, *x])) for x, y in zip(X, Y)]
    return '\n'.join(head + rows + ['']).encode()


def main():
    good = pickle.dumps(PAIRS, 4)
    # Whoever unpacked half of the files has them under these names too.
    write('idx/train-images-idx3-ubyte.gz', zipped(idx(X[TRAINING].reshape(-1, 3, 4))))
    write('idx/train-labels-idx1-ubyte', idx(Y[TRAINING]))
    write('idx/t10k-images-idx3-ubyte', idx(X[TEST].reshape(-1, 3, 4)))
    write('idx/t10k-labels-idx1-ubyte.gz', zipped(idx(Y[TEST])))
    write('header.csv', table([','.join(['label'] + ['p%d' % j for j in range(COLUMNS)])]))
    write('plain.csv.gz', zipped(table([])))
    write('npy/images.npy', in_memory(lambda f: np.save(f, X.reshape(-1, 3, 4))))
    write('npy/LABELS.npy', in_memory(lambda f: np.save(f, Y)))

    keras = {'x_test': X[TEST].reshape(-1, 3, 4), 'x_train': X[TRAINING].reshape(-1, 3, 4),
             'y_train': Y[TRAINING], 'y_test': Y[TEST]}
    write('keras.npz', in_memory(lambda f: np.savez(f, **keras)))

    def save_h5(f):
        with h5py.File(f, 'w') as h:
            for name, array in keras.items():
                h[name] = array
    write('keras.h5', in_memory(save_h5))
    # The digits of mnist-original.mat are sorted, so every sixth is to be for validation.
    order = np.concatenate([np.argsort(np.arange(12) % 6 == 0, kind='stable'), [12, 13]])
    place = np.argsort(order)
    write('original.mat', in_memory(lambda f: scipy.io.savemat(
        f, {'data': X[place].T, 'label': Y[place][None].astype('f8')})))
    # The two dicts that are best known, neither of them gzip'd by its maker.
    write('dict.pkl', pickle.dumps({
        'training_images': X[TRAINING], 'test_images': X[TEST],
        'training_labels': Y[TRAINING], 'test_labels': Y[TEST]}))
    write('dict.pkl.gz', zipped(pickle.dumps({
        'train_img': X[TRAINING], 'train_label': Y[TRAINING],
        'test_img': X[TEST], 'test_label': Y[TEST]})))

    write('pickle.pkl', good)
    write('twice.pkl.gz.gz', zipped(zipped(good)))
    write('pickle.xz', lzma.compress(good))
    write('pickle.bz2', bz2.compress(good))

    def save_zip(f):
        with zipfile.ZipFile(f, 'w') as z:
            z.writestr(zipfile.ZipInfo('digits.pkl.gz'), zipped(good))
    write('pickle.zip', in_memory(save_zip))
    write('protocol0.pkl.gz', zipped(pickle.dumps(PAIRS, 0)))
    write('pairs.json', json.dumps([(X[s].tolist(), Y[s].tolist()) for s in
                                    (slice(0, 10), slice(10, 12), TEST)]).encode())
    write('dump.joblib', in_memory(lambda f: joblib.dump(PAIRS, f)))
    write('dump.joblib.z', in_memory(lambda f: joblib.dump(PAIRS, f, compress=3)))
    write('pandas.pkl.gz', zipped(pickle.dumps(
        [(pandas.DataFrame(x), pandas.Series(y)) for x, y in PAIRS], 4)))
    write('masked.pkl.gz', zipped(pickle.dumps(
        [(np.ma.masked_equal(x, 0), np.ma.array(y)) for x, y in PAIRS], 4)))


if __name__ == '__main__':
    main()
