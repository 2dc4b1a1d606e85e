package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"digits/internal/cores"
	"digits/internal/files"
	"digits/internal/options"
	"digits/internal/page"
	"digits/internal/pickle"
	"digits/internal/picture"
	"digits/internal/show"
)

// The two examples come first, and the helpers that tests share come second. The tests
// follow in the order of the files: network, matrix, loader, main.

// A network of perceptron-like neurons with weights −2, −2 and bias 3 is the
// NAND gate of chapter 1; ten times those make the sigmoid steep.
func ExampleNetwork_Feedforward() {
	net := &Network{
		Weights: []*Matrix{{2, 1, []float64{-20, -20}}},
		Biases:  []*Matrix{{1, 1, []float64{30}}},
	}
	inputs := &Matrix{4, 2, []float64{
		0, 0,
		0, 1,
		1, 0,
		1, 1,
	}}
	outputs := net.Feedforward(inputs)
	for i := range inputs.Rows {
		fmt.Printf("%v NAND %v = %.3f\n", inputs.Row(i)[0], inputs.Row(i)[1], outputs.Row(i)[0])
	}
	// Output:
	// 0 NAND 0 = 1.000
	// 0 NAND 1 = 1.000
	// 1 NAND 0 = 1.000
	// 1 NAND 1 = 0.000
}

// The book's session at the Python prompt, in Go:
//
//	>>> training_data, validation_data, test_data = mnist_loader.load_data_wrapper()
//	>>> net = network.Network([784, 30, 10])
//	>>> net.SGD(training_data, 3, 10, 3.0)
func ExampleNetwork_SGD() {
	training, _, test, err := LoadData("built in", bytes.NewReader(builtIn))
	if err != nil {
		fmt.Println(err)
		return
	}
	rng := rand.New(rand.NewPCG(1, 0))
	net := NewNetwork([]int{784, 30, 10}, rng)
	if err := net.SGD(training, Settings{Epochs: 3, MiniBatchSize: 10, Eta: 3.0}, nil, rng, os.Stdout); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("more than four fifths right:", net.Evaluate(test) > test.Len()*4/5)
	// Output:
	// Epoch 0 complete
	// Epoch 1 complete
	// Epoch 2 complete
	// more than four fifths right: true
}

// ---- what the tests share ----

// needsAll skips a test that is too much for everyday, unless DIGITS_TEST is "all", as
// .ci/run has it.
func needsAll(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("DIGITS_TEST") != "all" {
		t.Skipf("skipped: it %s; DIGITS_TEST=all go test ./... runs it", why)
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// loadBuiltIn returns the digits built into the program. All tests share them.
func loadBuiltIn() (training, validation, test *DataSet) {
	sets := builtInSets()
	return sets[0], sets[1], sets[2]
}

var builtInSets = sync.OnceValue(func() [3]*DataSet {
	sets, err := loadBytes(builtIn)
	if err != nil {
		panic(err)
	}
	return sets
})

// loadBytes loads a file from memory.
func loadBytes(file []byte) (sets [3]*DataSet, err error) {
	sets[0], sets[1], sets[2], err = LoadData("test file", bytes.NewReader(file))
	return sets, err
}

// trainedNetwork returns the book's network, 784-30-10, after three epochs with the
// digits built in. All tests share it.
var trainedNetwork = sync.OnceValue(func() *Network {
	training, _, _ := loadBuiltIn()
	rng := newRand(1)
	net := NewNetwork([]int{784, 30, 10}, rng)
	if err := net.SGD(training, Settings{Epochs: 3, MiniBatchSize: 10, Eta: 3}, nil, rng, io.Discard); err != nil {
		panic(err)
	}
	return net
})

// dataSetOf makes a data set of rows of pixels.
func dataSetOf(rows [][]float64, labels []uint8) *DataSet {
	d := &DataSet{Labels: labels, Pixels: len(rows[0])}
	for _, row := range rows {
		d.Images = append(d.Images, sparse(&Matrix{1, len(row), row}).Rows[0])
	}
	return d
}

// firstOf returns a data set of the first n digits of d.
func firstOf(d *DataSet, n int) *DataSet {
	return &DataSet{Labels: d.Labels[:n], Pixels: d.Pixels, Images: d.Images[:n]}
}

// changing returns what -shift and -distort do to images of MNIST's width.
func changing(shift int, distort float64) func(images []SparseRow, rng *rand.Rand) {
	return (&command{Options: &options.Options{Shift: shift, Distort: distort}}).change(28)
}

// pixelsOf returns the images of a data set as the rows of a matrix.
func pixelsOf(d *DataSet) *Matrix {
	var images Sparse
	d.Gather(upTo(d.Len()), &images, NewMatrix(d.Len(), digits))
	return dense(&images)
}

// dense returns a as a Matrix.
func dense(a *Sparse) *Matrix {
	m := NewMatrix(len(a.Rows), a.Cols)
	for i, row := range a.Rows {
		for q, k := range row.Where {
			m.Row(i)[k] = float64(row.Value[q])
		}
	}
	return m
}

// sparse returns m as a Sparse, whose numbers are float32.
func sparse(m *Matrix) *Sparse {
	a := &Sparse{Cols: m.Cols}
	for i := range m.Rows {
		var row SparseRow
		for k, v := range m.Row(i) {
			if v != 0 {
				row.Where, row.Value = append(row.Where, uint16(k)), append(row.Value, float32(v))
			}
		}
		a.Rows = append(a.Rows, row)
	}
	return a
}

// randomMatrix returns a matrix of normal numbers, a fifth of them 0.
func randomMatrix(rows, cols int, rng *rand.Rand) *Matrix {
	m := NewMatrix(rows, cols)
	for i := range m.Data {
		if rng.IntN(5) > 0 {
			m.Data[i] = rng.NormFloat64()
		}
	}
	return m
}

// repeat is n times v.
func repeat(v float64, n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = v
	}
	return all
}

// wantClose fails unless the matrices are equal to within tolerance.
func wantClose(t *testing.T, what string, got, want []*Matrix, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d matrices, want %d", what, len(got), len(want))
		return
	}
	for l := range want {
		if got[l].String() != want[l].String() {
			t.Errorf("%s, layer %d: shape %v, want %v", what, l, got[l], want[l])
			continue
		}
		for i, w := range want[l].Data {
			if !(math.Abs(got[l].Data[i]-w) <= tolerance) {
				t.Errorf("%s, layer %d: row %d, column %d is %v, want %v",
					what, l, i/want[l].Cols, i%want[l].Cols, got[l].Data[i], w)
				break
			}
		}
	}
}

// wantNetwork fails unless the weights and biases are equal to within tolerance.
func wantNetwork(t *testing.T, what string, got, want *Network, tolerance float64) {
	t.Helper()
	wantClose(t, what+": weights", got.Weights, want.Weights, tolerance)
	wantClose(t, what+": biases", got.Biases, want.Biases, tolerance)
}

// train trains net with SGD, and returns the lines that SGD writes.
func train(t *testing.T, net *Network, data *DataSet, s Settings, test *DataSet, rng *rand.Rand) string {
	t.Helper()
	var out strings.Builder
	if err := net.SGD(data, s, test, rng, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var errFull = errors.New("the disk is full")

// A disk has room for so many writes. The next one fails, and then there is room again,
// so that whoever overlooks the error goes on in silence.
type disk struct {
	room int
	text strings.Builder
}

func (d *disk) Write(p []byte) (int, error) {
	if d.room--; d.room == -1 {
		return 0, errFull
	}
	return d.text.Write(p)
}

// ---- network.go ----

// NewNetwork draws the numbers layer by layer, first the biases and then the weights, row
// by row. Whoever publishes a seed counts on it. ScaleWeights divides the weights alone.
func TestNewNetwork(t *testing.T) {
	sizes := []int{784, 30, 20, 10}
	net, rng := NewNetwork(sizes, newRand(1)), newRand(1)
	if got := net.Sizes(); !slices.Equal(got, sizes) {
		t.Errorf("sizes are %v, want %v", got, sizes)
	}
	for l, want := range []struct{ w, b string }{{"784×30", "1×30"}, {"30×20", "1×20"}, {"20×10", "1×10"}} {
		if w, b := net.Weights[l].String(), net.Biases[l].String(); w != want.w || b != want.b {
			t.Fatalf("layer %d: weights %s, biases %s, want %s and %s", l, w, b, want.w, want.b)
		}
		for _, m := range []*Matrix{net.Biases[l], net.Weights[l]} {
			for i, got := range m.Data {
				if want := rng.NormFloat64(); got != want {
					t.Fatalf("layer %d, %v: number %d is %v, want %v", l, m, i, got, want)
				}
			}
		}
	}
	if net.Cost != Quadratic {
		t.Errorf("the cost is %v, want the quadratic one", net.Cost)
	}
	want := net.clone()
	for _, w := range want.Weights {
		for i := range w.Data {
			w.Data[i] /= math.Sqrt(float64(w.Rows))
		}
	}
	net.ScaleWeights()
	wantClose(t, "scaled weights", net.Weights, want.Weights, 1e-15)
	wantClose(t, "their biases", net.Biases, want.Biases, 0)
}

func TestSigmoid(t *testing.T) {
	sigma := func(z float64) float64 {
		a := []float64{0, z, 0}
		if sigmoid(a[1:2]); a[0] != 0 || a[2] != 0 {
			t.Errorf("sigmoid of the second of three changes the others: %v", a)
		}
		return a[1]
	}
	// python3 -c 'from math import exp; print([1/(1+exp(-z)) for z in (-2, -0.5, 0, 1, 30)])'
	for z, want := range map[float64]float64{
		-2: 0.11920292202211757, -0.5: 0.3775406687981454, 0: 0.5, 1: 0.7310585786300049, 30: 0.9999999999999065,
		-1000: 0, 1000: 1, math.Inf(-1): 0, math.Inf(1): 1,
	} {
		if got := sigma(z); math.Abs(got-want) > 1e-15 {
			t.Errorf("sigmoid(%v) = %v, want %v", z, got, want)
		}
	}
	for _, z := range []float64{-3, -1, 0, 0.5, 2} {
		const h = 1e-5 // the error of the difference is about h²/6·σ‴ < 1e-11
		got, want := sigmoidPrime(sigma(z)), (sigma(z+h)-sigma(z-h))/(2*h)
		if math.Abs(got-want) > 1e-10 {
			t.Errorf("sigmoidPrime(sigmoid(%v)) = %v, want %v", z, got, want)
		}
	}
}

// A numpyCase is what testdata/make_numpy.py computed with the book's own
// algorithm, one example and one column vector at a time.
type numpyCase struct {
	Name, Cost                         string // cost only in chapter 3's cases
	Sizes, Labels, Batches             []int
	Eta, Lambda                        float64
	Pixels                             [][]float64 // to be divided by 256
	numpyNetwork                                   // before the first step
	Outputs, NablaB                    [][]float64
	NablaW                             [][][]float64
	Correct, CorrectAfterThree         int
	AfterOne, AfterThree, AfterBatches numpyNetwork
	TotalCost                          []float64 // in chapter 3's cases, before the first step, and after three
	Monitors                           []float64 // of the training with the first 5 digits, see make_numpy.py
}

type numpyNetwork struct {
	Weights [][][]float64 // Weights[l][to][from], the book's orientation
	Biases  [][]float64
}

// network returns n with weights in the orientation of this program.
func (n numpyNetwork) network() *Network {
	net := &Network{Cost: Quadratic}
	for l, rows := range n.Weights {
		w := NewMatrix(len(rows[0]), len(rows))
		for to, row := range rows {
			for from, v := range row {
				w.Row(from)[to] = v
			}
		}
		net.Weights = append(net.Weights, w)
		net.Biases = append(net.Biases, &Matrix{1, len(rows), slices.Clone(n.Biases[l])})
	}
	return net
}

// network returns a new network as it is before the first step.
func (c *numpyCase) network() *Network {
	net := c.numpyNetwork.network()
	if c.Cost == CrossEntropy.Name {
		net.Cost = CrossEntropy
	}
	return net
}

func (c *numpyCase) data() *DataSet {
	rows, labels := make([][]float64, len(c.Pixels)), make([]uint8, len(c.Labels))
	for i, levels := range c.Pixels {
		for _, v := range levels {
			rows[i] = append(rows[i], v/256)
		}
		labels[i] = uint8(c.Labels[i])
	}
	return dataSetOf(rows, labels)
}

func numpyCases(t *testing.T) []*numpyCase {
	t.Helper()
	text, err := os.ReadFile("testdata/numpy.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []*numpyCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// numpy adds in another order, so the last places differ: of numbers up to 4, in sums of
// 12.
const numpyTolerance = 1e-13

// numpy computes the gradient of one digit at a time and adds them up. Its steps take the
// n of λ/n from the data, not from the mini-batch, and shrink the weights alone.
func TestAgainstNumpy(t *testing.T) {
	for _, c := range numpyCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			data, net := c.data(), c.network()
			all, batch := upTo(data.Len()), net.NewMiniBatch(data.Len())
			batch.Load(data, all)
			if got := net.Sizes(); !slices.Equal(got, c.Sizes) {
				t.Fatalf("sizes %v, want %v", got, c.Sizes)
			}
			outputs := NewMatrix(len(c.Outputs), digits)
			for i, row := range c.Outputs {
				copy(outputs.Row(i), row)
			}
			wantClose(t, "outputs", []*Matrix{net.Feedforward(pixelsOf(data))}, []*Matrix{outputs}, numpyTolerance)
			costs := []float64{net.TotalCost(data, c.Lambda)}
			if got := net.Evaluate(data); got != c.Correct {
				t.Errorf("Evaluate = %d, want %d", got, c.Correct)
			}

			nabla := &Network{}
			nabla.Biases, nabla.Weights = gradient(net, batch.X, batch.Y)
			wantNetwork(t, "∇", nabla, numpyNetwork{c.NablaW, c.NablaB}.network(), numpyTolerance)
			wantNetwork(t, "after Backprop", net, c.network(), 0)
			net.UpdateMiniBatch(batch, c.Eta, c.Lambda, data.Len())
			wantNetwork(t, "after a step", net, c.AfterOne.network(), numpyTolerance)

			// One mini-batch is the whole set: no order of the digits can matter.
			net = c.network()
			s := Settings{Epochs: 3, MiniBatchSize: data.Len(), Eta: c.Eta, Lambda: c.Lambda}
			train(t, net, data, s, nil, newRand(1))
			wantNetwork(t, "after three epochs", net, c.AfterThree.network(), numpyTolerance)
			if got := net.Evaluate(data); got != c.CorrectAfterThree {
				t.Errorf("Evaluate after three epochs = %d, want %d", got, c.CorrectAfterThree)
			}
			costs = append(costs, net.TotalCost(data, c.Lambda))
			for i, want := range c.TotalCost {
				if !(math.Abs(costs[i]-want) <= numpyTolerance*want) {
					t.Errorf("TotalCost before the first step, and after three, is %v, want %v", costs, c.TotalCost)
				}
			}

			if len(c.Monitors) > 0 {
				net, five := c.network(), firstOf(data, 5)
				train(t, net, five, Settings{Epochs: 20, MiniBatchSize: 5, Eta: c.Eta, Lambda: c.Lambda}, nil, newRand(1))
				var got strings.Builder
				others := &DataSet{data.Labels[5:], data.Pixels, data.Images[5:]}
				o := &options.Options{Lambda: c.Lambda, Monitor: true}
				err := (&command{Options: o, stdout: &got, stderr: io.Discard}).monitor(net, five, others, five)()
				if want := fmt.Sprintf("Cost on training data: %.6g\nAccuracy on training data: %v / 5\n"+
					"Cost on evaluation data: %.6g\nAccuracy on evaluation data: %v / 3\n\n", c.Monitors[0], c.Monitors[1],
					c.Monitors[2], c.Monitors[3]); got.String() != want || err != nil {
					t.Errorf("monitored: %v, got\n%swant\n%s", err, got.String(), want)
				}
			}

			net = c.network()
			k := 0
			for _, m := range c.Batches {
				batch.Load(data, all[k:k+m])
				net.UpdateMiniBatch(batch, c.Eta, c.Lambda, data.Len())
				k += m
			}
			wantNetwork(t, "after mini-batches", net, c.AfterBatches.network(), numpyTolerance)
		})
	}
}

// gradient returns the gradient of the cost, summed over the examples.
func gradient(net *Network, x *Sparse, y *Matrix) (nablaB, nablaW []*Matrix) {
	batch := net.NewMiniBatch(y.Rows)
	batch.X, batch.Y = x, y
	net.Backprop(batch)
	zero := net.clone()
	for _, m := range slices.Concat(zero.Biases, zero.Weights) {
		clear(m.Data)
	}
	batch.AddGradient(1, zero.Biases, zero.Weights)
	return zero.Biases, zero.Weights
}

func TestCost(t *testing.T) {
	for _, c := range []struct {
		cost       *Cost
		a, y, want float64
	}{
		{Quadratic, 0.25, 1, 0.28125},
		{Quadratic, 0.25, 0, 0.03125},
		{CrossEntropy, 0.25, 1, 2 * math.Ln2},
		{CrossEntropy, 0.75, 0, 2 * math.Ln2},
		{CrossEntropy, 0.5, 0.5, math.Ln2},
		{CrossEntropy, 1, 1, 0},
		{CrossEntropy, 0, 0, 0},
		{CrossEntropy, 0, 1, math.Inf(1)},
	} {
		if got := c.cost.Value(c.a, c.y); !(got == c.want || math.Abs(got-c.want) < 1e-15) {
			t.Errorf("%s of %v, desired %v, is %v, want %v", c.cost.Name, c.a, c.y, got, c.want)
		}
	}
}

// The test compares the gradient, and the step that training takes, with how the cost
// that is printed really changes: (C(w+h) − C(w−h)) / 2h, for every weight and bias. The
// printed cost is a mean, so the gradient of the sum is n times as large.
//
// The quotient differs from ∂C/∂w by h²/6 times a third derivative, of order 1 here, so
// by about 1e-11. The rounding of C, divided by h, adds 1e-10, or 1e-9 where 1 − a is
// small and its logarithm counts. A forgotten factor or sign changes components of 1e-3
// and more.
func TestGradientByCentralDifferences(t *testing.T) {
	const n, h, eta, tolerance = 5, 1e-5, 0.5, 1e-8
	for _, cost := range []*Cost{Quadratic, CrossEntropy} {
		for _, sizes := range [][]int{{7, 4}, {7, 5, 4}, {7, 6, 5, 4}} {
			for _, lambda := range []float64{0, 0.8} {
				name := fmt.Sprintf("%s, sizes %v, λ %v", cost.Name, sizes, lambda)
				rng := newRand(3)
				net := NewNetwork(sizes, rng)
				net.Cost = cost
				data := &DataSet{[]uint8{2, 0, 3, 1, 2}, 7, sparse(randomMatrix(n, 7, rng)).Rows}
				stepped, batch := net.clone(), net.NewMiniBatch(n)
				batch.Load(data, upTo(n))
				stepped.UpdateMiniBatch(batch, eta, lambda, n)
				after := slices.Concat(stepped.Biases, stepped.Weights)
				nabla := slices.Concat(gradient(net, batch.X, batch.Y))
				for p, m := range slices.Concat(net.Biases, net.Weights) {
					for i, v := range m.Data {
						m.Data[i] = v + h
						above := net.TotalCost(data, lambda)
						m.Data[i] = v - h
						below := net.TotalCost(data, lambda)
						m.Data[i] = v
						want := (above - below) / (2 * h)
						if got := (v - after[p].Data[i]) / eta; !(math.Abs(got-want) <= tolerance) {
							t.Errorf("%s: the step of number %d of %v is −η times %v, want %v", name, i, m, got, want)
						}
						if lambda > 0 && p >= len(net.Biases) {
							continue // Backprop does not know the price of large weights
						}
						if got := nabla[p].Data[i] / n; !(math.Abs(got-want) <= tolerance) {
							t.Errorf("%s: ∂C/∂ number %d of %v is %v, want %v", name, i, m, got, want)
						}
					}
				}
			}
		}
	}
}

// SGD shuffles afresh every epoch. It uses every digit once, in mini-batches of the size
// asked for and a shorter one at the end, and leaves nothing of one mini-batch behind in
// the next. So the same steps taken by hand, each with a new MiniBatch, give the same
// bits. SGD changes the digits of every mini-batch anew, but not the digits it tests with,
// which are the same here.
func TestSGDByHand(t *testing.T) {
	_, _, data := loadBuiltIn()
	data = firstOf(data, 25)
	pixels := pixelsOf(data)
	for _, miniBatchSize := range []int{1, 10, 24, 25, 1000, math.MaxInt} {
		for _, s := range []Settings{{}, {Lambda: 0.7}, {Change: changing(3, 0)}, {Lambda: 0.7, Change: changing(1, options.MaxDistort)}} {
			name := fmt.Sprintf("mini-batches of %d, λ %v, changed: %v", miniBatchSize, s.Lambda, s.Change != nil)
			got := NewNetwork([]int{784, 4, 10}, newRand(1))
			want := got.clone()
			var progress, wantProgress []int
			s.Epochs, s.MiniBatchSize, s.Eta = 2, miniBatchSize, 0.5
			s.Progress = func(done, total int) { progress = append(progress, done, total) }
			out := train(t, got, data, s, data, newRand(2))

			var wantOut strings.Builder
			rng, order := newRand(2), upTo(data.Len())
			for epoch := range 2 {
				rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
				for rest := order; len(rest) > 0; {
					m := min(miniBatchSize, len(rest))
					batch := want.NewMiniBatch(m)
					batch.Load(data, rest[:m])
					if s.Change != nil {
						s.Change(batch.X.Rows, rng)
					}
					want.UpdateMiniBatch(batch, 0.5, s.Lambda, 25)
					rest = rest[m:]
					wantProgress = append(wantProgress, len(order)-len(rest), len(order))
				}
				fmt.Fprintf(&wantOut, "Epoch %d: %d / 25\n", epoch, want.Evaluate(data))
			}
			wantNetwork(t, name, got, want, 0)
			if !slices.Equal(progress, wantProgress) {
				t.Errorf("%s: progress %v, want %v", name, progress, wantProgress)
			}
			if out != wantOut.String() {
				t.Errorf("%s: it wrote\n%swant\n%s", name, out, wantOut.String())
			}
		}
	}
	if !reflect.DeepEqual(pixelsOf(data), pixels) {
		t.Error("training has changed the data")
	}
}

// The network answers the same digit whatever it sees, and another one after each epoch.
// So many of the validation digits are right then:
//
//	answer  0  1  2  3  4  5  6  7  8  9
//	right   0  1  2  3  4  5  5  4  3  2
//
// The lines that SGD writes say which epochs it has judged. An epoch is one step, and the same
// step taken by hand says from which weights, and how long it was.
func TestPatience(t *testing.T) {
	blank := func(counts ...int) *DataSet {
		d := &DataSet{Pixels: 4}
		for digit, n := range counts {
			d.Labels = append(d.Labels, bytes.Repeat([]byte{byte(digit)}, n)...)
		}
		d.Images = make([]SparseRow, d.Len())
		return d
	}
	training, validation := blank(0, 0, 1), blank(0, 1, 2, 3, 4, 5, 5, 4, 3, 2)
	for name, c := range map[string]struct {
		patience, halve int
		answers         []int // of the network before the first epoch, and after each
		epochs          int   // how many there must be
		best            []int // the epochs that must be new bests
		halved          []int // the epochs after which η must be halved
	}{
		"stops after 3 worse":       {3, 0, []int{0, 3, 5, 4, 3, 7, 0, 0}, 5, []int{0, 1}, nil},
		"a tie is not better":       {3, 0, []int{0, 3, 5, 6, 5, 6, 0, 0}, 5, []int{0, 1}, nil},
		"patience 1":                {1, 0, []int{0, 1, 2, 3, 8, 5, 5}, 4, []int{0, 1, 2}, nil},
		"a new best starts afresh":  {2, 0, []int{0, 2, 1, 3, 2, 4, 3, 2, 5}, 7, []int{0, 2, 4}, nil},
		"in the last epoch allowed": {2, 0, []int{0, 2, 1, 1, 3}, 3, []int{0}, nil},
		"loaded, none is better":    {3, 0, []int{5, 4, 6, 3, 5}, 3, nil, nil},
		"loaded, a later is better": {2, 0, []int{2, 1, 4, 3, 3, 5}, 4, []int{1}, nil},
		"halved once":               {2, 1, []int{0, 3, 1, 2, 1, 2, 9, 9}, 5, []int{0}, []int{2}},
		"halved, a new best":        {2, 1, []int{0, 3, 1, 2, 4, 2, 9, 9, 5}, 6, []int{0, 3}, []int{2}},
		"halved twice":              {1, 2, []int{0, 3, 1, 4, 2, 9, 5}, 5, []int{0, 2}, []int{1, 3}},
		"halved twice on end":       {2, 2, []int{0, 3, 1, 2, 1, 2, 9, 8, 5}, 7, []int{0}, []int{2, 4}},
		"no epochs left for it":     {2, 3, []int{0, 3, 1, 2}, 3, []int{0}, []int{2}},
		"loaded, halved, no better": {1, 1, []int{5, 4, 3, 2}, 2, nil, []int{0}},
	} {
		net := NewNetwork([]int{4, 3, 10}, newRand(1))
		say := func(net *Network, digit int) {
			for l := range net.Weights {
				net.Weights[l].Data = repeat(float64(digit)/8, len(net.Weights[l].Data))
				net.Biases[l].Data = repeat(float64(-digit), len(net.Biases[l].Data))
			}
			net.Biases[1].Data[digit] = 1
		}
		var best []int
		var out, want strings.Builder
		say(net, c.answers[0])
		next, keep, eta, byHand, batch := 1, c.answers[0], 0.5, net.clone(), net.NewMiniBatch(1)
		err := net.SGD(training, Settings{Epochs: len(c.answers) - 1, MiniBatchSize: 1, Eta: eta, Patience: c.patience, Halve: c.halve,
			Progress: func(done, total int) { // at the end of an epoch
				batch.Load(training, []int{0})
				byHand.UpdateMiniBatch(batch, eta, 0, 1)
				wantNetwork(t, fmt.Sprintf("%s: after the step of epoch %d", name, next-1), net, byHand, 0)
				say(net, c.answers[next])
				say(byHand, c.answers[next])
				next++
			},
			AfterEpoch: func(epoch, correct int, isBest bool) error {
				if isBest {
					best, keep = append(best, epoch), c.answers[epoch+1]
				}
				right := bytes.Count(validation.Labels, []byte{byte(c.answers[epoch+1])})
				if correct != right {
					t.Errorf("%s: after epoch %d AfterEpoch is told that %d are right, want %d", name, epoch, correct, right)
				}
				fmt.Fprintf(&want, "Epoch %d: %d / 29 validation\n", epoch, right)
				if slices.Contains(c.halved, epoch) {
					eta /= 2
					fmt.Fprintf(&want, "η is now %v\n", eta)
				}
				return nil
			},
		}, validation, newRand(1), &out)
		if err != nil || out.String() != want.String() || next-1 != c.epochs {
			t.Errorf("%s: error %v, after %d epochs it wrote\n%swant\n%s", name, err, next-1, out.String(), want.String())
		}
		if !slices.Equal(best, c.best) {
			t.Errorf("%s: epochs %v were new bests, want %v", name, best, c.best)
		}
		say(byHand, keep)
		wantNetwork(t, name, net, byHand, 0)
	}
	s := Settings{Epochs: 1, MiniBatchSize: 1, Eta: 1e-9, Patience: 1, Halve: 1}
	if err := NewNetwork([]int{4, 3, 10}, newRand(1)).SGD(training, s, validation, newRand(1), &disk{room: 1}); err != errFull {
		t.Errorf("no room for the line of the new η: the error is %v, want %v", err, errFull)
	}
}

// SGD writes a line after each epoch, and then calls AfterEpoch. An error of either ends
// the training, and so do weights that are not finite. With patience SGD keeps the best
// weights, and without an epoch it changes nothing.
//
// No learning rate makes the weights of this network infinite by itself, because a step
// that is far too long drives the sigmoids to where σ′ is 0, and no other step follows. So
// the test spoils a weight by hand: before the first epoch, or at the end of a later one.
func TestSGDReports(t *testing.T) {
	c := numpyCases(t)[1]
	data := c.data()
	const always, never = 99, 99
	const diverged = ": the weights are no longer finite numbers: the steps were too long, try a smaller learning rate than 3"
	const two, judged = "Epoch 0 complete\n0: true\nEpoch 1 complete\n1: true\n", "Epoch 0: # / 8 validation\n0: #\n"
	for name, r := range map[string]struct {
		epochs, patience int
		test             *DataSet
		room             int // lines that can be written
		stop, spoil      int // the epochs after which AfterEpoch fails, and at whose end a weight is spoilt
		want, err        string
	}{
		"test digits": {3, 0, data, always, never, never, "Epoch 0: # / 8\n0: true\nEpoch 1: # / 8\n1: true\n" +
			fmt.Sprintf("Epoch 2: %d / 8\n2: true\n", c.CorrectAfterThree), ""},
		"no test digits":   {2, 0, nil, always, never, never, two, ""},
		"no epochs":        {0, 0, data, always, never, never, "", ""},
		"a full disk":      {3, 0, nil, 1, never, never, "Epoch 0 complete\n0: true\n", "the disk is full"},
		"AfterEpoch fails": {5, 0, nil, always, 1, never, two, "stop"},
		"diverges at once": {3, 0, data, always, never, -1, "", "epoch 0" + diverged},
		"diverges at last": {3, 0, nil, always, never, 2, two, "epoch 2" + diverged},

		"patience":                   {2, 9, data, always, never, never, judged + "Epoch 1: # / 8 validation\n1: #\n", ""},
		"patience, no epochs":        {0, 9, data, always, never, never, "", ""},
		"patience, a full disk":      {3, 9, data, 1, never, never, judged, "the disk is full"},
		"patience, AfterEpoch fails": {5, 9, data, always, 0, never, judged, "stop"},
		"patience, diverges":         {3, 9, data, always, never, 0, "", "epoch 0" + diverged},
	} {
		net, best := c.network(), c.network()
		spoil := func() { net.Weights[1].Data[0] = math.NaN() }
		if r.spoil < 0 {
			spoil()
		}
		out, epoch := &disk{room: r.room}, 0
		s := Settings{Epochs: r.epochs, MiniBatchSize: 8, Eta: c.Eta, Patience: r.patience}
		s.Progress = func(done, total int) {
			if epoch == r.spoil {
				spoil()
			}
		}
		s.AfterEpoch = func(e, _ int, isBest bool) error {
			fmt.Fprintf(&out.text, "%d: %v\n", e, isBest)
			if epoch = e + 1; e == r.stop {
				return errors.New("stop")
			}
			if isBest {
				best.set(net)
			}
			if r.patience > 0 {
				net.Biases[0].Data[0]++ // the weights after the last epoch are not the best
			}
			return nil
		}
		err := net.SGD(data, s, r.test, newRand(1), out)
		want := "^" + strings.ReplaceAll(r.want, "#", `(\d|true|false)`) + "$"
		if (err == nil) != (r.err == "") || err != nil && err.Error() != r.err || !regexp.MustCompile(want).MatchString(out.text.String()) {
			t.Errorf("%s: error %v, and it wrote\n%swant %q and\n%s", name, err, out.text.String(), r.err, r.want)
		}
		if err == nil {
			wantNetwork(t, name, net, best, 0)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for l := range 2 {
			weight, bias := c.network(), c.network()
			weight.Weights[l].Data[len(weight.Weights[l].Data)-1], bias.Biases[l].Data[0] = v, v
			if weight.finite() || bias.finite() || !c.network().finite() {
				t.Errorf("layer %d: that a weight of %v is finite is %v, a bias %v", l, v, weight.finite(), bias.finite())
			}
		}
	}
}

// Training makes no matrix or buffer anew. It allocates only the functions that products
// give to Share, some 100 bytes each, however large the network.
func TestTrainingAllocatesNoBuffers(t *testing.T) {
	_, _, data := loadBuiltIn()
	for _, nHidden := range []int{30, wide, 300} {
		rng := newRand(1)
		net := NewNetwork([]int{784, nHidden, 10}, rng)
		batch, which := net.NewMiniBatch(10), upTo(10)
		change := changing(1, 1)
		train := func() {
			for _, m := range []int{10, 7} {
				batch.Load(data, which[:m])
				change(batch.X.Rows, rng)
				net.UpdateMiniBatch(batch, 3, 5, data.Len())
			}
		}
		for range 50 { // until there is room for any image, wherever it is moved
			train()
		}
		const times = 50
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range times {
			train()
		}
		runtime.ReadMemStats(&after)
		if got := (after.TotalAlloc - before.TotalAlloc) / (2 * times); got > 2000 {
			t.Errorf("with %d hidden neurons a mini-batch allocates %d bytes, want at most 2000", nHidden, got)
		}
	}
}

// One core or many, also more than the machine has, compute the same weights to the last
// bit, and so does one core twice.
func TestCoresMakeNoDifference(t *testing.T) {
	all, _, _ := loadBuiltIn()
	for _, c := range []struct {
		sizes []int
		m, n  int // the mini-batches, and the digits
	}{
		{[]int{784, 30, 10}, 10, 150},
		{[]int{784, 30, 10}, 1, 40},
		{[]int{784, 300, 100, 10}, 7, 25},
		{[]int{784, 10}, 40, 100},
		{[]int{784, 64, 10}, 60, 130},
	} {
		training := firstOf(all, c.n)
		var want *Network
		var wantOut string
		for _, n := range []int{1, 1, 2, 3, 5, 8, 16} {
			rng := newRand(1)
			net := NewNetwork(c.sizes, rng)
			restore := cores.Pretend(n)
			s := Settings{Epochs: 2, MiniBatchSize: c.m, Eta: 3, Lambda: 0.1, Change: changing(1, 1)}
			out := train(t, net, training, s, training, rng)
			restore()
			if want == nil {
				want, wantOut = net, out
			} else if !reflect.DeepEqual(net, want) || out != wantOut {
				t.Errorf("sizes %v, mini-batches of %d: on %d cores another network than on one, which writes\n%snot\n%s",
					c.sizes, c.m, n, wantOut, out)
			}
		}
	}
}

// Evaluate, Answers and TotalCost take the digits in mini-batches. They give what
// Feedforward gives for all digits at once, for any number of digits. One hopeless digit
// makes the cost infinite.
func TestEvaluate(t *testing.T) {
	const lambda = 5
	_, _, data := loadBuiltIn()
	for _, n := range []int{1, 49, 50, 51, 130} {
		part, net := firstOf(data, n), NewNetwork([]int{784, 12, 10}, newRand(4))
		outputs, answers, correct := net.Feedforward(pixelsOf(part)), net.Answers(part), 0
		cost, squares := 0.0, 0.0
		for i, label := range part.Labels {
			row := outputs.Row(i)
			if row[label] == slices.Max(row) {
				correct++
			}
			if row[answers[i]] != slices.Max(row) {
				t.Errorf("of %d digits, the answer to digit %d is %d, but the outputs are %v", n, i, answers[i], row)
			}
			for digit, a := range row {
				if digit == int(label) {
					a = 1 - a
				}
				cost += a * a / 2 / float64(n)
			}
		}
		if got := net.Evaluate(part); got != correct {
			t.Errorf("Evaluate of %d digits = %d, want %d", n, got, correct)
		}
		for _, w := range net.Weights {
			for _, v := range w.Data {
				squares += v * v
			}
		}
		for lambda, want := range map[float64]float64{0: cost, lambda: cost + lambda*squares/2/float64(n)} {
			if got := net.TotalCost(part, lambda); !(math.Abs(got-want) <= 1e-12*want) {
				t.Errorf("TotalCost of %d digits, with λ = %v, = %v, want %v", n, lambda, got, want)
			}
		}
		net.Cost = CrossEntropy
		net.Biases[1].Data[part.Labels[0]] = -1e9
		if got := net.TotalCost(part, 0); !math.IsInf(got, 1) {
			t.Errorf("TotalCost of %d digits, the first read as anything else, = %v, want +Inf", n, got)
		}
	}
}

func TestLearnsBuiltInDigits(t *testing.T) {
	training, _, test := loadBuiltIn()
	for _, c := range []struct {
		hidden []int
		least  int // of 2,000 digits, after two epochs
	}{
		{[]int{20, 15}, 1600},
		{nil, 1000}, // some outputs start where σ′ is almost 0, and take long to learn anything
	} {
		rng := newRand(1)
		net := NewNetwork(slices.Concat([]int{784}, c.hidden, []int{10}), rng)
		train(t, net, training, Settings{Epochs: 2, MiniBatchSize: 10, Eta: 3}, nil, rng)
		if got := net.Evaluate(test); got < c.least || got > 1998 {
			t.Errorf("hidden %v: %d of 2000 are right, want %d at least, and not all", c.hidden, got, c.least)
		}
	}
}

func TestLearnsMNIST(t *testing.T) {
	needsAll(t, "trains for six epochs with 50,000 digits")
	f, err := os.Open(mnistFile)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("skipped: MNIST is not here; to run it: %s", getMNIST)
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	training, validation, test, err := LoadData(mnistFile, f)
	if err != nil {
		t.Fatal(err)
	}
	if training.Len() != 50000 || validation.Len() != 10000 || test.Len() != 10000 || training.Pixels != 784 {
		t.Fatalf("%d, %d and %d digits of %d pixels, want 50000, 10000 and 10000 of 784",
			training.Len(), validation.Len(), test.Len(), training.Pixels)
	}
	first := slices.Concat(training.Labels[:5], validation.Labels[:5], test.Labels[:5])
	if want := []uint8{5, 0, 4, 1, 9, 3, 8, 6, 9, 6, 7, 2, 1, 0, 4}; !slices.Equal(first, want) {
		t.Errorf("the first labels of the three sets are %v, want those of the book's file, %v", first, want)
	}
	rng := newRand(1)
	net := NewNetwork([]int{784, 30, 10}, rng)
	train(t, net, training, Settings{Epochs: 6, MiniBatchSize: 10, Eta: 3}, nil, rng)
	want := 9400 // of 9410
	if runtime.GOARCH == "386" {
		want = 9390 // of 9398: its math.Exp rounds otherwise
	}
	if got := net.Evaluate(test); got < want {
		t.Errorf("after six epochs %d of 10000 are right, want %d", got, want)
	}
}

// A network and its file. Package network2 has the tests of the form.
func TestSaveAndLoad(t *testing.T) {
	const file = `{"sizes":[2,3],"weights":[[[1,2],[3,4],[5,6]]],"biases":[[[7],[8],[9]]],"cost":"QuadraticCost"}` + "\n"
	quadratic := &Network{[]*Matrix{{2, 3, []float64{1, 3, 5, 2, 4, 6}}}, []*Matrix{{1, 3, []float64{7, 8, 9}}}, Quadratic}
	crossEntropy := &Network{quadratic.Weights, quadratic.Biases, CrossEntropy}
	for name, c := range map[string]struct {
		old, new string
		want     *Network
		err      string
	}{
		"quadratic":     {"", "", quadratic, ""},
		"cross-entropy": {"QuadraticCost", "CrossEntropyCost", crossEntropy, ""},
		"no cost":       {`,"cost":"QuadraticCost"`, "", crossEntropy, ""},
		"another cost":  {"QuadraticCost", "Hinge", nil, `name: the cost is "Hinge", want "QuadraticCost" or "CrossEntropyCost"`},
		"half a file":   {file[40:], "", nil, "name: the file is cut short"},
	} {
		text := strings.Replace(file, c.old, c.new, 1)
		net, err := LoadNetwork("name", strings.NewReader(text), CrossEntropy) // if it names none
		if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err || !reflect.DeepEqual(net, c.want) {
			t.Errorf("%s: %+v, error %v, want %+v, %q", name, net, err, c.want, c.err)
		}
		var again bytes.Buffer
		if err == nil && (net.Save(&again) != nil || again.String() != text && name != "no cost") {
			t.Errorf("%s: saved again it is\n%s\nwant\n%s", name, again.String(), text)
		}
	}
	if err := quadratic.Save(&disk{}); err != errFull {
		t.Errorf("on a full disk the error is %v, want %v", err, errFull)
	}
}

// ---- matrix.go ----

// plainMul returns the product a·b as its definition has it. With each sum goes
// the sum of the absolute values, to which the rounding errors are in proportion.
func plainMul(a, b *Matrix) (c, size *Matrix) {
	c, size = NewMatrix(a.Rows, b.Cols), NewMatrix(a.Rows, b.Cols)
	for i := range a.Rows {
		for j := range b.Cols {
			for k := range a.Cols {
				v := a.Row(i)[k] * b.Row(k)[j]
				c.Row(i)[j] += v
				size.Row(i)[j] += math.Abs(v)
			}
		}
	}
	return c, size
}

func transpose(m *Matrix) *Matrix {
	mT := NewMatrix(m.Cols, m.Rows)
	for i := range m.Rows {
		for j, v := range m.Row(i) {
			mT.Row(j)[i] = v
		}
	}
	return mT
}

// checkProducts compares the products of random matrices of the given shapes, zero of
// every five numbers exactly 0, with plain triple loops.
//
// Summing k products in any order is wrong by at most k·ε·Σ|a·b|, ε = 2⁻⁵²
// (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
func checkProducts(t *testing.T, m, k, n int, zeros int, seed uint64) {
	t.Helper()
	rng := newRand(seed)
	random := func(rows, cols int) *Matrix {
		x := NewMatrix(rows, cols)
		for i := range x.Data {
			if rng.IntN(5) >= zeros {
				x.Data[i] = float64(float32(rng.NormFloat64())) // sparse keeps float32
			}
		}
		return x
	}
	const s = -0.3
	double := func(v float64) float64 { return 2 * v }
	doubleAll := func(numbers []float64) {
		for i := range numbers {
			numbers[i] *= 2
		}
	}
	a, b := random(m, k), random(k, n)
	d, e, before := random(1, n), random(m, n), random(m, n)
	ab, abSize := plainMul(a, b)
	for _, p := range []struct {
		name     string
		multiply func(c *Matrix)
		want     func(v, d, e, before float64) float64 // of a number v of a·b, and linear in it
	}{
		{"MulAdd", func(c *Matrix) { c.MulAdd(doubleAll, a, b, d) },
			func(v, d, e, before float64) float64 { return 2 * (v + d) }},
		{"MulAddSparse", func(c *Matrix) { c.MulAddSparse(doubleAll, sparse(a), b, d, new(Space)) },
			func(v, d, e, before float64) float64 { return 2 * (v + d) }},
		{"MulT", func(c *Matrix) { c.MulT(double, a, transpose(b), e) },
			func(v, d, e, before float64) float64 { return v * 2 * e }},
		{"AddTMul", func(c *Matrix) { c.AddTMul(s, transpose(a), b) },
			func(v, d, e, before float64) float64 { return before + s*v }},
		{"AddTMulSparse", func(c *Matrix) { c.AddTMulSparse(s, sparse(transpose(a)), b, new(Space)) },
			func(v, d, e, before float64) float64 { return before + s*v }},
	} {
		got := &Matrix{m, n, slices.Clone(before.Data)}
		p.multiply(got)
		for i, v := range ab.Data {
			want := p.want(v, d.Data[i%n], e.Data[i], before.Data[i])
			size := math.Abs(p.want(0, math.Abs(d.Data[i%n]), e.Data[i], math.Abs(before.Data[i])))
			size += math.Abs(p.want(abSize.Data[i], 0, e.Data[i], 0))
			if !(math.Abs(got.Data[i]-want) <= float64(k+4)*0x1p-52*size) {
				t.Errorf("%s with m, k, n = %d, %d, %d: row %d, column %d is %v, want %v",
					p.name, m, k, n, i/n, i%n, got.Data[i], want)
				break
			}
		}
	}
}

func TestProducts(t *testing.T) {
	for _, shape := range [][3]int{
		{1, 1, 1}, {0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {2, 3, 4}, {10, 784, 30}, {784, 10, 30}, {5, 4, 3}, {4, 8, 10},
		{9, 7, wide - 1}, {9, 7, wide}, {20, 13, wide + 1}, // on both sides of wide
		{9, block, wide}, {8, block + 1, wide}, {9, 2*block + 3, wide}, // and of block
	} {
		for zeros := range 6 {
			checkProducts(t, shape[0], shape[1], shape[2], zeros, 1)
		}
	}
}

func FuzzProducts(f *testing.F) {
	f.Add(uint16(10), uint16(784), uint16(30), uint8(4), uint64(1))
	f.Add(uint16(7), uint16(9), uint16(wide), uint8(1), uint64(2))
	f.Add(uint16(1), uint16(3), uint16(1), uint8(5), uint64(3))
	f.Fuzz(func(t *testing.T, m, k, n uint16, zeros uint8, seed uint64) {
		checkProducts(t, int(m%20), int(k%100), int(n%(wide+20)), int(zeros%6), seed)
	})
}

// A number that is not finite comes out of every product, so that SGD notices a network
// that has diverged.
func TestProductsKeepNaN(t *testing.T) {
	filled := func(cols int, v float64) *Matrix { return &Matrix{1, cols, repeat(v, cols)} }
	nan, inf, same := math.NaN(), math.Inf(1), func([]float64) {}
	for name, p := range map[string]struct {
		cols     int // of b and c
		multiply func(c, a, b *Matrix)
	}{
		"MulAdd":              {1, func(c, a, b *Matrix) { c.MulAdd(same, a, b, NewMatrix(1, 1)) }},
		"MulAddSparse":        {1, func(c, a, b *Matrix) { c.MulAddSparse(same, sparse(a), b, NewMatrix(1, 1), new(Space)) }},
		"MulT":                {1, func(c, a, b *Matrix) { c.MulT(math.Abs, a, b, filled(1, 1)) }},
		"AddTMul":             {1, func(c, a, b *Matrix) { c.AddTMul(1, a, b) }},
		"AddTMulSparse":       {1, func(c, a, b *Matrix) { c.AddTMulSparse(1, sparse(a), b, new(Space)) }},
		"AddTMulSparse, wide": {wide, func(c, a, b *Matrix) { c.AddTMulSparse(1, sparse(a), b, new(Space)) }},
	} {
		for _, v := range [][2]float64{{nan, 1}, {1, nan}, {inf, 1}, {1, inf}} {
			c := NewMatrix(1, p.cols)
			p.multiply(c, filled(1, v[0]), filled(p.cols, v[1]))
			if last := c.Data[p.cols-1]; last-last == 0 {
				t.Errorf("%s: %v · %v = %v", name, v[0], v[1], last)
			}
		}
	}
}

// wantPanic fails unless call panics with a message that contains want.
func wantPanic(t *testing.T, want string, call func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
			t.Errorf("it panicked with %q, want %q", got, want)
		}
	}()
	call()
}

// A product of matrices whose shapes do not fit panics, and names the shapes.
func TestProductsOfShapesThatDoNotFit(t *testing.T) {
	matrices := func(shapes string) (all []*Matrix) {
		for _, shape := range strings.Fields(shapes) {
			var rows, cols int
			fmt.Sscanf(shape, "%d×%d", &rows, &cols)
			all = append(all, NewMatrix(rows, cols))
		}
		return all
	}
	for _, shapes := range []string{ // of z, x, w and b
		"2×4 2×3 5×4 1×4", // the inner sizes differ
		"1×4 2×3 3×4 1×4", // the rows
		"2×5 2×3 3×4 1×5", // the columns
		"2×4 2×3 3×4 1×5", // the columns of b
		"2×4 2×3 3×4 2×4", // b has two rows
	} {
		m, want := matrices(shapes), ": shapes do not fit z = f(x·w + b): ["+shapes+"]"
		wantPanic(t, "matrix: MulAdd"+want, func() { m[0].MulAdd(nil, m[1], m[2], m[3]) })
		wantPanic(t, "matrix: MulAddSparse"+want, func() { m[0].MulAddSparse(nil, sparse(m[1]), m[2], m[3], new(Space)) })
	}
	for _, shapes := range []string{ // of out, δ, w and a
		"2×4 2×3 4×5 2×4", // the inner sizes differ
		"1×4 2×3 4×3 1×4", // the rows
		"2×5 2×3 4×3 2×5", // the columns
		"2×4 2×3 4×3 3×4", // the rows of a
		"2×4 2×3 4×3 2×5", // the columns of a
	} {
		m, want := matrices(shapes), "matrix: MulT: shapes do not fit out = δ·wᵀ ⊙ f(a): ["+shapes+"]"
		wantPanic(t, want, func() { m[0].MulT(math.Abs, m[1], m[2], m[3]) })
	}
	for _, shapes := range []string{ // of w, x and δ
		"3×4 2×3 1×4", // the inner sizes differ
		"2×4 2×3 2×4", // the rows
		"3×5 2×3 2×4", // the columns
	} {
		m, want := matrices(shapes), ": shapes do not fit w += s·xᵀ·δ: ["+shapes+"]"
		wantPanic(t, "matrix: AddTMul"+want, func() { m[0].AddTMul(1, m[1], m[2]) })
		wantPanic(t, "matrix: AddTMulSparse"+want, func() { m[0].AddTMulSparse(1, sparse(m[1]), m[2], new(Space)) })
	}
}

// The other methods panic with the shapes, or with the numbers that they are given.
func TestShapesThatDoNotFit(t *testing.T) {
	m := NewMatrix
	data, empty := dataSetOf([][]float64{{0, 1}}, []uint8{1}), &DataSet{Pixels: 2}
	train := func(miniBatchSize int, validation *DataSet) {
		s := Settings{Epochs: 1, MiniBatchSize: miniBatchSize, Eta: 3, Patience: 4}
		NewNetwork([]int{2, 2}, newRand(1)).SGD(data, s, validation, nil, nil)
	}
	const zip, addSum = "Zip: shapes do not fit m = f(a, b): ", "AddSum: shapes do not fit b += s·Σ δ: "
	for _, c := range []struct {
		want string
		call func()
	}{
		{zip + "[2×3 2×3 1×3]", func() { m(2, 3).Zip(math.Pow, m(2, 3), m(1, 3)) }},
		{zip + "[2×2 2×3 2×3]", func() { m(2, 2).Zip(math.Pow, m(2, 3), m(2, 3)) }},
		{zip + "[1×3 2×3 2×3]", func() { m(1, 3).Zip(math.Pow, m(2, 3), m(2, 3)) }},
		{zip + "[2×3 2×3 2×4]", func() { m(2, 3).Zip(math.Pow, m(2, 3), m(2, 4)) }},
		{addSum + "[2×3 2×3]", func() { m(2, 3).AddSum(1, m(2, 3)) }},
		{addSum + "[1×2 2×3]", func() { m(1, 2).AddSum(1, m(2, 3)) }},
		{"SetRows: 3 rows asked of a 2×3 with room for 6 numbers", func() { m(2, 3).SetRows(3) }},
		{"SetRows: -1 rows asked of a 2×3 with room for 6 numbers", func() { m(2, 3).SetRows(-1) }},

		{"NewNetwork: sizes are [784]", func() { NewNetwork([]int{784}, newRand(1)) }},
		{"MulAdd: shapes do not fit z = f(x·w + b): [5×2 5×4 3×2 1×2]",
			func() { NewNetwork([]int{3, 2}, newRand(1)).Feedforward(m(5, 4)) }},
		{"SGD: mini-batches of 0", func() { train(0, data) }},
		{"SGD: patience wants validation digits", func() { train(1, nil) }},
		{"SGD: patience wants validation digits", func() { train(1, empty) }},

		{"Gather: y is 2×10 for 1 images", func() { data.Gather([]int{0}, &Sparse{}, m(2, 10)) }},
	} {
		wantPanic(t, c.want, c.call)
	}
}

func TestElementwise(t *testing.T) {
	m := func(rows, cols int, data ...float64) *Matrix { return &Matrix{rows, cols, data} }
	for name, c := range map[string]struct {
		got, want *Matrix
		op        func(got *Matrix)
	}{
		"Zip": {NewMatrix(2, 2), m(2, 2, -4, -4, -4, -3), func(x *Matrix) {
			x.Zip(func(a, b float64) float64 { return a - b }, m(2, 2, 1, 2, 3, 4), m(2, 2, 5, 6, 7, 7))
		}},
		"AddSum":  {m(1, 2, 100, 200), m(1, 2, 92, 188), func(x *Matrix) { x.AddSum(-2, m(2, 2, 1, 2, 3, 4)) }},
		"Scale":   {m(2, 2, 1, -2, 3, 0), m(2, 2, -3, 6, -9, math.Copysign(0, -1)), func(x *Matrix) { x.Scale(-3) }},
		"SetRows": {m(2, 2, 1, 2, 3, 4), m(1, 2, 1, 2), func(x *Matrix) { x.SetRows(1) }},
	} {
		if c.op(c.got); !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %v %v, want %v %v", name, c.got, c.got.Data, c.want, c.want.Data)
		}
	}
	for want, row := range [][]float64{{3}, {1, 2, 2}, {-3, -2, -1, -1.5}, {math.Inf(-1), 0, 0.5, 0.7, 0.6}} {
		if got := m(2, len(row), append(make([]float64, len(row)), row...)...).Argmax(1); got != want {
			t.Errorf("Argmax of %v = %d, want %d", row, got, want)
		}
	}
}

// The first half of the parts is the first band of columns, and all parts together are
// all columns. The cut of MNIST's 784 columns is in the middle of row 14.
func TestColumn(t *testing.T) {
	for cols, cut := range map[int]int{784: 14*28 + 14, 5: 2, 1: 0, 0: 0, 65536: 33938} {
		x := &Sparse{Cols: cols}
		first, middle, last := x.bandColumn(0), x.bandColumn(cols), x.bandColumn(2*cols)
		if first != 0 || middle != cut || last != cols {
			t.Errorf("of %d columns, parts begin at %d, %d, %d, want 0, %d, %d", cols, first, middle, last, cut, cols)
		}
		for p := range 2 * cols {
			if x.bandColumn(p) > x.bandColumn(p+1) {
				t.Errorf("of %d columns, step %d goes back from %d to %d", cols, p, x.bandColumn(p), x.bandColumn(p+1))
			}
		}
	}
}

func BenchmarkUpdateMiniBatch(b *testing.B) {
	_, _, data := loadBuiltIn()
	for _, nHidden := range []int{30, 300} {
		b.Run(fmt.Sprintf("784-%d-10", nHidden), func(b *testing.B) {
			net := NewNetwork([]int{784, nHidden, 10}, newRand(1))
			batch, order := net.NewMiniBatch(10), upTo(data.Len())
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				k := i * 10 % (data.Len() - 9)
				batch.Load(data, order[k:k+10])
				net.UpdateMiniBatch(batch, 0.1, 0, data.Len())
			}
		})
	}
}

func BenchmarkEvaluate(b *testing.B) {
	_, _, data := loadBuiltIn()
	net := NewNetwork([]int{784, 30, 10}, newRand(1))
	b.ReportAllocs()
	for range b.N {
		net.Evaluate(data)
	}
}

// ---- loader.go ----

const smallFile = "internal/pickle/testdata/pickles/py3.11-protocol4.pkl.gz" // the formulas are in internal/pickle/testdata/dataset.py

// smallData returns the bytes of smallFile.
func smallData(t *testing.T) []byte {
	t.Helper()
	file, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// wantFixture fails unless the data sets have the numbers of dataset.py, and so many rows.
func wantFixture(t *testing.T, name string, sets [3]*DataSet, rows [3]int) {
	t.Helper()
	for s, d := range sets {
		if d.Len() != rows[s] || d.Pixels != 12 {
			t.Errorf("%s, set %d: %d images of %d pixels, want %d of 12", name, s, d.Len(), d.Pixels, rows[s])
			continue
		}
		x := pixelsOf(d)
		for i := range d.Len() {
			if want := uint8((s*7 + i*3) % 10); d.Labels[i] != want {
				t.Errorf("%s, set %d: label %d is %d, want %d", name, s, i, d.Labels[i], want)
			}
			for j, got := range x.Row(i) {
				want := 0.0
				if (s+i+j)%2 == 1 {
					want = float64((s*89+i*37+j*23)%256) / 256
				}
				if got != want {
					t.Fatalf("%s, set %d: row %d, pixel %d is %v, want %v", name, s, i, j, got, want)
				}
			}
		}
	}
}

// pythonFiles returns the names of at least so many files that Python has written.
func pythonFiles(t testing.TB, pattern string, least int) []string {
	t.Helper()
	files, err := filepath.Glob("internal/pickle/testdata/pickles/" + pattern + ".pkl.gz")
	if err != nil || len(files) < least {
		t.Fatalf("%d files, %v, want at least %d", len(files), err, least)
	}
	return files
}

// Files by Python 2.7 to 3.13 in protocols 1 to 5, and every kind of array:
// internal/pickle/testdata/pickles/README.md says which is which. Every day those of one
// protocol are enough, because package pickle reads them all in its tests.
func TestLoadDataFromPython(t *testing.T) {
	pattern, least := "py3.11-protocol4*", 20
	if os.Getenv("DIGITS_TEST") == "all" {
		pattern, least = "*", 60
	}
	for _, file := range pythonFiles(t, pattern, least) {
		base := filepath.Base(file)
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		var sets [3]*DataSet
		sets[0], sets[1], sets[2], err = LoadData(base, iotest.OneByteReader(f))
		f.Close()
		rows := [3]int{6, 2, 3}
		if strings.Contains(base, "-large") {
			rows[0] = 2001
		}
		if strings.Contains(base, "-validation-empty") || strings.Contains(base, "-two-pairs") {
			rows[1] = 0
		}
		var unsupported *pickle.UnsupportedError
		switch refused := strings.HasPrefix(base, "refused-"); {
		case refused && (!errors.As(err, &unsupported) || !strings.HasPrefix(err.Error(), base+": pickle, byte ") || sets[0] != nil):
			t.Errorf("%s: the error is %v, want an UnsupportedError with the file and the byte", base, err)
		case !refused && err != nil:
			t.Error(err)
		case !refused:
			wantFixture(t, base, sets, rows)
		}
	}
}

func TestBuiltInDigits(t *testing.T) {
	for set, d := range builtInSets() {
		var count [10]int
		for _, label := range d.Labels {
			count[label]++
		}
		if share := d.Len() / 10; slices.Min(count[:]) < share/2 || slices.Max(count[:]) > 2*share {
			t.Errorf("set %d: digits 0 to 9 are there %v times, want about %d each", set, count, share)
		}
	}
}

func TestGather(t *testing.T) {
	d := dataSetOf([][]float64{{0, 0.5, 0}, {1, 0, 0.25}, {0, 0, 0}}, []uint8{3, 0, 9})
	x, y := sparse(randomMatrix(5, 4, newRand(1))), &Matrix{3, 10, repeat(7, 30)} // left over from another mini-batch
	d.Gather([]int{1, 2, 0}, x, y)
	wantX, wantY := &Matrix{3, 3, []float64{1, 0, 0.25, 0, 0, 0, 0, 0.5, 0}}, NewMatrix(3, 10)
	wantY.Row(0)[0], wantY.Row(1)[9], wantY.Row(2)[3] = 1, 1, 1
	if got := dense(x); !reflect.DeepEqual(got, wantX) || !reflect.DeepEqual(y, wantY) {
		t.Errorf("x is %v, y %v, want %v and %v", got.Data, y.Data, wantX.Data, wantY.Data)
	}
}

// Every image moves by a distance of its own, −n … n pixels to the right and then down,
// all drawn from rng. What leaves one side does not come in on the other, and the images
// of the data set stay as they are. With n = 0 nothing moves, with n = 3 only a corner
// of an image of 4×4 may be left.
// A broken file is refused, wherever it is broken. Every beginning of a good file is cut
// short. An error of the disk comes out as it is, with the file's name. A file with one
// wrong bit is damaged, unless the bit makes no difference to its content: in the time in
// gzip's header, say, or in which of several equal strings is to be repeated.
func TestLoadDataBroken(t *testing.T) {
	file, refused := smallData(t), 0
	broken := errors.New("the disk is broken")
	for n := range file {
		_, err := loadBytes(file[:n])
		if n >= 2 {
			wantLine(t, fmt.Sprintf("the first %d of %d bytes", n, len(file)), err, "cut short")
		}
		if n >= 2 != errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d of %d bytes: the error is %v, is it io.ErrUnexpectedEOF?", n, len(file), err)
		}
		_, _, _, err = LoadData("file", io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken)))
		if err == nil || err.Error() != "file: the disk is broken" || !errors.Is(err, broken) {
			t.Errorf("an error of the disk after %d bytes is %v, want %q with the file's name", n, err, broken)
		}
		wrong := slices.Clone(file)
		wrong[n] ^= 1 << (n % 8)
		name := fmt.Sprintf("bit %d of byte %d", n%8, n)
		if sets, err := loadBytes(wrong); err == nil {
			wantFixture(t, name, sets, [3]int{6, 2, 3})
		} else {
			refused++
			if !regexp.MustCompile("damaged|cut short|not a gzip").MatchString(err.Error()) {
				t.Errorf("%s is wrong: the error is %v, want one about the file", name, err)
			}
		}
	}
	if refused < len(file)*9/10 {
		t.Errorf("%d of %d damaged files were refused, want nearly all", refused, len(file))
	}
}

// The tests that follow make the objects that a pickle holds, without a pickle.

// array returns an array of numbers of the type, "f4" or "i8" say, in this shape.
func array(typ string, shape []int, numbers ...float64) *pickle.Array {
	t := pickle.Type{Kind: typ[0], Size: int(typ[1] - '0')}
	var data []byte
	for _, v := range numbers {
		switch {
		case typ == "f4":
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		case typ == "f8":
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
		default:
			data = append(data, binary.LittleEndian.AppendUint64(nil, uint64(int64(v)))[:t.Size]...)
		}
	}
	return pickle.NewArray(t, data, shape...)
}

// vector is an array of one dimension.
func vector(typ string, numbers ...float64) *pickle.Array {
	return array(typ, []int{len(numbers)}, numbers...)
}

// list is a list.
func list(items ...any) *pickle.List { return &pickle.List{Items: items} }

// greys are n images of w grey pixels.
func greys(n, w int) *pickle.Array { return array("f4", []int{n, w}, repeat(0.5, n*w)...) }

// zeros are n labels.
func zeros(n int) *pickle.Array { return vector("i8", make([]float64, n)...) }

// pair is a sound data set of n digits of w pixels.
func pair(n, w int) pickle.Tuple { return pickle.Tuple{greys(n, w), zeros(n)} }

// setsOf has sound sets of w pixels behind the training set, which a test may spoil.
func setsOf(images, labels any, w int) any {
	return pickle.Tuple{pickle.Tuple{images, labels}, pair(1, w), pair(1, w)}
}
func withImages(images any) any { return setsOf(images, vector("u1", 3, 9), 4) }
func withLabels(labels any) any { return setsOf(greys(2, 4), labels, 4) }

// gzipped returns s as a gzip file.
func gzipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.Bytes()
}

// wantLine fails unless err is one line of at most 200 characters besides the name of
// the file, which it begins with, and has want in it.
func wantLine(t *testing.T, name string, err error, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: it was accepted, want %q", name, want)
		return
	}
	rest, ok := strings.CutPrefix(err.Error(), "test file: ")
	if !ok || !strings.Contains(rest, want) || strings.ContainsAny(rest, "\n\x1b") ||
		utf8.RuneCountInString(strings.ReplaceAll(rest, "test file", "")) > 200 {
		t.Errorf("%s: the error is %q, want the file's name, and one line of at most 200 characters with %q", name, err, want)
	}
}

func TestDataSetsRefuses(t *testing.T) {
	inItself := list()
	inItself.Items = []any{inItself, inItself, inItself}
	image, mile := func() any { return vector("f4", 0, 1, 0, 1) }, make([]float64, maxPixels+1)
	both := vector("u1", 1, 2)
	for name, c := range map[string]struct {
		pickled any
		want    string
	}{
		"no data sets":        {nil, "holds None, want three data sets"},
		"None for a test set": {pickle.Tuple{pair(2, 4), pair(1, 4), nil}, "the test set is None, want a pair"},
		"one data set":        {pickle.Tuple{pair(2, 4)}, "holds a tuple of 1, want three"},
		"a dict":              {&pickle.Dict{}, "holds a dict, want three data sets: training, validation, test; " + files.Pickle.Mend("test file")},
		"a pair of arrays":    {pair(2, 4), "test set is an array of 1 dimensions of i8, want a pair"},
		"four data sets":      {pickle.Tuple{pair(1, 4), pair(1, 4), pair(1, 4), pair(1, 4)}, "holds a tuple of 4"},
		"a list in itself":    {inItself, "test set is a list of 3, want a pair"},
		"three in a pair": {pickle.Tuple{pair(2, 4), pickle.Tuple{greys(1, 4), zeros(1), nil}, pair(1, 4)},
			"validation set is a tuple of 3, want a pair"},
		"another width":             {pickle.Tuple{pair(2, 4), pair(1, 5), pair(1, 4)}, "validation images have 5 pixels, but test images 4"},
		"another width in training": {pickle.Tuple{pair(2, 5), pair(1, 4), pair(1, 4)}, "training images have 5 pixels, but test images 4"},
		"no training digits":        {pickle.Tuple{pair(0, 4), pair(1, 4), pair(1, 4)}, "the training set is empty"},
		"no test digits":            {pickle.Tuple{pair(2, 4), pair(1, 4), pair(0, 4)}, "the test set is empty"},
		"images of one dimension":   {withImages(zeros(8)), "training images are an array of 1 dimensions of i8, want an array of two dimensions"},
		"images of four":            {withImages(array("f4", []int{2, 2, 1, 1}, 1, 1, 1, 1)), "an array of 4 dimensions of f4, want an array of two"},
		"images of integers":        {withImages(array("i4", []int{2, 4}, make([]float64, 8)...)), "training images are an array of 2 dimensions of i4, want 1 to"},
		"images of uint16":          {withImages(array("u2", []int{2, 8}, make([]float64, 16)...)), "of u2, want 1 to"},
		"images of no pixels":       {withImages(array("f4", []int{2, 0})), "want 1 to 65536 pixels"},
		"images of 0 times many":    {withImages(array("f8", []int{0, 1 << 30, 1 << 30})), "want 1 to 65536 pixels"},
		"images of many times 0":    {withImages(array("f8", []int{1 << 30, 0, 1 << 30})), "want 1 to 65536 pixels"},
		"images of a mile":          {withImages(array("u1", []int{1, maxPixels + 1}, mile...)), "want 1 to 65536 pixels"},
		"pixel just above 1":        {withImages(array("f8", []int{2, 1}, 1.00001, 0)), "training images, row 0, pixel 0: 1.00001 is not"},
		"pixel just below 0":        {withImages(array("f8", []int{2, 1}, 0, -0.00001)), "training images, row 1, pixel 0: -1e-05 is not"},
		"pixel NaN":                 {withImages(array("f4", []int{2, 4}, 1, 1, 1, 1, 1, 1, math.NaN(), 1)), "training images, row 1, pixel 2: NaN is not from 0 to 1"},
		"pixel 255":                 {withImages(array("f4", []int{2, 4}, 1, 1, 1, 1, 1, 1, 255, 1)), "row 1, pixel 2: 255 is not"},
		"a list of nothing":         {withImages(list()), "training images are a list of 0"},
		"a tuple of images":         {withImages(pickle.Tuple{image(), image()}), "training images are a tuple of 2"},
		"a list of lists":           {withImages(list(image(), list())), "training images, row 1: a list of 0, want an array"},
		"a list of matrices":        {withImages(list(image(), greys(2, 2))), "training images, row 1: an array of 2 dimensions of f4, want an array of one"},
		"a list of two lengths":     {withImages(list(image(), vector("f4", 1))), "row 1: 1 pixels, but the first has 4"},
		"a list of a pixel of 255":  {withImages(list(image(), vector("f8", 0, 1, 255, 1))), "training images, row 1, pixel 2: 255 is not from 0 to 1; if they are from 0 to 255: images / 255"},
		"a list of 256":             {withImages(list(image(), vector("f8", 0, 1, 256, 1))), "row 1, pixel 2: 256 is not from 0 to 1"},
		"labels among the images":   {setsOf(list(both, both), both, 2), "training labels are an array that is among the images"},
		"fewer labels":              {withLabels(zeros(1)), "training set has 2 images but 1 labels"},
		"more labels":               {withLabels(zeros(3)), "training set has 2 images but 3 labels"},
		"label 10":                  {withLabels(vector("i8", 1, 10)), "training labels, row 1: 10 is not a digit"},
		"label -1":                  {withLabels(vector("i8", -1, 1)), "training labels, row 0: -1 is not a digit"},
		"label 2⁶⁴-1":               {withLabels(vector("u8", -1, 1)), "row 0: 18446744073709551615 is not"},
		"label True":                {withLabels(list(int64(1), true)), "training labels, row 1: true is not a digit"},
		"labels of floats":          {withLabels(vector("f4", 1, 0)), "training labels are an array of 1 dimensions of f4, want an array of one"},
		"labels one-hot":            {withLabels(array("i4", []int{2, 4}, make([]float64, 8)...)), "training labels are an array of 2 dimensions"},
	} {
		training, validation, test, err := dataSets("test file", c.pickled)
		if err != nil {
			err = fmt.Errorf("test file: %w", err)
		}
		wantLine(t, name, err, c.want)
		if training != nil || validation != nil || test != nil {
			t.Errorf("%s: there are data sets beside the error", name)
		}
	}
}

// Data sets may have other forms than MNIST's. Each of these has two training digits.
func TestDataSetsAccepts(t *testing.T) {
	labels := func() *pickle.Array { return vector("u1", 3, 9) }
	set, both, image := pickle.Tuple{greys(2, 4), labels()}, labels(), vector("f4", 0.25, 0, 0.5, 1)
	grey, blank, mixed := repeat(0.5, 4), repeat(0, 4), []float64{0.25, 0, 0.5, 1}
	// Most of these values were computed to be 0 or 1. They are rounded, and 0 is no ink.
	values := []float64{-1e-17, 1 + 1e-7, -1e-7, 1 + 5e-7, 0.5, math.Copysign(0, -1), 1e-300, 1}
	rounded := []float64{0, 1, 0, 1, 0.5, 0, 0, 1}
	last, lastOfTwo := make([]float64, maxPixels), make([]float64, 2*maxPixels)
	last[maxPixels-1], lastOfTwo[2*maxPixels-1] = 0.5, 128
	type rows = [][]float64
	cases := map[string]struct {
		pickled any
		images  rows
	}{
		"no validation digits": {pickle.Tuple{pickle.Tuple{greys(2, 4), labels()}, pair(0, 4), pair(1, 4)}, rows{grey, grey}},
		"two pairs":            {list(pickle.Tuple{greys(2, 4), labels()}, pair(1, 4)), rows{grey, grey}},
		"one set, shared":      {pickle.Tuple{set, set, set}, rows{grey, grey}},
		"labels of two sets":   {pickle.Tuple{pickle.Tuple{greys(2, 4), both}, pickle.Tuple{greys(2, 4), both}, pair(1, 4)}, rows{grey, grey}},
		"lists of lists": {list(list(greys(2, 4), list(int64(3), int64(9))), list(greys(1, 4), list(int64(0))),
			list(greys(1, 4), list(int64(0)))), rows{grey, grey}},
		"an image twice":    {withImages(list(image, image)), rows{mixed, mixed}},
		"2×4":               {withImages(array("f8", []int{2, 4}, 0, 0, 0, 0, 0, 1, 0, 1)), rows{blank, {0, 1, 0, 1}}},
		"2×2×2":             {withImages(array("f8", []int{2, 2, 2}, 0, 0, 0, 0, 0, 1, 0, 1)), rows{blank, {0, 1, 0, 1}}},
		"256ths":            {withImages(array("u1", []int{2, 4}, 0, 0, 0, 0, 64, 1, 0, 255)), rows{blank, {0.25, 1. / 256, 0, 255. / 256}}},
		"as wide as may be": {setsOf(array("u1", []int{2, maxPixels}, lastOfTwo...), labels(), maxPixels), rows{repeat(0, maxPixels), last}},
		"rounded":           {setsOf(array("f8", []int{2, 8}, append(values, values...)...), labels(), 8), rows{rounded, rounded}},
	}
	for name, c := range cases {
		training, validation, test, err := dataSets("test file", c.pickled)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := dataSetOf(c.images, []uint8{3, 9})
		if !slices.Equal(training.Labels, want.Labels) || training.Pixels != want.Pixels ||
			test.Pixels != want.Pixels || validation.Pixels != want.Pixels {
			t.Errorf("%s: the labels are %v, want [3 9]; digits have %d, %d and %d pixels, want %d",
				name, training.Labels, training.Pixels, validation.Pixels, test.Pixels, want.Pixels)
		}
		same := func(a, b SparseRow) bool { return slices.Equal(a.Where, b.Where) && slices.Equal(a.Value, b.Value) }
		if !slices.EqualFunc(training.Images, want.Images, same) {
			t.Errorf("%s: the images are %v, want %v", name, training.Images, want.Images)
		}
	}
}

// Every pixel of ink takes room, and every image as much as imageRoom pixels, in arrays
// as in lists. An image that is there twice takes it twice.
func TestInkTakesRoom(t *testing.T) {
	for name, c := range map[string]struct {
		images   func() any
		n, takes int
	}{
		"an array":     {func() any { return array("u1", []int{2, 3}, 0, 1, 2, 0, 3, 0) }, 2, 2*imageRoom + 3},
		"blank images": {func() any { return array("u1", []int{2, 3}, 0, 0, 0, 0, 0, 0) }, 2, 2 * imageRoom},
		"a list":       {func() any { return list(vector("u1", 0, 1, 2), vector("u1", 0, 3, 0)) }, 2, 2*imageRoom + 3},
		"one array, twice": {func() any {
			image := vector("u1", 0, 1, 2)
			return list(image, image)
		}, 2, 2 * (imageRoom + 2)},
		"no images":         {func() any { return array("u1", []int{0, 3}) }, 0, 0},
		"pixels just above": {func() any { return array("f4", []int{1, 2}, 1e-40, 1e-45) }, 1, imageRoom + 2},
	} {
		m := maker{made: map[*pickle.Array][]SparseRow{}, taken: maxInk - c.takes}
		d, err := m.dataSet("test", pickle.Tuple{c.images(), zeros(c.n)})
		if err != nil || d.Len() != c.n || m.taken != maxInk {
			t.Errorf("%s, with room for it: %v, and %d of %d are taken", name, err, m.taken, maxInk)
		}
		m = maker{made: map[*pickle.Array][]SparseRow{}, taken: maxInk - c.takes + 1}
		_, err = m.dataSet("test", pickle.Tuple{c.images(), zeros(c.n)})
		if c.takes > 0 && (err == nil || !strings.Contains(err.Error(), "test images, row ") ||
			!strings.Contains(err.Error(), "more than 60000000 pixels")) {
			t.Errorf("%s, without room for it: the error is %v", name, err)
		}
	}
}

// The maker lets go of the pixels that it has read, and of no others, after whichever row
// it collects garbage. An array is in pieces: here one of 16 rows, and one of a row.
func TestImagesAreReleased(t *testing.T) {
	for _, row := range []int{0, 14, 15, 16} {
		images := pickle.NewArray(pickle.Type{Kind: 'u', Size: 1}, make([]byte, 17*maxPixels), 17, maxPixels)
		m := maker{made: map[*pickle.Array][]SparseRow{}, behind: collectAfter - row*maxPixels}
		if d, err := m.dataSet("test", pickle.Tuple{images, zeros(17)}); err != nil || d.Len() != 17 || m.behind != 0 {
			t.Errorf("collecting after row %d: %v, and %d pixels are behind, want 17 images and 0", row, err, m.behind)
		}
	}
	m, image := maker{made: map[*pickle.Array][]SparseRow{}}, vector("u1", 1, 2)
	m.dataSet("test", pickle.Tuple{list(image), zeros(1)})
	wantPanic(t, "Release has let go of", func() { image.Value(0) })
}

// The three sets share the room: 21 million pixels of ink each are too many.
func TestSetsShareTheRoom(t *testing.T) {
	needsAll(t, "takes 0.4 GB")
	set := func() pickle.Tuple {
		images := pickle.NewArray(pickle.Type{Kind: 'u', Size: 1}, bytes.Repeat([]byte{255}, 320*maxPixels), 320, maxPixels)
		return pickle.Tuple{images, zeros(320)}
	}
	_, _, _, err := dataSets("test file", pickle.Tuple{set(), set(), set()})
	if err == nil || !strings.Contains(err.Error(), "training images") {
		t.Errorf("the error is %v, want one about the training images", err)
	}
}

// The error names a file of another kind, on its own or inside a gzip, and says what to
// do about it. Package files has the tests of every kind.
func TestLoadDataRefusesOtherFiles(t *testing.T) {
	var b bytes.Buffer
	if err := pickle.Write(&b, pickle.Tuple{pair(2, 4), pair(1, 4), pair(1, 4)}); err != nil {
		t.Fatal(err)
	}
	good := b.String()
	random := make([]byte, 100_000) // so that the damage lies far behind the first wrong instruction
	for i, rng := 1, newRand(1); i < len(random); i++ {
		random[i] = byte(rng.Uint32())
	}
	damaged := func(file []byte) string { // its checksum is wrong
		file[len(file)-8]++
		return string(file)
	}
	object := func(module string) string { return string(gzipped("\x80\x02c" + module + "\nx\n.")) }
	convert, trust := "; "+files.Pickle.Mend("test file"), "; "+files.Joblib.Mend("test file")
	for name, c := range map[string]struct{ file, want string }{
		"an empty file":              {"", "not a gzip file but an empty file; "},
		"a bare pickle":              {good, "not a gzip file but a bare pickle" + convert},
		"IDX in gzip":                {string(gzipped("\x00\x00\x08\x03\x00\x00\xea\x60")), "in the gzip is no pickle but " + files.IDXImages.What + convert},
		"gzip in gzip":               {string(gzipped(string(gzipped(good)))), "in the gzip is no pickle but a gzip file" + convert},
		"nonsense, damaged far on":   {damaged(gzipped(string(random))), "damaged"},
		"a table, damaged":           {damaged(gzipped("5,0,0,12\n4,0,0,0\n")), "damaged"},
		"an unknown file":            {"mnist\x00\x00", `not a gzip file but one that begins "mnis"`},
		"nothing in the gzip":        {string(gzipped("")), "cut short"},
		"a damaged gzip of nonsense": {string(gzipped("\xff" + good)[:60]), "cut short"},
		"gzip of half a pickle":      {string(gzipped(good[:100])), "cut short"},

		// Nobody is told to have Python run what may be anything.
		"a dict": {string(gzipped("\x80\x02}(U\x07x_trainNX\x06\x00\x00\x00y_testNK\x01Nu.")),
			`holds a dict: "x_train", "y_test", want three data sets: training, validation, test` + convert},
		"torch":       {object("torch._utils"), `"x" of module "torch._utils" is no name that arrays need, and was not called` + trust},
		"os":          {object("os"), `module "os" is no name that arrays need, and was not called`},
		"numpy's own": {object("numpy.testing._private.utils"), "was not called"},
		"protocol 0":  {string(gzipped("(lp0\n.")), "which is text" + trust},
	} {
		_, err := loadBytes([]byte(c.file))
		wantLine(t, name, err, c.want)
		if err != nil && strings.HasSuffix(c.want, "called") && !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: the error is %q, want it to end in %q", name, err, c.want)
		}
		if strings.Contains(c.want, "cut short") != errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: io.ErrUnexpectedEOF is in %q: %v", name, err, errors.Is(err, io.ErrUnexpectedEOF))
		}
	}
}

// A file of nonsense that inflates without end is not read to its end.
func TestLoadDataStopsReading(t *testing.T) {
	needsAll(t, "inflates 1.7 GB")
	member := gzipped(strings.Repeat("\xff", 1<<24)) // gzip files one after the other are one
	file := io.MultiReader(bytes.NewReader(bytes.Repeat(member, 104)), iotest.ErrReader(errors.New("it reads on")))
	_, _, _, err := LoadData("test file", file)
	wantLine(t, "an endless file", err, "instruction 0xff")
}

// Whatever the bytes, the pickle is refused, or it is three data sets in which
// everything is in range.
func FuzzDataSets(f *testing.F) {
	for _, file := range pythonFiles(f, "py3.11-protocol4*", 20) {
		compressed, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		zr, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			f.Fatal(err)
		}
		if text, err := io.ReadAll(zr); err == nil && len(text) < 10_000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := pickle.Read(bytes.NewReader(text), pickle.DefaultLimits)
		if err != nil {
			return // the fuzz target of pickle looks at this
		}
		var sets [3]*DataSet
		if sets[0], sets[1], sets[2], err = dataSets("test file", v); err != nil {
			wantLine(t, "fuzz", fmt.Errorf("test file: %w", err), "")
			return
		}
		for s, d := range sets {
			if d.Len() == 0 && s != 1 || d.Pixels != sets[0].Pixels {
				t.Errorf("set %d has %d digits of %d pixels", s, d.Len(), d.Pixels)
			}
			if d.Len() > 0 && slices.Max(d.Labels) > 9 {
				t.Errorf("set %d has the label %d", s, slices.Max(d.Labels))
			}
			for _, v := range pixelsOf(d).Data {
				if !(v >= 0 && v <= 1) {
					t.Errorf("set %d has the pixel %v", s, v)
				}
			}
		}
	})
}

func BenchmarkLoadData(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		if _, err := loadBytes(builtIn); err != nil {
			b.Fatal(err)
		}
	}
}

// ---- main.go ----

// TestMain lets the test binary stand in for the command: with runAsCommand in its
// environment it is digits.
func TestMain(m *testing.M) {
	if os.Getenv(runAsCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

const runAsCommand = "DIGITS_TEST_RUN_AS_COMMAND"

// runIn runs the command in dir, as a process of its own, and returns what it wrote and
// its exit status.
func runIn(t *testing.T, dir string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), runAsCommand+"=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// runHere runs the command within the test, which is faster.
func runHere(args ...string) (stdout, stderr string, status int) {
	var out, errs strings.Builder
	status = run(args, &out, &errs)
	return out.String(), errs.String(), status
}

// few returns a file with some of the digits built in, and the sets in it. A command that
// trains with them takes little time.
func few(t *testing.T) (file string, training, validation, test *DataSet) {
	t.Helper()
	training, validation, test = loadBuiltIn()
	training, validation, test = firstOf(training, 600), firstOf(validation, 100), firstOf(test, 200)
	var sets pickle.Tuple
	for _, d := range []*DataSet{training, validation, test} {
		var pixels []byte
		for _, v := range pixelsOf(d).Data {
			pixels = append(pixels, byte(256*v))
		}
		bytes := pickle.Type{Kind: 'u', Size: 1}
		sets = append(sets, pickle.Tuple{pickle.NewArray(bytes, pixels, d.Len(), d.Pixels),
			pickle.NewArray(bytes, d.Labels, d.Len())})
	}
	var text strings.Builder
	if err := pickle.Write(&text, sets); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "few.pkl.gz")
	writeFile(t, file, gzipped(text.String()))
	return file, training, validation, test
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// kept returns a file that has net.
func kept(t *testing.T, net *Network) (file string) {
	t.Helper()
	var text bytes.Buffer
	if err := net.Save(&text); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "net.json")
	writeFile(t, file, text.Bytes())
	return file
}

// loaded returns the network in a file.
func loaded(t *testing.T, file string) *Network {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	net, err := LoadNetwork(file, bytes.NewReader(text), Quadratic)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// A wrong command line is one line on stderr, and exit status 2. Package options has the
// tests of each flag.
func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string // the beginning of the help, or of the line
	}{
		{[]string{"-h"}, 0, "usage: digits [flags] [image ...]\n\nTrains a network"},
		{[]string{"-epochs", "-1"}, 2, "digits: -epochs -1: want 0 or more (digits -h lists the flags)\n"},
		{[]string{"-nonsense"}, 2, "digits: flag provided but not defined: -nonsense (digits"},
		{[]string{"stray"}, 1, `digits: unexpected argument "stray": there is no such image` + "\n"},
	} {
		stdout, stderr, status := runIn(t, "", c.args...)
		got, other := stderr, stdout
		if c.status == 0 {
			got, other = stdout, stderr
		}
		if status != c.status || other != "" || !strings.HasPrefix(got, c.want) || c.status > 0 && strings.Count(got, "\n") != 1 ||
			c.status == 0 && !strings.Contains(got, "without it "+mnistFile+" if it is there") {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q, want %d and %q", c.args, status, stdout, stderr, c.status, c.want)
		}
	}
	for _, name := range options.Costs {
		if Costs[name] == nil {
			t.Errorf("-cost %s: there is no such cost", name)
		}
	}
}

// Without -data the command takes data/mnist.pkl.gz. Only if there is no such file it
// takes the digits built in. It does not pass over a broken one in silence.
func TestCommandFindsData(t *testing.T) {
	nothing, mnist, half, noFolder := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	for dir, n := range map[string]int{mnist: len(smallData(t)), half: 100} {
		if err := os.Mkdir(filepath.Join(dir, "data"), 0o777); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, mnistFile), smallData(t)[:n])
	}
	writeFile(t, filepath.Join(noFolder, "data"), nil)
	writeFile(t, filepath.Join(nothing, "page.pkl.gz"), []byte("<!DOCTYPE html>"))
	for name, pixels := range map[string]string{"light.pkl.gz": "\x81\x80\xff\x00\xff", "dark.pkl.gz": "\x81\x80\xff\x00\x00"} {
		set := pickle.Tuple{pickle.NewArray(pickle.Type{Kind: 'u', Size: 1}, []byte(pixels), 1, 5), pickle.Tuple{int64(1)}}
		var text strings.Builder
		pickle.Write(&text, pickle.Tuple{set, set, set})
		writeFile(t, filepath.Join(nothing, name), gzipped(text.String()))
	}
	const curl = "curl --create-dirs -Lo data/mnist.pkl.gz https://raw.githubusercontent.com/[^ \n]*"
	for name, c := range map[string]struct {
		dir, args      string
		status         int
		stdout, stderr string // regular expressions
	}{
		"built in": {nothing, "", 0, `Test: \d+ / 2000\n`, "data: the digits built in: 12000 training, " +
			"2000 validation, 2000 test digits of 784 pixels\nfor the real MNIST: " + curl + "\ntraining a network .*\n"},
		"MNIST": {mnist, "", 0, `Test: \d / 3\n`,
			"data: data/mnist.pkl.gz: 6 training, 2 validation, 3 test digits of 12 pixels\ntraining a network .*\n"},
		"paper is 1":  {nothing, "-data light.pkl.gz", 0, `Test: \d / 1\n`, "data: light.* pixels\nmost pixels are above ½, .*: .*, train on 1 − x\ntraining a .*\n"},
		"paper is 0":  {nothing, "-data dark.pkl.gz", 0, `Test: \d / 1\n`, "data: dark.* pixels\ntraining a .*\n"},
		"half of it":  {half, "", 1, "", "digits: data/mnist.pkl.gz: the file is cut short; download it again\n"},
		"no folder":   {noFolder, "", 1, "", "digits: open data/mnist.pkl.gz: not a directory\n"},
		"-data in it": {noFolder, "-data data/x", 1, "", "digits: open data/x: not a directory\n"},
		"no file": {mnist, "-data none", 1, "", "digits: open none: [^;\n]*; to get MNIST: " + curl +
			"; or leave -data out for the digits built in\n"},
		"a web page": {nothing, "-data page.pkl.gz", 1, "",
			"digits: page.pkl.gz: not a gzip file but a web page; download [^\n]*\n"},
		"saved over": {mnist, "-save data/mnist.pkl.gz", 1, "",
			"digits: -save data/mnist.pkl.gz: it would replace data/mnist.pkl.gz, which is to be read\n"},
		"a folder": {nothing, "-data .", 1, "", `digits: \.: is a directory\n`},
	} {
		if runtime.GOOS == "windows" && (c.dir == noFolder || name == "a folder") {
			continue // Windows says that a file in a file does not exist, and has other words for a folder
		}
		stdout, stderr, status := runIn(t, c.dir, append([]string{"-epochs", "0"}, strings.Fields(c.args)...)...)
		is := func(want, got string) bool { return regexp.MustCompile("^" + want + "$").MatchString(got) }
		if status != c.status || !is(c.stdout, stdout) || !is(c.stderr, stderr) {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q, want %d, %q and %q",
				name, status, stdout, stderr, c.status, c.stdout, c.stderr)
		}
	}
}

// The command prints the lines that SGD writes when it is given the same, and saves the
// same network: with -patience, that of the best epoch, not of the last.
func TestCommandTrains(t *testing.T) {
	file, training, validation, test := few(t)
	saved := filepath.Join(t.TempDir(), "net.json")
	for _, c := range []struct {
		args     string
		hidden   int
		seed     uint64
		chapter3 bool // the cost is cross-entropy, and the first weights are scaled
		s        Settings
		says     string
	}{
		{"-epochs 0", 8, 1, false, Settings{MiniBatchSize: 10}, "epochs 0, mini-batches of 10, η 3, seed 1"},
		{"-epochs 0 -patience 2", 8, 1, false, Settings{MiniBatchSize: 10}, "epochs 0, mini-batches of 10, η 3, seed 1, patience 2"},
		{"-epochs 2 -batch 20 -eta 1.5 -seed -2", 8, 1<<64 - 2, false, Settings{Epochs: 2, MiniBatchSize: 20, Eta: 1.5},
			"epochs 2, mini-batches of 20, η 1.5, seed -2"},
		{"-epochs 1 -batch " + fmt.Sprint(math.MaxInt), 8, 1, false, Settings{Epochs: 1, MiniBatchSize: math.MaxInt, Eta: 3},
			fmt.Sprintf("epochs 1, mini-batches of %d, η 3, seed 1\nall 600 training digits are one mini-batch: an epoch is one step", math.MaxInt)},
		{"-epochs 1 -eta 1 -seed 3 -cost cross-entropy -init scaled -lambda 2 -shift 1", 8, 3, true,
			Settings{Epochs: 1, MiniBatchSize: 10, Eta: 1, Lambda: 2, Change: changing(1, 0)},
			"epochs 1, mini-batches of 10, η 1, seed 3, cost cross-entropy, init scaled, lambda 2, shift 1"},
		{"-epochs 9 -patience 1 -halve 2 -distort 0.5", 8, 1, false,
			Settings{Epochs: 9, MiniBatchSize: 10, Eta: 3, Patience: 1, Halve: 2, Change: changing(0, 0.5)},
			"epochs 9, mini-batches of 10, η 3, seed 1, distort 0.5, halve 2, patience 1"},
		{"-epochs 1000 -patience 1", 100, 1, false, Settings{Epochs: 1000, MiniBatchSize: 10, Eta: 3, Patience: 1},
			"epochs 1000, mini-batches of 10, η 3, seed 1, patience 1"}, // takes 0.1 s and more
	} {
		rng := newRand(c.seed)
		net := NewNetwork([]int{784, c.hidden, 10}, rng)
		if c.chapter3 {
			net.Cost = CrossEntropy
			net.ScaleWeights()
		}
		ran, best, evaluation := 0, 0, test
		if c.s.Patience > 0 {
			evaluation = validation
		}
		c.s.AfterEpoch = func(epoch, _ int, isBest bool) error {
			ran = epoch + 1
			if isBest {
				best = epoch
			}
			return nil
		}
		want := train(t, net, training, c.s, evaluation, rng)
		if c.s.Epochs == 0 || c.s.Patience > 0 {
			want += fmt.Sprintf("Test: %d / 200\n", net.Evaluate(test))
		}
		args := append(strings.Fields(c.args), "-data", file, "-hidden", fmt.Sprint(c.hidden), "-save", saved)
		stdout, stderr, status := runHere(args...)
		if status != 0 || stdout != want {
			t.Errorf("%s: exit status %d, stdout\n%swant 0 and\n%s", c.args, status, stdout, want)
		}
		wantNetwork(t, c.args+": saved", loaded(t, saved), net, 0)

		says := fmt.Sprintf("data: %s: 600 training, 100 validation, 200 test digits of 784 pixels\n", file)
		says += fmt.Sprintf("training a network of 784-%d-10 neurons: %s\n", c.hidden, c.says)
		if c.s.Patience > 0 {
			says += fmt.Sprintf("epoch %d was the best, and its weights are kept\n", best)
		}
		if c.s.Epochs > 0 {
			says += fmt.Sprintf("cost on the training digits: %.4g\n", net.TotalCost(training, c.s.Lambda))
		}
		took, ok := strings.CutPrefix(stderr, says)
		if c.s.Epochs > 0 {
			var all, each float64
			_, err := fmt.Sscanf(took, "took %f s, %f s an epoch\n", &all, &each)
			tolerance := 0.05 + 0.005*float64(ran) + 1e-9 // both are rounded
			ok = ok && err == nil && strings.Count(took, "\n") == 1 && math.Abs(all-float64(ran)*each) <= tolerance
		}
		if !ok || c.s.Epochs == 0 && took != "" {
			t.Errorf("%s: after %d of %d epochs, stderr is\n%swant\n%sand the time it took", c.args, ran, c.s.Epochs, stderr, says)
		}
	}
}

// -monitor reports after each epoch, of 10,000 training digits at most, with the λ/n of
// all of them. With -patience nobody looks at the test digits during the training.
func TestCommandMonitors(t *testing.T) {
	training, validation, test := loadBuiltIn()
	validation, hidden := firstOf(validation, 50), &DataSet{Labels: test.Labels, Pixels: 784} // whoever looks at an image panics
	for _, judges := range []*DataSet{validation, {Pixels: 784}} {
		var stdout, stderr, want strings.Builder
		o := &options.Options{Epochs: 2, Batch: 6000, Eta: 1, Lambda: 5, Monitor: true, Patience: 9, Shift: 1}
		c := &command{Options: o, stdout: &stdout, stderr: &stderr}
		name, evaluation, tests := "validation", judges, hidden
		if judges.Len() == 0 {
			name, evaluation, tests, o.Patience = "test", test, test, 0
		}
		part := training.Part(10_000)
		report := func(net *Network, epoch int) {
			squares := 0.0
			for _, v := range slices.Concat(net.Weights[0].Data, net.Weights[1].Data) {
				squares += v * v
			}
			fmt.Fprintf(&want, "Epoch %d: %d / %d", epoch, net.Evaluate(evaluation), evaluation.Len())
			if o.Patience > 0 {
				fmt.Fprint(&want, " validation")
			}
			fmt.Fprintf(&want, "\nCost on training data: %.6g\nAccuracy on training data: %d / 10000\n"+
				"Cost on evaluation data: %.6g\nAccuracy on evaluation data: %d / %d\n\n",
				net.TotalCost(part, 0)+5*squares/2/12000, net.Evaluate(part),
				net.TotalCost(evaluation, 5), net.Evaluate(evaluation), evaluation.Len())
		}
		net := NewNetwork([]int{784, 4, 10}, newRand(1))
		byHand, rng := net.clone(), newRand(2)
		var judged, monitored page.Curve
		s := Settings{Epochs: 2, MiniBatchSize: 6000, Eta: 1, Lambda: 5, Change: changing(1, 0),
			AfterEpoch: func(epoch, _ int, _ bool) error {
				report(byHand, epoch)
				judged.Add(byHand.Evaluate(evaluation), evaluation.Len())
				monitored.Add(byHand.Evaluate(part), 10_000)
				return nil
			}}
		train(t, byHand, training, s, nil, rng)
		epochs, err := c.train(net, training, judges, tests, newRand(2))
		says := fmt.Sprintf("monitored: 10000 of the 12000 training digits, and as evaluation data the %s digits\n", name)
		if epochs != 2 || err != nil || stdout.String() != want.String() || !strings.HasPrefix(stderr.String(), says) {
			t.Errorf("%d epochs, %v, it wrote\n%s\nwant\n%s\nand stderr\n%s", epochs, err, stdout.String(), want.String(), stderr.String())
		}
		if !slices.Equal(c.judged.Values, judged.Values) || !slices.Equal(c.monitored.Values, monitored.Values) || c.monitored.Name != "of 10000 training digits" {
			t.Errorf("the curves are %v and %v, want %v and %v", c.judged, c.monitored, judged, monitored)
		}
	}
	for n, want := range map[int][]uint8{1: {0}, 2: {0, 2}, 3: {0, 1, 3}, 5: {0, 1, 2, 3, 4}, 9: {0, 1, 2, 3, 4}} {
		five := dataSetOf([][]float64{{0, 1}, {1, 0}, {1, 1}, {0.5, 0}, {0, 0.5}}, []uint8{0, 1, 2, 3, 4})
		part := five.Part(n)
		if !slices.Equal(part.Labels, want) || part.Pixels != 2 || !reflect.DeepEqual(part.Image(len(want)-1), five.Image(int(want[len(want)-1]))) {
			t.Errorf("Part(%d) has digits %d of %d pixels, want %d", n, part.Labels, part.Pixels, want)
		}
	}
}

// -load tests the network that -save has saved, and trains on from exactly there. A link
// stays a link. With -patience no worse network replaces a better one.
func TestCommandLoads(t *testing.T) {
	file, training, _, test := few(t)
	dir := t.TempDir()
	net, link := filepath.Join(dir, "net.json"), filepath.Join(dir, "link")
	if os.Symlink("net.json", link) != nil { // on Windows not every user may make links
		link = net
	}
	must := func(args ...string) (stdout, stderr string) {
		t.Helper()
		stdout, stderr, status := runHere(append([]string{"-data", file}, args...)...)
		if status != 0 {
			t.Fatalf("%q: exit status %d, stderr %s", args, status, stderr)
		}
		return stdout, stderr
	}
	score := func(stdout string) string { return "Test" + stdout[strings.LastIndex(stdout, ":"):] }
	data := fmt.Sprintf("data: %s: 600 training, 100 validation, 200 test digits of 784 pixels\n", file)
	trained, _ := must("-epochs", "2", "-hidden", "12", "-cost", "cross-entropy", "-eta", "0.5", "-save", link)
	stdout, stderr := must("-load", net)
	if want := fmt.Sprintf("network: %s: 784-12-10 neurons, CrossEntropyCost\n", net) + data; stdout != score(trained) || stderr != want {
		t.Errorf("-load prints %q after %q, stderr\n%swant\n%s", stdout, trained, stderr, want)
	}

	further := loaded(t, net)
	want := train(t, further, training, Settings{Epochs: 1, MiniBatchSize: 10, Eta: 0.5}, test, newRand(1))
	stdout, stderr = must("-load", link, "-epochs", "1", "-eta", "0.5", "-save", link)
	if stdout != want || !strings.Contains(stderr, "\ntraining a network of 784-12-10 neurons: epochs 1, ") {
		t.Errorf("-load and -epochs 1 prints %q, want %q, stderr\n%s", stdout, want, stderr)
	}
	wantNetwork(t, "saved", loaded(t, net), further, 0)
	if to, err := os.Readlink(link); link != net && to != "net.json" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if files, _ := os.ReadDir(dir); len(files) > 2 {
		t.Errorf("besides the network and the link there is left %v", files)
	}
	if stdout, _ = must("-load", net, "-epochs", "1", "-eta", "0.5", "testdata/four.png"); !strings.HasPrefix(stdout, "Epoch 0: ") {
		t.Errorf("-load, -epochs 1 and a picture prints %q", stdout)
	}
	for _, save := range []string{net, filepath.Join(dir, "new.json")} {
		_, stderr = must("-load", net, "-epochs", "9", "-patience", "2", "-eta", "1000", "-save", save)
		wantNetwork(t, "the best", loaded(t, save), further, 0)
		if !strings.Contains(stderr, "\nno epoch was better than the network before them, and that one is kept\n") {
			t.Errorf("after two worse epochs stderr is %s", stderr)
		}
	}
	text, _ := os.ReadFile(net)
	writeFile(t, net, bytes.Replace(text, []byte(`,"cost":"CrossEntropyCost"`), nil, 1)) // as other programs write it
	for cost, want := range map[string]string{"quadratic": "784-12-10 neurons, QuadraticCost\n", "cross-entropy": "784-12-10 neurons, CrossEntropyCost\n"} {
		if _, stderr = must("-load", net, "-cost", cost); !strings.Contains(stderr, want) {
			t.Errorf("-cost %s of a network without a cost: stderr is %s", cost, stderr)
		}
	}
}

// The command remarks on a training that its user hardly wanted.
func TestCommandRemarks(t *testing.T) {
	file, _, _, _ := few(t)
	const saturated = "the network is hardly better than chance: its outputs are saturated, where σ′ is almost 0;\n" +
		"the steps may be too long, try a smaller -eta; or try -init scaled, or -cost cross-entropy\n"
	const few = "the network is hardly better than chance: after 3 steps: try more -epochs, a larger -eta,\n" +
		"a smaller -lambda if there is one, more neurons, or more digits\n"
	for name, c := range map[string]struct {
		args string
		want string
		said bool
	}{
		"all layers listed": {"-hidden 784,10 -epochs 0",
			"-hidden lists the hidden layers only: leave out 784, the inputs, and 10, the outputs\n", true},
		"a layer like it":  {"-hidden 10 -epochs 0", "leave out", false},
		"the inputs alone": {"-hidden 784,5 -epochs 0", "leave out", false},
		"at chance":        {"-hidden 5 -eta 1000 -epochs 3", saturated, true},
		"the best":         {"-hidden 5 -eta 1 -epochs 9 -patience 1", "epoch 0 was the best, and its weights are kept\n", true},
		"after few steps":  {"-hidden 30 -batch 600 -epochs 3", few, true},
		"stopped early":    {"-hidden 30 -batch 600 -epochs 9 -patience 3 -eta 1e-9", "after 3 steps", true},
		"a short batch":    {"-hidden 30 -batch 500 -epochs 3 -eta 1e-9", "after 6 steps", true},
		"one step":         {"-hidden 5 -batch 600 -epochs 1", "all 600 training digits are one mini-batch: an epoch is one step\n", true},
		"two steps":        {"-hidden 5 -batch 599 -epochs 1", "one mini-batch", false},
		"not yet":          {"-hidden 5 -eta 1000 -epochs 2", "chance", false},
		"it learns":        {"-hidden 10 -epochs 6", "chance", false},
	} {
		_, stderr, status := runHere(append(strings.Fields(c.args), "-data", file)...)
		if status != 0 || strings.Contains(stderr, c.want) != c.said {
			t.Errorf("%s: exit status %d, that stderr has %q should be %v:\n%s", name, status, c.want, c.said, stderr)
		}
	}
}

// The command refuses a job that it cannot do before it trains. It says why in one line
// on stderr, prints nothing, and leaves no file. Packages files, network2 and page have
// the tests of each refusal.
func TestCommandRefuses(t *testing.T) {
	digits784, _, _, _ := few(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	const net12 = "internal/network2/testdata/saved.json" // 12-5-4-10, cross-entropy
	writeFile(t, file("one.json"), []byte(`{"sizes":[784,1],"weights":[[[`+strings.Repeat("0,", 783)+`0]]],"biases":[[[1]]]}`))
	net784 := kept(t, NewNetwork([]int{784, 10}, newRand(1)))
	writeFile(t, file("data"), smallData(t))
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"-load: no file":       {[]string{"-load", file("none")}, "digits: open " + file("none") + ": "},
		"-load: a folder":      {[]string{"-load", dir}, "digits: read " + dir + ": "},
		"-load: no network":    {[]string{"-load", smallFile}, smallFile + ": it is a gzip file, not a network as -save writes it"},
		"-load: broken":        {[]string{"-load", "go.mod"}, "go.mod: byte 0: this is not the JSON of a network"},
		"-load: outputs":       {[]string{"-load", file("one.json")}, file("one.json") + ": the network has 1 outputs, want 10, one for each digit"},
		"-load: other digits":  {[]string{"-load", net12}, net12 + ": the network has 12 inputs, but the digits have 784 pixels"},
		"-load: another cost":  {[]string{"-load", net12, "-cost", "quadratic"}, net12 + ": the cost of this network is CrossEntropyCost: leave out -cost quadratic"},
		"image, loaded":        {[]string{"-load", net12, "x.png"}, "x.png: images have 784 pixels, but the network has 12 inputs"},
		"image, new":           {[]string{"-data", smallFile, "testdata/four.png"}, "four.png: images have 784 pixels, but the network has 12 inputs"},
		"memory":               {[]string{"-hidden", "1000000000"}, "784-1000000000-10 neurons with mini-batches of 10 take "},
		"shift":                {[]string{"-shift", "28"}, "-shift 28: the images are only 28 pixels wide"},
		"-save: a folder":      {[]string{"-save", dir}, "-save " + dir + ": not an ordinary file"},
		"-save: the data":      {[]string{"-data", file("data"), "-save", file("data")}, "it would replace " + file("data") + ", which is to be read"},
		"-save: a picture":     {[]string{"-save", file("data"), file("data")}, "it would replace " + file("data") + ", which is to be read"},
		"-save: too large":     {[]string{"-save", file("a"), "-hidden", "30000"}, "-save " + file("a") + ": not a network, or one too large for a file"},
		"-save: built in":      {[]string{"-save", "data/digits.pkl.gz"}, "-save data/digits.pkl.gz: it belongs to the source of this program"},
		"-page: its source":    {[]string{"-page", "internal/page/page.html"}, "it belongs to the source of this program"},
		"a name of two lines":  {[]string{"-load", "no\n\x1b[31mfile"}, `digits: open no\n\x1b[31mfile: `},
		"-page: that of -save": {[]string{"-save", file("a"), "-page", dir + "/./a"}, "-page " + dir + "/./a: that is the file of -save"},
		"-page: that of -load": {[]string{"-load", net784, "-page", net784}, "it would replace " + net784 + ", which is to be read"},
		"-page: the data":      {[]string{"-data", file("data"), "-page", file("data")}, "it would replace " + file("data") + ", which is to be read"},
		"-page: other digits":  {[]string{"-data", smallFile, "-page", file("b")}, "-page " + file("b") + ": what is drawn has 784 pixels, the digits have 12"},
	} {
		if !slices.Contains(c.args, "-data") {
			c.args = append([]string{"-data", digits784}, c.args...)
		}
		stdout, stderr, status := runHere(c.args...)
		lines := strings.SplitAfter(stderr, "digits: ")
		if status != 1 || stdout != "" || len(lines) != 2 || !strings.Contains("digits: "+lines[1], c.want) ||
			strings.Count(lines[1], "\n") != 1 || strings.Contains(stderr, "training a network") {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q, want 1, nothing and %q", name, status, stdout, stderr, c.want)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("in the folder there is now %v", files)
	}
	if got, _ := os.ReadFile(file("data")); !bytes.Equal(got, smallData(t)) {
		t.Error("the data has been replaced")
	}
	c := &command{Options: &options.Options{Epochs: 1, Batch: 1 << 20, Eta: 1, Patience: 1, Cost: "quadratic"}}
	for want, n := range map[string][2]int{"-patience 1: the data has no validation digits": {9, 0}, "GB of memory": {1 << 20, 1}} {
		training, validation := &DataSet{Labels: make([]uint8, n[0]), Pixels: 784}, &DataSet{Labels: make([]uint8, n[1]), Pixels: 784}
		if _, err := c.prepare(nil, training, validation, newRand(1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d training and %d validation digits: the error is %v, want %q", n[0], n[1], err, want)
		}
	}
}

// A full disk is an error, whatever the command is printing.
func TestCommandReportsFullDisk(t *testing.T) {
	net, picture := kept(t, trainedNetwork()), "testdata/four.png"
	for _, c := range []struct {
		args   []string
		writes int
	}{
		{[]string{"-data", smallFile, "-epochs", "0"}, 1},
		{[]string{"-data", smallFile, "-epochs", "1", "-show", "1"}, 4}, // the score, the table, a digit's line and the digit
		{[]string{"-data", smallFile, "-epochs", "2"}, 2},
		{[]string{"-data", smallFile, "-epochs", "2", "-patience", "9"}, 3},
		{[]string{"-data", smallFile, "-epochs", "2", "-monitor"}, 4},
		{[]string{"-load", net, "-show", "1", picture}, 2}, // the line and the digit
		{[]string{"-load", net, picture, "none.png", picture}, 2},
	} {
		for room := range c.writes {
			var stderr strings.Builder
			status := run(c.args, &disk{room: room}, &stderr)
			if status != 1 || !strings.HasSuffix(stderr.String(), "\ndigits: the disk is full\n") {
				t.Errorf("%q: with room for %d writes, exit status %d, stderr %q, want 1 and %q",
					c.args, room, status, &stderr, errFull)
			}
		}
	}
}

// The file that the lines go to is no file for a network.
func TestCommandKeepsItsLines(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for _, w := range [][2]io.Writer{{out, io.Discard}, {io.Discard, out}} {
		if status := run([]string{"-data", smallFile, "-epochs", "0", "-save", out.Name()}, w[0], w[1]); status != 1 {
			t.Errorf("exit status %d, want 1", status)
		}
	}
}

// removing removes a folder as soon as something is written to it.
type removing string

func (dir removing) Write(p []byte) (int, error) { return len(p), os.RemoveAll(string(dir)) }

// If the folder is gone after the training, the command fails, and names the file.
func TestCommandReportsFailedSave(t *testing.T) {
	data, _, _, _ := few(t)
	for _, c := range []struct{ epochs, flag string }{{"0", "-save"}, {"1", "-save"}, {"0", "-page"}, {"1 -patience 1 -eta 1e-9", "-save"}} {
		dir := filepath.Join(t.TempDir(), "nets")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		file := filepath.Join(dir, "file")
		args := append([]string{"-data", data, "-hidden", "1", c.flag, file, "-epochs"}, strings.Fields(c.epochs)...)
		status := run(args, removing(dir), &stderr)
		if status != 1 || !strings.Contains(stderr.String(), "\ndigits: "+c.flag+" "+file+": ") {
			t.Errorf("%s after %s epochs: exit status %d, stderr %q, want 1 and the name of the file",
				c.flag, c.epochs, status, stderr.String())
		}
	}
}

// readBy returns how often net reads which digit as which, the digits that it misreads,
// and where they are in test.
func readBy(net *Network, test *DataSet) (count show.Confusion, misread []page.Digit, which []int) {
	pixels := pixelsOf(test)
	outputs := net.Feedforward(pixels)
	for i, label := range test.Labels {
		read := outputs.Argmax(i)
		count[label][read]++
		if read != int(label) {
			misread = append(misread, page.Digit{Label: int(label), Read: read, Pixels: pixels.Row(i)})
			which = append(which, i)
		}
	}
	return count, misread, which
}

// -show prints how often each digit is read as which, and the first so many that are
// misread. Package show has the tests of the table and the drawing.
func TestCommandShowsMistakes(t *testing.T) {
	file, _, _, test := few(t)
	net := trainedNetwork()
	count, misread, which := readBy(net, test)
	for _, n := range []int{1, 2, len(misread), len(misread) + 1} {
		var want strings.Builder
		fmt.Fprintf(&want, "Test: %d / 200\n", 200-len(misread))
		count.Write(&want)
		for i, d := range misread[:min(n, len(misread))] {
			fmt.Fprintf(&want, "\ntest digit %d: %d read as %d\n", which[i], d.Label, d.Read)
			show.Image(&want, d.Pixels, 28)
		}
		stdout, _, status := runHere("-data", file, "-load", kept(t, net), "-show", fmt.Sprint(n))
		if status != 0 || stdout != want.String() {
			t.Errorf("-show %d: exit status %d, stdout\n%s\nwant 0 and\n%s", n, status, stdout, want.String())
		}
	}
}

// With -distort, -show draws what becomes of the first digit. That changes no result.
func TestCommandShowsDistortion(t *testing.T) {
	file, training, _, _ := few(t)
	args := []string{"-data", file, "-hidden", "3", "-epochs", "1", "-distort", "0.5", "-seed", "3"}
	plain, _, _ := runHere(args...)
	stdout, _, status := runHere(append(args, "-show", "1")...)
	sheet := &DataSet{Pixels: 784, Images: make([]SparseRow, 9)}
	for i := range sheet.Images {
		sheet.Images[i] = training.Images[0]
	}
	changing(0, 0.5)(sheet.Images[1:], rand.New(rand.NewPCG(3, 1)))
	dot := []SparseRow{{[]uint16{30}, []float32{1}}}
	if changing(9, 0)(dot, newRand(1)); slices.Equal(dot[0].Where, []uint16{30}) {
		t.Error("-shift moves nothing")
	}
	var want strings.Builder
	fmt.Fprintf(&want, "training digit 0, a %d, and what becomes of it:\n\n", training.Labels[0])
	show.Sheet(&want, 9, sheet.Image, 28)
	if status != 0 || !strings.HasPrefix(stdout, want.String()+plain) || plain == "" {
		t.Errorf("exit status %d, stdout\n%s\nwant\n%s%s", status, stdout, want.String(), plain)
	}
}

// The command reads pictures: the README's, and two of test digits. It prints one line
// each, says what was done to a picture, and goes on after a file that is none. It loads
// digits only for a score or a training.
func TestCommandReadsPictures(t *testing.T) {
	data, _, _, test := few(t)
	dir, net := t.TempDir(), trainedNetwork()
	file, netFile := func(name string) string { return filepath.Join(dir, name) }, kept(t, net)
	writeFile(t, file("bad.png"), []byte("no picture"))
	names, labels := []string{"testdata/four.png"}, []int{4}
	for i := range 2 {
		names, labels = append(names, file(fmt.Sprintf("%d.png", i))), append(labels, int(test.Labels[i]))
		writeFile(t, names[i+1], pageOf(t, test.Image(i), i == 1))
	}
	var lines, shown, done []string
	for i, name := range names {
		readings, err := readPicture(name)
		if err != nil {
			t.Fatal(err)
		}
		digit := readings[0]
		line := fmt.Sprintf("%s: %s\n", name, show.Answer(net.Feedforward(&Matrix{1, 784, digit.Pixels}).Row(0)))
		if !strings.HasPrefix(line, fmt.Sprintf("%s: %d (%d ", name, labels[i], labels[i])) {
			t.Errorf("%s is a %d: %s", name, labels[i], line)
		}
		var drawn strings.Builder
		show.Image(&drawn, digit.Pixels, 28)
		lines, shown = append(lines, line), append(shown, line+drawn.String())
		if len(digit.Done) > 0 {
			done = append(done, name+": "+strings.Join(digit.Done, ", "))
		}
	}
	if len(done) != 1 {
		t.Errorf("something was done to the pictures %q, want it of the one that is light on dark", done)
	}
	said := []string{fmt.Sprintf("network: %s: 784-30-10 neurons, QuadraticCost", netFile)}
	for _, c := range []struct {
		args   []string
		status int
		stdout string
		stderr []string // the beginnings of the lines
	}{
		{names, 0, strings.Join(lines, ""), append(said, done...)},
		{append([]string{"-show", "1"}, names...), 0, strings.Join(shown, ""), append(said, done...)},
		{[]string{names[0], file("bad.png"), netFile, file("none.png"), names[0]}, 1, lines[0] + lines[0], append(said,
			"digits: "+file("bad.png")+": neither PNG",
			"digits: "+netFile+": not a PNG, JPEG or GIF but a saved network (JSON); run: go run . -load",
			"digits: open "+file("none.png")+": ",
			"digits: 3 of 5 images could not be read")},
		{[]string{"-data", data, "-save", file("copy.json"), names[0]}, 0,
			fmt.Sprintf("Test: %d / 200\n%s", net.Evaluate(test), lines[0]), append(said, "data: "+data)},
	} {
		stdout, stderr, status := runHere(append([]string{"-load", netFile}, c.args...)...)
		got := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
		if status != c.status || stdout != c.stdout || !slices.EqualFunc(got, c.stderr, strings.HasPrefix) {
			t.Errorf("%q: exit status %d, stdout\n%s\nstderr\n%s\nwant %d,\n%s\nand %q",
				c.args, status, stdout, stderr, c.status, c.stdout, c.stderr)
		}
	}
	wantNetwork(t, "-load, -save and an image: saved", loaded(t, file("copy.json")), net, 0)
}

// Of two readings of a picture the command takes the second if the network is sure of it, and
// unsure of the first; and says so.
func TestCommandChoosesReading(t *testing.T) {
	sure := &Network{[]*Matrix{NewMatrix(784, 10)}, []*Matrix{{1, 10, repeat(-10, 10)}}, Quadratic}
	sure.Weights[0].Row(783)[7] = 20
	blank, seven := &picture.Digit{Pixels: make([]float64, 784)}, &picture.Digit{Pixels: make([]float64, 784), Done: []string{"ruling removed"}}
	seven.Pixels[783] = 1
	for want, readings := range map[string][]*picture.Digit{
		"":                      {blank, blank},
		"x.png: ruling removed": {seven, blank},
		"x.png: ruling removed, as the network is unsure of it otherwise": {blank, seven},
	} {
		var stdout, stderr strings.Builder
		c := &command{Options: &options.Options{Show: 1}, stdout: &stdout, stderr: &stderr}
		err := c.answer(sure, "x.png", readings)
		if got := strings.TrimSpace(stderr.String()); err != nil || got != want ||
			strings.HasPrefix(stdout.String(), "x.png: 7 (7 1.00, ") != (want != "") || strings.HasSuffix(stdout.String(), " +\n") != (want != "") {
			t.Errorf("%v, stdout %q, stderr %q, want %q", err, stdout.String(), got, want)
		}
	}
}

// pageOf returns a PNG of the digit, 28×28 pixels, ten times as large: black on white, or
// light on dark.
func pageOf(t *testing.T, digit []float64, light bool) []byte {
	t.Helper()
	page := image.NewGray(image.Rect(0, 0, 280, 280))
	for k := range page.Pix {
		page.Pix[k] = uint8(255 * digit[k/280/10*28+k%280/10])
		if !light {
			page.Pix[k] = 255 - page.Pix[k]
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, page); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// -page writes the page of the network that is trained or loaded. Package page has the
// tests of the page.
func TestCommandWritesPage(t *testing.T) {
	data, training, validation, test := few(t)
	dir := t.TempDir()
	saved, file := filepath.Join(dir, "net.json"), filepath.Join(dir, "page.html")
	digitsOf := func(d *DataSet) (all []page.Digit) {
		for i, label := range d.Labels {
			all = append(all, page.Digit{Label: int(label), Pixels: d.Image(i)})
		}
		return all
	}
	for _, c := range []struct {
		args   []string
		origin string
	}{
		{[]string{"-hidden", "3", "-epochs", "1", "-seed", "5", "-cost", "cross-entropy", "-save", saved, "-monitor", "-patience", "2"}, "seed 5"},
		{[]string{"-load", saved, "testdata/four.png"}, "loaded from net.json"},
		{[]string{"-load", saved, "-epochs", "1", "-seed", "6", "-save", saved}, "loaded from net.json and trained further with seed 6"},
	} {
		if _, stderr, status := runHere(append([]string{"-data", data, "-page", file}, c.args...)...); status != 0 {
			t.Fatalf("%q: exit status %d, stderr %s", c.args, status, stderr)
		}
		net := loaded(t, saved)
		_, misread, _ := readBy(net, test)
		p := page.Page{Sizes: []int{784, 3, 10}, Cost: "CrossEntropyCost", Origin: c.origin,
			Weights: [][]float64{net.Weights[0].Data, net.Weights[1].Data},
			Biases:  [][]float64{net.Biases[0].Data, net.Biases[1].Data},
			Right:   200 - len(misread), Total: 200, Misread: misread,
			Training: 600, Learn: digitsOf(training), Check: digitsOf(test)}
		judges, name := test, "test"
		if len(c.args) > 9 {
			judges, name = validation, "validation"
		}
		if len(c.args) > 3 {
			p.Curves = append(p.Curves, page.Curve{Name: fmt.Sprintf("of %d %s digits", judges.Len(), name)})
			p.Curves[0].Add(net.Evaluate(judges), judges.Len())
		}
		if len(c.args) > 9 {
			p.Curves = append(p.Curves, page.Curve{Name: "of 600 training digits"})
			p.Curves[1].Add(net.Evaluate(training), 600)
		}
		var want bytes.Buffer
		if err := p.Write(&want); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%q: %v, or it is another page", c.args, err)
		}
	}
	many, _, test := loadBuiltIn()
	net := NewNetwork([]int{784, 10}, newRand(1))
	size := func(training, test *DataSet) int64 {
		c := &command{Options: &options.Options{Page: file}, pageFile: file}
		if err := c.keepPage(net, training, test, nil); err != nil {
			t.Fatal(err)
		}
		info, _ := os.Stat(file)
		return info.Size()
	}
	if got, want := size(many, test), size(many.Part(2000), test.Part(500)); got-want < 0 || got-want > 4 { // 12000 has a figure more
		t.Errorf("the page has %d bytes, want %d, those of 2,000 digits to learn from and 500 to be tested with", got, want)
	}
}
