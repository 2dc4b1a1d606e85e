// This file turns the bytes of a file into digits: first what comes out, data sets,
// then the pickle decoder that makes them, then the arrays in a pickle, last what is
// said of files that people have in place of the right one.
//
// The way of a pixel: readGzip inflates it; the pickle machine reads it as a part of
// a string (bytestring) and gives the string to an array (fillArray); readInk sees
// that it is not 0, and keeps it, with its place, in DataSet.Images. Gather puts its
// image in a mini-batch. There MulAddSparse multiplies it by a row of the first
// weights, the row whose number is its place, and AddTMulSparse changes that row.

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// LoadData reads the training, validation and test digits from r, a gzip'd
// Python pickle of three pairs (images, labels), as in the book's
// mnist.pkl.gz; or of two, training and test, as in Keras' old one: then there
// are no validation digits. The pairs, and the three of them, may be tuples or lists.
//
//	images  a numpy array, n×784 or n×28×28, or any other number of pixels, but
//	        one for all sets; or a list of arrays of one dimension, as the book's
//	        expand_mnist.py makes them. float32 or float64, from 0 (paper) to 1
//	        (ink); or uint8, divided here by 256, the book's scale.
//	labels  a numpy array of any integer type, or a list of ints, Python's or
//	        numpy's: the digit each image shows, 0 to 9.
//
// name is what errors call the input. They are a *FormatError if it is damaged
// or is no such file, an *UnsupportedError if it asks for more than this
// loader does, or the error of r. Nothing is returned before the checksum at
// the end of the file has been found right.
func LoadData(name string, r io.Reader) (training, validation, test *DataSet, err error) {
	pickled, err := readGzip(r)
	if err == nil {
		training, validation, test, err = dataSets(pickled)
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", name, forFile(name, err))
	}
	return training, validation, test, nil
}

// A FormatError says that a file is damaged, or is not what it should be.
type FormatError struct {
	Message string
	Err     error // io.ErrUnexpectedEOF if the file is cut short; else nil, or an error that says more
}

func (e *FormatError) Error() string { return e.Message }
func (e *FormatError) Unwrap() error { return e.Err }

func formatErrorf(format string, args ...any) error {
	return &FormatError{Message: fmt.Sprintf(format, args...)}
}

// An UnsupportedError says that a file may well be a sound pickle, but not one
// this loader reads: it holds something other than arrays of digits, or more
// than the limits allow.
type UnsupportedError struct{ Message string }

func (e *UnsupportedError) Error() string { return e.Message }

func unsupportedErrorf(format string, args ...any) error {
	return &UnsupportedError{fmt.Sprintf(format, args...)}
}

// A DataSet is a number of images of digits, and the digit each one shows.
type DataSet struct {
	Labels []uint8     // of each image, 0 to 9
	Pixels int         // in each image
	Images []SparseRow // of each image, the pixels that are not 0: a fifth of all there are in MNIST
}

// Len returns the number of images.
func (d *DataSet) Len() int { return len(d.Labels) }

// Gather sets x (m×Pixels) to the images which[0] … which[m-1], one per row, as
// they are, not copies of them, and y (m×10 or wider) to the output desired for
// each: 1 in the column of its digit, 0 elsewhere (the book's vectorized_result).
func (d *DataSet) Gather(which []int, x *Sparse, y *Matrix) {
	if y.Rows != len(which) {
		panic(fmt.Sprintf("loader: Gather: y is %v for %d images", y, len(which)))
	}
	x.Rows, x.Cols = x.Rows[:0], d.Pixels
	x.Cut = d.Pixels * 29 / 56 // of the 28 rows of an image, 14½: half of MNIST's ink is above that
	clear(y.Data)
	for row, i := range which {
		x.Rows = append(x.Rows, d.Images[i])
		y.Row(row)[d.Labels[i]] = 1
	}
}

// Image returns the pixels of image i, from 0 to 1, also those that are 0.
func (d *DataSet) Image(i int) []float64 {
	pixels := make([]float64, d.Pixels)
	for q, k := range d.Images[i].Where {
		pixels[k] = float64(d.Images[i].Value[q])
	}
	return pixels
}

// Move returns an image, moved by so many pixels to the right and down, both of
// which may be negative: what leaves the picture is lost, and what enters it is
// paper. It is made in the memory of dst, if there is enough. Move panics unless
// the images are squares, and one is not moved out of sight.
func (d *DataSet) Move(dst, image SparseRow, right, down int) SparseRow {
	w := d.Width()
	if max(right, -right, down, -down) >= w {
		panic(fmt.Sprintf("loader: Move: %d to the right and %d down, images of %d pixels", right, down, d.Pixels))
	}
	where, value := dst.Where[:0], dst.Value[:0]
	for q, k := range image.Where {
		i, j := int(k)/w+down, int(k)%w+right
		if i >= 0 && i < w && j >= 0 && j < w {
			where, value = append(where, uint16(i*w+j)), append(value, image.Value[q])
		}
	}
	return SparseRow{where, value}
}

// Width returns the width of the images, which is their height, or 0 if they
// are not squares.
func (d *DataSet) Width() int {
	w := int(math.Sqrt(float64(d.Pixels)))
	if w*w != d.Pixels {
		return 0
	}
	return w
}

// readGzip inflates r and decodes the pickle in it. After an error in
// the pickle it reads on to the checksum at the end of the file: if that is wrong
// as well, the file is damaged, and that is what it reports.
func readGzip(r io.Reader) (any, error) {
	file := bufio.NewReader(r)
	head, err := file.Peek(headSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !bytes.HasPrefix(head, []byte("\x1f\x8b")) {
		return nil, notGzip(head, file)
	}
	member, err := gzip.NewReader(file)
	if err != nil {
		return nil, gzipError(err)
	}
	inflated := bufio.NewReader(&gzipMembers{file: file, member: member})
	head, _ = inflated.Peek(headSize) // its error comes again
	var v any
	if what, recipe := nameOf(head); len(head) > 0 && what != "" && recipe != gzipIt {
		err = &FormatError{Message: "in the gzip is no pickle but " + what + advice(recipe)}
	} else {
		v, err = unpickle(inflated)
	}
	if err != nil {
		if _, e := io.CopyN(io.Discard, inflated, maxPayload); e != nil && e != io.EOF {
			return nil, gzipError(e)
		}
	}
	return v, err
}

// gzipMembers reads the members of a gzip file, one after the other, as one. Unlike
// gzip.Reader it accepts zeros behind the last one, up to the end of the file, as
// gzip itself does: tapes and disks are written in whole blocks.
type gzipMembers struct {
	file    *bufio.Reader
	member  *gzip.Reader
	damaged error // what stands behind the zeros
}

func (g *gzipMembers) Read(p []byte) (int, error) {
	if g.damaged != nil {
		return 0, g.damaged
	}
	g.member.Multistream(false)
	n, err := g.member.Read(p)
	if err != io.EOF {
		return n, err
	}
	for padding := 0; ; padding++ {
		switch next, err := g.file.Peek(1); {
		case err != nil: // io.EOF is the end of the last member
			return n, err
		case next[0] == 0 && padding < maxPadding:
			g.file.Discard(1)
		case padding > 0:
			g.damaged = gzip.ErrHeader
			return n, g.damaged
		default:
			return n, g.member.Reset(g.file)
		}
	}
}

// notGzip says what to report of a file that begins with head and is not gzip. A
// pickle is tried: it may lack more than the gzip.
func notGzip(head []byte, file io.Reader) error {
	what, recipe := nameOf(head)
	if recipe == gzipIt {
		v, err := unpickle(file)
		if err == nil {
			_, _, _, err = dataSets(v)
		}
		if err != nil {
			return fmt.Errorf("not a gzip file but %s, and gzipped it would not do either: %w", what, err)
		}
	}
	if what == "" {
		what = fmt.Sprintf("one that begins %q", head[:min(4, len(head))])
	}
	return &FormatError{Message: "not a gzip file but " + what + advice(recipe)}
}

// gzipError returns what to report when reading an inflated file has failed
// with err: damage as a *FormatError, an error of the disk as it is.
func gzipError(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return &FormatError{"the file is cut short; download it again", io.ErrUnexpectedEOF}
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return &FormatError{fmt.Sprintf("the file is damaged (%v); download it again", err), err}
	}
	return err
}

// dataSets makes the three data sets of what was unpickled.
func dataSets(pickled any) (training, validation, test *DataSet, err error) {
	names := [3]string{"training", "validation", "test"}
	pairs, ok := sequence(pickled)
	switch {
	case ok && len(pairs) == 2: // Keras' old file
		pairs = []any{pairs[0], nil, pairs[1]}
	case !ok || len(pairs) != len(names):
		recipe := ""
		if _, isDict := pickled.(*pyDict); isDict {
			recipe = fromDict
		}
		return nil, nil, nil, formatErrorf("the pickle holds %s, want three data sets: training, validation, test%s",
			describe(pickled), advice(recipe))
	}
	var sets [3]*DataSet
	room := maxInk
	for _, s := range []int{2, 1, 0} { // the small ones first, see below
		if pairs[s] == nil {
			sets[s] = &DataSet{Pixels: sets[2].Pixels}
			continue
		}
		if sets[s], err = newDataSet(names[s], pairs[s], &room); err != nil {
			return nil, nil, nil, err
		}
		if sets[s].Len() == 0 && s != 1 {
			return nil, nil, nil, &FormatError{Message: "the " + names[s] + " set is empty"}
		}
		if sets[s].Pixels != sets[2].Pixels {
			return nil, nil, nil, formatErrorf("%s images have %d pixels, but test images %d",
				names[s], sets[s].Pixels, sets[2].Pixels)
		}
		// The pixels as they stood in the file are garbage now. Their memory is
		// wanted for the next set, before Go would think of collecting it.
		runtime.GC()
	}
	return sets[0], sets[1], sets[2], nil
}

// newDataSet makes the data set called name of a pair (images, labels); room
// is as in readInk.
func newDataSet(name string, pickled any, room *int) (*DataSet, error) {
	pair, ok := sequence(pickled)
	if !ok || len(pair) != 2 {
		return nil, formatErrorf(
			"the %s set is %s, want a pair (images, labels)", name, describe(pickled))
	}
	images, pixels, err := readImages(name, pair[0], room)
	if err != nil {
		return nil, err
	}
	labels, err := readLabels(name, pair[1], len(images))
	if err != nil {
		return nil, err
	}
	return &DataSet{Labels: labels, Pixels: pixels, Images: images}, nil
}

// readImages returns the images of the data set called name, and how many pixels
// each of them has; room is as in readInk.
func readImages(name string, pickled any, room *int) (images []SparseRow, pixels int, err error) {
	if a, ok := pickled.(*array); ok && a.dims > 1 {
		err := a.readInk(name, room)
		return a.ink, a.cols, err
	}
	items, ok := pickled.(*pyList)
	if !ok || len(items.items) == 0 {
		return nil, 0, formatErrorf("%s images are %s, want an array of two dimensions: images.reshape(len(images), -1)",
			name, describe(pickled))
	}
	var r inkReader
	for i, item := range items.items {
		a, ok := item.(*array)
		if !ok || a.dims != 1 {
			return nil, 0, formatErrorf("%s images, row %d: %s, want an array of one dimension", name, i, describe(item))
		}
		if pixels = cmp.Or(pixels, a.rows); a.rows != pixels {
			return nil, 0, formatErrorf("%s images, row %d: %d pixels, but the first has %d", name, i, a.rows, pixels)
		}
		if a.ink == nil { // see fillArray; the list may also hold one array more than once
			if err := a.checkPixels(name, a.rows); err != nil {
				return nil, 0, err
			}
			image, err := r.readWhole(a)
			if err != nil {
				return nil, 0, formatErrorf("%s images, row %d, %v", name, i, err)
			}
			a.ink = []SparseRow{image}
		}
		if err := a.ink[0].takeRoom(room, name, i); err != nil {
			return nil, 0, err
		}
		images = append(images, a.ink[0])
	}
	return images, pixels, nil
}

// readLabels returns the labels of the n images of the data set called name:
// an array or a list of integers from 0 to 9.
func readLabels(name string, pickled any, n int) ([]uint8, error) {
	items, isSequence := sequence(pickled)
	a, isArray := pickled.(*array)
	if !isSequence && (!isArray || a.dims != 1 || a.dtype.kind == 'f') {
		return nil, formatErrorf(
			"%s labels are %s, want an array of one dimension, or a list, of integers", name, describe(pickled))
	}
	count := len(items)
	if isArray {
		count = a.rows
	}
	if count != n {
		return nil, formatErrorf("the %s set has %d images but %d labels", name, n, count)
	}
	labels := make([]uint8, n)
	for i := range labels {
		var v any
		if isArray {
			v = a.integer(i)
		} else {
			v = items[i]
		}
		digit, ok := v.(int64)
		if !ok || digit < 0 || digit > 9 {
			return nil, formatErrorf("%s labels, row %d: %s is not a digit from 0 to 9", name, i, describe(v))
		}
		labels[i] = uint8(digit)
	}
	return labels, nil
}

// sequence returns the items of a tuple or a list.
func sequence(v any) (items []any, ok bool) {
	switch v := v.(type) {
	case tuple:
		return v, true
	case *pyList:
		return v.items, true
	}
	return nil, false
}

// readInk finds the pixels of a, the images of the data set called name, that
// are not 0, checks that every pixel is in its range, and lets go of the bytes
// they were read from. Two sets may share one array, so a keeps the result.
// room is how many such pixels there is room for, and becomes what is left.
func (a *array) readInk(name string, room *int) error {
	if a.ink != nil {
		return nil
	}
	if err := a.checkPixels(name, a.cols); err != nil {
		return err
	}
	many := 1 // rows at a time
	if a.fortran {
		many = min(256, 1<<23/(a.cols*a.dtype.size)) // in at most 8 MB: the numbers of a column lie together
	}
	width := a.cols * a.dtype.size
	raw := make([]byte, min(many, a.rows)*width)
	var r inkReader
	for i := range a.rows {
		if i%many == 0 {
			a.copyRows(raw[:min(many, a.rows-i)*width], i)
		}
		image, err := r.read(a.dtype, raw[i%many*width:][:width])
		if err != nil {
			return formatErrorf("%s images, row %d, %v", name, i, err)
		}
		if err := image.takeRoom(room, name, i); err != nil {
			return err
		}
		a.ink = append(a.ink, image)
		if i == a.rows/2 && !a.fortran {
			clear(a.data[:i*width/pieceSize]) // free the first half:
			runtime.GC()                      // the second needs the memory
		}
	}
	a.data = nil
	return nil
}

// checkPixels refuses images of so many pixels, elements of a, that are too
// many, or of a type that pixels cannot have.
func (a *array) checkPixels(name string, pixels int) error {
	if pixels == 0 || pixels > maxPixels || a.dtype.kind == 'i' || a.dtype.kind == 'u' && a.dtype.size > 1 {
		return unsupportedErrorf("%s images are %s, want 1 to %d pixels of float32, float64 or uint8",
			name, describe(a), maxPixels)
	}
	return nil
}

// takeRoom takes the room that row i of the images of a data set needs.
func (r SparseRow) takeRoom(room *int, name string, i int) error {
	if *room -= len(r.Where) + imageRoom; *room < 0 {
		return unsupportedErrorf("%s images, row %d: more than %d pixels that are not 0 in all", name, i, maxInk)
	}
	return nil
}

// An inkReader finds the pixels of an image that are not 0. It keeps its memory
// for the next image.
type inkReader struct {
	whole []byte
	row   []byte // a multiple of 8 bytes, for notZero
	where []uint16
	value []float64
}

// readWhole returns the one image that a, of one dimension, is.
func (r *inkReader) readWhole(a *array) (SparseRow, error) {
	size := a.rows * a.dtype.size
	r.whole = slices.Grow(r.whole[:0], size)[:size]
	a.copyRows(r.whole, 0)
	return r.read(a.dtype, r.whole)
}

// rounding is how far from 0 to 1 a pixel may be that was computed to be there.
const rounding = 1e-6

// read returns the image whose pixels are the elements in p, little-endian. Its
// error, a text alone, says which pixel is not from 0 to 1.
func (r *inkReader) read(d dtype, p []byte) (SparseRow, error) {
	if n := len(p) / d.size; n > len(r.where) || len(p) > len(r.row) {
		r.row, r.where, r.value = make([]byte, (len(p)+7)/8*8), make([]uint16, n), make([]float64, n)
	}
	clear(r.row[copy(r.row, p):])
	n, ink := d.notZero(r.where, r.value, r.row[:(len(p)+7)/8*8]), 0
	for q, v := range r.value[:n] {
		if !(v >= -rounding && v <= 1+rounding) { // written so that NaN is refused as well
			return SparseRow{}, fmt.Errorf("pixel %d: %v is not from 0 to 1", r.where[q], v)
		}
		if v = float64(float32(min(max(v, 0), 1))); v != 0 {
			r.where[ink], r.value[ink] = r.where[q], v
			ink++
		}
	}
	image := SparseRow{slices.Clone(r.where[:ink]), make([]float32, ink)}
	for q := range image.Value {
		image.Value[q] = float32(r.value[q])
	}
	return image, nil
}

// A pickle is a small program for a machine with a stack. Run from its first
// byte to its last, it puts together one Python object. This is how the book's
// mnist.pkl.gz begins, inflated: the byte, the instruction there, and what it
// does. By byte 144 an array of 50,000 images is waiting for its pixels.
//
//	  0  PROTO 2                 the language is version 2
//	  2  GLOBAL numpy.core.multiarray _reconstruct
//	                             push a thing by its name, here a function
//	 38  BINPUT 0                remember the top of the stack as number 0, for BINGET 0 to push
//	                             it once more (left out from here on)
//	 40  GLOBAL numpy ndarray    push another, the type of arrays
//	 57  BININT1 0, TUPLE1       push 0, wrap the top of the stack in a tuple: (0,)
//	 62  SHORT_BINSTRING 'b'     push a string
//	 67  TUPLE3                  wrap the top three: (ndarray, (0,), 'b')
//	 70  REDUCE                  pop these arguments and the function below them, call it,
//	                             push its result: an empty array
//	 73  MARK                    put a mark on the stack
//	 74  BININT1 1               the version of what follows
//	 76  BININT2 50000, BININT2 784, TUPLE2      the array's shape
//	 85  GLOBAL numpy dtype, SHORT_BINSTRING 'f4', BININT1 0, BININT1 1, TUPLE3, REDUCE
//	                             call dtype('f4', 0, 1): floats of four bytes
//	116  MARK, BININT1 3, SHORT_BINSTRING '<', NONE, NONE, NONE, BININT -1, BININT -1, BININT1 0
//	139  TUPLE                   wrap all down to the mark
//	142  BUILD                   pop this state and give it to the object below: '<' makes
//	                             the dtype little-endian
//	143  NEWFALSE                the rows of the array lie one after the other
//	144  BINSTRING               156,800,000 bytes, the pixels
//	     TUPLE, BUILD            wrap all down to the mark, and give it to the array
//
// In Python, GLOBAL finds any function of any module and REDUCE calls it. So
//
//	GLOBAL os system, SHORT_BINSTRING 'rm -r ~', TUPLE1, REDUCE
//
// is a pickle too, and pickle.load has done it before it returns: whoever
// unpickles a stranger's file runs a stranger's program. This machine has the
// few instructions that numpy arrays are written with, knows the few names
// they use, and calls nothing: REDUCE looks at which name it is and makes the
// array or the dtype itself. All else is an error.
//
// The names are those of Python's own pickletools.py, and so are the words that
// describe them.
const (
	opProto     = 0x80 // protocol version indicator
	opFrame     = 0x95 // indicate the beginning of a new frame
	opStop      = '.'  // stop the unpickling machine
	opMark      = '('  // push markobject onto the stack
	opNone      = 'N'  // push None on the stack
	opNewTrue   = 0x88 // push True onto the stack
	opNewFalse  = 0x89 // push False onto the stack
	opInt       = 'I'  // push an integer or bool: here only I00 and I01, protocol 1's False and True
	opBinInt    = 'J'  // push a four-byte signed integer
	opBinInt1   = 'K'  // push a one-byte unsigned integer
	opBinInt2   = 'M'  // push a two-byte unsigned integer
	opLong1     = 0x8a // long integer using one-byte length
	opGlobal    = 'c'  // push a global object (module.attr) on the stack
	opStackGlob = 0x93 // the same, module and name taken from the stack

	opBinString     = 'T'  // push a Python string object, four-byte length
	opShortBinStr   = 'U'  // the same, one-byte length
	opBinUnicode    = 'X'  // push a Python Unicode string object, UTF-8, four-byte length
	opShortUnicode  = 0x8c // the same, one-byte length
	opBinBytes      = 'B'  // push a Python bytes object, four-byte length
	opShortBinBytes = 'C'  // the same, one-byte length
	opByteArray8    = 0x96 // push a Python bytearray object, eight-byte length

	opEmptyTuple = ')'  // push an empty tuple
	opTuple      = 't'  // build a tuple out of the topmost stack slice, down to the mark
	opTuple1     = 0x85 // build a one-tuple out of the topmost item on the stack
	opTuple2     = 0x86 // build a two-tuple out of the top two items on the stack
	opTuple3     = 0x87 // build a three-tuple out of the top three items on the stack
	opEmptyList  = ']'  // push an empty list
	opAppend     = 'a'  // append an object to a list
	opAppends    = 'e'  // extend a list by a slice of stack objects, down to the mark

	// A dict holds no digits for us, but is read so far as to name its keys.
	opEmptyDict = '}' // push an empty dict
	opSetItem   = 's' // add a key+value pair to an existing dict
	opSetItems  = 'u' // add an arbitrary number of key+value pairs, down to the mark

	opBinPut     = 'q'  // store the stack top into the memo, one-byte index
	opLongBinPut = 'r'  // the same, four-byte index
	opMemoize    = 0x94 // the same, the index is the number of memos so far
	opBinGet     = 'h'  // read an object from the memo and push it on the stack, one-byte index
	opLongBinGet = 'j'  // the same, four-byte index

	opReduce = 'R' // push an object built from a callable and an argument tuple
	opBuild  = 'b' // finish building an object, via its state
)

// What a file may ask for. Whatever its bytes say, decoding then takes some ten
// seconds at most and 1.5 GB; MNIST needs 221 MB of payload, 11 million
// pixels of ink and 180 instructions, or 70,000 more for labels in lists. The
// 250,000 images of expand_mnist.py, one array each, need 8 million instructions,
// and 1.1 GB are read, but not held all at once: see fillArray.
const (
	maxRead         = 3 << 29    // bytes of the pickle
	maxPadding      = 1 << 20    // zeros behind the gzip
	maxPayload      = 1 << 30    // bytes held, in all the strings together
	instructionRoom = 80         // bytes of them that an instruction counts as, after the first minInstructions
	maxInk          = 60_000_000 // pixels that are not 0, at 6 bytes each
	imageRoom       = 12         // pixels that each image counts as besides, for the memory it takes
	maxPixels       = 1 << 16    // pixels of one image
	maxElements     = 1 << 28    // elements of all arrays together
	pieceSize       = 1 << 20    // bytes of a string in one slice

	// So many instructions are free, and there may be one more for every 8 bytes read.
	// Each adds at most one thing to the stack, or to the memo. An array takes 22 to
	// 30, and an image is hundreds of bytes long.
	minInstructions = 300_000
)

// What the machine's stack holds, besides bool and int64.
type (
	none   struct{}              // None
	global string                // a name that GLOBAL pushed: module, a space, name
	tuple  []any                 // (a, b)
	pyList struct{ items []any } // [a, b]; by pointer, for it can grow after it was remembered
	pyDict struct{ keys []any }  // {a: b}, by pointer as well

	// bytestring is Python's bytes or bytearray, or Python 2's str. It is held
	// in pieces of pieceSize, the last one shorter, and a piece is made when the
	// one before it has been filled: what a file claims to hold costs nothing,
	// only what it does hold.
	bytestring [][]byte

	// utf8string is Python 3's str, or Python 2's unicode.
	utf8string bytestring

	// dtype is what numpy calls the type of an array's elements.
	dtype struct {
		kind  byte // 'f' float, 'i' signed integer, 'u' unsigned integer
		size  int  // in bytes
		order byte // '<' little-endian, '>' big-endian, '|' for one byte; 0 until BUILD
	}

	// array is a numpy array. One of one dimension counts as one column.
	array struct {
		dims       int // 1 to 3; 0 until BUILD
		rows, cols int // of three dimensions, cols is the product of the last two
		dtype      dtype
		fortran    bool // column after column, not row after row
		height     int  // if so, the second dimension
		data       bytestring
		ink        []SparseRow // what readInk found, or of one dimension fillArray: then it is one image
	}
)

// A machine runs one pickle.
type machine struct {
	r            *bufio.Reader
	offset       int64 // of the next byte to read
	start        int64 // of the instruction being carried out
	frameEnd     int64 // offset where the frame ends, if it is not behind us
	payload      int64 // bytes held
	elements     int   // of arrays so far
	instructions int64
	ink          inkReader
	stack        []any
	marks        []int // for each MARK not yet used, the length of the stack then
	memo         map[uint32]any
	buf          [255]byte
}

// unpickle runs the pickle in r, up to the end of r, and returns what it made.
func unpickle(r io.Reader) (v any, err error) {
	m := &machine{r: bufio.NewReader(r), memo: map[uint32]any{}}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case failure:
			v, err = nil, e.error
		default:
			panic(e)
		}
	}()
	for !m.step() {
	}
	return m.result(), nil
}

// failure is how corrupt and unsupported leave the machine: they panic with
// it, from any depth, and unpickle alone recovers.
type failure struct{ error }

// corrupt ends the decoding: the pickle is damaged.
func (m *machine) corrupt(format string, args ...any) {
	panic(failure{&FormatError{Message: m.where() + fmt.Sprintf(format, args...)}})
}

// unsupported ends the decoding: the pickle asks for what this machine won't do.
func (m *machine) unsupported(format string, args ...any) {
	panic(failure{&UnsupportedError{m.where() + fmt.Sprintf(format, args...)}})
}

// where says which instruction is at fault.
func (m *machine) where() string { return fmt.Sprintf("pickle, byte %d: ", m.start) }

// result returns the object that is left when the pickle has stopped.
func (m *machine) result() any {
	switch {
	case len(m.marks) > 0 || len(m.stack) != 1:
		m.corrupt("%d objects and %d marks are left over", len(m.stack)-1, len(m.marks))
	case m.offset < m.frameEnd:
		m.corrupt("the pickle stops %d bytes before its frame does", m.frameEnd-m.offset)
	}
	m.start = m.offset
	if _, err := m.r.ReadByte(); err == nil {
		m.corrupt("data after the end of the pickle")
	} else if err != io.EOF {
		panic(failure{gzipError(err)})
	}
	return m.stack[0]
}

// step carries out one instruction and reports whether it was STOP.
func (m *machine) step() (stop bool) {
	m.start = m.offset
	if m.instructions++; m.instructions > minInstructions {
		if m.instructions > minInstructions+m.offset/8 || m.payload > maxPayload-instructionRoom {
			m.unsupported("more than %d instructions for what has been read", m.instructions-1)
		}
		m.payload += instructionRoom
	}
	switch op := m.read(1)[0]; op {
	case opProto:
		if m.start > 0 {
			m.corrupt("PROTO in the middle")
		}
		if version := m.read(1)[0]; version > 5 {
			m.unsupported("protocol %d; re-save with pickle.dump(data, f, protocol=2)", version)
		}
	case opFrame:
		m.frame()
	case opStop:
		return true
	case opMark:
		m.marks = append(m.marks, len(m.stack))

	case opNone:
		m.push(none{})
	case opNewTrue:
		m.push(true)
	case opNewFalse:
		m.push(false)
	case opInt:
		switch line := m.line(); line {
		case "00", "01":
			m.push(line == "01")
		default:
			m.protocol0(op)
		}
	case opBinInt:
		m.push(int64(int32(m.unsigned(4))))
	case opBinInt1:
		m.push(int64(m.unsigned(1)))
	case opBinInt2:
		m.push(int64(m.unsigned(2)))
	case opLong1:
		m.push(m.long(int(m.unsigned(1))))

	case opBinString:
		m.push(m.bytestring(uint64(int64(int32(m.unsigned(4)))))) // signed: a negative length is a huge one
	case opBinBytes:
		m.push(m.bytestring(m.unsigned(4)))
	case opShortBinStr, opShortBinBytes:
		m.push(m.bytestring(m.unsigned(1)))
	case opByteArray8:
		m.push(m.bytestring(m.unsigned(8)))
	case opBinUnicode:
		m.push(m.utf8(m.unsigned(4)))
	case opShortUnicode:
		m.push(m.utf8(m.unsigned(1)))

	case opEmptyTuple:
		m.push(tuple{})
	case opTuple:
		m.push(tuple(m.popMark()))
	case opTuple1, opTuple2, opTuple3:
		t := make(tuple, 1+op-opTuple1)
		for i := len(t) - 1; i >= 0; i-- {
			t[i] = m.pop()
		}
		m.push(t)
	case opEmptyList:
		m.push(&pyList{})
	case opAppend:
		m.extend([]any{m.pop()})
	case opAppends:
		m.extend(m.popMark())

	case opEmptyDict:
		m.push(&pyDict{})
	case opSetItem:
		value := m.pop()
		m.setItems([]any{m.pop(), value})
	case opSetItems:
		m.setItems(m.popMark())

	case opBinPut:
		m.memo[uint32(m.unsigned(1))] = m.top()
	case opLongBinPut:
		m.memo[uint32(m.unsigned(4))] = m.top()
	case opMemoize:
		m.memo[uint32(len(m.memo))] = m.top()
	case opBinGet:
		m.recall(uint32(m.unsigned(1)))
	case opLongBinGet:
		m.recall(uint32(m.unsigned(4)))

	case opGlobal:
		module := m.line()
		m.global(module, m.line())
	case opStackGlob:
		name := m.text(m.pop())
		m.global(m.text(m.pop()), name)
	case opReduce:
		m.reduce()
	case opBuild:
		m.build()

	default:
		if bytes.IndexByte([]byte("pgSVLFld"), op) >= 0 {
			m.protocol0(op)
		}
		m.corrupt("instruction %#02x is unknown, or does not belong in a pickle of arrays", op)
	}
	return false
}

// protocol0 refuses an instruction of the text form of pickles.
func (m *machine) protocol0(op byte) {
	m.unsupported("%q is an instruction of protocol 0, which is text (if it is expand_mnist.py's, -shift 1 does the same "+
		"without a file)%s", op, advice(inBinary))
}

// Reading.

// read returns the next n bytes, at most 255, good until the next read.
func (m *machine) read(n int) []byte {
	m.readFull(m.buf[:n])
	return m.buf[:n]
}

// readFull reads the next len(p) bytes into p.
func (m *machine) readFull(p []byte) {
	if m.offset < m.frameEnd && m.offset+int64(len(p)) > m.frameEnd {
		m.corrupt("%d bytes cross the end of their frame, at byte %d", len(p), m.frameEnd)
	}
	n, err := io.ReadFull(m.r, p)
	m.offset += int64(n)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		panic(failure{&FormatError{m.where() + "the file is cut short; download it again", io.ErrUnexpectedEOF}})
	} else if err != nil {
		panic(failure{gzipError(err)})
	}
}

// frame begins a frame: protocols 4 and 5 wrap most of a pickle in frames,
// whose lengths let Python read ahead. They mean nothing to us but must hold.
// An instruction outside of any frame is read as those inside: Python itself
// leaves long strings there, and fewer than four bytes.
func (m *machine) frame() {
	length := m.unsigned(8)
	if m.offset < m.frameEnd {
		m.corrupt("a frame begins before the last one has ended, at byte %d", m.frameEnd)
	}
	if length > maxPayload {
		m.unsupported("a frame of %d bytes; the limit is %d", length, maxPayload)
	}
	m.frameEnd = m.offset + int64(length)
}

// unsigned reads an unsigned integer of n bytes, little-endian, n ≤ 8.
func (m *machine) unsigned(n int) uint64 {
	var p [8]byte
	copy(p[:], m.read(n))
	return binary.LittleEndian.Uint64(p[:])
}

// long reads a signed integer of n bytes, little-endian.
func (m *machine) long(n int) int64 {
	if n == 0 {
		return 0
	}
	if n > 8 {
		m.corrupt("an integer of %d bytes", n)
	}
	unused := 64 - 8*n
	return int64(m.unsigned(n)<<unused) >> unused
}

// line reads text up to the next newline, which is left out.
func (m *machine) line() string {
	var line []byte
	for len(line) < len(m.buf) {
		c := m.read(1)[0]
		if c == '\n' {
			return string(line)
		}
		line = append(line, c)
	}
	m.corrupt("a line of more than %d characters", len(line))
	return ""
}

// bytestring reads a string of n bytes.
func (m *machine) bytestring(n uint64) bytestring {
	m.spend(n)
	if m.offset > maxRead-int64(n) {
		m.unsupported("more than %d bytes", maxRead)
	}
	var s bytestring
	for n > 0 {
		piece := make([]byte, min(n, pieceSize))
		m.readFull(piece)
		s = append(s, piece)
		n -= uint64(len(piece))
	}
	return s
}

// utf8 reads a text of n bytes.
func (m *machine) utf8(n uint64) utf8string { return utf8string(m.bytestring(n)) }

// takeOut returns what is in s, and leaves nothing of it in s itself, which may be
// remembered. No string is used twice: a small file could make much of one.
// Those of up to 8 bytes are left as they are: Python has one object for all the
// strings of the same single byte, and remembers it.
func (m *machine) takeOut(s bytestring) bytestring {
	if len(s) == 0 || len(s[0]) <= 8 && len(s[0]) > 0 {
		return s
	}
	if len(s[0]) == 0 {
		m.corrupt("a string that is used twice")
	}
	content := slices.Clone(s)
	clear(s)
	return content
}

// spend counts n more bytes that are held.
func (m *machine) spend(n uint64) {
	if n > uint64(maxPayload-m.payload) {
		m.unsupported("a string of %d bytes; the limit for all together is %d", n, maxPayload)
	}
	m.payload += int64(n)
}

// The stack and the memo.

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// floor is the height the stack may not fall below: that of the last mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

// top returns the object on top of the stack.
func (m *machine) top() any {
	if len(m.stack) == m.floor() {
		m.corrupt("the stack is empty")
	}
	return m.stack[len(m.stack)-1]
}

// pop takes the object on top of the stack.
func (m *machine) pop() any {
	v := m.top()
	m.stack = m.stack[:len(m.stack)-1]
	return v
}

// popMark takes the last mark and all objects above it, and returns a copy.
func (m *machine) popMark() []any {
	if len(m.marks) == 0 {
		m.corrupt("there is no mark on the stack")
	}
	floor := m.floor()
	above := slices.Clone(m.stack[floor:])
	m.stack, m.marks = m.stack[:floor], m.marks[:len(m.marks)-1]
	return above
}

// extend appends items to the list on top of the stack.
func (m *machine) extend(items []any) {
	l, ok := m.top().(*pyList)
	if !ok {
		m.corrupt("append to %s, which is not a list", describe(m.top()))
	}
	l.items = append(l.items, items...)
}

// setItems adds items, keys and values by turns, to the dict on top of the stack.
func (m *machine) setItems(items []any) {
	d, ok := m.top().(*pyDict)
	if !ok || len(items)%2 != 0 {
		m.corrupt("%d keys and values for %s", len(items), describe(m.top()))
	}
	for i := 0; i < len(items); i += 2 {
		d.keys = append(d.keys, items[i])
	}
}

// recall pushes what was remembered as number i.
func (m *machine) recall(i uint32) {
	v, ok := m.memo[i]
	if !ok {
		m.corrupt("nothing was stored in the memo as number %d", i)
	}
	m.push(v)
}

// What the names stand for.

// The names an MNIST pickle needs.
const (
	ndarray     global = "numpy ndarray"
	numpyDtype  global = "numpy dtype"
	reconstruct global = "numpy.core.multiarray _reconstruct"
	scalar      global = "numpy.core.multiarray scalar"   // a label in list(labels), of numpy's integer types
	frombuffer  global = "numpy.core.numeric _frombuffer" // protocol 5
	encode      global = "_codecs encode"                 // how Python 3 writes bytes in protocols 1 and 2
	emptyBytes  global = "__builtin__ bytes"              // and how it writes no bytes
)

// moved are modules that have the names of another.
var moved = map[string]string{
	"numpy._core.multiarray":       "numpy.core.multiarray", // numpy 2
	"numpy._core.numeric":          "numpy.core.numeric",    // numpy 2
	"numpy.core._multiarray_umath": "numpy.core.multiarray", // numpy 1.16.0, by mistake
}

// global pushes the name of a thing to be used by REDUCE, if it is one of ours.
func (m *machine) global(module, name string) {
	switch g := global(cmp.Or(moved[module], module) + " " + name); g {
	case ndarray, numpyDtype, reconstruct, scalar, frombuffer, encode, emptyBytes:
		m.push(g)
	default:
		recipe := ""
		for prefix, r := range objects {
			if strings.HasPrefix(module, prefix) {
				recipe = advice(r)
			}
		}
		m.unsupported("%q of module %q is not among the names that arrays of digits need, and was not called%s",
			name, module, recipe)
	}
}

// objects are the beginnings of the names of modules that have digits in them, which
// Python can make arrays of.
var objects = map[string]string{
	"joblib.": fromJoblib, "numpy.ma.": fromObjects, "pandas.": fromObjects, "scipy.": fromObjects, "torch.": fromObjects,
}

// The orders of an array's elements, by numpy's names: those of the languages C
// and Fortran.
const (
	rowByRow       = `C`
	columnByColumn = `F`
)

// reduce carries out REDUCE: what numpy or Python would have made of these
// arguments. Anything other than what numpy writes is an error.
func (m *machine) reduce() {
	args, ok := m.pop().(tuple)
	function, isGlobal := m.pop().(global)
	if !ok || !isGlobal {
		m.corrupt("REDUCE without a function and a tuple of arguments")
	}
	switch {
	case function == reconstruct && len(args) == 3 && args[0] == any(ndarray):
		// (ndarray, (0,), b'b'): an array of shape (0,) and signed bytes, empty until BUILD
		if shape, ok := args[1].(tuple); !ok || len(shape) != 1 || shape[0] != any(int64(0)) || m.text(args[2]) != "b" {
			m.corrupt("a new array of shape %s, want (0,) and type 'b'", describe(args[1]))
		}
		m.push(&array{})
	case function == numpyDtype && len(args) == 3:
		// (name, False, True), before numpy 1.20 (name, 0, 1): no gaps, a copy
		if gaps, copied := args[1], args[2]; gaps != any(false) && gaps != any(int64(0)) ||
			copied != any(true) && copied != any(int64(1)) {
			m.corrupt("a dtype with %s and %s, want False and True", describe(gaps), describe(copied))
		}
		m.push(m.newDtype(m.text(args[0])))
	case function == scalar && len(args) == 2:
		m.push(m.newScalar(args[0], args[1]))
	case function == frombuffer && len(args) == 4:
		a := &array{}
		order := m.text(args[3])
		if order != rowByRow && order != columnByColumn {
			m.unsupported("an array in order %q", order)
		}
		m.fillArray(a, args[2], args[1], order == columnByColumn, args[0])
		m.push(a)
	case function == encode && len(args) == 2:
		if codec := m.text(args[1]); codec != "latin1" {
			m.unsupported("bytes encoded as %q", codec)
		}
		m.push(m.latin1(args[0]))
	case function == emptyBytes && len(args) == 0:
		m.push(bytestring(nil))
	default:
		m.corrupt("%d arguments that %q does not take", len(args), function)
	}
}

// build carries out BUILD: it completes a dtype or an array.
func (m *machine) build() {
	state, ok := m.pop().(tuple)
	switch object := m.top().(type) {
	case *dtype:
		// (3, byte order, None, None, None, -1, -1, 0)
		if !ok || len(state) != 8 || state[0] != any(int64(3)) {
			m.unsupported("a dtype with a state other than numpy's version 3")
		}
		if !slices.Equal(state[2:], []any{none{}, none{}, none{}, int64(-1), int64(-1), int64(0)}) {
			m.corrupt("a dtype with fields, or elements of another size than its name says")
		}
		m.setOrder(object, m.text(state[1]))
	case *array:
		// (1, shape, dtype, is it Fortran's order, bytes)
		if !ok || len(state) != 5 || state[0] != any(int64(1)) {
			m.unsupported("an array with a state other than numpy's version 1")
		}
		fortran, ok := state[3].(bool)
		if !ok {
			m.corrupt("an array whose order is %s, want True or False", describe(state[3]))
		}
		m.fillArray(object, state[1], state[2], fortran, state[4])
	default:
		m.corrupt("BUILD of %s", describe(object))
	}
}

// newDtype returns the dtype that numpy calls name.
func (m *machine) newDtype(name string) *dtype {
	switch name {
	case "f4", "f8", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8":
		return &dtype{kind: name[0], size: int(name[1] - '0')}
	}
	m.unsupported("an array of dtype %q; images are float32, float64 or uint8, labels integers", name)
	return nil
}

// setOrder completes a dtype with its byte order.
func (m *machine) setOrder(d *dtype, order string) {
	if order != "<" && order != ">" && order != "|" || (order == "|") != (d.size == 1) || d.order != 0 {
		m.corrupt("byte order %q for elements of %d bytes", order, d.size)
	}
	d.order = order[0]
}

// newScalar returns the integer that numpy wrote as a dtype and its bytes.
func (m *machine) newScalar(elements, data any) any {
	d, ok := elements.(*dtype)
	s, isString := data.(bytestring)
	if !ok || d.order == 0 || d.kind == 'f' || !isString || s.len() != d.size {
		m.corrupt("a number that is %s and %s, want one of numpy's integers", describe(elements), describe(data))
	}
	return (&array{rows: 1, cols: 1, dtype: *d, data: s}).integer(0)
}

// fillArray completes a with its shape, dtype, order and elements, after it
// has seen that they fit together.
//
// One dimension of floats is an image of a list of them, and has its ink found at
// once: so many images as expand_mnist.py makes would take twice the memory
// otherwise. What is not from 0 to 1 is left to whoever knows its row.
func (m *machine) fillArray(a *array, shape, elements any, fortran bool, data any) {
	lengths, ok := shape.(tuple)
	if !ok || len(lengths) < 1 || len(lengths) > 3 {
		m.unsupported("an array of shape %s, want one dimension to three: images.reshape(len(images), -1)", describe(shape))
	}
	d, ok := elements.(*dtype)
	if !ok || d.order == 0 {
		m.corrupt("an array whose dtype is %s", describe(elements))
	}
	s, ok := data.(bytestring)
	if !ok {
		m.corrupt("an array whose elements are %s, want bytes", describe(data))
	}
	if a.dims != 0 {
		m.corrupt("an array that is built twice")
	}
	rows, cols := m.length(lengths[0]), int64(1) // an int may have 32 bits, too few for a product
	for _, n := range lengths[1:] {
		cols *= int64(m.length(n)) // at most 2⁶⁰
	}
	cols = min(cols, maxPayload+1)
	*a = array{dims: len(lengths), rows: rows, cols: int(cols), dtype: *d, fortran: fortran && len(lengths) > 1}
	a.data = m.takeOut(s)
	if a.fortran {
		a.height = m.length(lengths[1])
	}
	size := int64(rows) * cols * int64(d.size) // too large for 2⁶³ it is negative, which no length is
	if size != int64(a.data.len()) {
		m.corrupt("%s needs %d×%d×%d bytes, but has %d", describe(a), rows, cols, d.size, a.data.len())
	}
	if m.elements += a.rows * a.cols; m.elements > maxElements {
		m.unsupported("arrays of more than %d elements in all", maxElements)
	}
	if a.dims == 1 && d.kind == 'f' && rows > 0 && rows <= maxPixels {
		m.inkAtOnce(a)
	}
}

// inkAtOnce finds the ink of a, an image, now and lets go of its bytes, if they are
// pixels.
func (m *machine) inkAtOnce(a *array) {
	image, err := m.ink.readWhole(a)
	if err != nil {
		return
	}
	m.payload -= int64(a.data.len())
	m.spend(6 * uint64(len(image.Where)+imageRoom))
	a.ink, a.data = []SparseRow{image}, nil
}

// length returns a length out of the shape of an array.
func (m *machine) length(v any) int {
	n, ok := v.(int64)
	if !ok || n < 0 || n > maxPayload {
		m.corrupt("a shape with %s in it", describe(v))
	}
	return int(n)
}

// text returns the string v, bytes or text, as a Go string. Only short ones, names,
// are needed.
func (m *machine) text(v any) string {
	s, ok := v.(bytestring)
	if u, isText := v.(utf8string); isText {
		s, ok = bytestring(u), true
	}
	if !ok || s.len() > 100 {
		m.corrupt("%s where a short string belongs", describe(v))
	}
	return string(slices.Concat(s...))
}

// latin1 turns text back into the bytes that it was made of when Python 3
// wrote them in protocol 1 or 2: every character is one byte. In UTF-8
// a character from 0x80 to 0xff takes two, 110000xx 10xxxxxx.
func (m *machine) latin1(v any) bytestring {
	text, ok := v.(utf8string)
	if !ok {
		m.corrupt("%s where text belongs", describe(v))
	}
	n := bytestring(text).len()
	m.spend(uint64(n))
	var s bytestring
	piece := make([]byte, 0, min(n, pieceSize))
	var lead byte // the first byte of a character of two, when it is the next byte's turn
	for _, part := range m.takeOut(bytestring(text)) {
		for _, c := range part {
			switch {
			case lead == 0 && (c == 0xc2 || c == 0xc3):
				lead = c
				continue
			case lead != 0 && c&0xc0 == 0x80:
				c, lead = lead<<6|c&0x3f, 0
			case lead != 0 || c >= 0x80:
				m.corrupt("text that is not latin1")
			}
			if len(piece) == pieceSize {
				s, piece = append(s, piece), make([]byte, 0, pieceSize)
			}
			piece = append(piece, c)
		}
	}
	if lead != 0 {
		m.corrupt("text that ends in the middle of a character")
	}
	if len(piece) > 0 {
		s = append(s, piece)
	}
	if n > 8 { // or it is kept, see takeOut
		m.payload -= int64(n)
	}
	return s
}

// describe says what v is in a few words, for a message.
func describe(v any) string {
	switch v := v.(type) {
	case none:
		return "None"
	case bool, int64, uint64:
		return fmt.Sprint(v)
	case global:
		return fmt.Sprintf("the name %q", string(v))
	case tuple:
		return fmt.Sprintf("a tuple of %d", len(v))
	case *pyList:
		return fmt.Sprintf("a list of %d", len(v.items))
	case *pyDict:
		return "a dict" + v.firstKeys()
	case bytestring:
		return fmt.Sprintf("a string of %d bytes", v.len())
	case utf8string:
		return fmt.Sprintf("a text of %d bytes", bytestring(v).len())
	case *dtype:
		return "a dtype"
	case *array:
		if v.dims == 0 {
			return "an array that was never built"
		}
		return fmt.Sprintf("an array of %d dimensions of %c%d", v.dims, v.dtype.kind, v.dtype.size)
	}
	return fmt.Sprintf("%T", v)
}

// firstKeys returns the first keys of the dict, of those that are short strings.
func (d *pyDict) firstKeys() string {
	text, separator := "", ": "
	for _, key := range d.keys[:min(len(d.keys), 6)] {
		s, ok := key.(utf8string)
		if b, isBytes := key.(bytestring); isBytes { // Python 2's str
			s, ok = utf8string(b), true
		}
		if ok && bytestring(s).len() <= 20 {
			text += fmt.Sprintf("%s%q", separator, slices.Concat(s...))
			separator = ", "
		}
	}
	return text
}

// The elements of an array.

// len returns the number of bytes in s.
func (s bytestring) len() int {
	if len(s) == 0 {
		return 0
	}
	return (len(s)-1)*pieceSize + len(s[len(s)-1])
}

// copyAt fills p with the bytes of s from offset on.
func (s bytestring) copyAt(p []byte, offset int) {
	for len(p) > 0 {
		n := copy(p, s[offset/pieceSize][offset%pieceSize:])
		p, offset = p[n:], offset+n
	}
}

// copyRows fills p with rows of a from row i on, each element little-endian.
func (a *array) copyRows(p []byte, i int) {
	size, width := a.dtype.size, a.cols*a.dtype.size
	if a.fortran {
		column := make([]byte, len(p)/a.cols) // these rows of it, which lie together
		for j := range a.cols {
			a.data.copyAt(column, (j*a.rows+i)*size)
			pixel := j%a.height*(a.cols/a.height) + j/a.height // of an image of two dimensions, itself by columns
			for k, to := 0, pixel*size; k < len(column); k, to = k+size, to+width {
				for b := range size { // quicker than copy for so few
					p[to+b] = column[k+b]
				}
			}
		}
	} else {
		a.data.copyAt(p, i*width)
	}
	if a.dtype.order == '>' {
		for k := 0; k < len(p); k += size {
			slices.Reverse(p[k : k+size])
		}
	}
}

// integer returns row i of an array of one column of integers.
func (a *array) integer(i int) any {
	var p [8]byte
	a.copyRows(p[:a.dtype.size], i)
	v := binary.LittleEndian.Uint64(p[:])
	unused := 64 - 8*a.dtype.size
	if a.dtype.kind == 'i' {
		return int64(v<<unused) >> unused // brings the sign along
	}
	if v > math.MaxInt64 {
		return v
	}
	return int64(v)
}

// notZero finds the elements in p, little-endian, that are not 0, sets where
// to their places and value to their values, and returns how many there are.
//
// Paper is 0 in every byte, and is passed over eight bytes at a time.
func (d dtype) notZero(where []uint16, value []float64, p []byte) int {
	n, bits := 0, 8*d.size
	for k := 0; k < len(p); k += 8 {
		word := binary.LittleEndian.Uint64(p[k:])
		if word == 0 {
			continue
		}
		for j := k / d.size; word != 0; j++ {
			if element := word << (64 - bits) >> (64 - bits); element != 0 {
				where[n], value[n] = uint16(j), d.value(element)
				n++
			}
			word >>= bits
		}
	}
	return n
}

// value returns the pixel that is written as these bits.
func (d dtype) value(bits uint64) float64 {
	switch {
	case d.kind == 'u':
		return float64(bits) / 256
	case d.size == 4:
		return float64(math.Float32frombits(uint32(bits)))
	}
	return math.Float64frombits(bits)
}

// Files that are not of the form LoadData reads: what they are, and what makes the right
// one of them.

// headSize is how many bytes of a file tell what it is.
const headSize = 512

// A kind is a kind of file that people have their digits in, known by its first
// bytes, and what to do with it.
type kind struct{ magic, what, recipe string }

// kinds are those that are known by fixed bytes. nameOf knows others.
var kinds = []kind{
	{"\x00\x00\x08\x03", "images in IDX, MNIST's first form, which has four files", fromIDX},
	{"\x00\x00\x08\x01", "labels in IDX, MNIST's first form, which has four files", fromIDX},
	{"\x93NUMPY", "a numpy array (.npy), which holds images or labels alone", fromNPY},
	{"PK\x03\x04", "a zip archive, which may hold the right file", `python3 -m zipfile -e "FILE" .`},
	{"\x89HDF\r\n\x1a\n", "an HDF5 file (the line wants x_train, y_train, x_test, y_test in it)", fromHDF5},
	{"MATLAB", "a MATLAB file (the line wants data and label in it, as mnist-original.mat has them)", fromMATLAB},
	{"\xfd7zXZ\x00", "a file compressed by xz", fromXZ},
	{"BZh", "a file compressed by bzip2", fromBzip2},
	{"\x1f\x8b", "a gzip file", gunzip},
	{"PAR1", "a parquet file", getMNIST},
	{"\x89PNG\r\n\x1a\n", "a picture (PNG)", nameAsPicture},
	{"\xff\xd8\xff", "a picture (JPEG)", nameAsPicture},
	{"GIF8", "a picture (GIF)", nameAsPicture},
	{"\x80", "a bare pickle", gzipIt},
	{"(", "a bare pickle", gzipIt}, // protocols 0 and 1 begin with what they hold: a tuple,
	{"]", "a bare pickle", gzipIt}, // a list,
	{"}", "a bare pickle", gzipIt}, // a dict
}

// nameOf says what a file seems to be that begins with head, its first headSize
// bytes or all of it, and gives a line for the shell, of which most make a file
// digits.pkl.gz that LoadData reads. "FILE" in the line, with its quotes, stands for
// the file's name. Of what it does not know it says "".
func nameOf(head []byte) (what, recipe string) {
	text := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff"))))
	switch {
	case len(head) == 0:
		return "an empty file", getMNIST
	case len(text) == 0:
		return "a file of blank lines", getMNIST
	case bytes.HasPrefix(text, []byte("<")):
		return "a web page, not the file itself", getMNIST
	case bytes.HasPrefix(text, []byte("version https://git-lfs")):
		return "a git-lfs pointer, not the file it stands for", "git lfs pull"
	case bytes.HasPrefix(head, []byte("PK")) && bytes.Contains(head, []byte(".npy")):
		return "numpy arrays in a zip archive (.npz)", fromNPZ
	case head[0] == opProto && bytes.Contains(head, []byte("joblib")):
		return "a file by joblib.dump", fromJoblib
	case len(head) > 1 && head[0] == 'x' && strings.Contains("\x01^\x9c\xda", string(head[1:2])):
		return "a file compressed by zlib, as by joblib.dump", fromJoblib
	case text[0] == '{' && (bytes.Contains(text, []byte(`"sizes"`)) || bytes.Contains(text, []byte(`"weights"`))):
		return "a saved network (JSON)", `go run . -load "FILE"`
	case text[0] == '{', text[0] == '[':
		return "JSON (the line wants [[images, labels], ...] in it)", fromJSON
	}
	for _, k := range kinds {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return k.what, k.recipe
		}
	}
	if line, _, _ := bytes.Cut(text, []byte("\n")); bytes.IndexByte(line, ',') > 0 && bytes.IndexFunc(text, isBinary) < 0 {
		return "a table in text (CSV), a label and its pixels in each line", fromCSV
	}
	return "", ""
}

// isBinary says whether a character does not belong in text.
func isBinary(c rune) bool {
	return c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == utf8.RuneError
}

// advice is what is said of a recipe, after what a file is.
func advice(recipe string) string {
	switch {
	case recipe == "":
		return ""
	case recipe == fromJoblib, recipe == fromObjects, recipe == inBinary: // they have Python run what we would not
		return "; to make digits.pkl.gz of it, for -data, if you trust the file, as Python runs what it says: " + recipe
	case strings.Contains(recipe, "digits.pkl.gz"):
		return "; to make digits.pkl.gz of it, for -data: " + recipe
	}
	return "; run: " + recipe
}

// The recipes: lines of Python that make digits.pkl.gz of other files of digits,
// with images from 0 to 1. The tests run them.

const getTrainAndTest = "p=lambda w:sorted((np.asarray(z[k]) for k in z if w in k),key=np.size)[:-3:-1];" +
	"(x,y),(u,v)=p('train'),p('test');" // of z, arrays by name: the larger of two is the images

const fromTable = "k=len(y)//7;x,u,y,v=x[:-k],x[-k:],y[:-k],y[-k:];" // the last seventh, as in MNIST, is for the test

var (
	fromIDX = makeDigits("glob,os", "g=lambda p,k:np.frombuffer("+
		"q(glob.glob(os.path.join(os.path.dirname(n),p+'*'))[0]).read(),'u1')[k:];"+
		"x,y,u,v=g('train-images',16),g('train-labels',8),g('t10k-images',16),g('t10k-labels',8);"+
		"x=x.reshape(len(y),-1);u=u.reshape(len(v),-1);", "")
	fromNPY  = makeDigits("", "x,y=np.load(n),np.load(sys.argv[2]);"+fromTable, ` "LABELS.npy"`)
	fromNPZ  = makeDigits("io", "z=np.load(io.BytesIO(q(n).read()));"+getTrainAndTest, "")
	fromHDF5 = makeDigits("io,h5py", "z=h5py.File(io.BytesIO(q(n).read()));"+getTrainAndTest, "")
	fromDict = makeDigits("", "z=pickle.load(q(n),encoding='latin1');"+getTrainAndTest, "")

	// As mnist-original.mat has them, one column of pixels per image, and sorted: every
	// sixth is moved to the end, which is for validation.
	fromMATLAB = makeDigits("io,scipy.io", "z=scipy.io.loadmat(io.BytesIO(q(n).read()));"+
		"x,y=z['data'].T,z['label'].ravel();"+fromTable+
		"i=np.argsort(np.mod(np.arange(len(y)),6)==0,kind='stable');x,y=x[i],y[i];", "")
	fromCSV = makeDigits("", "h=int(not q(n).read(1).isdigit());"+
		"a=np.loadtxt(q(n),'f4',delimiter=',',skiprows=h);x,y=a[:,1:],a[:,0];"+fromTable, "")

	// Of data sets as they should be, but not as arrays.
	fromJSON    = makePairs("json", "json.load(q(n))")
	fromJoblib  = makePairs("joblib", "joblib.load(n)")
	fromObjects = makePairs("", "pickle.load(q(n),encoding='latin1')")

	// Of the right file in another wrapping.
	gzipIt    = python("", "gzip.open('digits.pkl.gz','wb',6).write(open(n,'rb').read())")
	gunzip    = python("", "open('digits.pkl.gz','wb').write(gzip.open(n).read())")
	fromXZ    = python("lzma", "gzip.open('digits.pkl.gz','wb',6).write(lzma.open(n).read())")
	fromBzip2 = python("bz2", "gzip.open('digits.pkl.gz','wb',6).write(bz2.open(n).read())")
	inBinary  = python("", openAny+"pickle.dump(pickle.load(q(n),encoding='latin1'),gzip.open('digits.pkl.gz','wb',6),4)")
)

const (
	nameAsPicture = `go run . "FILE"`

	// q opens a file, gzip or not. f makes a pair of arrays.
	openAny  = "q=lambda n:(gzip.open if open(n,'rb').read(1)==bytes([31]) else open)(n,'rb');"
	makePair = "f=lambda x,y:((lambda a:a.reshape(len(a),-1)/np.float32(255 if a.max()>1 else 1))" +
		"(np.asarray(x,'f4')),np.asarray(y,'i8').ravel());"
)

// python returns a line that runs a program in Python, in which n is FILE.
func python(imports, program string) string {
	if imports != "" {
		imports = "," + imports
	}
	return `python3 -c "import sys,gzip,pickle` + imports + `;n=sys.argv[1];` + program + `" "FILE"`
}

// makeDigits returns a recipe whose program has made the images and labels x, y for
// training and u, v for the test. The last sixth of the training digits, of MNIST
// 10,000, is for validation.
func makeDigits(imports, program, arguments string) string {
	return python(strings.Trim("numpy as np,"+imports, ","), openAny+makePair+program+"k=len(y)*5//6;"+
		"pickle.dump((f(x[:k],y[:k]),f(x[k:],y[k:]),f(u,v)),gzip.open('digits.pkl.gz','wb',6),4)") + arguments
}

// makePairs returns a recipe of pairs of images and labels.
func makePairs(imports, pairs string) string {
	return python(strings.Trim("numpy as np,"+imports, ","), openAny+makePair+
		"pickle.dump([f(x,y) for x,y in "+pairs+" if len(x)],gzip.open('digits.pkl.gz','wb',6),4)")
}

// withName puts name in the place of "FILE" in a message, unless a shell would find
// more than a name in it.
func withName(message, name string) string {
	if strings.ContainsAny(name, "\"$`!%") || strings.IndexFunc(name, unicode.IsControl) >= 0 {
		return message
	}
	return strings.ReplaceAll(message, `"FILE"`, `"`+name+`"`)
}

// forFile is err withName.
func forFile(name string, err error) error {
	var format *FormatError
	var unsupported *UnsupportedError
	if errors.As(err, &format) {
		return &FormatError{withName(err.Error(), name), format.Err}
	} else if errors.As(err, &unsupported) {
		return &UnsupportedError{withName(err.Error(), name)}
	}
	return bare(err) // LoadData says the name
}
