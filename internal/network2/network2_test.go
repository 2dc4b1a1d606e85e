package network2

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// A file of network2.py, and where its numbers are in a Network.
func ExampleRead() {
	const file = `{"sizes": [2, 3], "weights": [[[1, 2], [3, 4], [5, 6]]], "biases": [[[7], [8], [9]]], "cost": "QuadraticCost"}`
	n, err := Read(strings.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n.Sizes, n.Cost)
	fmt.Println(n.Weights[0][:3], "lead from the first neuron of the input")
	fmt.Println(n.Weights[0][3:], "from the second")
	fmt.Println(n.Biases[0])
	// Output:
	// [2 3] QuadraticCost
	// [1 3 5] lead from the first neuron of the input
	// [2 4 6] from the second
	// [7 8 9]
}

// randomNetwork returns a network of these sizes. Its numbers are normal.
func randomNetwork(sizes ...int) *Network {
	rng := rand.New(rand.NewPCG(2, 0))
	n := &Network{Sizes: sizes, Cost: "CrossEntropyCost"}
	for l, nOut := range sizes[1:] {
		weights, biases := make([]float64, sizes[l]*nOut), make([]float64, nOut)
		for _, numbers := range [][]float64{weights, biases} {
			for i := range numbers {
				numbers[i] = rng.NormFloat64()
			}
		}
		n.Weights, n.Biases = append(n.Weights, weights), append(n.Biases, biases)
	}
	return n
}

// feedforward returns the output of n for the input a, in plain loops.
func feedforward(n *Network, a []float64) []float64 {
	for l, weights := range n.Weights {
		z := append([]float64(nil), n.Biases[l]...)
		for j := range a {
			for k := range z {
				z[k] += a[j] * weights[j*len(z)+k]
			}
		}
		for k, v := range z {
			z[k] = 1 / (1 + math.Exp(-v))
		}
		a = z
	}
	return a
}

// fixture returns the bytes of a file that testdata/make_saved.py has made.
func fixture(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A failingWriter is a disk that is full.
type failingWriter struct{}

var errFull = errors.New("disk full")

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

// A network that numpy has saved computes the same here, and is written again number
// for number.
func TestReadFromNumpy(t *testing.T) {
	text := fixture(t, "saved.json")
	n, err := Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{12, 5, 4, 10}; !reflect.DeepEqual(n.Sizes, want) || n.Cost != "CrossEntropyCost" {
		t.Errorf("sizes %v, cost %s, want %v, CrossEntropyCost", n.Sizes, n.Cost, want)
	}
	var numpy struct{ Inputs, Outputs [][]float64 }
	if err := json.Unmarshal(fixture(t, "saved_outputs.json"), &numpy); err != nil {
		t.Fatal(err)
	}
	if len(numpy.Inputs) != 6 || len(numpy.Outputs) != 6 {
		t.Fatalf("%d inputs, %d outputs, want 6", len(numpy.Inputs), len(numpy.Outputs))
	}
	// numpy adds in another order, so the last places differ: of numbers up to 4, in sums of 12.
	const tolerance = 1e-13
	for i, x := range numpy.Inputs {
		got, want := feedforward(n, x), numpy.Outputs[i]
		for k := range want {
			if math.Abs(got[k]-want[k]) > tolerance {
				t.Errorf("output %d: neuron %d is %v, want %v", i, k, got[k], want[k])
			}
		}
	}

	var again bytes.Buffer
	if err := n.Write(&again); err != nil {
		t.Fatal(err)
	}
	// Python sets a space after : and , and writes 1.0 where Go writes 1.
	want := strings.NewReplacer(" ", "", "1.0,", "1,").Replace(string(text)) + "\n"
	if again.String() != want {
		t.Errorf("written again it is\n%s\nwant\n%s", again.String(), want)
	}
}

// The bytes of a file: numbers that are hard to write, each in its place.
func TestWrite(t *testing.T) {
	n := &Network{
		Sizes: []int{2, 3, 2},
		Weights: [][]float64{
			{0.1, -2, 1e-300,
				1e21, 123456789, 1e-6},
			{1e-7, math.SmallestNonzeroFloat64,
				math.Copysign(0, -1), -math.MaxFloat64,
				1.0 / 3, 1e20},
		},
		Biases: [][]float64{{1, 0, -0.5}, {1e5, 2.5e-5}},
		Cost:   "CrossEntropyCost",
	}
	const want = `{"sizes":[2,3,2],` +
		`"weights":[[[0.1,1e+21],[-2,123456789],[1e-300,0.000001]],` +
		`[[1e-7,-0,0.3333333333333333],[5e-324,-1.7976931348623157e+308,100000000000000000000]]],` +
		`"biases":[[[1],[0],[-0.5]],[[100000],[0.000025]]],` +
		`"cost":"CrossEntropyCost"}` + "\n"
	var file bytes.Buffer
	if err := n.Write(&file); err != nil || file.String() != want {
		t.Errorf("the error is %v, and the file\n%s\nwant\n%s", err, file.String(), want)
	}
	if err := n.Write(failingWriter{}); err != errFull {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
	for _, v := range []float64{math.NaN(), math.Inf(-1)} {
		n.Biases[1][1] = v
		file.Reset()
		if err := n.Write(&file); err == nil || file.Len() > 0 {
			t.Errorf("with %v: the error is %v, and %d bytes are written, want an error and nothing", v, err, file.Len())
		}
	}
}

// A network whose parts do not fit together is a mistake in the program.
func TestWritePanics(t *testing.T) {
	for name, change := range map[string]func(n *Network){
		"no sizes":          func(n *Network) { *n = Network{} },
		"one size":          func(n *Network) { *n = Network{Sizes: []int{2}} },
		"a size too few":    func(n *Network) { n.Sizes = n.Sizes[:2] },
		"a size too many":   func(n *Network) { n.Sizes = append(n.Sizes, 2) },
		"another size":      func(n *Network) { n.Sizes[1] = 4 },
		"weights missing":   func(n *Network) { n.Weights = n.Weights[:1] },
		"biases missing":    func(n *Network) { n.Biases = n.Biases[:1] },
		"a weight missing":  func(n *Network) { n.Weights[1] = n.Weights[1][:5] },
		"a weight too many": func(n *Network) { n.Weights[1] = append(n.Weights[1], 1) },
		"a bias missing":    func(n *Network) { n.Biases[0] = n.Biases[0][:2] },
		"a bias too many":   func(n *Network) { n.Biases[1] = append(n.Biases[1], 1) },
	} {
		n := randomNetwork(2, 3, 2)
		change(n)
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "network2: Write: ") {
					t.Errorf("%s: the panic is %s", name, got)
				}
			}()
			n.Write(io.Discard)
		}()
	}
}

// What Write writes, Read reads: the same bits.
func TestWriteThenRead(t *testing.T) {
	for _, sizes := range [][]int{{3, 2}, {1, 1}, {7, 5, 4, 3}, {784, 100, 10}} {
		n := randomNetwork(sizes...)
		n.Weights[0][0] = math.SmallestNonzeroFloat64
		n.Biases[0][0] = -math.MaxFloat64
		var file bytes.Buffer
		if err := n.Write(&file); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(&file); err != nil || !reflect.DeepEqual(got, n) {
			t.Errorf("sizes %v: %v, or it is another network", sizes, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	const good = `{"sizes": [2, 1, 2], "weights": [[[1, 2]], [[3], [4]]], ` +
		`"biases": [[[5]], [[6], [7]]], "cost": "QuadraticCost"}`
	if _, err := Read(strings.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"empty":               {good, "", "it is empty, not a network"},
		"blank":               {good, "\ufeff \n", "it is empty, not a network"},
		"no JSON":             {good, "\x02cnumpy", "byte 0: this is not the JSON of a network"},
		"JSON, and more":      {good, " \n" + good + "x", "byte 113: this is not the JSON"},
		"a pickle":            {good, "\x80\x02cnumpy", "byte 0: this is not the JSON"},
		"a picture":           {good, "\x89PNG\r\n\x1a\n", "byte 0: this is not the JSON"},
		"a list":              {good, `[1, 2]`, `byte 1: array, want {"sizes": …`},
		"nothing in it":       {good, `{}`, "there are no sizes in it"},
		"null":                {good, `null`, "there are no sizes in it"},
		"sizes, but none":     {"[2, 1, 2]", "[]", "the sizes are [], want"},
		"a size in a list":    {"[2, 1, 2]", "[[2], 1, 2]", "array, want sizes that are whole numbers"},
		"half a neuron":       {"[2, 1, 2]", "[1.5, 1, 2]", "number 1.5, want sizes that are whole numbers"},
		"a million sizes":     {"[2, 1, 2]", "[0" + strings.Repeat(",1", 1e6) + "]", "the sizes are [0 1 1 1"},
		"a list too deep":     {"[4]", "[[4]]", "array, want weights that are rows"},
		"no name":             {`"QuadraticCost"`, "3", "number, want a cost that is a name"},
		"twice":               {good, good + good, "byte 111: this is not the JSON"},
		"one layer":           {"[2, 1, 2]", "[2]", "sizes are [2]"},
		"no neurons":          {"[2, 1, 2]", "[2, 0, 2]", "sizes are [2 0 2]"},
		"a layer too many":    {"[2, 1, 2]", "[2, 1, 2, 2]", "4 layers, but weights 2 and biases 2"},
		"weights missing":     {", [[3], [4]]", "", "3 layers, but weights 1 and biases 2"},
		"biases missing":      {", [[6], [7]]", "", "3 layers, but weights 2 and biases 1"},
		"a row missing":       {"[[3], [4]]", "[[3]]", "weights[1] has 1 rows, but its layer has 2 neurons"},
		"a bias missing":      {"[[6], [7]]", "[[6]]", "biases[1] has 1 rows, but its layer has 2 neurons"},
		"a weight missing":    {"[[1, 2]]", "[[1]]", "weights[0], row 0 has 1 numbers, want 2"},
		"a weight too many":   {"[4]", "[4, 4]", "weights[1], row 1 has 2 numbers, want 1"},
		"biases in a row":     {"[[6], [7]]", "[[6, 7], [7]]", "biases[1], row 0 has 2 numbers, want 1"},
		"no column":           {"[[5]]", "[5]", "byte 69: the biases of a layer are a plain list, want columns"},
		"a number as weights": {"[[1, 2]]", "[1, 2]", "number, want weights that are rows of numbers"},
		"the other way":       {"[[1, 2]]", "[[1], [2]]", "weights[0] has 2 rows, but its layer has 1 neurons"},
		"NaN":                 {"[7]", "[NaN]", "byte 81: a weight or bias that is not finite"},
		"Infinity":            {"[7]", "[Infinity]", "byte 81: a weight or bias that is not finite"},
		"minus Infinity":      {"[7]", "[-Infinity]", "byte 82: a weight or bias that is not finite"},
		"too large":           {"[7]", "[1e999]", "number 1e999, want biases that are columns of numbers"},
		"null, a bias":        {"[7]", "[null]", "byte 81: null, where a number belongs"},
		"null, a weight":      {"[3]", "[null]", "byte 45: null"},
		"null, a size":        {"[2, 1, 2]", "[2, null, 2]", "byte 14: null"},
		"null, a layer":       {"[[1, 2]]", "null", "byte 33: null"},
		"text":                {"[7]", `["7"]`, "byte 84: string, want biases that are columns"},
		"a huge layer":        {"[2, 1, 2]", "[1000000000, 1, 2]", "weights[0], row 0 has 2 numbers"},
		"huge nonsense":       {good, strings.Repeat("[", maxMarks+1), "not a network, or one too large for a file"},
		"too many numbers":    {good, strings.Repeat("1,", maxMarks+1), "not a network, or one too large for a file"},
		"at the limit":        {good, strings.Repeat("1,", maxMarks), "byte 1: this is not the JSON"},
	} {
		_, err := Read(strings.NewReader(strings.Replace(good, c.old, c.new, 1)))
		tooLarge := strings.HasPrefix(c.want, "not a network")
		wantKind(t, name, err, tooLarge)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.want)
		}
	}
	for k := range len(good) - 1 {
		if _, err := Read(strings.NewReader(good[:k])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d bytes: the error is %v, want io.ErrUnexpectedEOF", k, err)
		}
	}
	if _, err := Read(iotest.ErrReader(errFull)); err != errFull {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
}

// wantKind fails unless err is ErrTooLarge, or else a *FormatError, of one line.
func wantKind(t *testing.T, name string, err error, tooLarge bool) {
	t.Helper()
	var format *FormatError
	if errors.Is(err, ErrTooLarge) != tooLarge || errors.As(err, &format) == tooLarge {
		t.Errorf("%s: the error is a %T (%v), and it should be ErrTooLarge: %v", name, err, err, tooLarge)
	}
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: the error has more than one line: %v", name, err)
	}
	if err != nil && len(err.Error()) > 300 {
		t.Errorf("%s: the error has %d characters", name, len(err.Error()))
	}
}

// Only the first bytes of a file without end are read.
func TestReadStops(t *testing.T) {
	if os.Getenv("DIGITS_TEST") != "all" || testing.Short() {
		t.Skip("skipped: takes 3 s and 1 GB; DIGITS_TEST=all runs it, unless with -short")
	}
	blanks := &endless{}
	_, err := Read(blanks)
	wantKind(t, "blanks without end", err, true)
	if blanks.read > maxBytes+1 {
		t.Errorf("%d bytes were read, want at most %d", blanks.read, maxBytes+1)
	}
}

// An endless reader gives blanks, and counts them.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

// What other programs make of such a file is read.
func TestReadAccepts(t *testing.T) {
	const good = `{"sizes": [2, 1], "weights": [[[1, 2]]], "biases": [[[5]]], "cost": "CrossEntropyCost"}`
	for name, c := range map[string]struct{ old, new, cost string }{
		"as it is":          {"", "", "CrossEntropyCost"},
		"a byte order mark": {good, "\ufeff" + good, "CrossEntropyCost"},
		"further keys":      {`"cost"`, `"by": null, "null": [null, {"weights": null}], "cost"`, "CrossEntropyCost"},
		"another cost":      {`"CrossEntropyCost"`, `"Hinge"`, "Hinge"}, // the caller judges it
		"no cost":           {`, "cost": "CrossEntropyCost"`, "", ""},
		"null for a cost":   {`"CrossEntropyCost"`, "null", ""},
		"an empty cost":     {`"CrossEntropyCost"`, `""`, ""},
	} {
		got, err := Read(strings.NewReader(strings.Replace(good, c.old, c.new, 1)))
		want := &Network{[]int{2, 1}, [][]float64{{1, 2}}, [][]float64{{5}}, c.cost}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, error %v, want %+v", name, got, err, want)
		}
	}
}

// A network whose file could not be read again is refused before it is trained.
func TestCheckSizes(t *testing.T) {
	const huge = math.MaxInt32
	for _, c := range []struct {
		sizes []int
		fits  bool
	}{
		{[]int{784, 30, 10}, true},
		{[]int{1 << 12, 1<<12 - 3}, true}, // n·n weights and, for each neuron, a bias and two brackets
		{[]int{1 << 12, 1<<12 - 2}, false},
		{[]int{5_592_400, 3}, true}, // 1 << 24 marks
		{[]int{5_592_401, 3}, false},
		{[]int{1, 1<<22 - 2}, true},
		{[]int{1, 1<<22 - 1}, false},
		{[]int{huge, huge, huge, huge}, false}, // an int would overflow
		{[]int{1 << 16, 1 << 16}, false},       // and one of 32 bits be small again
	} {
		if err := CheckSizes(c.sizes); (err == nil) != c.fits || err != nil && err != ErrTooLarge {
			t.Errorf("sizes %v: the error is %v, want none: %v", c.sizes, err, c.fits)
		}
	}
	for _, sizes := range [][]int{{3, 2}, {1, 1}, {7, 5, 4, 3}} {
		var file strings.Builder
		if err := randomNetwork(sizes...).Write(&file); err != nil {
			t.Fatal(err)
		}
		if got, want := marks(sizes), countMarks(file.String()); got != want {
			t.Errorf("sizes %v: marks = %v, but Write writes %v commas and brackets", sizes, got, want)
		}
	}
}

// countMarks returns how many commas and opening brackets there are in text.
func countMarks(text string) float64 {
	return float64(strings.Count(text, ",") + strings.Count(text, "["))
}

// Of any text, Read makes an error of one line, or a network that Write and Read keep.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`{"sizes": [2, 1, 2], "weights": [[[1, 2]], [[3], [4]]], "biases": [[[5]], [[6], [7]]], "cost": "QuadraticCost"}`,
		"\ufeff{\"sizes\":[1,1],\"weights\":[[[1e-7]]],\"biases\":[[[-0.0]]]}",
		`{"sizes":[1,1],"weights":[[[1]]],"biases":[[[1]]],"by":null,"cost":"\u2028<\ud800"}`,
		`{"sizes":[1,1],"weights":[[[1]]],"biases":[[[null]]]}`,
		`{"sizes":[1,1],"weights":[[[1]]],"biases":[[1]]}`,
		`{"sizes":[1,1],"SIZES":[2,1],"weights":[[[1,1e999]]],"biases":[[[NaN]]]}`,
		`{"sizes":[0,-1]}`, `{"sizes":[1e9,9223372036854775807]}`, `[1]`, `{"weights":[[[1,2`, "", " ",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Read(strings.NewReader(text))
		if err != nil {
			wantKind(t, "fuzz", err, errors.Is(err, ErrTooLarge))
			return
		}
		var file, again strings.Builder
		if err := n.Write(&file); err != nil {
			t.Fatal(err)
		}
		if strings.Count(n.Cost, ",")+strings.Count(n.Cost, "[") == 0 && marks(n.Sizes) != countMarks(file.String()) {
			t.Errorf("marks(%v) = %v, want %v", n.Sizes, marks(n.Sizes), countMarks(file.String()))
		}
		n2, err := Read(strings.NewReader(file.String()))
		if err != nil || !reflect.DeepEqual(n2, n) {
			t.Fatalf("%+v, written and read: %+v, error %v", n, n2, err)
		}
		if err := n2.Write(&again); err != nil || again.String() != file.String() { // DeepEqual takes −0 for 0
			t.Errorf("written and read: error %v and\n%s\nnot\n%s", err, again.String(), file.String())
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	n := randomNetwork(784, 100, 10)
	b.ReportAllocs()
	for range b.N {
		if err := n.Write(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var file bytes.Buffer
	if err := randomNetwork(784, 100, 10).Write(&file); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(file.Len()))
	for range b.N {
		if _, err := Read(bytes.NewReader(file.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
