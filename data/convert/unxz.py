"""Inflates a file compressed by xz or lzma, for data/convert to read, which cannot.

    python3 data/convert/unxz.py FILE && go run ./data/convert FILE.out

FILE itself may be gzip'd. There must be no FILE.out yet.
"""

import gzip
import lzma
import shutil
import sys


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: python3 data/convert/unxz.py FILE')
    f = open(sys.argv[1], 'rb')
    while f.peek(2)[:2] == b'\x1f\x8b':
        f = gzip.open(f)
    with open(sys.argv[1] + '.out', 'xb') as out:
        shutil.copyfileobj(lzma.open(f), out)


if __name__ == '__main__':
    main()
