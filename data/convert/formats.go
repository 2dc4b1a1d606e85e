package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"digits/internal/pickle"
	"digits/internal/show"
)

// An array is numbers that a file holds, the last index running fastest.
type array struct {
	source
	shape []int  // the length of each axis, none if it is a single number
	data  []byte // the numbers, as little-endian float32s
	used  bool   // in a set
}

// String says which array it is: "mnist.npz: x_train (60000×28×28)".
func (a *array) String() string {
	text := show.Name(filepath.Base(a.file))
	for _, name := range a.names {
		text += ": " + show.Name(name)
	}
	return text + " (" + strings.ReplaceAll(strings.Trim(fmt.Sprint(a.shape), "[]"), " ", "×") + ")"
}

func (a *array) len() int { return len(a.data) / 4 }

func (a *array) at(i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(a.data[4*i:]))
}

func (a *array) append(v float32) {
	a.data = binary.LittleEndian.AppendUint32(a.data, math.Float32bits(v))
}

// add keeps an array, which is from s, unless it is empty.
func (r *reader) add(a *array, s source) error {
	n := 1
	for _, length := range a.shape {
		n *= length
	}
	switch {
	case len(r.arrays) == maxArrays:
		return fmt.Errorf("more than %d arrays, or lists of different lengths", maxArrays)
	case n != a.len():
		return errors.New("numbers and lists of them side by side")
	case n > 0:
		a.source = s
		r.arrays = append(r.arrays, a)
	}
	return nil
}

// take takes room for n numbers, or other items.
func (r *reader) take(n int) error {
	if r.numbers -= n; r.numbers < 0 {
		return fmt.Errorf("more than %d numbers in all", maxNumbers)
	}
	return nil
}

// readIDX reads one of MNIST's four files: two zeros, a byte for the type of the
// numbers (8, bytes), one for how many axes there are, the lengths of these in four
// bytes each, and the numbers.
func (r *reader) readIDX(b *bufio.Reader, s source) error {
	var head [4]byte
	if _, err := io.ReadFull(b, head[:]); err != nil {
		return err
	}
	lengths := make([]uint32, head[3])
	if err := binary.Read(b, binary.BigEndian, lengths); err != nil {
		return err
	}
	var shape []int
	for _, length := range lengths {
		shape = append(shape, int(min(length, math.MaxInt32)))
	}
	a, err := r.readNumbers(b, pickle.Type{Kind: 'u', Size: 1}, false, shape)
	if err != nil {
		return err
	}
	return r.add(a, s)
}

// readNumbers reads an array of the given type and shape, behind which b has to end.
// What the shape claims costs nothing before it has been read.
func (r *reader) readNumbers(b io.Reader, t pickle.Type, bigEndian bool, shape []int) (*array, error) {
	left := int64(t.Size)
	for _, length := range shape {
		left = min(left*int64(length), 1<<31) // more than can be read
	}
	a := &array{shape: shape}
	buf := make([]byte, 1<<16)
	for left > 0 {
		part := buf[:min(left, int64(len(buf)))]
		if _, err := io.ReadFull(b, part); err != nil {
			return nil, err
		}
		for i := 0; bigEndian && i < len(part); i += t.Size {
			slices.Reverse(part[i : i+t.Size])
		}
		if err := r.appendTo(a, pickle.NewArray(t, part, len(part)/t.Size)); err != nil {
			return nil, err
		}
		left -= int64(len(part))
	}
	if _, err := io.ReadFull(b, buf[:1]); err == nil {
		return nil, fmt.Errorf("more bytes than an array of shape %v of %v has", shape, t)
	} else if err != io.EOF {
		return nil, err
	}
	return a, nil
}

// appendTo appends the numbers of a numpy array to a.
func (r *reader) appendTo(a *array, from *pickle.Array) error {
	if from.Shape == nil {
		return fmt.Errorf("the pickle holds %s", pickle.Describe(from))
	}
	n := from.Len()
	if err := r.take(n); err != nil {
		return err
	}
	buf := make([]float64, min(n, 1<<13))
	for i := 0; i < n; i += len(buf) {
		part := buf[:min(n-i, len(buf))]
		from.Floats(part, i)
		for _, v := range part {
			a.append(float32(v))
		}
	}
	return nil
}

// The heading of a .npy file is a dict in Python:
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }
//
// Python 2 wrote (60000L, 784L).
var npyHeading = [...]*regexp.Regexp{
	regexp.MustCompile(`'descr': *'([<>|=]?)(f[48]|[iu][1248]|b1)'`),
	regexp.MustCompile(`'fortran_order': *(True|False)`),
	regexp.MustCompile(`'shape': *\(([0-9]{0,9}(?:L?, *[0-9]{1,9}){0,7}L?,?)\)`),
}

// readNPY reads a numpy array: 6 bytes of magic and 2 of version, the length of the
// heading in 2 bytes (in version 1) or 4, the heading, and the numbers.
func (r *reader) readNPY(b *bufio.Reader, s source) error {
	var start [12]byte
	if _, err := io.ReadFull(b, start[:10]); err != nil {
		return err
	}
	length := uint32(binary.LittleEndian.Uint16(start[8:]))
	if start[6] > 1 {
		if _, err := io.ReadFull(b, start[10:]); err != nil {
			return err
		}
		length = binary.LittleEndian.Uint32(start[8:])
	}
	heading := make([]byte, min(length, 1<<16))
	if _, err := io.ReadFull(b, heading); err != nil {
		return err
	}
	var found [len(npyHeading)][][]byte
	for i, part := range npyHeading {
		if found[i] = part.FindSubmatch(heading); found[i] == nil {
			return errNoDigits{fmt.Errorf("not an array of float32, float64 or integers: %.100q", bytes.TrimSpace(heading))}
		}
	}
	order, letter, size := string(found[0][1]), found[0][2][0], int(found[0][2][1]-'0')
	if letter == 'b' { // True and False
		letter = 'u'
	}
	shape := []int{}
	for _, length := range regexp.MustCompile("[0-9]+").FindAllString(string(found[2][1]), -1) {
		n, _ := strconv.Atoi(length) // of at most 9 digits
		shape = append(shape, n)
	}
	a, err := r.readNumbers(b, pickle.Type{Kind: letter, Size: size}, order == ">", shape)
	if err != nil {
		return err
	}
	if string(found[1][1]) == "True" {
		a.data = rowByRow(a)
	}
	return r.add(a, s)
}

// rowByRow returns the numbers of a, in which the first index runs fastest, in the
// order in which the last one does.
func rowByRow(a *array) []byte {
	data := make([]byte, 0, len(a.data))
	for n := range a.len() {
		place, step := 0, a.len()
		for axis := len(a.shape) - 1; axis >= 0; axis-- {
			step /= a.shape[axis] // how far apart two neighbours on this axis are
			place += n % a.shape[axis] * step
			n /= a.shape[axis]
		}
		data = append(data, a.data[4*place:][:4]...)
	}
	return data
}

// readCSV reads a table in text: a label and its pixels in each line, with commas
// between. A heading may say that the labels are in another column than the first.
func (r *reader) readCSV(b *bufio.Reader, s source) error {
	lines := bufio.NewReaderSize(b, maxLine)
	images, labels := &array{}, &array{}
	columns, label := 0, 0
	for n := 1; ; n++ {
		line, end := lines.ReadSlice('\n')
		if end == bufio.ErrBufferFull {
			return fmt.Errorf("line %d is of more than %d bytes", n, maxLine)
		} else if end != nil && end != io.EOF {
			return end
		}
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
		cells := bytes.Split(line, []byte(","))
		var err error
		switch {
		case len(line) == 0:
		case columns == 0 && slices.ContainsFunc(cells, isWord):
			columns = len(cells)
			label, err = labelColumn(cells)
		case columns > 0 && len(cells) != columns:
			err = fmt.Errorf("%d columns, but the first line has %d", len(cells), columns)
		default:
			columns = len(cells)
			err = r.addCells(cells, label, images, labels)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if end == io.EOF {
			break
		}
	}
	images.shape, labels.shape = []int{labels.len(), max(columns-1, 0)}, []int{labels.len()}
	if err := r.add(images, s.in("pixels")); err != nil {
		return err
	}
	return r.add(labels, s.in("label"))
}

// addCells appends the numbers in the cells of a line to images, but the one in column
// number label to labels.
func (r *reader) addCells(cells [][]byte, label int, images, labels *array) error {
	for i, cell := range cells {
		v, err := readCell(cell)
		if err != nil {
			return fmt.Errorf("column %d: %.20q is not a number", i+1, cell)
		}
		if i == label {
			labels.append(v)
		} else {
			images.append(v)
		}
	}
	return r.take(len(cells))
}

// readCell returns the number in a cell of a table, which may be in quotes.
func readCell(cell []byte) (float32, error) {
	cell = bytes.Trim(cell, "\" \t")
	if len(cell) == 1 && cell[0]-'0' <= 9 { // four of five pixels are 0
		return float32(cell[0] - '0'), nil
	}
	v, err := strconv.ParseFloat(string(cell), 32)
	return float32(v), err
}

// isWord reports whether a cell holds something other than a number.
func isWord(cell []byte) bool {
	_, err := readCell(cell)
	return err != nil
}

// labelColumn returns which column of a table has the labels, by its heading.
func labelColumn(cells [][]byte) (int, error) {
	for i, cell := range cells {
		switch name := strings.ToLower(string(bytes.Trim(cell, "\" \t"))); name {
		case "label", "labels", "class", "target", "digit", "y":
			return i, nil
		}
	}
	if bytes.ContainsAny(cells[0], "0123456789") {
		return 0, fmt.Errorf("there is no column called label, but %.20q is the first: are these digits without labels?", cells[0])
	}
	return 0, nil
}
