"""Makes FILE.npz of a file of digits that only Python reads, for data/convert to read.

    python3 data/convert/npz.py FILE && go run ./data/convert FILE.npz

FILE may be HDF5, MATLAB's, joblib's or torch's, or a pickle: of protocol 0, or with
objects of pandas, scipy, numpy.ma or torch in it, or numbers of other types than the
program reads, such as float16. It may be gzip'd. Trust the makers
of a pickle, of joblib's file and of torch's, or leave it, because Python runs what it says.
"""

import gzip
import pickle
import sys

import numpy


def load(path):
    """What is in the file: arrays and the like, in dicts, lists and tuples."""
    f = open(path, 'rb')
    while f.peek(2)[:2] == b'\x1f\x8b':
        f = gzip.open(f)
    head = f.peek(512)[:512]
    if head.startswith((b'\x89HDF', b'MATLAB 7.3')):
        import h5py
        found = {}
        h5py.File(f, 'r').visititems(
            lambda name, item: found.update({name: item[()]} if hasattr(item, 'shape') else {}))
        return found
    if head.startswith(b'MATLAB'):
        import scipy.io
        return scipy.io.loadmat(f)
    if b'/data.pkl' in head or head.startswith(b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'):
        import torch
        return torch.load(f)
    if b'joblib' in head or head.startswith(b'x'):
        import joblib
        return joblib.load(f)
    return pickle.load(f, encoding='latin1')


def arrays(name, item):
    """The arrays in what has been loaded, each with a name: x_train, training/0, ..."""
    if hasattr(item, 'toarray'):  # one of scipy's, in which zeros are left out
        item = item.toarray()
    try:
        array = numpy.asarray(item)
    except ValueError:  # a list of arrays of different shapes
        array = numpy.empty(0, object)
    if array.dtype.kind in 'fiub':
        yield name or 'digits', array.astype('float32')
    elif isinstance(item, (dict, list, tuple)):
        for key, value in item.items() if isinstance(item, dict) else enumerate(item):
            yield from arrays('%s/%s' % (name, key) if name else str(key), value)


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: python3 data/convert/npz.py FILE')
    found = dict(arrays('', load(sys.argv[1])))
    if not found:
        sys.exit('npz.py: %s: no arrays of numbers in it' % sys.argv[1])
    with open(sys.argv[1] + '.npz', 'xb') as f:  # x: there must be no such file yet
        numpy.savez(f, **found)


if __name__ == '__main__':
    main()
