// Package pickle reads and writes pickles of numpy arrays. It calls no function that a
// pickle names.
//
// A pickle is a small program for a machine with a stack. Run from its first
// byte to its last, it puts together one Python object. This is how the book's
// mnist.pkl.gz begins, inflated: the byte, the instruction there, and its effect.
// By byte 144 an array of 50,000 images is waiting for its pixels.
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
//	 74  BININT1 1               the version of the state that follows
//	 76  BININT2 50000, BININT2 784, TUPLE2      the array's shape
//	 85  GLOBAL numpy dtype, SHORT_BINSTRING 'f4', BININT1 0, BININT1 1, TUPLE3, REDUCE
//	                             call dtype('f4', 0, 1): floats of four bytes
//	116  MARK, BININT1 3, SHORT_BINSTRING '<', NONE, NONE, NONE, BININT -1, BININT -1, BININT1 0
//	139  TUPLE                   wrap everything above the mark
//	142  BUILD                   pop this state and give it to the object below: '<' makes
//	                             the dtype little-endian
//	143  NEWFALSE                the rows of the array lie one after the other
//	144  BINSTRING               156,800,000 bytes, the pixels
//	     TUPLE, BUILD            wrap everything above the mark, and give it to the array
//
// In Python, GLOBAL finds any function of any module and REDUCE calls it. So
//
//	GLOBAL os system, SHORT_BINSTRING 'rm -r ~', TUPLE1, REDUCE
//
// is a pickle too, and pickle.load has done it before it returns: whoever
// unpickles a stranger's file runs a stranger's program. The machine of this
// package has the few instructions that numpy arrays are written with (machine.go).
// It knows the few names they use, and it calls nothing: REDUCE looks at the name and
// makes the array or the dtype itself (numpy.go). Everything else is an error.
//
// A small file cannot fill the memory, either: strings are made as they are read, piece
// by piece, whatever length they claim to have; all strings together, and the
// instructions, are counted (Limits); no string of more than 8 bytes becomes two arrays;
// and the bytes of an array must be as many as its shape asks for.
//
// Read reads protocols 1 to 5 as numpy 1.16 to 2.3 write them in Python 2.7 to 3.13.
// Write writes protocol 2, which all of them read (write.go).
package pickle

import (
	"bufio"
	"fmt"
	"io"
	"slices"
)

// Read carries out the instructions in r and returns the object that they make. The
// pickle has to end where r ends. Python's objects become
//
//	None                            nil
//	True, 7, numpy.int64(7)         bool, int64 (a number of numpy's from 2⁶³ on: uint64)
//	'text', b'bytes', bytearray()   String
//	(a, b), [a, b], {a: b}          Tuple, *List, *Dict
//	numpy.array([[1., 2.]])         *Array
//
// Its error is a *FormatError, an *UnsupportedError, or the error of r as it is.
func Read(r io.Reader, limits Limits) (v any, err error) {
	m := &machine{r: bufio.NewReader(r), limits: limits, memo: map[uint32]any{}}
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

// Limits are how much a pickle may ask for. Reading it then takes at most one and a half
// times as much memory as Memory says, and half a minute of a core, whatever stands in it.
type Limits struct {
	// Strings is how many bytes all strings may have together.
	Strings int64

	// Memory is how many bytes may be held: the strings, 8 for each number in the shape
	// of an array, and 80 for every instruction. An instruction adds at most one thing
	// to the stack or to the memo, and that takes about 80 bytes at most.
	Memory int64

	// Instructions is how many instructions a pickle may have. It may have one more for
	// every 8 bytes that have been read. An array takes 13 to 53, and has hundreds of bytes.
	// Without this limit, a small file of instructions could build a large object: gzip
	// packs a thousand of them into a few bytes.
	Instructions int64
}

// DefaultLimits are enough for every file of digits that is known. MNIST has 220 MB of
// strings and 180 instructions, or 70,000 more if its labels are in lists of ints. The 250,000
// images of the book's expand_mnist.py, an array for each, have 0.8 GB of strings
// and, in protocol 2, 10.5 million instructions with labels of numpy's.
var DefaultLimits = Limits{Strings: 1 << 30, Memory: 1_700_000_000, Instructions: 300_000}

// A FormatError says that a pickle is damaged or cut short, or is no pickle.
type FormatError struct {
	Offset  int64 // of the instruction at fault
	Message string
	Err     error // io.ErrUnexpectedEOF if the pickle is cut short, else nil
}

func (e *FormatError) Error() string { return fmt.Sprintf("pickle, byte %d: %s", e.Offset, e.Message) }
func (e *FormatError) Unwrap() error { return e.Err }

// An UnsupportedError says that a pickle may well be sound, but holds something
// other than arrays of numbers, or more than Limits allow.
type UnsupportedError struct {
	Offset   int64 // of the instruction at fault
	Message  string
	Module   string // that Python needs for it: of a name that is not known, "pandas.core.frame", or "numpy"; else ""
	TextForm bool   // the pickle is one of protocol 0, which is text
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("pickle, byte %d: %s", e.Offset, e.Message)
}

type (
	// Tuple is Python's (a, b).
	Tuple []any

	// List is Python's [a, b]. It is used by pointer, because a pickle may append to
	// a list that it has put somewhere already.
	List struct{ Items []any }

	// Dict is Python's {Keys[0]: Values[0], Keys[1]: Values[1]}.
	Dict struct{ Keys, Values []any }
)

// Items returns the items of a Tuple or a *List, and whether v is one of them.
func Items(v any) (items []any, ok bool) {
	switch v := v.(type) {
	case Tuple:
		return v, true
	case *List:
		return v.Items, true
	}
	return nil, false
}

// A String is Python's text, or its bytes.
//
// It is held in pieces of pieceSize bytes, of which the last may be shorter. A piece
// is made when the one before it has been filled, so a string that claims to be long
// costs nothing: only bytes that have been read do.
type String struct {
	pieces [][]byte
	isText bool // str of Python 3, unicode of Python 2: UTF-8
}

// pieceSize is a multiple of 8, so an element of an array lies in one piece.
const pieceSize = 1 << 20

// Len returns the number of bytes in s.
func (s String) Len() int { return length(s.pieces) }

// String returns the bytes of s.
func (s String) String() string { return string(slices.Concat(s.pieces...)) }

// length returns how many bytes there are in pieces.
func length(pieces [][]byte) int {
	if len(pieces) == 0 {
		return 0
	}
	return (len(pieces)-1)*pieceSize + len(pieces[len(pieces)-1])
}

// Describe says in a few words what v is, an object of a pickle: "a tuple of 3".
func Describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool, int64, uint64:
		return fmt.Sprint(v)
	case global:
		return fmt.Sprintf("the name %q", string(v))
	case Tuple:
		return fmt.Sprintf("a tuple of %d", len(v))
	case *List:
		return fmt.Sprintf("a list of %d", len(v.Items))
	case *Dict:
		return "a dict" + v.firstKeys()
	case String:
		if v.isText {
			return fmt.Sprintf("a text of %d bytes", v.Len())
		}
		return fmt.Sprintf("a string of %d bytes", v.Len())
	case *dtype:
		return "a dtype"
	case *Array:
		if v.Shape == nil {
			return "an array that was never built"
		}
		return fmt.Sprintf("an array of %d dimensions of %v", len(v.Shape), v.Type)
	}
	return fmt.Sprintf("%T", v)
}

// firstKeys returns the short strings among the first keys of the dict, after a colon.
func (d *Dict) firstKeys() string {
	text, separator := "", ": "
	for _, key := range d.Keys[:min(len(d.Keys), 6)] {
		if s, ok := key.(String); ok && s.Len() <= 20 {
			text += fmt.Sprintf("%s%q", separator, s.String())
			separator = ", "
		}
	}
	return text
}
