"""Makes kinds: the same few digits in every kind of file people have MNIST in.

    python3 data/convert/testdata/make_kinds.py

It needs numpy, and h5py, scipy, pandas and joblib for the kinds that are theirs
(Debian's python3-h5py and so on). The tests convert each file, those that only Python
reads by way of npz.py, and compare the digits.

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
import tempfile
import zipfile

import h5py
import joblib
import numpy as np
import pandas
import scipy.io
import scipy.sparse

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


def table(head, which=slice(None)):
    rows = [','.join(map(str, [y, *x])) for x, y in zip(X[which], Y[which])]
    return '\n'.join(head + rows + ['']).encode()


def save_h5(f, arrays):
    with h5py.File(f, 'w') as h:
        for name, array in arrays.items():
            h[name] = array


def matlab73(arrays):
    """Arrays in MATLAB's form of 2006: HDF5, behind 512 bytes of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'file')
        with h5py.File(path, 'w', userblock_size=512) as h:
            for name, array in arrays.items():
                h[name] = array
        with open(path, 'r+b') as f:
            f.write(b'MATLAB 7.3 MAT-file'.ljust(124) + b'\0\2IM')
        with open(path, 'rb') as f:
            return f.read()


def main():
    good = pickle.dumps(PAIRS, 4)
    # Whoever unpacked half of the files has them under these names too.
    write('idx/train-images-idx3-ubyte.gz', zipped(idx(X[TRAINING].reshape(-1, 3, 4))))
    write('idx/train-labels-idx1-ubyte', idx(Y[TRAINING]))
    write('idx/t10k-images-idx3-ubyte', idx(X[TEST].reshape(-1, 3, 4)))
    write('idx/t10k-labels-idx1-ubyte.gz', zipped(idx(Y[TEST])))
    write('header.csv', table([','.join(['label'] + ['p%d' % j for j in range(COLUMNS)])]))
    write('plain.csv.gz', zipped(table([])))
    write('openml.csv', '\r\n'.join(
        [','.join(['"pixel%d"' % j for j in range(COLUMNS)] + ['"class"'])] +
        [','.join(['%.1f' % v for v in x] + ['"%d"' % y]) for x, y in zip(X, Y)]).encode())
    write('npy/images.npy', in_memory(lambda f: np.save(f, X.reshape(-1, 3, 4))))
    write('npy/LABELS.npy', in_memory(lambda f: np.save(f, Y)))

    keras = {'x_test': X[TEST].reshape(-1, 3, 4), 'x_train': X[TRAINING].reshape(-1, 3, 4),
             'y_train': Y[TRAINING], 'y_test': Y[TEST]}
    write('keras.npz', in_memory(lambda f: np.savez(f, **keras)))

    write('keras.h5', in_memory(lambda f: save_h5(f, keras)))
    write('keras.h5.gz', zipped(in_memory(lambda f: save_h5(f, keras))))
    write('fortran.npz', in_memory(lambda f: np.savez(
        f, x_train=np.asfortranarray(X[TRAINING].reshape(-1, 3, 4).astype('>f8')), y_train=Y[TRAINING].astype('>i2'),
        x_test=np.asfortranarray(X[TEST].reshape(-1, 3, 4).astype('<i4')), y_test=Y[TEST].astype('u8'))))
    write('positions.npz', in_memory(lambda f: np.savez(f, *[array for pair in PAIRS for array in pair])))
    write('all.npz', in_memory(lambda f: np.savez(f, data=X, target=Y, images=X.reshape(-1, 3, 4),
                                                  DESCR='digits', feature_names=['p0', 'p1'])))
    usps = {'train/data': X[TRAINING], 'train/target': Y[TRAINING],
            'test/data': X[TEST], 'test/target': Y[TEST]}
    write('groups.h5', in_memory(lambda f: save_h5(f, usps)))

    # As mnist-original.mat has them: one column of pixels per image; the training
    # digits sorted, then the test digits, sorted.
    order = np.concatenate([np.argsort(Y[TRAINING], kind='stable'), [12, 13]])
    columns = {'data': X[order].T, 'label': Y[order][None].astype('f8')}

    def save_mat(f):
        scipy.io.savemat(f, columns)
        f.seek(0)
        f.write(b'MATLAB 5.0 MAT-file'.ljust(116))  # without the time
    write('original.mat', in_memory(save_mat))
    write('columns.npz', in_memory(lambda f: np.savez(f, **columns)))
    write('matlab73.mat', matlab73({key: array.T for key, array in columns.items()}))
    # The two dicts that are best known, neither of them gzip'd by its maker.
    write('dict.pkl', pickle.dumps({
        'training_images': X[TRAINING], 'test_images': X[TEST],
        'training_labels': Y[TRAINING], 'test_labels': Y[TEST]}))
    write('dict.pkl.gz', zipped(pickle.dumps({
        'train_img': X[TRAINING], 'train_label': Y[TRAINING],
        'test_img': X[TEST], 'test_label': Y[TEST]})))

    write('list.pkl', pickle.dumps([([row for row in x], y.tolist()) for x, y in PAIRS], 2))
    # Two pairs, the test digits twice over: Python writes them once.
    shared = PAIRS[2]
    write('shared.pkl', pickle.dumps((tuple(np.concatenate(both) for both in zip(*PAIRS[:2])), shared, shared), 4))
    write('pickle.pkl', good)
    write('twice.pkl.gz.gz', zipped(zipped(good)))
    write('pickle.xz', lzma.compress(good))
    write('pickle.xz.gz', zipped(lzma.compress(good)))
    write('half.pkl.gz', zipped(pickle.dumps([(np.round(255 * x).astype('f2'), y) for x, y in PAIRS], 4)))
    write('ones.pkl.gz', zipped(pickle.dumps([(x, list(y.astype('f8'))) for x, y in PAIRS], 4)))
    write('pickle.bz2', bz2.compress(good))

    def save_zip(f):
        with zipfile.ZipFile(f, 'w') as z:
            z.writestr(zipfile.ZipInfo('digits.pkl.gz'), zipped(good))
    write('pickle.zip', in_memory(save_zip))

    def save_tables(f):
        with zipfile.ZipFile(f, 'w', zipfile.ZIP_DEFLATED) as z:
            z.writestr(zipfile.ZipInfo('digits/'), '')
            z.writestr(zipfile.ZipInfo('digits/README'), 'Digits of 3x4 pixels.')
            z.writestr(zipfile.ZipInfo('digits/mnist_test.csv'), table([], TEST))
            z.writestr(zipfile.ZipInfo('digits/mnist_train.csv'), table([], TRAINING))
    write('tables.zip', in_memory(save_tables))
    write('twice.pkl.bz2.gz', zipped(bz2.compress(good)))
    write('protocol0.pkl.gz', zipped(pickle.dumps(PAIRS, 0)))
    write('pairs.json', json.dumps([(X[s].tolist(), Y[s].tolist()) for s in
                                    (slice(0, 10), slice(10, 12), TEST)]).encode())
    write('dump.joblib', in_memory(lambda f: joblib.dump(PAIRS, f)))
    write('dump.joblib.z', in_memory(lambda f: joblib.dump(PAIRS, f, compress=3)))
    write('pandas.pkl.gz', zipped(pickle.dumps(
        [(pandas.DataFrame(x), pandas.Series(y)) for x, y in PAIRS], 4)))
    write('sparse.pkl.gz', zipped(pickle.dumps(
        [(scipy.sparse.csr_matrix(x), y) for x, y in PAIRS], 4)))

    # torch.save writes such a zip; in this one there are numpy's arrays, see the tests.
    def save_torch(f):
        with zipfile.ZipFile(f, 'w') as z:
            z.writestr(zipfile.ZipInfo('archive/data.pkl'), pickle.dumps((X.reshape(-1, 3, 4), Y), 2))
    write('tensors.pt', in_memory(save_torch))
    write('masked.pkl.gz', zipped(pickle.dumps(
        [(np.ma.masked_equal(x, 0), np.ma.array(y)) for x, y in PAIRS], 4)))


if __name__ == '__main__':
    main()
