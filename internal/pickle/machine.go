package pickle

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// This file is the machine: its instructions, its stack and its memo. The names of
// the instructions are those of Python's own pickletools.py, and so are the words that
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
	opEmptyDict  = '}'  // push an empty dict
	opSetItem    = 's'  // add a key+value pair to an existing dict
	opSetItems   = 'u'  // add an arbitrary number of key+value pairs, down to the mark

	opBinPut     = 'q'  // store the stack top into the memo, one-byte index
	opLongBinPut = 'r'  // the same, four-byte index
	opMemoize    = 0x94 // the same, the index is the number of memos so far
	opBinGet     = 'h'  // read an object from the memo and push it on the stack, one-byte index
	opLongBinGet = 'j'  // the same, four-byte index

	opReduce = 'R' // push an object built from a callable and an argument tuple
	opBuild  = 'b' // finish building an object, via its state
)

// textForm are instructions of protocol 0, the text form of pickles: PUT, GET, STRING,
// UNICODE, LONG, FLOAT, LIST and DICT.
const textForm = "pgSVLFld"

// A machine runs one pickle.
type machine struct {
	r            *bufio.Reader
	limits       Limits
	offset       int64 // of the next byte to read
	start        int64 // of the instruction being carried out
	frameEnd     int64 // offset where the frame ends, if it is not behind us
	strings      int64 // bytes of them that have been read
	held         int64 // bytes of memory, see Limits
	instructions int64
	stack        []any
	marks        []int // for each MARK not yet used, the length of the stack then
	memo         map[uint32]any
	buf          [255]byte
}

// instructionSize is how many bytes of memory an instruction counts as.
const instructionSize = 80

// step carries out one instruction and reports whether it was STOP.
func (m *machine) step() (stop bool) {
	m.start = m.offset
	if m.instructions++; m.instructions > m.limits.Instructions+m.offset/8 {
		m.unsupported("more than %d instructions for the bytes that have been read", m.instructions-1)
	}
	m.hold(instructionSize, "an instruction")
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
		m.push(nil)
	case opNewTrue:
		m.push(true)
	case opNewFalse:
		m.push(false)
	case opInt:
		switch line := m.line(); line {
		case "00", "01":
			m.push(line == "01")
		default:
			m.refuseText(op)
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
		m.push(m.bytes(uint64(int64(int32(m.unsigned(4)))))) // signed: a negative length is a huge one
	case opBinBytes:
		m.push(m.bytes(m.unsigned(4)))
	case opShortBinStr, opShortBinBytes:
		m.push(m.bytes(m.unsigned(1)))
	case opByteArray8:
		m.push(m.bytes(m.unsigned(8)))
	case opBinUnicode:
		m.push(m.text(m.unsigned(4)))
	case opShortUnicode:
		m.push(m.text(m.unsigned(1)))

	case opEmptyTuple:
		m.push(Tuple{})
	case opTuple:
		m.push(Tuple(m.popMark()))
	case opTuple1:
		m.push(Tuple(m.popTop(1)))
	case opTuple2:
		m.push(Tuple(m.popTop(2)))
	case opTuple3:
		m.push(Tuple(m.popTop(3)))
	case opEmptyList:
		m.push(&List{})
	case opAppend:
		m.extend(m.popTop(1))
	case opAppends:
		m.extend(m.popMark())
	case opEmptyDict:
		m.push(&Dict{})
	case opSetItem:
		m.setItems(m.popTop(2))
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
		name := m.name(m.pop())
		m.global(m.name(m.pop()), name)
	case opReduce:
		m.reduce()
	case opBuild:
		m.build()

	default:
		if bytes.IndexByte([]byte(textForm), op) >= 0 {
			m.refuseText(op)
		}
		m.corrupt("instruction %#02x is unknown, or does not belong in a pickle of arrays", op)
	}
	return false
}

// result returns the object that is left when the pickle has stopped.
func (m *machine) result() any {
	switch {
	case len(m.marks) == 0 && len(m.stack) == 0:
		m.corrupt("the pickle stops and has made nothing")
	case len(m.marks) > 0 || len(m.stack) != 1:
		m.corrupt("%d objects and %d marks are left over", max(len(m.stack)-1, 0), len(m.marks))
	case m.offset < m.frameEnd:
		m.corrupt("the pickle stops %d bytes before its frame does", m.frameEnd-m.offset)
	}
	m.start = m.offset
	if _, err := m.r.ReadByte(); err == nil {
		m.corrupt("data after the end of the pickle")
	} else if err != io.EOF {
		panic(failure{err})
	}
	return m.stack[0]
}

// Errors. Each function below leaves the machine from any depth, by a panic with a
// failure, and Read alone recovers.

type failure struct{ error }

// corrupt ends the reading: the pickle is damaged.
func (m *machine) corrupt(format string, args ...any) {
	panic(failure{&FormatError{Offset: m.start, Message: fmt.Sprintf(format, args...)}})
}

// unsupported ends the reading: the pickle asks for something that this machine does
// not do.
func (m *machine) unsupported(format string, args ...any) {
	panic(failure{&UnsupportedError{Offset: m.start, Message: fmt.Sprintf(format, args...)}})
}

// refuseText ends the reading: op is an instruction of protocol 0.
func (m *machine) refuseText(op byte) {
	panic(failure{&UnsupportedError{Offset: m.start, TextForm: true,
		Message: fmt.Sprintf("%q is an instruction of protocol 0, which is text", op)}})
}

// Reading.

// read returns the next n bytes, at most 255. They are good until the next read.
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
		panic(failure{&FormatError{m.start, "the file is cut short; download it again", io.ErrUnexpectedEOF}})
	} else if err != nil {
		panic(failure{err})
	}
}

// frame begins a frame: protocols 4 and 5 wrap most of a pickle in frames,
// whose lengths let Python read ahead. They mean nothing to us, but must be right.
// An instruction outside of any frame is read like those inside: Python writes long
// strings there, and makes no frame for fewer than four bytes.
func (m *machine) frame() {
	length := m.unsigned(8)
	if m.offset < m.frameEnd {
		m.corrupt("a frame begins before the last one has ended, at byte %d", m.frameEnd)
	}
	if length > uint64(m.limits.Memory) {
		m.unsupported("a frame of %d bytes; the limit is %d", length, m.limits.Memory)
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
	return int64(m.unsigned(n)<<unused) >> unused // the shift to the right brings the sign along
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
	m.corrupt("a line of more than %d characters", len(line)-1)
	return ""
}

// bytes reads a string of n bytes.
func (m *machine) bytes(n uint64) String {
	if n > uint64(m.limits.Strings-m.strings) {
		m.unsupported("a string of %d bytes; the limit for all together is %d", n, m.limits.Strings)
	}
	m.strings += int64(n)
	m.hold(n, "a string")
	var s String
	for n > 0 {
		piece := make([]byte, min(n, pieceSize))
		m.readFull(piece)
		s.pieces = append(s.pieces, piece)
		n -= uint64(len(piece))
	}
	return s
}

// text reads a text of n bytes.
func (m *machine) text(n uint64) String { return String{m.bytes(n).pieces, true} }

// hold counts n more bytes of memory, those of a string or of an instruction.
func (m *machine) hold(n uint64, holder string) {
	if n > uint64(m.limits.Memory-m.held) {
		m.unsupported("%s of %d bytes; the limit of memory is %d", holder, n, m.limits.Memory)
	}
	m.held += int64(n)
}

// The stack and the memo.

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// floor is the height below which the stack may not fall: that of the last mark.
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

// popTop takes the n objects on top of the stack, and returns a copy, the lowest
// first.
func (m *machine) popTop(n int) []any {
	if len(m.stack)-m.floor() < n {
		m.corrupt("the stack is empty")
	}
	return m.popDownTo(len(m.stack) - n)
}

// popMark takes the last mark and all objects above it, and returns a copy of these.
func (m *machine) popMark() []any {
	if len(m.marks) == 0 {
		m.corrupt("there is no mark on the stack")
	}
	floor := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	return m.popDownTo(floor)
}

// popDownTo leaves height objects on the stack and returns the others: a copy, or, so that
// memory does not hold very many twice, the stack's own memory, while the stack gets new.
func (m *machine) popDownTo(height int) (above []any) {
	const many = 1000
	if above = m.stack[height:]; len(above) > max(many, height) {
		m.stack = slices.Clone(m.stack[:height])
		return slices.Clip(above)
	}
	above = slices.Clone(above)
	clear(m.stack[height:]) // so that they are garbage as soon as nobody else has them
	m.stack = m.stack[:height]
	return above
}

// extend appends items to the list on top of the stack.
func (m *machine) extend(items []any) {
	l, ok := m.top().(*List)
	if !ok {
		m.corrupt("append to %s, which is not a list", Describe(m.top()))
	}
	if l.Items == nil {
		l.Items = items
	} else {
		l.Items = append(l.Items, items...)
	}
}

// setItems adds items, keys and values by turns, to the dict on top of the stack.
func (m *machine) setItems(items []any) {
	d, ok := m.top().(*Dict)
	if !ok || len(items)%2 != 0 {
		m.corrupt("%d keys and values for %s", len(items), Describe(m.top()))
	}
	d.Keys, d.Values = slices.Grow(d.Keys, len(items)/2), slices.Grow(d.Values, len(items)/2)
	for i := 0; i < len(items); i += 2 {
		d.Keys, d.Values = append(d.Keys, items[i]), append(d.Values, items[i+1])
	}
}

// recall pushes the object that was remembered as number i.
func (m *machine) recall(i uint32) {
	v, ok := m.memo[i]
	if !ok {
		m.corrupt("nothing was stored in the memo as number %d", i)
	}
	m.push(v)
}
