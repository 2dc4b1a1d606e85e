package pickle

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// What Python would print of a pickle of numpy.array([[1, 2, 3], [4, 5, 6]], "int32"),
// paired with the name of nobody.
func ExampleRead() {
	var file bytes.Buffer
	numbers := NewArray(Type{'i', 4}, []byte("\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00"+
		"\x04\x00\x00\x00\x05\x00\x00\x00\x06\x00\x00\x00"), 2, 3)
	if err := Write(&file, Tuple{numbers, int64(7)}); err != nil {
		fmt.Println(err)
	}

	v, err := Read(&file, DefaultLimits)
	if err != nil {
		fmt.Println(err)
	}
	pair, _ := Items(v)
	a := pair[0].(*Array)
	row := make([]float64, a.Shape[1])
	for i := range a.Shape[0] {
		a.Floats(row, i*a.Shape[1])
		fmt.Println(row)
	}
	fmt.Println(Describe(v), Describe(a), pair[1])

	_, err = Read(strings.NewReader("cos\nsystem\nU\x08rm -r ~\x85R."), DefaultLimits)
	fmt.Println(err)
	// Output:
	// [1 2 3]
	// [4 5 6]
	// a tuple of 2 an array of 2 dimensions of i4 7
	// pickle, byte 0: "system" of module "os" is no name that arrays need, and was not called
}

// What the tests share: pickles, instruction by instruction, as Python's pickle module
// writes the parts of MNIST's in protocol 2, to be put together and spoiled.

func pyGlobal(module, name string) string { return "c" + module + "\n" + name + "\n" }      // GLOBAL
func pyStr(s string) string               { return "U" + string([]byte{byte(len(s))}) + s } // SHORT_BINSTRING
func pyInt(n int) string { // BININT
	return "J" + string(binary.LittleEndian.AppendUint32(nil, uint32(n)))
}
func pyBytes(s string) string { // BINSTRING
	return "T" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}
func pyText(s string) string { // BINUNICODE
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}
func pyLong(n int64) string { // LONG1
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

const (
	pyProto2 = "\x80\x02"     // PROTO 2
	pyPair   = "\x86"         // TUPLE2
	pyTriple = "\x87"         // TUPLE3
	pyFalse  = "\x89"         // NEWFALSE
	pyTrue   = "\x88"         // NEWTRUE
	pyCall   = "R"            // REDUCE
	pyState  = "NNN" + pyM1M1 // the end of a dtype's state
	pyM1M1   = "J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00"
)

// pyDtype is numpy.dtype(name) completed with its byte order: "<f4".
func pyDtype(d string) string {
	return pyGlobal("numpy", "dtype") + pyStr(d[1:]) + "K\x00K\x01" + pyTriple + pyCall +
		"(K\x03" + pyStr(d[:1]) + pyState + "tb"
}

// pyNewArray is the empty array that BUILD fills.
var pyNewArray = pyGlobal("numpy.core.multiarray", "_reconstruct") + pyGlobal("numpy", "ndarray") +
	"K\x00\x85" + pyStr("b") + pyTriple + pyCall

// pyShape is a tuple of ints.
func pyShape(lengths ...int) string {
	s := "("
	for _, n := range lengths {
		s += pyInt(n)
	}
	return s + "t"
}

// pyArray is an array with a state put together from its pickled parts.
func pyArray(shape, dtype, data string) string {
	return pyNewArray + "(K\x01" + shape + dtype + pyFalse + data + "tb"
}

// pyFrombuffer is a 2×1 array as protocol 5 writes it, in this order, and with these axes.
func pyFrombuffer(order, axes string) string {
	return pyGlobal("numpy.core.numeric", "_frombuffer") + "(" + pyBytes("ab") + pyDtype("|u1") + pyShape(2, 1) +
		pyStr(order) + axes + "tR."
}

// pyEncode is bytes as Python 3 writes them in protocol 2: the text of them.
func pyEncode(data string) string {
	var text []byte
	for _, c := range []byte(data) {
		text = append(text, string(rune(c))...)
	}
	return pyGlobal("_codecs", "encode") + pyText(string(text)) + pyStr("latin1") + pyPair + pyCall
}

// read reads a pickle from memory, within the default limits.
func read(pickle string) (any, error) { return Read(strings.NewReader(pickle), DefaultLimits) }

// numbers returns all elements of v, an array.
func numbers(t *testing.T, name string, v any) []float64 {
	t.Helper()
	a, ok := v.(*Array)
	if !ok {
		t.Fatalf("%s: %s, want an array", name, Describe(v))
	}
	all := make([]float64, a.Len())
	a.Floats(all, 0)
	return all
}

// kindOf names the type of an error.
func kindOf(err error) string {
	var format *FormatError
	var unsupported *UnsupportedError
	switch {
	case errors.As(err, &format):
		return "FormatError"
	case errors.As(err, &unsupported):
		return "UnsupportedError"
	}
	return fmt.Sprintf("%T", err)
}

// fixture returns the pickle in a file of testdata/pickles.
func fixture(t testing.TB, file string) string {
	t.Helper()
	compressed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	zr, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	pickle, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	return string(pickle)
}

// Files by Python 2.7 to 3.13 in protocols 1 to 5, and every kind of array:
// testdata/pickles/README.md says which is which. All hold the numbers of
// testdata/dataset.py.
func TestReadFromPython(t *testing.T) {
	files, err := filepath.Glob("testdata/pickles/*.pkl.gz")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v, want at least 60", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".pkl.gz")
		v, err := Read(iotest.OneByteReader(strings.NewReader(fixture(t, file))), DefaultLimits)
		if strings.HasPrefix(name, "refused-") {
			var unsupported *UnsupportedError
			if !errors.As(err, &unsupported) || !unsupported.TextForm || unsupported.Module != "" || v != nil {
				t.Errorf("%s: %s, %v, want an UnsupportedError about protocol 0", name, Describe(v), err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sets, _ := Items(v)
		which := []int{0, 1, 2}
		if strings.Contains(name, "-two-pairs") {
			which = []int{0, 2}
		}
		if len(sets) != len(which) {
			t.Errorf("%s: %s, want %d sets", name, Describe(v), len(which))
			continue
		}
		for i, s := range which {
			wantSet(t, fmt.Sprintf("%s, set %d", name, s), sets[i], s)
		}
	}
}

// wantSet fails unless v is set s of testdata/dataset.py: its formulas, for as many
// images as there are.
func wantSet(t *testing.T, name string, v any, s int) {
	t.Helper()
	pair, _ := Items(v)
	if len(pair) != 2 {
		t.Fatalf("%s: %s, want a pair", name, Describe(v))
	}
	var images [][]float64
	scale := 256.0
	if list, ok := pair[0].(*List); ok {
		for _, item := range list.Items {
			images = append(images, numbers(t, name, item))
		}
	} else {
		a := pair[0].(*Array)
		all := numbers(t, name, a)
		if a.Shape[0] > 0 && len(all) != 12*a.Shape[0] {
			t.Fatalf("%s: %v, want rows of 12", name, a.Shape)
		}
		for ; len(all) > 0; all = all[12:] {
			images = append(images, all[:12])
		}
		if a.Type.Kind == 'u' {
			scale = 1
		}
	}
	if list, ok := pair[0].(*List); ok && list.Items[0].(*Array).Type.Kind == 'u' {
		scale = 1
	}
	labels, isList := Items(pair[1])
	if !isList {
		for i, label := range numbers(t, name, pair[1]) {
			if v := pair[1].(*Array).Value(i); v != any(int64(label)) {
				t.Errorf("%s: Value(%d) is %v, but Floats %v", name, i, v, label)
			}
			labels = append(labels, int64(label))
		}
	}
	if len(labels) != len(images) {
		t.Errorf("%s: %d images and %d labels", name, len(images), len(labels))
	}
	for i, image := range images {
		if want := int64((s*7 + i*3) % 10); labels[i] != any(want) {
			t.Errorf("%s: label %d is %v, want %d", name, i, labels[i], want)
		}
		for j, got := range image {
			want := 0.0
			if (s+i+j)%2 == 1 {
				want = float64((s*89+i*37+j*23)%256) / scale
			}
			if got != want {
				t.Fatalf("%s: row %d, number %d is %v, want %v", name, i, j, got, want)
			}
		}
	}
}

// Instruction by instruction: what each one leaves on the stack.
func TestInstructions(t *testing.T) {
	text := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		pickle string
		want   string // what Describe says of the result
	}{
		"NONE":                 {"N.", "None"},
		"NEWTRUE":              {"\x88.", "true"},
		"NEWFALSE":             {"\x89.", "false"},
		"INT 01":               {"I01\n.", "true"},
		"INT 00":               {"I00\n.", "false"},
		"BININT":               {"J\x04\x03\x02\x01.", "16909060"},
		"BININT, negative":     {"J\xff\xff\xff\xff.", "-1"},
		"BININT1":              {"K\xff.", "255"},
		"BININT2":              {"M\x02\x01.", "258"},
		"BININT2, the largest": {"M\xff\xff.", "65535"},
		"LONG1 of no bytes":    {"\x8a\x00.", "0"},
		"LONG1 of one":         {"\x8a\x01\xff.", "-1"},
		"LONG1 of two":         {"\x8a\x02\xff\x00.", "255"},
		"LONG1 of eight":       {"\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.", "-9223372036854775808"},
		"SHORT_BINSTRING":      {"U\xff" + text(255) + ".", "a string of 255 bytes"},
		"SHORT_BINBYTES":       {"C\xff" + text(255) + ".", "a string of 255 bytes"},
		"SHORT_BINUNICODE":     {"\x8c\xff" + text(255) + ".", "a text of 255 bytes"},
		"BINUNICODE":           {"X\x00\x01\x00\x00" + text(256) + ".", "a text of 256 bytes"},
		"BINBYTES":             {"B\x00\x01\x00\x00" + text(256) + ".", "a string of 256 bytes"},
		"BINSTRING":            {"T\x00\x00\x01\x00" + text(65536) + ".", "a string of 65536 bytes"},
		"BYTEARRAY8":           {"\x96\x00\x01\x00\x00\x00\x00\x00\x00" + text(256) + ".", "a string of 256 bytes"},
		"a string of a piece and a byte": {pyBytes(text(pieceSize+1)) + ".",
			fmt.Sprintf("a string of %d bytes", pieceSize+1)},
		"EMPTY_TUPLE": {").", "a tuple of 0"},
		"EMPTY_LIST":  {"].", "a list of 0"},
		"APPEND":      {"]NaNa.", "a list of 2"},
		"APPENDS":     {"](NNNe(e.", "a list of 3"},
		"EMPTY_DICT":  {"}.", "a dict"},
		"SETITEM":     {"}" + pyStr("a") + "Ns" + pyStr("b") + "Ns.", `a dict: "a", "b"`},
		"SETITEMS": {"}(" + pyStr("x_train") + "N" + pyText("y_test") + "NK\x01Nu.",
			`a dict: "x_train", "y_test"`},
		"a dict of long keys":   {"}" + pyStr(text(21)) + "Ns.", "a dict"},
		"a dict of many keys":   {"}(" + strings.Repeat(pyStr("k")+"N", 9) + "u.", "a dict" + ": " + strings.Repeat(`"k", `, 5) + `"k"`},
		"a name":                {pyGlobal("numpy", "ndarray") + ".", `the name "numpy ndarray"`},
		"a dtype":               {pyDtype("<f4") + ".", "a dtype"},
		"an array":              {pyArray(pyShape(1, 2, 3), pyDtype("|u1"), pyBytes("abcdef")) + ".", "an array of 3 dimensions of u1"},
		"an array of no axes":   {pyArray(pyShape(), pyDtype("|u1"), pyBytes("a")) + ".", "an array of 0 dimensions of u1"},
		"an array of nothing":   {pyArray(pyShape(1<<30, 0, 1<<30), pyDtype("<f8"), pyBytes("")) + ".", "an array of 3 dimensions of f8"},
		"an array, never built": {pyNewArray + ".", "an array that was never built"},
		"bytes()":               {pyGlobal("__builtin__", "bytes") + ")R.", "a string of 0 bytes"},
		"frames in a row": {"\x95\x01\x00\x00\x00\x00\x00\x00\x00N" +
			"\x95\x02\x00\x00\x00\x00\x00\x00\x00\x85.", "a tuple of 1"},
		"a frame of a frame": {"\x95\x09\x00\x00\x00\x00\x00\x00\x00\x95\x02\x00\x00\x00\x00\x00\x00\x00N.", "None"},
		"a frame of nothing": {"\x95\x00\x00\x00\x00\x00\x00\x00\x00N.", "None"},
	} {
		got, err := read(c.pickle)
		if err != nil || Describe(got) != c.want {
			t.Errorf("%s: Read(%.40q) = %s, %v, want %s", name, c.pickle, Describe(got), err, c.want)
		}
	}
	d, err := read("}(" + pyStr("a") + "K\x01" + pyStr("b") + "K\x02u.")
	if err != nil || !reflect.DeepEqual(d.(*Dict).Values, []any{int64(1), int64(2)}) ||
		d.(*Dict).Keys[1].(String).String() != "b" {
		t.Errorf("a dict is %v, %v, want a: 1, b: 2", d, err)
	}
	pair, err := read("]q\x00Nah\x00(K\x07e\x86.")
	if err != nil || len(pair.(Tuple)[0].(*List).Items) != 2 {
		t.Errorf("a list that grows after it was remembered is %v, %v, want two items in both", pair, err)
	}
}

// Each pickle puts 1 and 2 into the memo, and then a pair of what it finds
// there on the stack; no two numbers may mean the same memo.
func TestMemo(t *testing.T) {
	for name, pickle := range map[string]string{
		"BINPUT and BINGET 128": "K\x01q\x00K\x02q\x80h\x00h\x80\x86\x87.",
		"LONG_BINPUT and LONG_BINGET 256": "K\x01r\x00\x00\x00\x00K\x02r\x00\x01\x00\x00" +
			"j\x00\x00\x00\x00j\x00\x01\x00\x00\x86\x87.",
		"LONG_BINPUT and LONG_BINGET 2¹⁶": "K\x01r\x00\x00\x00\x00K\x02r\x00\x00\x01\x00" +
			"j\x00\x00\x00\x00j\x00\x00\x01\x00\x86\x87.",
		"LONG_BINPUT and LONG_BINGET 2³²-1": "K\x01r\x00\x00\x00\x00K\x02r\xff\xff\xff\xff" +
			"j\x00\x00\x00\x00j\xff\xff\xff\xff\x86\x87.",
		"BINPUT and LONG_BINGET 0 and 255": "K\x01q\x00K\x02q\xffj\x00\x00\x00\x00j\xff\x00\x00\x00\x86\x87.",
		"MEMOIZE":                          "K\x01\x94K\x02\x94h\x00h\x01\x86\x87.",
	} {
		got, err := read(pickle)
		if want := (Tuple{int64(1), int64(2), Tuple{int64(1), int64(2)}}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
}

// Every type in every order, as a number of an array and as one of numpy's own.
func TestTypes(t *testing.T) {
	for _, c := range []struct {
		dtype string
		data  string // of an element, the lowest byte first
		want  any
	}{
		{"|u1", "\xff", int64(255)}, {"<u2", "\x02\xff", int64(0xff02)}, {"<u4", "\x02\x00\x00\xff", int64(0xff000002)},
		{"<u8", "\x02\x00\x00\x00\x00\x00\x00\x00", int64(2)}, {"<u8", "\xff\xff\xff\xff\xff\xff\xff\xff", uint64(math.MaxUint64)},
		{"|i1", "\xff", int64(-1)}, {"<i2", "\x02\xff", int64(-254)}, {"<i4", "\xfe\xff\xff\xff", int64(-2)},
		{"<i8", "\xfe\xff\xff\xff\xff\xff\xff\xff", int64(-2)}, {"<i8", "\x00\x01\x00\x00\x00\x00\x00\x00", int64(256)},
		{"<f4", "\x00\x00\xc0\x3f", 1.5}, {"<f8", "\x00\x00\x00\x00\x00\x00\xf8\xbf", -1.5},
	} {
		for _, order := range []string{"<", ">"} {
			dtype, data := c.dtype, []byte(c.data)
			if dtype[0] != '|' {
				dtype = order + dtype[1:]
				if order == ">" {
					slices.Reverse(data)
				}
			}
			v, err := read(pyArray(pyShape(2), pyDtype(dtype), pyBytes(string(make([]byte, len(data)))+string(data))) + ".")
			if err != nil {
				t.Errorf("%s: %v", dtype, err)
				continue
			}
			float := reflect.ValueOf(c.want).Convert(reflect.TypeOf(0.0)).Float()
			if got := numbers(t, dtype, v); !slices.Equal(got, []float64{0, float}) || v.(*Array).Value(1) != c.want {
				t.Errorf("%s: %v and %v, want 0 and %v", dtype, got, v.(*Array).Value(1), c.want)
			}
			if dtype[1] == 'f' {
				continue
			}
			v, err = read(pyGlobal("numpy.core.multiarray", "scalar") + pyDtype(dtype) + pyBytes(string(data)) + "\x86R.")
			if err != nil || v != c.want {
				t.Errorf("a scalar of %s: %v, %v, want %v", dtype, v, err, c.want)
			}
		}
	}
}

// numpy's own versions of the names, and strings of one byte, of which there is but one.
func TestReadsMore(t *testing.T) {
	array := pyArray(pyShape(1), pyDtype("|u1"), pyBytes("\x07"))
	for name, pickle := range map[string]string{
		"numpy 1.16.0":         strings.ReplaceAll(array, "numpy.core.multiarray", "numpy.core._multiarray_umath") + ".",
		"numpy 2":              strings.ReplaceAll(array, "numpy.core.", "numpy._core.") + ".",
		"protocol 1, no PROTO": array + ".",
		"a byte that two arrays share": "](" + pyArray(pyShape(1), pyDtype("|u1"), pyBytes("\x07")+"q\x09") +
			pyArray(pyShape(1), pyDtype("|u1"), "h\x09") + "e.",
	} {
		v, err := read(pickle)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		items, ok := Items(v)
		if !ok {
			items = []any{v}
		}
		for _, item := range items {
			if got := numbers(t, name, item); !slices.Equal(got, []float64{7}) {
				t.Errorf("%s: %v, want [7]", name, got)
			}
		}
	}
}

// A string longer than a piece is the same string, wherever its pieces end, and an
// array gives the same rows, in whatever order it lies.
func TestPieces(t *testing.T) {
	const w = 1000 // no divisor of pieceSize
	const n = 2*pieceSize/w + 7
	data, columns := make([]byte, n*w), make([]byte, n*w) // row after row, column after column
	for k := range data {
		data[k] = byte(k*7 + k/w)
		columns[k%w*n+k/w] = data[k]
	}
	array := func(data string) string { return pyArray(pyShape(n, w), pyDtype("|u1"), data) + "." }
	for name, pickle := range map[string]string{
		"bytes":           array(pyBytes(string(data))),
		"text":            array(pyEncode(string(data))),
		"Fortran's order": strings.Replace(array(pyBytes(string(columns))), pyFalse+"T", pyTrue+"T", 1),
	} {
		v, err := read(pickle)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a, row := v.(*Array), make([]float64, w)
		for i := range n {
			a.Floats(row, i*w)
			for j, got := range row {
				if want := float64(data[i*w+j]); got != want {
					t.Fatalf("%s: row %d, number %d is %v, want %v", name, i, j, got, want)
				}
			}
			if got, want := a.Value(i*w), any(int64(data[i*w])); got != want {
				t.Fatalf("%s: Value(%d) is %v, want %v", name, i*w, got, want)
			}
			a.Release(i * w) // the row itself is not behind us
		}
	}
}

// Bytes decoded from a text take no more memory than the text was long.
func TestPiecesOfText(t *testing.T) {
	const n = pieceSize + 1
	v, err := read(pyEncode(strings.Repeat("a", n)) + ".")
	if err != nil {
		t.Fatal(err)
	}
	room := 0
	for _, piece := range v.(String).pieces {
		room += cap(piece)
	}
	if room > n+100 || v.(String).Len() != n {
		t.Errorf("%d bytes have room for %d, want %d and little more", v.(String).Len(), room, n)
	}
}

// An array of three axes by column, element by element: i + 10 j + 100 k at [i][j][k].
func TestFortranOrder(t *testing.T) {
	var data []byte
	for k := range 2 {
		for j := range 3 {
			for i := range 4 {
				data = append(data, byte(i+10*j+100*k))
			}
		}
	}
	v, err := read(strings.Replace(pyArray(pyShape(4, 3, 2), pyDtype("|u1"), pyBytes(string(data))), pyFalse+"T", pyTrue+"T", 1) + ".")
	if err != nil {
		t.Fatal(err)
	}
	for n, got := range numbers(t, "three axes", v) {
		if want := float64(n/6 + 10*(n/2%3) + 100*(n%2)); got != want {
			t.Errorf("element %d is %v, want %v", n, got, want)
		}
	}
}

// What is behind Release is gone, and what is before it is not.
func TestRelease(t *testing.T) {
	v, err := read(pyArray(pyShape(3*pieceSize+5), pyDtype("|u1"), pyBytes(strings.Repeat("a", 3*pieceSize+5))) + ".")
	if err != nil {
		t.Fatal(err)
	}
	a := v.(*Array)
	held := func() (n int) {
		for _, piece := range a.pieces {
			n += len(piece)
		}
		return n
	}
	for _, c := range []struct{ release, held int }{
		{pieceSize - 1, 3*pieceSize + 5}, {pieceSize, 2*pieceSize + 5}, {3*pieceSize + 4, 5}, {3*pieceSize + 5, 0},
	} {
		if a.Release(c.release); held() != c.held {
			t.Errorf("after Release(%d), %d bytes are held, want %d", c.release, held(), c.held)
		}
	}
}

// Of two arrays made of the same byte, one may be let go before the other is read.
func TestReleaseOfSharedByte(t *testing.T) {
	v, err := read("](" + pyArray(pyShape(1), pyDtype("|u1"), pyBytes("\x07")+"q\x09") +
		pyArray(pyShape(1), pyDtype("|u1"), "h\x09") + "e.")
	if err != nil {
		t.Fatal(err)
	}
	arrays, _ := Items(v)
	arrays[0].(*Array).Release(1)
	if got := numbers(t, "the other array", arrays[1]); !slices.Equal(got, []float64{7}) {
		t.Errorf("the other array is %v, want [7]", got)
	}
}

func TestRefuses(t *testing.T) {
	data32, f4, none := pyBytes(strings.Repeat("\x00", 32)), pyDtype("<f4"), pyBytes("")
	good := pyProto2 + pyArray(pyShape(2, 4), f4, data32) + "."
	const format, unsupported = "FormatError", "UnsupportedError"
	encode, numpyDtype := pyProto2+pyGlobal("_codecs", "encode"), pyProto2+pyGlobal("numpy", "dtype")
	fromBuffer := pyProto2 + pyGlobal("numpy.core.numeric", "_frombuffer")
	reconstruct := pyProto2 + pyGlobal("numpy.core.multiarray", "_reconstruct")
	withNdarray := func(args string) string { return reconstruct + pyGlobal("numpy", "ndarray") + args + "\x87R." }
	newArray := pyProto2 + pyNewArray
	array := func(shape, dtype, data string) string { return pyProto2 + pyArray(shape, dtype, data) + "." }
	scalar := func(args string) string {
		return pyProto2 + pyGlobal("numpy.core.multiarray", "scalar") + args + "\x86R."
	}
	dtypeState := func(old, new string) string { return pyProto2 + strings.Replace(f4, old, new, 1) + "." }
	twoMB := strings.Repeat("\x00", 2*pieceSize)
	for _, test := range []struct{ name, pickle, kind, want string }{
		{"nothing in it", "", format, "byte 0: the file is cut short"},
		{"data after the end", good + "x", format, fmt.Sprintf("byte %d: data after the end", len(good))},
		{"two pickles", good + good, format, "data after the end"},
		{"cut short, where", pyProto2 + "T\x09\x00\x00\x00abc", format, "pickle, byte 2: the file is cut short"},
		{"cut short in a length", pyProto2 + "NT\x09\x00", format, "pickle, byte 3: the file is cut short"},
		{"unknown instruction", pyProto2 + "\xff.", format, "byte 2: instruction 0xff"},
		{"instruction 0", "\x00", format, "byte 0: instruction 0x00"},
		{"protocol 6", "\x80\x06N.", unsupported, "byte 0: protocol 6; re-save"},
		{"PROTO in the middle", "\x80\x02N\x80\x02.", format, "byte 3: PROTO in the middle"},
		{"PROTO twice", "\x80\x02\x80\x02N.", format, "byte 2: PROTO in the middle"},
		{"protocol 0", "(lp0\n.", unsupported, "is text"},
		{"protocol 0's integer", "I7\n.", unsupported, "is text"},
		{"protocol 0's unicode", "Vabc\n.", unsupported, "is text"},
		{"protocol 0's string", "S'abc'\n.", unsupported, "is text"},
		{"protocol 0's float", "F1.5\n.", unsupported, "is text"},
		{"protocol 0's long", "L1L\n.", unsupported, "is text"},
		{"protocol 0's memo", "g0\n.", unsupported, "is text"},

		// What unpickling such a file would run, in Python.
		{"os.system", pyProto2 + pyGlobal("os", "system") + pyStr("true") + "\x85R.",
			unsupported, `byte 2: "system" of module "os" is no name`},
		{"eval", pyProto2 + pyGlobal("__builtin__", "eval") + pyStr("1") + "\x85R.", unsupported, `"eval"`},
		{"a name from the stack", pyProto2 + pyStr("posix") + pyStr("system") + "\x93.",
			unsupported, `"system" of module "posix"`},
		{"a name split elsewhere", pyProto2 + pyStr("numpy ndarray") + pyStr("") + "\x93.",
			unsupported, `"" of module "numpy ndarray"`},
		{"a name in the terminal's language", pyProto2 + pyGlobal("\x1b[2J", "x"), unsupported, `"\x1b[2J"`},
		{"a name with more to it", pyProto2 + pyGlobal("numpy.core.multiarray", "_reconstruct2"),
			unsupported, "_reconstruct2"},
		{"a name of 100 bytes", pyProto2 + pyStr("numpy") + pyStr(strings.Repeat("x", 100)) + "\x93.",
			unsupported, "is no name that arrays need"},
		{"a name of 101 bytes", pyProto2 + pyStr("numpy") + pyStr(strings.Repeat("x", 101)) + "\x93.",
			format, "a string of 101 bytes where a short string belongs"},
		{"a line of 254 bytes", pyProto2 + pyGlobal(strings.Repeat("x", 254), "y"),
			unsupported, "is no name that arrays need"},
		{"a line without end", pyProto2 + "c" + strings.Repeat("x", 1000), format, "a line of more than"},

		{"REDUCE of no function", pyProto2 + "K\x01K\x02\x85R.", format, "REDUCE without"},
		{"REDUCE without arguments", numpyDtype + "NR.", format, "REDUCE without"},
		{"ndarray called", pyProto2 + pyGlobal("numpy", "ndarray") + "K\x01\x85R.", format, "1 arguments"},
		{"_reconstruct of a dtype", reconstruct + pyGlobal("numpy", "dtype") + "NN\x87R.", format, "3 arguments"},
		{"_reconstruct of too little", reconstruct + pyGlobal("numpy", "ndarray") + "\x85R.", format, "1 arguments"},
		{"_reconstruct of shape 2⁴⁰", withNdarray(pyLong(1<<40) + "\x85" + pyStr("b")), format, "a new array of shape"},
		{"_reconstruct of no shape", withNdarray("NU\x01b"), format, "a new array of shape None"},
		{"_reconstruct of two dimensions", withNdarray("K\x00K\x00\x86U\x01b"), format, "a new array"},
		{"_reconstruct of type d", withNdarray("K\x00\x85" + pyStr("d")), format, "want (0,) and type 'b'"},
		{"_reconstruct of type None", withNdarray("K\x00\x85N"), format, "None where a short string"},
		{"dtype of four", numpyDtype + "(" + pyStr("f4") + "K\x00K\x01NtR.", format, "4 arguments"},
		{"dtype of too little", numpyDtype + pyStr("f4") + "\x85R.", format, "1 arguments"},
		{"dtype of an int", numpyDtype + "K\x01K\x00K\x01\x87R.", format, "1 where a short string belongs"},
		{"dtype object", array(pyShape(2, 4), pyDtype("|O8"), data32), unsupported, `dtype "O8"`},
		{"dtype float16", array(pyShape(2, 4), pyDtype("<f2"), data32), unsupported, `dtype "f2"`},
		{"dtype with gaps", numpyDtype + pyStr("f4") + "\x88\x88\x87R.", format, "a dtype with true and true"},
		{"dtype without a copy", numpyDtype + pyStr("f4") + "K\x00K\x00\x87R.", format, "a dtype with 0 and 0"},
		{"dtype of another size", dtypeState("J\xff\xff\xff\xffJ", "K\x08J"), format, "elements of another size"},
		{"dtype of another alignment", dtypeState("J\xff\xff\xff\xffK\x00", "K\x08K\x00"), format, "elements of another"},
		{"dtype with flags", dtypeState("\xffK\x00tb", "\xffK\x01tb"), format, "elements of another"},
		{"dtype with fields", dtypeState("NNN", "NN)"), format, "a dtype with fields"},
		{"dtype built twice", pyProto2 + f4 + "(K\x03" + pyStr(">") + pyState + "tb.", format, `byte order ">"`},
		{"dtype without order", array(pyShape(2, 4), pyGlobal("numpy", "dtype")+pyStr("f4")+"K\x00K\x01\x87R", data32),
			format, "whose dtype is a dtype"},
		{"dtype of no order", array(pyShape(2, 4), pyDtype("|f4"), data32), format, `byte order "|"`},
		{"dtype of order for a byte", array(pyShape(2, 4), pyDtype("<u1"), data32), format, `byte order "<"`},
		{"dtype of order =", array(pyShape(2, 4), pyDtype("=f4"), data32), format, `byte order "="`},
		{"dtype of version 4", dtypeState("(K\x03", "(K\x04"), unsupported, "version 3"},
		{"dtype of a long state", dtypeState("NNN", "NNNN"), unsupported, "version 3"},
		{"dtype of a short state", dtypeState("NNN", "NN"), unsupported, "version 3"},
		{"scalar of a float", scalar(f4 + pyBytes("1234")), unsupported, "a number of type f4, want integers"},
		{"scalar of three bytes", scalar(pyDtype("<i4") + pyBytes("abc")), format, "a string of 3 bytes, want"},
		{"scalar of five bytes", scalar(pyDtype("<i4") + pyBytes("abcde")), format, "a string of 5 bytes, want"},
		{"scalar of text", scalar(pyDtype("|u1") + pyText("a")), format, "a text of 1 bytes, want"},
		{"scalar without a type", scalar("N" + pyBytes("a")), format, "None and a string"},
		{"scalar without an order", scalar(pyGlobal("numpy", "dtype") + pyStr("i4") + "K\x00K\x01\x87R" + pyBytes("abcd")),
			format, "a dtype and a string"},
		{"scalar of too little", pyProto2 + pyGlobal("numpy.core.multiarray", "scalar") + ")R.", format, "0 arguments"},
		{"_frombuffer in order K", fromBuffer + "(" + data32 + f4 + pyShape(2, 4) + pyStr("K") + "tR.",
			unsupported, `order "K"`},
		{"_frombuffer of too little", fromBuffer + ")R.", format, "0 arguments"},
		{"_frombuffer of three", fromBuffer + data32 + f4 + pyShape(2, 4) + "\x87R.", format, "3 arguments"},
		{"encode of too little", encode + ")R.", format, "0 arguments"},
		{"encode of three", encode + pyText("a") + pyStr("latin1") + "N\x87R.", format, "3 arguments"},
		{"encode as utf-8", encode + pyText("a") + pyStr("utf-8") + "\x86R.", unsupported, `"utf-8"`},
		{"encode of bytes", encode + pyStr("a") + pyStr("latin1") + "\x86R.", format, "where text belongs"},
		{"bytes of something", pyProto2 + pyGlobal("__builtin__", "bytes") + "K\x07\x85R.", format, "1 arguments"},
		{"latin1 past 0xff", encode + pyText("\xc4\x80") + pyStr("latin1") + "\x86R.", format, "not latin1"},
		{"latin1 with half a character", encode + pyText("\xc3a") + pyStr("latin1") + "\x86R.", format, "not latin1"},
		{"latin1 in two bytes for one", encode + pyText("\xc1\x81") + pyStr("latin1") + "\x86R.", format, "not latin1"},
		{"latin1 of two first bytes", encode + pyText("\xc3\xc3") + pyStr("latin1") + "\x86R.", format, "not latin1"},
		{"latin1 cut off", encode + pyText("\xc3") + pyStr("latin1") + "\x86R.", format, "middle of a character"},
		{"a text encoded twice", encode + "q\x00" + pyText("0123456789") + pyStr("latin1") + "\x86q\x01Rh\x00h\x01R\x86.",
			format, "a string that is used twice"},
		{"a text of two pieces used twice", encode + "q\x00" + pyText(twoMB) + pyStr("latin1") + "\x86q\x01Rh\x00h\x01R\x86.",
			format, "a string that is used twice"},

		{"BUILD of an int", pyProto2 + "K\x01(tb.", format, "BUILD of 1"},
		{"array of version 2", newArray + "(K\x02" + pyShape(2, 4) + f4 + pyFalse + data32 + "tb.",
			unsupported, "version 1"},
		{"array of a short state", newArray + "(K\x01" + pyShape(2, 4) + f4 + pyFalse + "tb.", unsupported, "version 1"},
		{"array of a long state", newArray + "(K\x01" + pyShape(2, 4) + f4 + pyFalse + data32 + "Ntb.",
			unsupported, "version 1"},
		{"array of order 7", newArray + "(K\x01" + pyShape(2, 4) + f4 + "K\x07" + data32 + "tb.", format, "order is 7"},
		{"array of None", array(pyShape(2, 4), f4, "N"), format, "elements are None"},
		{"array of a list", array(pyShape(2, 4), f4, "]"), format, "elements are a list of 0"},
		{"array of text", array(pyShape(2, 4), f4, pyText("a")), format, "elements are a text of 1 bytes"},
		{"array without dtype", array(pyShape(2, 4), "N", data32), format, "whose dtype is None"},
		{"array without shape", array("N", f4, data32), format, "an array of shape None"},
		{"array of 65 axes", array(pyShape(make([]int, 65)...), f4, none), format, "an array of shape a tuple of 65"},
		{"array built twice",
			pyProto2 + pyArray(pyShape(2, 4), f4, data32) + "(K\x01" + pyShape(2, 4) + f4 + pyFalse + data32 + "tb.",
			format, "built twice"},
		{"array of no axes built twice",
			pyProto2 + pyArray(pyShape(), f4, pyBytes("abcd")) + "(K\x01" + pyShape() + f4 + pyFalse + pyBytes("abcd") + "tb.",
			format, "built twice"},
		{"bytes in two arrays",
			pyProto2 + pyArray(pyShape(2, 4), f4, data32+"q\x05") + pyArray(pyShape(2, 4), f4, "h\x05"),
			format, "a string that is used twice"},
		{"nine bytes in two arrays",
			pyProto2 + pyArray(pyShape(9), pyDtype("|u1"), pyBytes("123456789")+"q\x05") + pyArray(pyShape(9), pyDtype("|u1"), "h\x05"),
			format, "a string that is used twice"},
		{"two pieces in two arrays", pyProto2 + pyArray(pyShape(2*pieceSize), pyDtype("|u1"), pyBytes(twoMB)+"q\x05") +
			pyArray(pyShape(pieceSize), pyDtype("|u1"), "h\x05") + ".", format, "a string that is used twice"},
		{"array of too little", array(pyShape(3, 4), f4, data32), format, "shape [3 4] of f4 needs another number of bytes than the 32"},
		{"array of too much", array(pyShape(1, 4), f4, data32), format, "shape [1 4] of f4 needs"},
		{"array of nothing with bytes", array(pyShape(0, 4), f4, data32), format, "shape [0 4] of f4 needs"},
		{"array of negative shape", array(pyShape(-2, -4), f4, data32), format, "a shape with -2 in it"},
		{"array whose size overflows", array("("+pyLong(1<<62)+pyInt(4)+"t", f4, data32),
			format, "a shape with 4611686018427387904"},
		{"shape 2³⁰×2³⁰", array(pyShape(1<<30, 1<<30), pyDtype("<f8"), data32), format, "than the 32 it has"},
		{"shape 2³⁰×2³⁰, empty", array(pyShape(1<<30, 1<<30), pyDtype("<f8"), none), format, "than the 0 it has"},
		{"shape 65536×65536", array(pyShape(1<<16, 1<<16), pyDtype("|u1"), none), format, "than the 0 it has"},
		{"shape 65536×65536, float64", array(pyShape(1<<16, 1<<16), pyDtype("<f8"), none), format, "than the 0 it has"},
		{"shape 65536×256×256", array(pyShape(1<<16, 1<<8, 1<<8), pyDtype("|u1"), none), format, "than the 0 it has"},
		{"shape 1×65536×65536", array(pyShape(1, 1<<16, 1<<16), pyDtype("|u1"), none), format, "than the 0 it has"},
		{"shape 2³⁰×2³⁰×2³⁰", array(pyShape(1<<30, 1<<30, 1<<30), pyDtype("<f8"), none), format, "than the 0 it has"},
		{"shape 2³⁰×16, by which 64 bits overflow", array(pyShape(1<<30, 1<<30, 16), pyDtype("|u1"), none),
			format, "than the 0 it has"},
		{"shape of text", array("("+pyStr("2")+"K\x04t", f4, data32), format, "a shape with a string"},

		{"POP, which no array needs", pyProto2 + "N0.", format, "byte 3: instruction 0x30"},
		{"STOP on nothing", pyProto2 + ".", format, "has made nothing"},
		{"STOP on two", pyProto2 + "NN.", format, "1 objects and 0 marks are left over"},
		{"STOP on a mark", pyProto2 + "N(.", format, "0 objects and 1 marks are left over"},
		{"TUPLE1 of nothing", pyProto2 + "\x85.", format, "the stack is empty"},
		{"TUPLE3 of two", pyProto2 + "NN\x87.", format, "the stack is empty"},
		{"TUPLE2 across a mark", pyProto2 + "N(N\x86.", format, "the stack is empty"},
		{"TUPLE without a mark", pyProto2 + "NNt.", format, "no mark"},
		{"APPENDS to a tuple", pyProto2 + "N\x85(Ne.", format, "append to a tuple"},
		{"APPEND to nothing", pyProto2 + "Na.", format, "the stack is empty"},
		{"SETITEM of a list", pyProto2 + "]NNs.", format, "2 keys and values for a list of 0"},
		{"SETITEMS without a value", pyProto2 + "}(Nu.", format, "1 keys and values for a dict"},
		{"SETITEM of nothing", pyProto2 + "}Ns.", format, "the stack is empty"},
		{"BINPUT of nothing", pyProto2 + "q\x00.", format, "the stack is empty"},
		{"BINPUT of a mark", pyProto2 + "N(q\x00.", format, "the stack is empty"},
		{"MEMOIZE of nothing", pyProto2 + "\x94.", format, "the stack is empty"},
		{"BINGET of nothing", pyProto2 + "h\x05.", format, "nothing was stored in the memo as number 5"},
		{"LONG_BINGET of nothing", pyProto2 + "j\xff\xff\xff\xff.", format, "number 4294967295"},
		{"BINGET past the memo", pyProto2 + "Nq\x01h\x00.", format, "number 0"},
		{"ends of lines changed", strings.ReplaceAll(pyArray(pyShape(1), pyDtype("|u1"), pyBytes("a")), "\n", "\r\n") + ".",
			format, `"_reconstruct\r": the ends of lines were changed on the way`},
		{"order K without axes", pyFrombuffer("K", ""), unsupported, `an array in order "K"`},
		{"no axes", pyFrombuffer("K", "N"), format, "axes in the order None for 2 of them"},
		{"too few axes", pyFrombuffer("K", pyShape(0)), format, "axes in the order a tuple of 1"},
		{"an axis twice", pyFrombuffer("K", pyShape(1, 1)), format, "axes in an order with 1 in it"},
		{"an axis too many", pyFrombuffer("K", pyShape(0, 2)), format, "axes in an order with 2 in it"},
		{"an axis below 0", pyFrombuffer("K", pyShape(-1, 0)), format, "axes in an order with -1 in it"},
		{"an axis that is None", pyFrombuffer("K", "(NK\x00t"), format, "axes in an order with None in it"},
		{"STACK_GLOBAL of an int", pyProto2 + "K\x01K\x02\x93.", format, "2 where a short string belongs"},
		{"LONG1 of nine bytes", pyProto2 + "\x8a\x09123456789.", format, "an integer of 9 bytes"},
		{"LONG1 of 255 bytes", pyProto2 + "\x8a\xff" + strings.Repeat("1", 255) + ".", format, "an integer of 255 bytes"},

		{"negative length", pyProto2 + "T\xff\xff\xff\xff", unsupported, "a string of 18446744073709551615 bytes"},
		{"length of 4 GB", pyProto2 + "B\xff\xff\xff\xff", unsupported, "a string of 4294967295 bytes; the limit for all together"},
		{"length of 2⁶³", "\x80\x05\x96\x00\x00\x00\x00\x00\x00\x00\x80",
			unsupported, "a string of 9223372036854775808 bytes"},
		{"length of 1 GB and nothing", pyProto2 + "B\x00\x00\x00\x40abc", format, "cut short"},
		{"frame of 1 GB", "\x80\x04\x95\x00\x00\x00\x40\x00\x00\x00\x00N", format, "cut short"},
		{"frame of 2⁶³", "\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x80",
			unsupported, "a frame of 9223372036854775808"},
		{"frame in a frame", "\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00\x95\x01\x00\x00\x00\x00\x00\x00\x00N.",
			format, "a frame begins before"},
		{"frame too long", "\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00N.", format, "stops 1 bytes before its frame"},
		{"frame too short", "\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x03abc.",
			format, "cross the end of their frame"},
	} {
		v, err := read(test.pickle)
		if err == nil {
			t.Errorf("%s: it was accepted", test.name)
			continue
		}
		if kind := kindOf(err); kind != test.kind || !strings.Contains(err.Error(), test.want) ||
			!strings.HasPrefix(err.Error(), "pickle, byte ") {
			t.Errorf("%s: the error is a %s, %q, want a %s with the byte and %q", test.name, kind, err, test.kind, test.want)
		}
		if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 500 {
			t.Errorf("%s: the error is no short line of text: %q", test.name, err)
		}
		if strings.Contains(test.want, "cut short") != errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: io.ErrUnexpectedEOF is in %q: %v", test.name, err, errors.Is(err, io.ErrUnexpectedEOF))
		}
		var refused *UnsupportedError
		if errors.As(err, &refused) && (refused.TextForm != strings.HasSuffix(test.want, "is text") ||
			(refused.Module != "") != (strings.Contains(err.Error(), "of module") || strings.Contains(err.Error(), "of dtype") ||
				strings.Contains(err.Error(), "of type"))) {
			t.Errorf("%s: the error is %+v", test.name, refused)
		}
		if v != nil {
			t.Errorf("%s: there is %s beside the error", test.name, Describe(v))
		}
	}
	var refused *UnsupportedError
	if _, err := read(pyGlobal("pandas.core.frame", "DataFrame")); !errors.As(err, &refused) || refused.Module != "pandas.core.frame" {
		t.Errorf("the error about a name is %+v, want its module", refused)
	}
}

// Every beginning of a good pickle is cut short.
func TestTruncated(t *testing.T) {
	for _, name := range []string{"py3.11-protocol4", "py2.7-cPickle-protocol2", "py3.11-protocol1"} {
		pickle := fixture(t, "testdata/pickles/"+name+".pkl.gz")
		for n := range pickle {
			_, err := read(pickle[:n])
			if kindOf(err) != "FormatError" || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: the first %d of %d bytes: the error is %v, want io.ErrUnexpectedEOF in a FormatError",
					name, n, len(pickle), err)
			}
		}
	}
}

// An error of the reader comes out as it is, wherever it comes, except for an end.
func TestReadErrors(t *testing.T) {
	broken := errors.New("the disk is broken")
	good := pyProto2 + pyArray(pyShape(2), pyDtype("<f4"), pyBytes("12345678")) + "."
	for n := range len(good) + 1 {
		_, err := Read(io.MultiReader(strings.NewReader(good[:n]), iotest.ErrReader(broken)), DefaultLimits)
		if err != broken {
			t.Errorf("after %d bytes of %d: the error is %v, want %v", n, len(good), err, broken)
		}
	}
	_, err := Read(io.MultiReader(strings.NewReader(pyProto2), iotest.ErrReader(io.ErrUnexpectedEOF)), DefaultLimits)
	if want := "pickle, byte 2: the file is cut short; download it again"; err == nil || err.Error() != want ||
		!errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("at an early end: the error is %v, want %q", err, want)
	}
}

// What may be held is held, and a byte more is not: strings, the texts among them that
// encode makes bytes of, and instructions.
func TestLimits(t *testing.T) {
	// What a pickle of n instructions and so many bytes of strings needs.
	needs := func(instructions, strings int64) int64 { return instructions*instructionSize + strings }
	encoded := pyGlobal("_codecs", "encode") + pyText(strings.Repeat("a", 1000)) + pyStr("latin1") + pyPair + pyCall
	for name, c := range map[string]struct {
		pickle string
		memory int64
	}{
		"a string":         {pyBytes(strings.Repeat("a", 1000)) + ".", needs(2, 1000)},
		"a text":           {pyText(strings.Repeat("a", 1000)) + ".", needs(2, 1000)},
		"a string at last": {"](NNe" + "(" + pyBytes(strings.Repeat("a", 1000)) + "e.", needs(9, 1000)},
		// While encode runs, the text is there twice, and the string "latin1".
		"a text that is encoded": {encoded + ".", needs(5, 2006)},
		// Afterwards it is there once: two are no more than one and its text.
		"two texts that are encoded": {encoded + encoded + pyPair + ".", needs(10, 3012)},
		"a shape":                    {pyArray(pyShape(0, 1, 1), pyDtype("|u1"), pyBytes("")) + ".", needs(36, 4+3*8)},
		"instructions":               {"(" + strings.Repeat("N", 100) + "t.", needs(103, 0)},
	} {
		limits := Limits{Strings: 1e6, Memory: c.memory, Instructions: 1000}
		if _, err := Read(strings.NewReader(c.pickle), limits); err != nil {
			t.Errorf("%s, within the limit: %v", name, err)
		}
		limits.Memory--
		if _, err := Read(strings.NewReader(c.pickle), limits); kindOf(err) != "UnsupportedError" {
			t.Errorf("%s, a byte above the limit: the error is %v, want an UnsupportedError", name, err)
		}
	}
	three := pyBytes(strings.Repeat("a", 400)) + pyText(strings.Repeat("a", 350)) + pyBytes(strings.Repeat("a", 250)) + pyTriple + "."
	for limit, want := range map[int64]string{1000: "", 999: "a string of 250 bytes; the limit for all together is 999"} {
		_, err := Read(strings.NewReader(three), Limits{Strings: limit, Memory: 1e6, Instructions: 1000})
		if want == "" && err != nil || want != "" && (kindOf(err) != "UnsupportedError" || !strings.Contains(err.Error(), want)) {
			t.Errorf("400, 350 and 250 bytes of strings, limit %d: the error is %v, want %q", limit, err, want)
		}
	}
	// 10 instructions are free, and one more for every 8 bytes before it: 5 of a string's
	// head, its own bytes, and 19 of one byte each before number 21.
	free := Limits{Strings: 1e6, Memory: 1e6, Instructions: 10}
	many := func(text int) string { return pyBytes(strings.Repeat("a", text)) + strings.Repeat("\x85", 19) + "." }
	if _, err := Read(strings.NewReader(many(64)), free); err != nil {
		t.Errorf("21 instructions, the last at byte 88: %v", err)
	}
	_, err := Read(strings.NewReader(many(63)), free)
	if want := "pickle, byte 87: more than 20 instructions"; kindOf(err) != "UnsupportedError" || !strings.Contains(err.Error(), want) {
		t.Errorf("21 instructions, the last at byte 87: the error is %v, want %q", err, want)
	}
	if _, err := Read(strings.NewReader("\x95\xe8\x03\x00\x00\x00\x00\x00\x00N"), Limits{1000, 1000, 10}); kindOf(err) != "FormatError" {
		t.Errorf("a frame as long as the limit: the error is %v, want a FormatError", err)
	}
	if _, err := Read(strings.NewReader("\x95\xe9\x03\x00\x00\x00\x00\x00\x00N"), Limits{1000, 1000, 10}); kindOf(err) != "UnsupportedError" {
		t.Errorf("a frame longer than the limit: the error is %v, want an UnsupportedError", err)
	}
}

// What a pickle declares must cost nothing until it is there.
func TestAllocatesWhatItReads(t *testing.T) {
	for name, c := range map[string]struct{ pickle, want string }{
		"a string of 1 GB": {pyProto2 + "B\x00\x00\x00\x40abc", "cut short"},
		"an array of 8 EB": {pyArray(pyShape(1<<30, 1<<30), pyDtype("<f8"), pyBytes("")) + ".", "than the 0 it has"},
		"a frame of 1 GB":  {"\x80\x04\x95\x00\x00\x00\x40\x00\x00\x00\x00N", "cut short"},
		"100,000 texts":    {pyProto2 + strings.Repeat("X\x00\x00\x00\x00", 100_000), "cut short"},
		"100,000 encodings": {pyProto2 + pyGlobal("_codecs", "encode") +
			"q\x00" + pyText("123456789") + "U\x06latin1\x86q\x01" + strings.Repeat("h\x00h\x01R", 99_000), "used twice"},
		"100,000 empty lists": {pyProto2 + strings.Repeat("]", 100_000), "cut short"},
		"800,000 bytes of instructions": {strings.Repeat("K\x01q\x00", 200_000),
			"more than 399999 instructions"}, // 300,000 and one for every 8 bytes
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := read(c.pickle); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.want)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 50e6 {
			t.Errorf("%s: %d bytes were allocated, want at most 50 MB", name, got)
		}
	}
}

// What Write writes, Read reads, and it is what Python 2 writes.
func TestWrite(t *testing.T) {
	big := make([]byte, 8*(pieceSize/8+3))
	for k := range big {
		big[k] = byte(k * 31)
	}
	var many Tuple // more things than fit into a memo of 256
	for k := range 100 {
		many = append(many, NewArray(Type{'u', 1}, []byte{byte(k)}, 1))
	}
	for name, v := range map[string]any{
		"integers": Tuple{int64(0), int64(255), int64(256), int64(65535), int64(65536), int64(-1), int64(math.MinInt64),
			int64(math.MaxInt32), int64(math.MaxInt32 + 1)},
		"tuples":                  Tuple{Tuple{}, Tuple{int64(1)}, Tuple{int64(1), int64(2)}},
		"an array":                NewArray(Type{'f', 8}, big, 1, len(big)/8),
		"an array of no axes":     NewArray(Type{'i', 2}, []byte{1, 0}, []int{}...),
		"an array of three":       NewArray(Type{'u', 1}, []byte("abcdef"), 1, 2, 3),
		"many arrays":             many,
		"two of a type, not one":  Tuple{NewArray(Type{'i', 8}, make([]byte, 8), 1), NewArray(Type{'i', 8}, make([]byte, 8), 1)},
		"an array without a byte": NewArray(Type{'f', 4}, nil, 0, 784),
	} {
		var b bytes.Buffer
		if err := Write(&b, v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got, err := Read(&b, DefaultLimits)
		if err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%s: %s, %v, want %s", name, Describe(got), err, Describe(v))
		}
	}
	broken := errors.New("the disk is full")
	if err := Write(failing{broken}, Tuple{}); err != broken {
		t.Errorf("the error is %v, want %v", err, broken)
	}
	// The beginning of the book's file, as the listing in pickle.go has it.
	var b bytes.Buffer
	if err := Write(&b, NewArray(Type{'f', 4}, make([]byte, 4*500*784), 500, 784)); err != nil {
		t.Fatal(err)
	}
	want := "\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02U\x01bq\x03\x87q\x04Rq\x05" +
		"(K\x01M\xf4\x01M\x10\x03\x86q\x06cnumpy\ndtype\nq\x07U\x02f4q\x08K\x00K\x01\x87q\x09Rq\x0a" +
		"(K\x03U\x01<q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0cb\x89T\x00\xed\x17\x00"
	if got := b.String()[:len(want)]; got != want || len(want) != 149 {
		t.Errorf("Write begins\n%q, want\n%q", got, want)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestPanics(t *testing.T) {
	for name, c := range map[string]struct {
		f    func()
		want string
	}{
		"too little data": {func() { NewArray(Type{'f', 4}, make([]byte, 7), 2) }, "NewArray: shape [2] of f4 for 7 bytes"},
		"another type":    {func() { NewArray(Type{'f', 2}, make([]byte, 2), 1) }, "NewArray: shape [1] of f2"},
		"a string":        {func() { Write(io.Discard, "abc") }, "Write: string, want"},
		"released": {func() {
			a := NewArray(Type{'u', 1}, []byte("ab"), 2)
			a.Release(2)
			a.Floats(make([]float64, 1), 1)
		}, "Release"},
		"beyond the end":   {func() { NewArray(Type{'u', 1}, []byte("ab"), 2).Floats(make([]float64, 2), 1) }, "Floats: elements 1 to 3 of 2"},
		"before the start": {func() { NewArray(Type{'u', 1}, []byte("ab"), 2).Floats(make([]float64, 1), -1) }, "Floats: elements -1 to 0"},
		"no element":       {func() { NewArray(Type{'u', 1}, []byte("ab"), 2).Value(2) }, "Value: element 2 of 2"},
		"no such element":  {func() { NewArray(Type{'u', 1}, []byte("ab"), 2).Value(-1) }, "Value: element -1 of 2"},
		"by column":        {func() { Write(io.Discard, &Array{Shape: []int{1, 1}, strides: []int{1, 1}}) }, "row by row"},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "pickle: ") || !strings.Contains(got, c.want) {
					t.Errorf("%s: the panic is %q, want %q", name, got, c.want)
				}
			}()
			c.f()
		}()
	}
}

// Whatever the bytes, the pickle is refused with one of the two errors, or there is
// something all of whose arrays can be read.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/pickles/*.pkl.gz")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if pickle := fixture(f, file); len(pickle) < 10_000 {
			f.Add([]byte(pickle))
		}
	}
	f.Add([]byte(pyEncode("\x00\xff\x80") + "."))
	f.Fuzz(func(t *testing.T, pickle []byte) {
		v, err := Read(bytes.NewReader(pickle), Limits{Strings: 1 << 24, Memory: 1 << 24, Instructions: 10_000})
		if err != nil {
			if kind := kindOf(err); kind != "FormatError" && kind != "UnsupportedError" {
				t.Errorf("the error is a %s: %v", kind, err)
			}
			return
		}
		Describe(v)
		items, ok := Items(v)
		if !ok {
			items = []any{v}
		}
		for _, item := range items {
			a, ok := item.(*Array)
			if !ok || a.Shape == nil {
				continue
			}
			row := make([]float64, min(a.Len(), 1000))
			a.Floats(row, a.Len()-len(row))
			for k, got := range row {
				if want := reflect.ValueOf(a.Value(a.Len() - len(row) + k)).Convert(reflect.TypeOf(0.0)).Float(); got != want &&
					!(math.IsNaN(got) && math.IsNaN(want)) {
					t.Errorf("element %d is %v in Floats, %v in Value", k, got, want)
				}
			}
			a.Release(a.Len())
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var file bytes.Buffer
	if err := Write(&file, NewArray(Type{'f', 4}, make([]byte, 4*784*10_000), 10_000, 784)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(file.Len()))
	row := make([]float64, 784)
	for range b.N {
		v, err := Read(bytes.NewReader(file.Bytes()), DefaultLimits)
		if err != nil {
			b.Fatal(err)
		}
		for i := range 10_000 {
			v.(*Array).Floats(row, i*784)
		}
	}
}
