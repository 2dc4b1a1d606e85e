package pickle

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// An Array is a numpy array of numbers.
//
// Its elements are numbered row by row: the last index runs fastest. They are so whatever
// their order is in the file.
type Array struct {
	Shape []int // the length of each axis; nil in an array that the pickle never completes
	Type  Type

	bigEndian bool
	strides   []int    // how far apart in memory two neighbours on each axis are, in elements; nil if row by row
	pieces    [][]byte // as those of a String; nil where Release has let go of one
}

// A Type is the type of an array's elements.
type Type struct {
	Kind byte // 'f' float, 'i' signed integer, 'u' unsigned integer
	Size int  // in bytes
}

// String writes the type as numpy does: "f4".
func (t Type) String() string { return fmt.Sprintf("%c%d", t.Kind, t.Size) }

// types are the types that arrays may have here.
var types = []Type{{'f', 4}, {'f', 8}, {'u', 1}, {'u', 2}, {'u', 4}, {'u', 8}, {'i', 1}, {'i', 2}, {'i', 4}, {'i', 8}}

// NewArray returns an array of the given type and shape, whose elements are in data,
// little-endian, the last index running fastest. It panics if they do not fill data.
func NewArray(t Type, data []byte, shape ...int) *Array {
	a := &Array{Shape: shape, Type: t}
	if !slices.Contains(types, t) || a.Len()*t.Size != len(data) {
		panic(fmt.Sprintf("pickle: NewArray: shape %v of %v for %d bytes", shape, t, len(data)))
	}
	for len(data) > 0 {
		n := min(len(data), pieceSize)
		a.pieces, data = append(a.pieces, data[:n]), data[n:]
	}
	return a
}

// Len returns the number of elements in a: the product of its Shape.
func (a *Array) Len() int {
	n := 1
	for _, length := range a.Shape {
		n *= length
	}
	return n
}

// Floats sets dst to the elements from, from+1, … of a, as float64. (Integers from
// 2⁵³ on are rounded.) It panics if there are not so many elements, or if Release has
// let go of one.
func (a *Array) Floats(dst []float64, from int) {
	size := a.Type.Size
	if from < 0 || from+len(dst) > a.Len() {
		panic(fmt.Sprintf("pickle: Floats: elements %d to %d of %d", from, from+len(dst), a.Len()))
	}
	if last := len(a.Shape) - 1; a.strides != nil {
		for len(dst) > 0 { // as far as the last axis goes, the places are in even steps
			run, place := min(len(dst), a.Shape[last]-from%a.Shape[last]), a.place(from)
			for j := range run {
				dst[j] = a.number(a.at((place + j*a.strides[last]) * size))
			}
			dst, from = dst[run:], from+run
		}
		return
	}
	for offset := from * size; len(dst) > 0; {
		p := a.at(offset)
		n := min(len(dst), len(p)/size)
		if a.Type == (Type{'f', 4}) && !a.bigEndian { // MNIST's: 55 million elements
			for j := range n {
				dst[j] = float64(math.Float32frombits(binary.LittleEndian.Uint32(p[4*j:])))
			}
		} else {
			for j := range n {
				dst[j] = a.number(p[j*size:])
			}
		}
		dst, offset = dst[n:], offset+n*size
	}
}

// Value returns element n as an int64, a uint64 if it is 2⁶³ or more, or a float64.
// It panics as Floats does.
func (a *Array) Value(n int) any {
	if n < 0 || n >= a.Len() {
		panic(fmt.Sprintf("pickle: Value: element %d of %d", n, a.Len()))
	}
	if a.strides != nil {
		n = a.place(n)
	}
	p := a.at(n * a.Type.Size)
	switch bits := a.bits(p); {
	case a.Type.Kind == 'f':
		return a.number(p)
	case a.Type.Kind == 'u' && bits > math.MaxInt64:
		return bits
	default:
		return int64(bits)
	}
}

// Release lets go of the memory of the elements before n. They cannot be read any
// more. (An array that does not lie row by row keeps all until n is Len.)
func (a *Array) Release(n int) {
	switch {
	case n == a.Len():
		clear(a.pieces)
	case a.strides == nil:
		clear(a.pieces[:n*a.Type.Size/pieceSize])
	}
}

// at returns the bytes from offset on, up to the end of their piece.
func (a *Array) at(offset int) []byte {
	piece := a.pieces[offset/pieceSize]
	if piece == nil {
		panic("pickle: Array: elements that Release has let go of")
	}
	return piece[offset%pieceSize:]
}

// place returns where element n lies in an array with strides: after how many others.
// In 2×3 numbers that lie column by column, with the strides 1 and 2, element 1 is in
// row 0, column 1, which is place 2 of
//
//	0 2 4
//	1 3 5
func (a *Array) place(n int) (place int) {
	for axis := len(a.Shape) - 1; axis >= 0; axis-- {
		place += n % a.Shape[axis] * a.strides[axis]
		n /= a.Shape[axis]
	}
	return place
}

// number returns the element at the beginning of p.
func (a *Array) number(p []byte) float64 {
	bits := a.bits(p)
	switch {
	case a.Type.Kind == 'u':
		return float64(bits)
	case a.Type.Kind == 'i':
		return float64(int64(bits))
	case a.Type.Size == 4:
		return float64(math.Float32frombits(uint32(bits)))
	}
	return math.Float64frombits(bits)
}

// bits returns the bits of the element at the beginning of p. Those of a signed
// integer become the 64 bits of the same integer.
func (a *Array) bits(p []byte) (bits uint64) {
	for k := range a.Type.Size {
		if a.bigEndian {
			bits = bits<<8 | uint64(p[k])
		} else {
			bits |= uint64(p[k]) << (8 * k)
		}
	}
	if a.Type.Kind == 'i' {
		unused := 64 - 8*a.Type.Size
		bits = uint64(int64(bits<<unused) >> unused) // the shift to the right brings the sign along
	}
	return bits
}

// The names that arrays need. A global is what GLOBAL pushes: module, a space, name.
type global string

const (
	ndarray     global = "numpy ndarray"
	memmap      global = "numpy memmap" // an array whose elements lie in a file, but not in a pickle
	matrix      global = "numpy matrix" // an array of two dimensions
	numpyDtype  global = "numpy dtype"
	reconstruct global = "numpy.core.multiarray _reconstruct"
	scalar      global = "numpy.core.multiarray scalar"   // an integer of numpy's, as in list(labels)
	frombuffer  global = "numpy.core.numeric _frombuffer" // protocol 5
	encode      global = "_codecs encode"                 // how Python 3 writes bytes in protocols 1 and 2
	emptyBytes  global = "__builtin__ bytes"              // and how it writes no bytes
)

// known has these names. A pickle may push one millions of times: here it is in memory once.
var known = map[string]any{}

func init() {
	for _, g := range []global{ndarray, memmap, matrix, numpyDtype, reconstruct, scalar, frombuffer, encode, emptyBytes} {
		known[string(g)] = g
	}
}

// renamed are modules whose names are those of another in other versions of numpy.
var renamed = map[string]string{
	"numpy._core.multiarray":       "numpy.core.multiarray", // numpy 2
	"numpy._core.numeric":          "numpy.core.numeric",    // numpy 2
	"numpy.core._multiarray_umath": "numpy.core.multiarray", // numpy 1.16.0, by mistake
	"numpy.core.memmap":            "numpy",                 // the older numpys
	"numpy.matrixlib.defmatrix":    "numpy",                 // the older numpys
}

// global pushes a name for REDUCE to use, if it is one of those above.
func (m *machine) global(module, name string) {
	g, isKnown := known[cmp.Or(renamed[module], module)+" "+name]
	switch {
	case isKnown:
		m.push(g)
	case strings.HasSuffix(name, "\r"):
		m.corrupt("%q: the ends of lines were changed on the way, as by a transfer in text mode; "+
			"get the file again, in binary mode", name)
	default:
		panic(failure{&UnsupportedError{Offset: m.start, Module: module,
			Message: fmt.Sprintf("%q of module %q is no name that arrays need, and was not called", name, module)}})
	}
}

// A dtype describes the elements of arrays, to numpy.
type dtype struct {
	Type
	order byte // '<' little-endian, '>' big-endian, '|' for one byte; 0 until BUILD
}

// The orders of an array's elements by numpy's names, those of the languages C and
// Fortran, and any other.
const (
	lastIndexFastest  = `C`
	firstIndexFastest = `F`
	orderOfAxes       = `K`
)

// reduce carries out REDUCE: it makes what numpy or Python would have made of these
// arguments. Anything other than the arguments that numpy writes is an error.
func (m *machine) reduce() {
	args, ok := m.pop().(Tuple)
	function, isGlobal := m.pop().(global)
	if !ok || !isGlobal {
		m.corrupt("REDUCE without a function and a tuple of arguments")
	}
	switch {
	case function == reconstruct && len(args) == 3 && slices.Contains([]any{ndarray, memmap, matrix}, args[0]):
		// (ndarray, (0,), b'b'): an array of shape (0,) and signed bytes, empty until BUILD
		shape, ok := args[1].(Tuple)
		if !ok || len(shape) != 1 || shape[0] != any(int64(0)) || m.name(args[2]) != "b" {
			m.corrupt("a new array of shape %s, want (0,) and type 'b'", Describe(args[1]))
		}
		m.push(&Array{})
	case function == numpyDtype && len(args) == 3:
		// (name, False, True), before numpy 1.20 (name, 0, 1): no gaps, a copy
		if gaps, copied := args[1], args[2]; gaps != any(false) && gaps != any(int64(0)) ||
			copied != any(true) && copied != any(int64(1)) {
			m.corrupt("a dtype with %s and %s, want False and True", Describe(gaps), Describe(copied))
		}
		m.push(m.newDtype(m.name(args[0])))
	case function == scalar && len(args) == 2:
		m.push(m.newScalar(args[0], args[1]))
	case function == frombuffer && (len(args) == 4 || len(args) == 5):
		// (bytes, dtype, shape, order), since numpy 2.3 perhaps (bytes, dtype, shape, 'K', axes)
		a, order := &Array{}, m.name(args[3])
		if order != lastIndexFastest && order != firstIndexFastest && (order != orderOfAxes || len(args) == 4) {
			m.unsupported("an array in order %q", order)
		}
		m.fill(a, args[2], args[1], order == firstIndexFastest, args[0])
		if order == orderOfAxes {
			m.transpose(a, args[4])
		}
		m.push(a)
	case function == encode && len(args) == 2:
		if codec := m.name(args[1]); codec != "latin1" {
			m.unsupported("bytes encoded as %q", codec)
		}
		m.push(m.latin1(args[0]))
	case function == emptyBytes && len(args) == 0:
		m.push(String{})
	default:
		m.corrupt("%d arguments that %q does not take", len(args), function)
	}
}

// build carries out BUILD: it completes a dtype or an array.
func (m *machine) build() {
	state, ok := m.pop().(Tuple)
	switch object := m.top().(type) {
	case *dtype:
		// (3, byte order, None, None, None, -1, -1, 0)
		if !ok || len(state) != 8 || state[0] != any(int64(3)) {
			m.unsupported("a dtype with a state other than numpy's version 3")
		}
		if !slices.Equal(state[2:], Tuple{nil, nil, nil, int64(-1), int64(-1), int64(0)}) {
			m.corrupt("a dtype with fields, or elements of another size than its name says")
		}
		m.setOrder(object, m.name(state[1]))
	case *Array:
		// (1, shape, dtype, is it Fortran's order, bytes)
		if !ok || len(state) != 5 || state[0] != any(int64(1)) {
			m.unsupported("an array with a state other than numpy's version 1")
		}
		byColumn, ok := state[3].(bool)
		if !ok {
			m.corrupt("an array whose order is %s, want True or False", Describe(state[3]))
		}
		m.fill(object, state[1], state[2], byColumn, state[4])
	default:
		m.corrupt("BUILD of %s", Describe(object))
	}
}

// newDtype returns the dtype that numpy calls name.
func (m *machine) newDtype(name string) *dtype {
	for _, t := range types {
		if t.String() == name {
			return &dtype{Type: t}
		}
	}
	m.needNumpy("an array of dtype %q, want float32, float64 or integers", name)
	return nil
}

// needNumpy ends the reading: the pickle holds something else of numpy's.
func (m *machine) needNumpy(format string, args ...any) {
	panic(failure{&UnsupportedError{Offset: m.start, Module: "numpy", Message: fmt.Sprintf(format, args...)}})
}

// setOrder completes a dtype with its byte order.
func (m *machine) setOrder(d *dtype, order string) {
	if order != "<" && order != ">" && order != "|" || (order == "|") != (d.Size == 1) || d.order != 0 {
		m.corrupt("byte order %q for elements of %d bytes", order, d.Size)
	}
	d.order = order[0]
}

// newScalar returns the integer that numpy writes as a dtype and its bytes.
func (m *machine) newScalar(elements, data any) any {
	d, ok := elements.(*dtype)
	s, isString := data.(String)
	if ok && d.Kind == 'f' {
		m.needNumpy("a number of type %v, want integers", d.Type)
	}
	if !ok || d.order == 0 || !isString || s.isText || s.Len() != d.Size {
		m.corrupt("a number that is %s and %s, want one of numpy's integers", Describe(elements), Describe(data))
	}
	return (&Array{Type: d.Type, bigEndian: d.order == '>', pieces: s.pieces}).Value(0)
}

// maxAxes is how many axes numpy allows.
const maxAxes = 64

// fill completes a with its shape, dtype, order and elements, after it has seen that
// they fit together.
func (m *machine) fill(a *Array, shape, elements any, byColumn bool, data any) {
	lengths, ok := shape.(Tuple)
	if !ok || len(lengths) > maxAxes {
		m.corrupt("an array of shape %s", Describe(shape))
	}
	d, ok := elements.(*dtype)
	if !ok || d.order == 0 {
		m.corrupt("an array whose dtype is %s", Describe(elements))
	}
	s, ok := data.(String)
	if !ok || s.isText {
		m.corrupt("an array whose elements are %s, want bytes", Describe(data))
	}
	if a.Shape != nil {
		m.corrupt("an array that is built twice")
	}
	*a = Array{Shape: []int{}, Type: d.Type, bigEndian: d.order == '>'}
	const tooMany = 1 << 31 // more elements than any string has bytes; the square of it is no overflow
	n := int64(1)
	for _, length := range lengths {
		a.Shape = append(a.Shape, m.axis(length))
		m.hold(8, "a shape")
		n = min(n*length.(int64), tooMany)
	}
	a.pieces = m.takeOut(s)
	if n*int64(d.Size) != int64(length(a.pieces)) {
		m.corrupt("an array of shape %v of %v needs another number of bytes than the %d it has",
			a.Shape, d.Type, length(a.pieces))
	}
	if byColumn && len(lengths) > 1 {
		step := 1
		for _, length := range a.Shape {
			a.strides = append(a.strides, step)
			step *= length
		}
	}
}

// transpose changes the order of a's axes, as numpy's a.transpose(axes) does: axis i of
// the result is axis axes[i] of a. The elements stay where they are.
func (m *machine) transpose(a *Array, axes any) {
	order, ok := axes.(Tuple)
	if !ok || len(order) != len(a.Shape) {
		m.corrupt("axes in the order %s for %d of them", Describe(axes), len(a.Shape))
	}
	strides, step := make([]int, len(order)), 1
	for axis := len(order) - 1; axis >= 0; axis-- {
		strides[axis] = step
		step *= a.Shape[axis]
	}
	shape := a.Shape
	a.Shape, a.strides = make([]int, len(order)), make([]int, len(order))
	seen := make([]bool, len(order))
	for i, v := range order {
		axis, ok := v.(int64)
		if !ok || axis < 0 || axis >= int64(len(order)) || seen[axis] {
			m.corrupt("axes in an order with %s in it", Describe(v))
		}
		seen[axis] = true
		a.Shape[i], a.strides[i] = shape[axis], strides[axis]
	}
}

// axis returns the length of an axis, which is less than 2³¹.
func (m *machine) axis(v any) int {
	n, ok := v.(int64)
	if !ok || n < 0 || n > min(m.limits.Memory, math.MaxInt32) {
		m.corrupt("a shape with %s in it", Describe(v))
	}
	return int(n)
}

// name returns the string v, bytes or text, as a Go string. Only short ones, names,
// are needed.
func (m *machine) name(v any) string {
	s, ok := v.(String)
	if !ok || s.Len() > 100 {
		m.corrupt("%s where a short string belongs", Describe(v))
	}
	return s.String()
}

// takeOut returns the bytes of s, and leaves nothing of them in s itself, which may be
// in the memo. So no long string is used twice: otherwise a small file could build many
// arrays from one string.
//
// Strings of up to 8 bytes stay as they are: Python has one object for all the strings of
// the same single byte, and remembers it; and an integer of numpy's has at most 8.
func (m *machine) takeOut(s String) [][]byte {
	pieces := slices.Clone(s.pieces) // Release clears those of an array alone
	if len(pieces) == 0 || len(pieces[0]) <= 8 && len(pieces[0]) > 0 {
		return pieces
	}
	if len(pieces[0]) == 0 {
		m.corrupt("a string that is used twice")
	}
	clear(s.pieces)
	return pieces
}

// latin1 turns text back into the bytes of which Python 3 made it in protocols 1 and
// 2: every character is one byte. In UTF-8 a character from 0x80 to 0xff takes two,
// 110000xx 10xxxxxx. Afterwards the text is garbage, and no longer counted.
func (m *machine) latin1(v any) String {
	text, ok := v.(String)
	if !ok || !text.isText {
		m.corrupt("%s where text belongs", Describe(v))
	}
	n := text.Len()
	m.hold(uint64(n), "a string")
	left := n // bytes of text that are not yet decoded: out needs no more
	out := bytes.NewBuffer(make([]byte, 0, min(left, pieceSize)))
	var s String
	var lead byte // the first byte of a character of two, when it is the next byte's turn
	for _, piece := range m.takeOut(text) {
		for _, c := range piece {
			switch {
			case lead == 0 && (c == 0xc2 || c == 0xc3):
				lead = c
				continue
			case lead != 0 && c&0xc0 == 0x80:
				c, lead = lead<<6|c&0x3f, 0
			case lead != 0 || c >= 0x80:
				m.corrupt("text that is not latin1")
			}
			if out.Len() == pieceSize {
				s.pieces = append(s.pieces, out.Bytes())
				left -= pieceSize
				out = bytes.NewBuffer(make([]byte, 0, min(left, pieceSize)))
			}
			out.WriteByte(c)
		}
	}
	if lead != 0 {
		m.corrupt("text that ends in the middle of a character")
	}
	if out.Len() > 0 {
		s.pieces = append(s.pieces, out.Bytes())
	}
	if n > 8 { // a shorter one stays, see takeOut
		m.held -= int64(n)
	}
	return s
}
