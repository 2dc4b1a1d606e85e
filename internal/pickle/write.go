package pickle

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
)

// Write writes v to w as a pickle of protocol 2, as Python 2 and numpy write it: a
// *Array, an int64, or a Tuple of such things. It panics if v is anything else. An
// array has to lie row by row and little-endian, as NewArray makes it.
func Write(w io.Writer, v any) error {
	p := &writer{Writer: bufio.NewWriter(w), memo: map[string]int{}}
	p.code(opProto, 2)
	p.object(v)
	p.code(opStop)
	return p.Flush() // it returns the first error there was
}

// A writer is a pickle being written.
type writer struct {
	*bufio.Writer
	puts int            // how many things are in the memo
	memo map[string]int // the numbers of those that are used again, by the instructions that push them
}

// code writes bytes as they are.
func (p *writer) code(code ...byte) { p.Write(code) }

// object writes the instructions that push v.
func (p *writer) object(v any) {
	switch v := v.(type) {
	case int64:
		p.integer(v)
	case Tuple:
		if len(v) == 0 {
			p.code(opEmptyTuple)
			return
		}
		if len(v) > 3 {
			p.code(opMark)
		}
		for _, item := range v {
			p.object(item)
		}
		p.code([]byte{opTuple, opTuple1, opTuple2, opTuple3, opTuple}[min(len(v), 4)])
		p.put("")
	case *Array:
		p.array(v)
	default:
		panic(fmt.Sprintf("pickle: Write: %T, want an array, an integer or a tuple of them", v))
	}
}

// integer writes an integer in the shortest way, but in eight bytes where it needs more than four.
func (p *writer) integer(n int64) {
	switch {
	case n >= 0 && n <= math.MaxUint8:
		p.code(opBinInt1, byte(n))
	case n >= 0 && n <= math.MaxUint16:
		p.code(binary.LittleEndian.AppendUint16([]byte{opBinInt2}, uint16(n))...)
	case n >= math.MinInt32 && n <= math.MaxInt32:
		p.code(binary.LittleEndian.AppendUint32([]byte{opBinInt}, uint32(n))...)
	default:
		p.code(binary.LittleEndian.AppendUint64([]byte{opLong1, 8}, uint64(n))...)
	}
}

// array writes an array as numpy does: _reconstruct(ndarray, (0,), 'b') makes an empty
// one, and BUILD gives it its state, (1, shape, dtype, False, bytes).
func (p *writer) array(a *Array) {
	if a.strides != nil || a.bigEndian {
		panic("pickle: Write: an array that does not lie row by row, or not little-endian")
	}
	p.once(globalCode(reconstruct))
	p.once(globalCode(ndarray))
	p.once(string([]byte{opBinInt1, 0, opTuple1}))
	p.once(shortString("b"))
	p.code(opTuple3)
	p.put("")
	p.code(opReduce)
	p.put("")
	p.code(opMark, opBinInt1, 1)
	var shape Tuple
	for _, length := range a.Shape {
		shape = append(shape, int64(length))
	}
	p.object(shape)
	p.dtype(a.Type)
	n := length(a.pieces)
	if n > math.MaxInt32 {
		panic(fmt.Sprintf("pickle: Write: an array of %d bytes, more than protocol 2 can have", n))
	}
	p.code(binary.LittleEndian.AppendUint32([]byte{opNewFalse, opBinString}, uint32(n))...)
	for _, piece := range a.pieces {
		p.code(piece...)
	}
	p.put("")
	p.code(opTuple)
	p.put("")
	p.code(opBuild)
}

// dtype writes dtype('f4', 0, 1) and gives it its state: (3, '<', None, None, None, -1,
// -1, 0).
func (p *writer) dtype(t Type) {
	if p.get(t.String()) {
		return
	}
	p.once(globalCode(numpyDtype))
	p.once(shortString(t.String()))
	p.code(opBinInt1, 0, opBinInt1, 1, opTuple3)
	p.put("")
	p.code(opReduce)
	p.put(t.String())
	p.code(opMark, opBinInt1, 3)
	order := "<"
	if t.Size == 1 {
		order = "|"
	}
	p.once(shortString(order))
	p.code(opNone, opNone, opNone)
	p.integer(-1)
	p.integer(-1)
	p.code(opBinInt1, 0, opTuple)
	p.put("")
	p.code(opBuild)
}

// globalCode returns the instruction that pushes a name.
func globalCode(g global) string {
	module, name, _ := strings.Cut(string(g), " ")
	return string(opGlobal) + module + "\n" + name + "\n"
}

// shortString returns the instruction that pushes a string of less than 256 bytes.
func shortString(s string) string { return string([]byte{opShortBinStr, byte(len(s))}) + s }

// once writes code, instructions that push one thing, and remembers the thing
// under that name; if it was written before, the thing is fetched instead.
func (p *writer) once(code string) {
	if !p.get(code) {
		p.WriteString(code)
		p.put(code)
	}
}

// put remembers the top of the stack. Python remembers nearly everything, so
// that a thing met twice is written once; only what has a name is ever fetched.
func (p *writer) put(name string) {
	p.numbered(opBinPut, opLongBinPut, p.puts)
	if name != "" {
		p.memo[name] = p.puts
	}
	p.puts++
}

// get pushes what is remembered under the name, and reports whether there is such a thing.
func (p *writer) get(name string) bool {
	number, ok := p.memo[name]
	if ok {
		p.numbered(opBinGet, opLongBinGet, number)
	}
	return ok
}

// numbered writes an instruction with a number of the memo: short if that is below 256.
func (p *writer) numbered(short, long byte, number int) {
	if number < 256 {
		p.code(short, byte(number))
	} else {
		p.code(binary.LittleEndian.AppendUint32([]byte{long}, uint32(number))...)
	}
}
