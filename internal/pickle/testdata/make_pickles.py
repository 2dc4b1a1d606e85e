"""Makes internal/pickle/testdata/pickles: one small data set, pickled as people have pickled MNIST.

    python3 internal/pickle/testdata/make_pickles.py [DIRECTORY ...]

Run it with Python 3.11 and numpy 1.24, whose versions are in the names of the
files they write. The other Pythons (python2.7, python3.6, python3.8, python3.12,
python3.13) are looked for in the directories named, then on the PATH; of one that
is missing the files are left as they are. With pyenv, for example:

    python3 internal/pickle/testdata/make_pickles.py ~/.pyenv/versions/*/bin

Why so many: the same arrays come out as different instructions from each version
of pickle (Python 2's two picklers, Python 3's five protocols) and from different
numpys. A decoder that reads one file may well fail on the next.

The data is defined in dataset.py. The Pythons without numpy pickle the stand-ins
of standin.py instead; before anything is written, every kind of pickle that both
can make is made with the real numpy and with the stand-ins, and must come out the
same to the last byte. Afterwards every file is read back with the real numpy and
compared with dataset.py. The same versions always write the same bytes.
"""

import collections
import gzip
import io
import itertools
import json
import os
import pickle
import pickletools
import shutil
import struct
import subprocess
import sys
import zlib

sys.dont_write_bytecode = True  # leave no __pycache__ here

import numpy

import dataset

HERE = os.path.dirname(os.path.abspath(__file__))
PICKLES = os.path.join(HERE, 'pickles')

REAL = '3.11'  # the Python that runs this script, with the real numpy

# For each Python the numpy of its time, as standin.py should imitate it: where its
# inner functions live, and how a dtype gives its two flags. No numpy 1 was
# released for Python 3.13, so the numpy 2 names are under that one.
Numpy = collections.namedtuple('Numpy', 'version core dtype_flags')
NUMPY = {
    '2.7': Numpy('numpy 1.16', 'numpy.core', (0, 1)),
    '3.6': Numpy('numpy 1.19', 'numpy.core', (0, 1)),
    '3.8': Numpy('numpy 1.24', 'numpy.core', (False, True)),
    '3.11': Numpy('numpy 1.24', 'numpy.core', (False, True)),
    '3.12': Numpy('numpy 1.26', 'numpy.core', (False, True)),
    '3.13': Numpy('numpy 2', 'numpy._core', (False, True)),
}

LARGE = (2001, 2, 3)  # rows for more than 64 KiB of pixels and two batches of labels
EMPTY = (6, 0, 3)     # rows without validation images

# One file: the pickle that `python` writes under `protocol` of the data that
# dataset.build makes from `spec`, by the pickler in pure Python or the one in C.
Fixture = collections.namedtuple('Fixture', 'name python protocol pure spec about')


# --- What to make ---------------------------------------------------------------

def fixtures():
    """Every fixture, in the order of the README."""
    return python2() + python3() + variants() + large() + refused()


def python2():
    made = []

    def add(pickler, protocol, suffix, about, **spec):
        made.append(Fixture(f'py2.7-{pickler}-protocol{protocol}{suffix}', '2.7',
                            protocol, pickler == 'pickle', spec, about))

    for pickler in 'cPickle', 'pickle':
        for protocol in 1, 2:
            add(pickler, protocol, '', "Python 2's form")
    for protocol in 1, 2:
        add('cPickle', protocol, '-labels-list', 'labels as a list', labels='list')
    # On 64-bit Windows numpy's sizes did not fit Python 2's int.
    add('cPickle', 2, '-long-shape', 'shapes of longs', long_shape=True)
    # All as in a copy of mnist.pkl.gz that circulates, down to the one tuple (0,).
    add('pickle', 2, '-shared-tuple', 'a tuple written once, used six times',
        shared_tuple=True)
    add('cPickle', 2, '-labels-list-long', 'labels as a list of longs',
        labels='list of longs')
    return made


def python3():
    made = []
    for python in '3.6', '3.8', '3.11', '3.12', '3.13':
        prefix = f'py{python}-numpy2' if python == '3.13' else f'py{python}'
        about = "numpy 2's names" if python == '3.13' else "Python 3's form"
        for protocol in 1, 2, 3, 4, 5:
            if protocol < 5 or python != '3.6':
                made.append(Fixture(f'{prefix}-protocol{protocol}', python, protocol,
                                    False, {}, about))
    made.append(Fixture('py3.13-numpy2.3-protocol5-transposed', '3.13', 5, False,
                        {'transposed': True}, 'n x 3 x 4 that lie as 3 x 4 x n'))
    for python, protocol in ('3.8', 4), ('3.11', 2), ('3.11', 5):
        made.append(Fixture(f'py{python}-pure-protocol{protocol}', python, protocol,
                            True, {}, 'the pickler in pure Python'))
    return made


def variants():
    """What else numpy arrays may look like, from the real numpy."""
    made = []

    def add(suffix, about, protocol=4, **spec):
        made.append(Fixture(f'py{REAL}-protocol{protocol}-{suffix}', REAL, protocol,
                            False, spec, about))

    add('images-float64', 'images float64', images='<f8')
    add('images-uint8', 'images uint8, to be divided by 256', images='|u1')
    add('images-float32-big', 'images big-endian float32', images='>f4')
    add('images-float64-big', 'images big-endian float64', images='>f8')
    for protocol in 2, 4, 5:
        add('images-fortran', 'images by column', protocol, order='F')
    add('labels-int32', 'labels int32', labels='<i4')
    add('labels-uint8', 'labels uint8', labels='|u1')
    add('labels-int64-big', 'labels big-endian int64', labels='>i8')
    add('labels-int16', 'labels int16', labels='<i2')
    add('labels-uint64', 'labels uint64', labels='<u8')
    add('labels-list', 'labels as a list', labels='list')
    for protocol in 2, 4:
        # Python has one string for each single byte: labels of uint8 share them.
        add('labels-list-int64', 'labels as list(array), so numpy scalars', protocol,
            labels='list of <i8')
        add('labels-list-uint8', 'labels as list(array), so numpy scalars', protocol,
            labels='list of |u1')
    for protocol in 2, 3, 4, 5:
        add('expanded', 'training set in lists, as expand_mnist.py has it', protocol,
            expanded=True)
    add('expanded-float64-big', 'the same in big-endian float64', images='>f8',
        expanded=True)
    add('expanded-uint8', 'the same in uint8', images='|u1', expanded=True)
    add('lists', 'lists in place of tuples', lists=True)
    add('square', 'images n x 3 x 4', square=True)
    for protocol in 4, 5:
        add('square-fortran', 'images n x 3 x 4, by column', protocol, square=True,
            order='F')
    add('two-pairs', 'training and test alone, n x 3 x 4 and uint8, as by Keras', 2,
        images='|u1', square=True, pairs=2)
    for protocol in 2, 5:
        for subclass in 'memmap', 'matrix':
            add(subclass, f'images in a numpy.{subclass}', protocol, subclass=subclass)
    add('images-read-only', 'bytes, not a bytearray, for the buffer', 5,
        readonly=True)
    add('images-strided', 'images not in one piece: not by _frombuffer', 5,
        strided=True)
    for protocol in 2, 4, 5:
        add('validation-empty', 'no validation images: 0 x 12', protocol, rows=EMPTY)
    return made


def large():
    """From 64 KiB on, bytes lie outside of frames, though not yet in Python 3.6;
    lists come in batches of 1000, a last batch of one perhaps by APPEND."""
    return [
        Fixture('py2.7-cPickle-protocol2-large-labels-list', '2.7', 2, False,
                {'rows': LARGE, 'labels': 'list'}, 'labels in batches of 1000'),
        Fixture('py3.6-protocol4-large', '3.6', 4, False, {'rows': LARGE},
                '96 KB of pixels inside a frame'),
        Fixture(f'py{REAL}-protocol4-large', REAL, 4, False, {'rows': LARGE},
                '96 KB of pixels outside frames'),
        Fixture(f'py{REAL}-protocol5-large', REAL, 5, False, {'rows': LARGE},
                '96 KB of pixels outside frames'),
        Fixture(f'py{REAL}-protocol4-large-labels-list', REAL, 4, False,
                {'rows': LARGE, 'labels': 'list'}, 'labels in batches of 1000'),
        Fixture(f'py{REAL}-pure-protocol4-large-labels-list', REAL, 4, True,
                {'rows': LARGE, 'labels': 'list'},
                'labels in batches of 1000, the last a single APPEND'),
    ]


def refused():
    """Good pickles that the decoder is meant to refuse."""
    return [
        Fixture('refused-py2.7-cPickle-protocol0', '2.7', 0, False, {},
                'protocol 0, the text form'),
        Fixture(f'refused-py{REAL}-protocol0', REAL, 0, False, {},
                'protocol 0, the text form'),
        # Protocol 1 has no long but protocol 0's, in text.
        Fixture('refused-py2.7-cPickle-protocol1-long-shape', '2.7', 1, False,
                {'long_shape': True}, 'shapes of longs'),
    ]


# --- Making it ------------------------------------------------------------------

def by_numpy(fixture):
    """The fixture's pickle, made with the real numpy."""
    data = dataset.build(numpy, **fixture.spec)
    dumps = pickle._dumps if fixture.pure else pickle.dumps
    return dumps(data, fixture.protocol)


def by_standin(python, command, wanted):
    """The pickles of several fixtures, made with the stand-ins by one Python."""
    order = {'core': NUMPY[python].core, 'dtype_flags': NUMPY[python].dtype_flags,
             'pickles': [{'protocol': f.protocol, 'pure': f.pure, 'spec': f.spec}
                         for f in wanted]}
    # -B: leave no compiled files here.
    done = subprocess.run([command, '-B', os.path.join(HERE, 'standin.py')],
                          input=json.dumps(order).encode(), stdout=subprocess.PIPE,
                          check=True)
    return [bytes.fromhex(line) for line in done.stdout.decode().split()]


def prove_standin():
    """Everything that numpy and its stand-in can both pickle must come out alike."""
    wanted = []
    for protocol, pure in itertools.product((1, 2, 3, 4, 5), (False, True)):
        def add(**spec):
            wanted.append(Fixture('proof', REAL, protocol, pure, spec, ''))

        for images, labels, order in itertools.product(
                ('<f4', '<f8', '>f4', '>f8', '|u1'),
                ('<i8', '>i8', '<i4', '<i2', '<u8', '|u1', 'list'), 'CF'):
            add(images=images, labels=labels, order=order)
        for order in 'CF':
            add(order=order, rows=(6, 1, 3))
            # Python 3.11's pure pickler stumbles over a second empty buffer.
            if not (pure and protocol == 5):
                add(order=order, rows=EMPTY)
        add(readonly=True)
        add(lists=True)
        add(rows=LARGE)
    for fixture, imitation in zip(wanted, by_standin(REAL, sys.executable, wanted)):
        if imitation != by_numpy(fixture):
            sys.exit(f'the stand-in does not pickle as numpy does: {fixture}')
    print(f'the stand-in pickles as numpy {numpy.__version__} does, '
          f'in {len(wanted)} ways')


def gzipped(data, level=9, name=None, comment=None):
    """data as one gzip member. By hand, because Python's gzip module cannot write
    a comment and puts the time, and in some versions the system, in the header."""
    flags = (8 if name else 0) | (16 if comment else 0)
    header = struct.pack('<BBBBIBB', 0x1f, 0x8b, 8, flags, 0, 0, 255)
    for text in name, comment:
        if text:
            header += text.encode('latin1') + b'\0'
    deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = deflate.compress(data) + deflate.flush()
    return header + body + struct.pack('<II', zlib.crc32(data), len(data))


def gzip_variants(data):
    """One pickle in the other shapes that a gzip file may have."""
    third = len(data) // 3
    members = data[:third], data[third:2 * third], data[2 * third:]
    return [
        ('gzip-members', b''.join(map(gzipped, members)), 'three gzip members'),
        ('gzip-stored', gzipped(data, level=0), 'gzip without compression'),
        ('gzip-name-comment', gzipped(data, name='mnist.pkl', comment='digits'),
         'a file name and a comment in the gzip header'),
    ]


def find_python(version, directories):
    """The command for a Python, or None."""
    if version == REAL:
        return sys.executable
    path = os.pathsep.join(directories + [os.environ.get('PATH', '')])
    return shutil.which('python' + version, path=path)


def write(name, data):
    with open(os.path.join(PICKLES, name + '.pkl.gz'), 'wb') as f:
        f.write(data)


def write_fixtures(directories):
    """Writes what the Pythons at hand can write."""
    everything = fixtures()
    for python in NUMPY:
        wanted = [f for f in everything if f.python == python]
        command = find_python(python, directories)
        if command is None:
            print(f'no python{python}: its {len(wanted)} files are left as they are')
            continue
        if python == REAL:
            pickles = [by_numpy(f) for f in wanted]
        else:
            pickles = by_standin(python, command, wanted)
        for fixture, data in zip(wanted, pickles):
            write(fixture.name, gzipped(data))
    for name, data, _ in gzip_variants(by_numpy(gzip_subject())):
        write(name, data)


def gzip_subject():
    """The fixture that the gzip variants wrap."""
    return next(f for f in fixtures() if f.name == f'py{REAL}-protocol4')


# --- Reading it back, and the README ----------------------------------------------

class Reader(pickle.Unpickler):
    """Unpickles with the real numpy and notes the globals asked for."""

    def __init__(self, data):
        # latin1 is how Python 3 must be told to read Python 2's strings of bytes.
        super().__init__(io.BytesIO(data), encoding='latin1')
        self.globals = set()

    def find_class(self, module, name):
        self.globals.add(f'{module}.{name}')
        # This numpy is older than numpy 2's name for its core.
        found = super().find_class(module.replace('numpy._core', 'numpy.core'), name)
        if name != '_frombuffer':
            return found
        # As numpy 2.3 has it.
        return lambda buffer, dtype, shape, order, axes=None: (
            found(buffer, dtype, shape, 'C').transpose(axes) if order == 'K'
            else found(buffer, dtype, shape, order))


def check(name, sets, spec):
    """Compares what the real numpy has read with dataset.py."""
    rows = spec.get('rows', dataset.ROWS)
    scale = 1 if spec.get('images') == '|u1' else 256
    numbers = (0, 2) if spec.get('pairs') == 2 else (0, 1, 2)
    assert len(sets) == len(numbers), name
    for s, (x, y) in zip(numbers, sets):
        x = numpy.array(x)
        if spec.get('square') or spec.get('transposed'):
            assert x.shape[1:] == (3, 4), name
            x = x.reshape(rows[s], dataset.COLUMNS)
        levels = [[dataset.level(s, i, j) for j in range(dataset.COLUMNS)]
                  for i in range(rows[s])]
        labels = [dataset.label(s, i) for i in range(rows[s])]
        assert x.shape == (rows[s], dataset.COLUMNS), name
        assert (x * scale).tolist() == levels, name
        assert list(y) == labels, name


def instructions(data):
    """The names of the instructions in a pickle, but for STOP, which ends them all."""
    names = set()
    try:
        for opcode, _, _ in pickletools.genops(data):
            names.add(opcode.name)
    except UnicodeDecodeError:  # by a STRING of Python 2: pickletools wants ASCII,
        names.add('STRING')  # and what comes after goes unlisted
    return names - {'STOP'}


def written_by(fixture):
    """The README's words for who wrote a fixture."""
    if fixture.python == REAL:
        numpy_used = f'numpy {numpy.__version__}'
    else:
        numpy_used = f'as {NUMPY[fixture.python].version}'
    pickler = ', pure' if fixture.pure else ''
    return f'Python {fixture.python}{pickler}, {numpy_used}'


README = """\
# Pickles of one small data set

Written by `internal/pickle/testdata/make_pickles.py`, which see; do not edit. All hold the same
data, defined in `internal/pickle/testdata/dataset.py`: training, validation and test set of 6, 2
and 3 images of 12 pixels. Of `large` files the training set has 2001 images, of
`validation-empty` and `two-pairs` files the validation set none. Files named `refused-` are sound
too, but not meant to be read.

"as numpy 1.16" means: by that Python's own pickler, of objects that tell it what
that numpy would (`internal/pickle/testdata/standin.py`); "pure" is the pickler in pure Python, in
place of the one in C. Under "instructions" STOP, which ends them all, is left out.

"""


def write_readme():
    """Checks every file and lists them all."""
    subject = gzip_subject()
    listed = [(f.name, written_by(f), f.about, f.spec) for f in fixtures()]
    listed += [(name, written_by(subject), about, subject.spec)
               for name, _, about in gzip_variants(b'')]
    first_with = {}  # the first file with each instruction and each global
    lines = ['| file `.pkl.gz` | written by | what it exercises | instructions |',
             '|---|---|---|---|']
    for name, author, about, spec in listed:
        path = os.path.join(PICKLES, name + '.pkl.gz')
        if not os.path.exists(path):
            continue  # never made: its Python is missing
        with gzip.open(path) as f:
            data = f.read()
        reader = Reader(data)
        check(name, reader.load(), spec)
        used = instructions(data)
        for word in used | reader.globals:
            first_with.setdefault(word, name)
        lines.append(f'| `{name}` | {author} | {about} | {" ".join(sorted(used))} |')
    lines += ['', '| instruction or global | first file above that has it |', '|---|---|']
    lines += [f'| `{word}` | `{first_with[word]}` |' for word in sorted(first_with)]
    text = '\n'.join(lines) + '\n'
    print(text)
    with open(os.path.join(PICKLES, 'README.md'), 'w') as f:
        f.write(README + text)


def main():
    if '%d.%d' % sys.version_info[:2] != REAL or not numpy.__version__.startswith('1.24.'):
        sys.exit(f'needs Python {REAL} and numpy 1.24, which the files are named for')
    os.makedirs(PICKLES, exist_ok=True)
    prove_standin()
    write_fixtures(sys.argv[1:])
    write_readme()


if __name__ == '__main__':
    main()
