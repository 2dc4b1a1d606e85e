"""A stand-in for numpy that pickles exactly as numpy does, and does nothing else.

Fixtures should come from many Pythons, but few of them can have a numpy these
days. What a pickle holds is decided by two parties: Python's pickler writes the
instructions, numpy's __reduce__ methods say what to write. So the pickler here
is each Python's own, and only the __reduce__ methods are imitated. Under the one
Python that has numpy, make_pickles.py proves the imitation byte for byte.

Not meant to be run by hand. make_pickles.py runs it under each Python with an
order in JSON on standard input,

    {"core": "numpy.core", "dtype_flags": [false, true],
     "pickles": [{"protocol": 2, "pure": false, "spec": {...}}, ...]}

and gets each pickle back as one line of hexadecimal. A spec is the arguments of
dataset.build, and perhaps "long_shape" or "shared_tuple" (see ndarray). Runs under
Python 2.7 and 3.
"""

import binascii
import itertools
import json
import pickle
import struct
import sys
import types

import dataset

STRUCT = {'f4': 'f', 'f8': 'd', 'u1': 'B', 'i2': 'h', 'i4': 'i', 'i8': 'q',
          'u8': 'Q'}  # numpy's names for types, and the struct module's
EMPTY_SHAPE = (0,)  # of the array that _reconstruct makes, for BUILD to fill


# A pickler writes an object once and from then on refers to it. To get the same
# references as numpy's, what numpy makes anew for each call of __reduce__ is made
# anew here too: tuple([0]) is a fresh tuple each time, where (0,) would be one
# constant. Python 2's cPickle even looks at reference counts: a string or tuple
# nobody else holds is not remembered at all.

class dtype(object):
    """numpy.dtype: the type of an array's elements, such as '<f4'."""

    __module__ = 'numpy'
    flags = (False, True)  # align and copy: bools since numpy 1.20, before it 0, 1

    def __init__(self, code):
        self.code = str(code)  # from JSON, Python 2 gets unicode

    def pack(self, value):
        kind = STRUCT[self.code[1:]]
        if kind not in 'fd':
            value = int(value)
        return struct.pack(self.code[0].replace('|', '=') + kind, value)

    def __reduce__(self):
        align, copy = self.flags
        return (dtype, (self.code[1:], align, copy),
                (3, self.code[0], None, None, None, -1, -1, 0))


class ndarray(object):
    """numpy.ndarray: an array of one or two dimensions."""

    __module__ = 'numpy'
    long_shape = False    # sizes as Python 2's longs
    shared_tuple = False  # one tuple (0,) for all arrays, which numpy does not do

    def __init__(self, shape, code, order):
        self.shape = shape
        self.dtype = dtype_of(code)
        # Up to one row or column both orders are the same, and numpy says C.
        self.fortran = order == 'F' and len(shape) == 2 and min(shape) > 1
        self.memory = None  # the order of the axes in memory, if neither C's nor Fortran's
        self.writeable = True
        self.values = {}

    def __setitem__(self, index, value):
        self.values[index if isinstance(index, tuple) else (index,)] = value

    def setflags(self, write):
        self.writeable = write

    def lie(self, shape, memory):
        """Reshapes a matrix, whose rows become matrices, and has its axes lie in memory
        in this order."""
        self.values = dict(((i, j // shape[2], j % shape[2]), value)
                           for (i, j), value in self.values.items())
        self.shape = shape
        self.memory = memory

    def tobytes(self):
        indexes = list(itertools.product(*[range(n) for n in self.shape]))
        if self.fortran:  # the first index runs fastest, not the last
            indexes.sort(key=lambda index: index[::-1])
        if self.memory:
            indexes.sort(key=lambda index: [index[axis] for axis in self.memory])
        return b''.join([self.dtype.pack(self.values.get(index, 0))
                         for index in indexes])

    def shape_tuple(self):
        integer = long if self.long_shape else int
        return tuple([integer(n) for n in self.shape])

    def __reduce__(self):
        empty = EMPTY_SHAPE if self.shared_tuple else tuple([0])
        # Python 3's numpy says b'b' where Python 2's says 'b'; there they are one.
        return (_reconstruct, (ndarray, empty, b'b'),
                (1, self.shape_tuple(), self.dtype, self.fortran, self.tobytes()))

    def __reduce_ex__(self, protocol):
        if protocol < 5:
            return self.__reduce__()
        # A buffer that may be written to is pickled as a bytearray.
        data = bytearray(self.tobytes()) if self.writeable else self.tobytes()
        if self.memory:  # since numpy 2.3, in array_reduce_ex_picklebuffer
            return (_frombuffer, (pickle.PickleBuffer(data), self.dtype,
                                  tuple([self.shape[axis] for axis in self.memory]), 'K',
                                  tuple([self.memory.index(axis) for axis in range(3)])))
        return (_frombuffer, (pickle.PickleBuffer(data), self.dtype,
                              self.shape_tuple(), 'F' if self.fortran else 'C'))


def dtype_of(code, known={}):
    """The dtype for a code. As in numpy, one object for each type that is native
    to the machine, and a new one every time for the other byte order."""
    if code.startswith('>'):
        return dtype(code)
    return known.setdefault(code, dtype(code))


def _reconstruct():
    """Only its name is pickled."""


def _frombuffer():
    """Only its name is pickled."""


def zeros(shape, code, order):
    """numpy.zeros, for dataset.build."""
    return ndarray(shape, code, order)


def install(core):
    """Makes importable, under numpy's names, what pickles refer to by name:
    a pickler checks that the name really leads to the object."""
    def module(name, **contents):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(contents)

    module('numpy', ndarray=ndarray, dtype=dtype)
    module(core)
    module(core + '.multiarray', _reconstruct=_reconstruct)
    module(core + '.numeric', _frombuffer=_frombuffer)
    _reconstruct.__module__ = core + '.multiarray'
    _frombuffer.__module__ = core + '.numeric'


def dumps(data, protocol, pure):
    """data as a pickle, by the pickler in C or the one in pure Python."""
    if sys.version_info[0] == 2:
        import cPickle
        return (pickle if pure else cPickle).dumps(data, protocol)
    return (pickle._dumps if pure else pickle.dumps)(data, protocol)


def main():
    order = json.load(sys.stdin)
    install(str(order['core']))
    dtype.flags = tuple(order['dtype_flags'])
    for wanted in order['pickles']:
        spec = wanted['spec']
        ndarray.long_shape = spec.pop('long_shape', False)
        ndarray.shared_tuple = spec.pop('shared_tuple', False)
        data = dataset.build(sys.modules[__name__], **spec)
        made = dumps(data, wanted['protocol'], wanted['pure'])
        print(binascii.hexlify(made).decode('ascii'))


if __name__ == '__main__':
    main()
