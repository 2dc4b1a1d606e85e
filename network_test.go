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
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"digits/internal/cores"
	"digits/internal/options"
	"digits/internal/pickle"
	"digits/internal/show"
)

// The examples come first and what the tests share second; the tests stand in
// the order of the files: network, matrix, loader, main.

// needsAll skips a test that is too much for everyday, unless DIGITS_TEST is "all", as
// .ci/run has it.
func needsAll(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("DIGITS_TEST") != "all" {
		t.Skipf("skipped: it %s; DIGITS_TEST=all go test ./... runs it", why)
	}
}

// TestMain lets the test binary stand in for the command: with runAsCommand
// in its environment it is digits.
func TestMain(m *testing.M) {
	if os.Getenv(runAsCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

const runAsCommand = "DIGITS_TEST_RUN_AS_COMMAND"

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

// Data sets for the tests.

const (
	smallFile   = "internal/pickle/testdata/pickles/py3.11-protocol4.pkl.gz" // see its testdata/dataset.py
	builtInFile = "data/digits.pkl.gz"                                       // for -data: without it MNIST is taken, if it is there
)

// loadBuiltIn returns the digits built into the program. All tests share them.
func loadBuiltIn(t testing.TB) (training, validation, test *DataSet) {
	t.Helper()
	sets, err := builtInSets()
	if err != nil {
		t.Fatal(err)
	}
	return sets[0], sets[1], sets[2]
}

var builtInSets = sync.OnceValues(func() (sets [3]*DataSet, err error) {
	sets[0], sets[1], sets[2], err = LoadData("built in", bytes.NewReader(builtIn))
	return sets, err
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

// gather returns images of a data set as the rows of a matrix, and the
// desired outputs.
func gather(d *DataSet, which []int) (x, y *Matrix) {
	var images Sparse
	y = NewMatrix(len(which), digits)
	d.Gather(which, &images, y)
	return dense(&images), y
}

// pixelsOf returns the images of a data set as the rows of a matrix.
func pixelsOf(d *DataSet) *Matrix {
	x, _ := gather(d, upTo(d.Len()))
	return x
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

// with returns s with chapter 1's settings.
func (s Settings) with(epochs, miniBatchSize int, eta float64) Settings {
	s.Epochs, s.MiniBatchSize, s.Eta = epochs, miniBatchSize, eta
	return s
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

// each replaces every number v of m by f(v).
func each(m *Matrix, f func(v float64) float64) {
	for i, v := range m.Data {
		m.Data[i] = f(v)
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// ---- network.go ----

func TestNewNetwork(t *testing.T) {
	net := NewNetwork([]int{784, 30, 20, 10}, newRand(1))
	if got, want := net.Sizes(), []int{784, 30, 20, 10}; !slices.Equal(got, want) {
		t.Errorf("sizes are %v, want %v", got, want)
	}
	for l, want := range []struct{ w, b string }{{"784×30", "1×30"}, {"30×20", "1×20"}, {"20×10", "1×10"}} {
		if w, b := net.Weights[l].String(), net.Biases[l].String(); w != want.w || b != want.b {
			t.Errorf("layer %d: weights %s, biases %s, want %s and %s", l, w, b, want.w, want.b)
		}
	}
	again := func() *Network { return NewNetwork([]int{784, 30, 10}, newRand(1)) }
	if !reflect.DeepEqual(again(), again()) {
		t.Error("the same seed gave two different networks")
	}
	if a, b := NewNetwork([]int{3, 2}, newRand(1)), NewNetwork([]int{3, 2}, newRand(2)); reflect.DeepEqual(a, b) {
		t.Error("seeds 1 and 2 gave the same network")
	}
}

// The mean of n numbers from N(0,1) is from N(0,1/n), and that of their
// squares has the variance 2/n: five standard deviations are allowed.
func TestNewNetworkIsGaussian(t *testing.T) {
	net := NewNetwork([]int{784, 3000, 10}, newRand(1))
	for name, m := range map[string]*Matrix{"weights": net.Weights[0], "biases": net.Biases[0]} {
		n, mean, square := float64(len(m.Data)), 0.0, 0.0
		for _, v := range m.Data {
			mean += v / n
			square += v * v / n
		}
		if math.Abs(mean) > 5/math.Sqrt(n) || math.Abs(square-1) > 5*math.Sqrt(2/n) {
			t.Errorf("%v %s have mean %v and mean square %v, want 0 and 1", n, name, mean, square)
		}
	}
}

// Layer by layer, the biases and then the weights, row by row: programs that
// have a seed to offer count on it.
func TestNewNetworkDraws(t *testing.T) {
	rng, sizes := newRand(1), []int{5, 4, 3}
	net := NewNetwork(sizes, newRand(1))
	for l := range net.Weights {
		for _, m := range []*Matrix{net.Biases[l], net.Weights[l]} {
			for i, got := range m.Data {
				if want := rng.NormFloat64(); got != want {
					t.Fatalf("layer %d, %v: number %d is %v, want %v", l, m, i, got, want)
				}
			}
		}
	}
}

// The variance of scaled weights is 1/nIn in every layer; that of the mean of
// n squares is 2/n, and five standard deviations are allowed. The biases stay.
func TestScaleWeights(t *testing.T) {
	net, normal := NewNetwork([]int{784, 300, 100, 10}, newRand(1)), NewNetwork([]int{784, 300, 100, 10}, newRand(1))
	net.ScaleWeights()
	for _, w := range normal.Weights {
		nIn := float64(w.Rows)
		each(w, func(v float64) float64 { return v / math.Sqrt(nIn) })
	}
	wantClose(t, "weights", net.Weights, normal.Weights, 1e-15)
	wantClose(t, "biases", net.Biases, normal.Biases, 0)
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
	Name              string
	Sizes             []int
	Eta               float64
	Pixels            [][]float64 // to be divided by 256
	Labels            []int
	Weights           [][][]float64 // Weights[l][to][from], the book's orientation
	Biases            [][]float64
	Outputs           [][]float64
	NablaW            [][][]float64
	NablaB            [][]float64
	Correct           int
	AfterOne          numpyNetwork
	AfterThree        numpyNetwork
	CorrectAfterThree int
	Batches           []int
	AfterBatches      numpyNetwork

	Cost      string // of chapter 3's cases
	Lambda    float64
	TotalCost []float64 // before the first step, and after three
}

type numpyNetwork struct {
	Weights [][][]float64
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

func (c *numpyCase) network() *Network {
	net := numpyNetwork{c.Weights, c.Biases}.network()
	if c.Cost == CrossEntropy.Name {
		net.Cost = CrossEntropy
	}
	return net
}

func (c *numpyCase) data() *DataSet {
	d := &DataSet{Pixels: len(c.Pixels[0])}
	rows, labels := make([][]float64, len(c.Pixels)), make([]uint8, len(c.Labels))
	for i, levels := range c.Pixels {
		rows[i] = make([]float64, d.Pixels)
		for j, v := range levels {
			rows[i][j] = v / 256
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

// The numbers that numpy computes differ from ours in the order of additions
// alone: a few units in the last place, of numbers up to 4 and sums of 12.
const numpyTolerance = 1e-13

func TestAgainstNumpy(t *testing.T) {
	for _, c := range numpyCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			data := c.data()
			all := upTo(data.Len())
			batch := c.network().NewMiniBatch(data.Len())
			batch.Load(data, all)

			net := c.network()
			if got := net.Sizes(); !slices.Equal(got, c.Sizes) {
				t.Fatalf("sizes %v, want %v", got, c.Sizes)
			}
			outputs := NewMatrix(len(c.Outputs), digits)
			for i, row := range c.Outputs {
				copy(outputs.Row(i), row)
			}
			wantClose(t, "outputs", []*Matrix{net.Feedforward(pixelsOf(data))}, []*Matrix{outputs}, numpyTolerance)
			if got := net.Evaluate(data); got != c.Correct {
				t.Errorf("Evaluate = %d, want %d", got, c.Correct)
			}

			nabla := numpyNetwork{c.NablaW, c.NablaB}.network()
			nablaB, nablaW := gradient(net, batch.X, batch.Y)
			wantClose(t, "nablaB", nablaB, nabla.Biases, numpyTolerance)
			wantClose(t, "nablaW", nablaW, nabla.Weights, numpyTolerance)
			wantClose(t, "weights after Backprop", net.Weights, c.network().Weights, 0)

			if len(c.TotalCost) > 0 {
				wantTotalCost(t, "before the first step", net.TotalCost(data, c.Lambda), c.TotalCost[0])
			}

			net.UpdateMiniBatch(batch, c.Eta, c.Lambda, data.Len())
			after := c.AfterOne.network()
			wantClose(t, "weights after a step", net.Weights, after.Weights, numpyTolerance)
			wantClose(t, "biases after a step", net.Biases, after.Biases, numpyTolerance)

			// One mini-batch is the whole set: no order of the digits can matter.
			net = c.network()
			extra := Settings{Lambda: c.Lambda}
			if err := net.SGD(data, extra.with(3, data.Len(), c.Eta), nil, newRand(1), io.Discard); err != nil {
				t.Fatal(err)
			}
			after = c.AfterThree.network()
			wantClose(t, "weights after three epochs", net.Weights, after.Weights, numpyTolerance)
			wantClose(t, "biases after three epochs", net.Biases, after.Biases, numpyTolerance)
			if got := net.Evaluate(data); got != c.CorrectAfterThree {
				t.Errorf("Evaluate after three epochs = %d, want %d", got, c.CorrectAfterThree)
			}
			if len(c.TotalCost) > 0 {
				wantTotalCost(t, "after three epochs", net.TotalCost(data, c.Lambda), c.TotalCost[1])
			}

			net = c.network()
			k := 0
			for _, m := range c.Batches {
				batch.Load(data, all[k:k+m])
				net.UpdateMiniBatch(batch, c.Eta, c.Lambda, data.Len())
				k += m
			}
			after = c.AfterBatches.network()
			wantClose(t, "weights after mini-batches", net.Weights, after.Weights, numpyTolerance)
			wantClose(t, "biases after mini-batches", net.Biases, after.Biases, numpyTolerance)
		})
	}
}

func wantTotalCost(t *testing.T, when string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= numpyTolerance*want) {
		t.Errorf("TotalCost %s = %v, want %v", when, got, want)
	}
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

// The cost of all the digits, however many mini-batches they take, is the mean
// of their costs one by one; and one hopeless digit makes it infinite.
func TestTotalCost(t *testing.T) {
	_, _, data := loadBuiltIn(t)
	for _, n := range []int{1, 49, 50, 51, 130} {
		part := firstOf(data, n)
		net := NewNetwork([]int{784, 12, 10}, newRand(4))
		x, y := gather(part, upTo(n))
		want := 0.0
		for i, a := range net.Feedforward(x).Data {
			want += net.Cost.Value(a, y.Data[i]) / float64(n)
		}
		if got := net.TotalCost(part, 0); !(math.Abs(got-want) <= 1e-12*want) {
			t.Errorf("TotalCost of %d digits = %v, want %v", n, got, want)
		}
		const lambda = 5
		for _, w := range net.Weights {
			for _, v := range w.Data {
				want += lambda * v * v / 2 / float64(n)
			}
		}
		if got := net.TotalCost(part, lambda); !(math.Abs(got-want) <= 1e-12*want) {
			t.Errorf("TotalCost of %d digits, with λ = %d, = %v, want %v", n, lambda, got, want)
		}
		net.Cost = CrossEntropy
		net.Biases[1].Data[part.Labels[0]] = -1e9
		if got := net.TotalCost(part, 0); !math.IsInf(got, 1) {
			t.Errorf("TotalCost of %d digits, the first read as anything else, = %v, want +Inf", n, got)
		}
	}
}

// Every component of the gradient is compared with how the cost that is
// printed really changes: (C(w+h) − C(w−h)) / 2h. Once it is the gradient by
// itself, n times that of the mean, and once the step that training takes.
//
// That differs from ∂C/∂w by h²/6 times a third derivative, of order 1 here,
// so about 1e-11; and by the rounding of C over h: 1e-10, or 1e-9 where 1 − a is
// small and its logarithm counts. A forgotten factor or sign changes
// components of 1e-3 and more.
func TestGradientByCentralDifferences(t *testing.T) {
	const n, h, eta, tolerance = 5, 1e-5, 0.5, 1e-8
	for _, cost := range []*Cost{Quadratic, CrossEntropy} {
		for _, sizes := range [][]int{{7, 4}, {7, 5, 4}, {7, 6, 5, 4}} {
			for _, lambda := range []float64{0, 0.8} {
				name := fmt.Sprintf("%s, sizes %v, λ %v", cost.Name, sizes, lambda)
				rng := newRand(3)
				net := NewNetwork(sizes, rng)
				net.Cost = cost
				data := randomDigits(n, sizes, rng)

				stepped := NewNetwork(sizes, newRand(3))
				stepped.Cost = cost
				batch := stepped.NewMiniBatch(n)
				batch.Load(data, upTo(n))
				stepped.UpdateMiniBatch(batch, eta, lambda, n)
				nablaB, nablaW := gradient(net, batch.X, batch.Y)
				for l := range net.Weights {
					for _, c := range []struct {
						name                 string
						into, after, nabla   *Matrix
						backpropKnowsTheCost bool
					}{
						{"b", net.Biases[l], stepped.Biases[l], nablaB[l], true},
						{"w", net.Weights[l], stepped.Weights[l], nablaW[l], lambda == 0},
					} {
						for i, v := range c.into.Data {
							c.into.Data[i] = v + h
							above := net.TotalCost(data, lambda)
							c.into.Data[i] = v - h
							below := net.TotalCost(data, lambda)
							c.into.Data[i] = v
							want := (above - below) / (2 * h)
							if got := (v - c.after.Data[i]) / eta; !(math.Abs(got-want) <= tolerance) {
								t.Errorf("%s: the step of %s[%d][%d] is −η times %v, want %v",
									name, c.name, l, i, got, want)
							}
							if !c.backpropKnowsTheCost {
								continue
							}
							if got := c.nabla.Data[i] / n; !(math.Abs(got-want) <= tolerance) {
								t.Errorf("%s: ∂C/∂%s[%d][%d] is %v, want %v", name, c.name, l, i, got, want)
							}
						}
					}
				}
			}
		}
	}
}

// randomDigits returns n images of sizes[0] random pixels, labelled with the
// neurons of the last layer.
func randomDigits(n int, sizes []int, rng *rand.Rand) *DataSet {
	images, labels := randomMatrix(n, sizes[0], rng), make([]uint8, n)
	for i := range labels {
		labels[i] = uint8(rng.IntN(sizes[len(sizes)-1]))
	}
	return &DataSet{Labels: labels, Pixels: sizes[0], Images: sparse(images).Rows}
}

func TestMiniBatchGradientIsMeanOfSingles(t *testing.T) {
	const m = 7
	rng := newRand(5)
	net := NewNetwork([]int{6, 5, 4, 3}, rng)
	x, y := randomMatrix(m, 6, rng), randomMatrix(m, 3, rng)
	nablaB, nablaW := gradient(net, sparse(x), y)
	var meanB, meanW []*Matrix
	for i := range m {
		b, w := gradient(net, sparse(&Matrix{1, 6, x.Row(i)}), &Matrix{1, 3, y.Row(i)})
		for l := range w {
			if i == 0 {
				meanB, meanW = append(meanB, NewMatrix(1, b[l].Cols)), append(meanW, NewMatrix(w[l].Rows, w[l].Cols))
			}
			for k, v := range b[l].Data {
				meanB[l].Data[k] += v / m
			}
			for k, v := range w[l].Data {
				meanW[l].Data[k] += v / m
			}
		}
	}
	for l := range nablaW {
		each(nablaB[l], func(v float64) float64 { return v / m })
		each(nablaW[l], func(v float64) float64 { return v / m })
	}
	wantClose(t, "nablaB", nablaB, meanB, 1e-14)
	wantClose(t, "nablaW", nablaW, meanW, 1e-14)
}

// SGD must shuffle afresh every epoch, use every digit once, in mini-batches
// of the size asked for and one shorter at the end, and leave nothing of one
// mini-batch behind in the next: the same steps taken by hand, each with a
// new MiniBatch, give the same bits. It must take n of λ/n from the data, not
// from the mini-batch, and move the digits of every mini-batch anew, but not
// the digits it tests with, though they are the same here.
func TestSGDByHand(t *testing.T) {
	_, _, data := loadBuiltIn(t)
	data = firstOf(data, 25)
	pixels := pixelsOf(data)
	for _, miniBatchSize := range []int{1, 10, 24, 25, 1000, math.MaxInt} {
		for _, extra := range []Settings{{}, {Lambda: 0.7}, {Shift: 3}, {Lambda: 0.7, Shift: 1}} {
			name := fmt.Sprintf("mini-batches of %d, λ %v, shift %d", miniBatchSize, extra.Lambda, extra.Shift)
			got, want := NewNetwork([]int{784, 4, 10}, newRand(1)), NewNetwork([]int{784, 4, 10}, newRand(1))
			var progress []int
			extra.Progress = func(done, total int) { progress = append(progress, done, total) }
			var out, wantOut strings.Builder
			if err := got.SGD(data, extra.with(2, miniBatchSize, 0.5), data, newRand(2), &out); err != nil {
				t.Fatal(err)
			}

			rng, order := newRand(2), upTo(data.Len())
			var wantProgress []int
			for epoch := range 2 {
				rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
				for rest := order; len(rest) > 0; {
					m := min(miniBatchSize, len(rest))
					batch := want.NewMiniBatch(m)
					batch.Load(data, rest[:m])
					if extra.Shift > 0 {
						batch.Shift(data, extra.Shift, rng)
					}
					want.UpdateMiniBatch(batch, 0.5, extra.Lambda, 25)
					rest = rest[m:]
					wantProgress = append(wantProgress, len(order)-len(rest), len(order))
				}
				fmt.Fprintf(&wantOut, "Epoch %d: %d / 25\n", epoch, want.Evaluate(data))
			}
			wantClose(t, name+": weights", got.Weights, want.Weights, 0)
			wantClose(t, name+": biases", got.Biases, want.Biases, 0)
			if !slices.Equal(progress, wantProgress) {
				t.Errorf("%s: progress %v, want %v", name, progress, wantProgress)
			}
			if out.String() != wantOut.String() {
				t.Errorf("%s: it wrote\n%swant\n%s", name, out.String(), wantOut.String())
			}
		}
	}
	if !reflect.DeepEqual(pixelsOf(data), pixels) {
		t.Error("training has changed the data")
	}
}

// The first step with λ shrinks the weights and not the biases, by ηλ/n of
// the n digits there are, and the errors are those of the weights before.
func TestLambdaShrinksWeightsAlone(t *testing.T) {
	const n, eta, lambda = 40, 0.5, 8
	rng := newRand(6)
	sizes := []int{6, 5, 4}
	data := randomDigits(2, sizes, rng)
	step := func(lambda float64) *Network {
		net := NewNetwork(sizes, newRand(7))
		batch := net.NewMiniBatch(2)
		batch.Load(data, upTo(2))
		net.UpdateMiniBatch(batch, eta, lambda, n)
		return net
	}
	before, plain, got := NewNetwork(sizes, newRand(7)), step(0), step(lambda)
	wantClose(t, "biases", got.Biases, plain.Biases, 0)
	for l, w := range plain.Weights {
		for i := range w.Data {
			w.Data[i] -= eta * lambda / n * before.Weights[l].Data[i]
		}
	}
	wantClose(t, "weights", got.Weights, plain.Weights, 1e-15)
}

// A network that answers the same digit whatever it sees, another one after
// each epoch, and validation digits that make so many of its answers right.
//
//	answer               0  1  2  3  4  5  6  7  8  9
//	right in validation  0  1  2  3  4  5  5  4  3  2
//	right in the test    1  2  3  4  5  6  7  8  9 10
//
// What it prints says which epochs were judged, and whose weights are kept.
func TestPatience(t *testing.T) {
	blank := func(counts ...int) *DataSet {
		var labels []uint8
		for digit, n := range counts {
			labels = append(labels, bytes.Repeat([]byte{byte(digit)}, n)...)
		}
		rows := make([][]float64, len(labels))
		for i := range rows {
			rows[i] = make([]float64, 4)
		}
		return dataSetOf(rows, labels)
	}
	training, test := blank(0, 0, 1), blank(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	validation := blank(0, 1, 2, 3, 4, 5, 5, 4, 3, 2)
	for name, c := range map[string]struct {
		patience int
		answers  []int // of the network after each epoch
		epochs   int   // there must have been
		best     []int // those that must have been new bests
	}{
		"stops after 3 worse":       {3, []int{3, 5, 4, 3, 7, 0, 0}, 5, []int{0, 1}},
		"a tie is not better":       {3, []int{3, 5, 6, 5, 6, 0, 0}, 5, []int{0, 1}},
		"patience 1":                {1, []int{1, 2, 3, 8, 5, 5}, 4, []int{0, 1, 2}},
		"a new best starts afresh":  {2, []int{2, 1, 3, 2, 4, 3, 2, 5}, 7, []int{0, 2, 4}},
		"in the last epoch allowed": {2, []int{2, 1, 1, 3}, 3, []int{0}},
		"no epochs left":            {9, []int{4, 5, 2}, 3, []int{0, 1}},
		"the last is the best":      {9, []int{3, 4, 5}, 3, []int{0, 1, 2}},
		"nothing right":             {2, []int{0, 0, 0, 0}, 3, []int{0}},
	} {
		net := NewNetwork([]int{4, 3, 10}, newRand(1))
		say := func(digit int) {
			for l := range net.Weights {
				each(net.Weights[l], func(float64) float64 { return float64(digit) })
				each(net.Biases[l], func(float64) float64 { return float64(-digit) })
			}
			net.Biases[1].Data[digit] = 1
		}
		hidden := &DataSet{Labels: test.Labels, Pixels: 4} // to look at one is to panic
		say(c.answers[0])
		var best []int
		var want strings.Builder
		for epoch, digit := range c.answers[:c.epochs] {
			right := bytes.Count(validation.Labels, []byte{byte(digit)})
			fmt.Fprintf(&want, "Epoch %d: %d / 29 validation\n", epoch, right)
		}
		keep := c.answers[c.best[len(c.best)-1]]
		fmt.Fprintf(&want, "Test: %d / 55\n", keep+1)
		var out strings.Builder
		err := net.SGD(training, Settings{Epochs: len(c.answers), MiniBatchSize: 1, Eta: 1e-300,
			Patience: c.patience, Validation: validation,
			AfterEpoch: func(epoch int, isBest bool) error {
				if isBest {
					best = append(best, epoch)
				}
				if epoch == c.epochs-1 {
					hidden.Images = test.Images
				}
				say(c.answers[min(epoch+1, len(c.answers)-1)])
				return nil
			},
		}, hidden, newRand(1), &out)
		if err != nil || out.String() != want.String() {
			t.Errorf("%s: error %v, and it wrote\n%swant\n%s", name, err, out.String(), want.String())
		}
		if !slices.Equal(best, c.best) {
			t.Errorf("%s: epochs %v were new bests, want %v", name, best, c.best)
		}
		kept := net
		net = NewNetwork(net.Sizes(), newRand(1))
		say(keep)
		wantClose(t, name+": weights", kept.Weights, net.Weights, 1e-200) // of the steps of training
		wantClose(t, name+": biases", kept.Biases, net.Biases, 1e-200)
	}
}

// Without test digits nothing is scored, but the best weights are kept; and
// without an epoch nothing is changed.
func TestPatienceEdges(t *testing.T) {
	c := numpyCases(t)[1]
	for _, epochs := range []int{0, 2} {
		net, best := c.network(), c.network()
		var out strings.Builder
		extra := Settings{Patience: 9, Validation: c.data(), AfterEpoch: func(epoch int, isBest bool) error {
			if isBest {
				best.set(net)
			}
			net.Biases[0].Data[0] += 1 // what is left after the last epoch is not the best
			return nil
		}}
		if err := net.SGD(c.data(), extra.with(epochs, 8, c.Eta), nil, newRand(1), &out); err != nil {
			t.Fatal(err)
		}
		judged := strings.Count(out.String(), " / 8 validation\n")
		if judged != epochs || strings.Count(out.String(), "\n") != epochs {
			t.Errorf("%d epochs: it wrote\n%s", epochs, out.String())
		}
		wantClose(t, "weights", net.Weights, best.Weights, 0)
		wantClose(t, "biases", net.Biases, best.Biases, 0)
	}
	extra := Settings{Patience: 1, Validation: c.data()}
	err := c.network().SGD(c.data(), extra.with(0, 8, c.Eta), c.data(), newRand(1), failingWriter{})
	if err != errFull {
		t.Errorf("with a full disk the error is %v, want %v", err, errFull)
	}
	extra = Settings{Patience: 9, Validation: c.data(), AfterEpoch: func(int, bool) error { return errFull }}
	err = c.network().SGD(c.data(), extra.with(5, 8, c.Eta), nil, newRand(1), io.Discard)
	if err != errFull {
		t.Errorf("when AfterEpoch fails the error is %v, want %v", err, errFull)
	}
}

// AfterEpoch is called when the line is out, and its error ends the training.
func TestAfterEpoch(t *testing.T) {
	c := numpyCases(t)[1]
	var out strings.Builder
	afterEpoch := func(epoch int, best bool) error {
		fmt.Fprintf(&out, "after %d: %v\n", epoch, best)
		if epoch == 1 {
			return errFull
		}
		return nil
	}
	err := c.network().SGD(c.data(), Settings{Epochs: 5, MiniBatchSize: 8, Eta: c.Eta, AfterEpoch: afterEpoch}, nil, newRand(1), &out)
	want := "Epoch 0 complete\nafter 0: true\nEpoch 1 complete\nafter 1: true\n"
	if err != errFull || out.String() != want {
		t.Errorf("error %v and\n%swant %v and\n%s", err, out.String(), errFull, want)
	}
}

func TestSGDReports(t *testing.T) {
	c := numpyCases(t)[1]
	var out strings.Builder
	if err := c.network().SGD(c.data(), Settings{Epochs: 3, MiniBatchSize: 8, Eta: c.Eta}, c.data(), newRand(1), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(out.String(), "\n")
	if want := fmt.Sprintf("Epoch 2: %d / 8\n", c.CorrectAfterThree); len(lines) != 4 || lines[2] != want {
		t.Errorf("with test data it wrote\n%swant three lines, the last %q", out.String(), want)
	}
	out.Reset()
	if err := c.network().SGD(c.data(), Settings{Epochs: 2, MiniBatchSize: 8, Eta: c.Eta}, nil, newRand(1), &out); err != nil {
		t.Fatal(err)
	}
	if want := "Epoch 0 complete\nEpoch 1 complete\n"; out.String() != want {
		t.Errorf("without test data it wrote\n%swant\n%s", out.String(), want)
	}
	if err := c.network().SGD(c.data(), Settings{Epochs: 1, MiniBatchSize: 8, Eta: c.Eta}, nil, newRand(1), failingWriter{}); err != errFull {
		t.Errorf("with a full disk the error is %v, want %v", err, errFull)
	}
}

// No learning rate makes the weights of these networks infinite by itself: a
// step that is far too long drives the sigmoids to where σ′ is 0, and no
// other step follows. So the tests spoil the weights by hand: before the first
// epoch, and while the last is under way.
func TestSGDReportsDivergence(t *testing.T) {
	c := numpyCases(t)[1]
	for name, spoil := range map[string]func(net *Network){
		"NaN weight":      func(net *Network) { net.Weights[0].Data[0] = math.NaN() },
		"infinite weight": func(net *Network) { net.Weights[1].Data[0] = math.Inf(1) },
		"infinite bias":   func(net *Network) { net.Biases[1].Data[9] = math.Inf(-1) },
		"NaN bias":        func(net *Network) { net.Biases[0].Data[0] = math.NaN() },
	} {
		net := c.network()
		spoil(net)
		var out strings.Builder
		err := net.SGD(c.data(), Settings{Epochs: 3, MiniBatchSize: 1, Eta: c.Eta}, c.data(), newRand(1), &out)
		if err == nil || !strings.Contains(err.Error(), "epoch 0") ||
			!strings.Contains(err.Error(), "smaller learning rate") || out.Len() > 0 {
			t.Errorf("%s: error %v and output %q, want the epoch, the remedy and no output", name, err, out.String())
		}
		net = c.network()
		epoch := 0
		err = net.SGD(c.data(), Settings{
			Epochs: 3, MiniBatchSize: 4, Eta: c.Eta,
			Progress: func(done, total int) {
				if epoch == 2 && done == total {
					spoil(net)
				}
			},
			AfterEpoch: func(e int, _ bool) error { epoch = e + 1; return nil },
		}, nil, newRand(1), io.Discard)
		if err == nil || !strings.Contains(err.Error(), "epoch 2") || epoch != 2 {
			t.Errorf("%s in the last epoch: error %v after %d epochs, want one of epoch 2 after 2", name, err, epoch)
		}
	}
}

func TestSGDIsReproducible(t *testing.T) {
	training, _, test := loadBuiltIn(t)
	train := func() (*Network, string) {
		rng := newRand(1)
		net := NewNetwork([]int{784, 10, 10}, rng)
		var out strings.Builder
		if err := net.SGD(training, Settings{Epochs: 1, MiniBatchSize: 10, Eta: 3}, test, rng, &out); err != nil {
			t.Fatal(err)
		}
		return net, out.String()
	}
	net1, out1 := train()
	net2, out2 := train()
	if out1 != out2 || !reflect.DeepEqual(net1, net2) {
		t.Errorf("the same seed gave two networks, %q and %q", out1, out2)
	}
}

// Training makes no matrix or buffer anew: what it allocates is the function
// that each product gives to share, some 100 bytes, however large the network.
func TestTrainingAllocatesNoBuffers(t *testing.T) {
	_, _, data := loadBuiltIn(t)
	for _, nHidden := range []int{30, wide, 300} {
		rng := newRand(1)
		net := NewNetwork([]int{784, nHidden, 10}, rng)
		batch, which := net.NewMiniBatch(10), upTo(10)
		train := func() {
			for _, m := range []int{10, 7} {
				batch.Load(data, which[:m])
				batch.Shift(data, 1, rng)
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

// One core or many, also more than the machine has: the same weights to the last
// bit; and nobody is left behind.
func TestCoresMakeNoDifference(t *testing.T) {
	before := runtime.NumGoroutine()
	training, _, _ := loadBuiltIn(t)
	training = firstOf(training, 320)
	for _, c := range []struct {
		sizes []int
		m     int // the mini-batches
	}{
		{[]int{784, 30, 10}, 10},
		{[]int{784, 30, 10}, 1},
		{[]int{784, 300, 100, 10}, 7},
		{[]int{784, 10}, 40},
		{[]int{784, 64, 10}, 60},
	} {
		var want *Network
		for _, n := range []int{1, 2, 3, 5, 8, 16} {
			rng := newRand(1)
			net := NewNetwork(c.sizes, rng)
			restore := cores.Pretend(n)
			extra := Settings{Lambda: 0.1, Shift: 1}
			err := net.SGD(training, extra.with(2, c.m, 3), training, rng, io.Discard)
			restore()
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = net
			} else if !reflect.DeepEqual(net.Weights, want.Weights) || !reflect.DeepEqual(net.Biases, want.Biases) {
				t.Errorf("sizes %v, mini-batches of %d: another network on %d cores than on one", c.sizes, c.m, n)
			}
		}
	}
	for range 1_000_000 { // they may need a moment to end
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// Evaluate and Answers take the digits in mini-batches; all at once must give
// the same.
func TestEvaluate(t *testing.T) {
	_, _, data := loadBuiltIn(t)
	net := NewNetwork([]int{784, 12, 10}, newRand(4))
	for _, n := range []int{1, 49, 50, 51, 130} {
		part := firstOf(data, n)
		outputs, want := net.Feedforward(pixelsOf(part)), 0
		for i := range n {
			if row := outputs.Row(i); row[part.Labels[i]] == slices.Max(row) {
				want++
			}
		}
		if got := net.Evaluate(part); got != want {
			t.Errorf("Evaluate of %d digits = %d, want %d", n, got, want)
		}
		for i, got := range net.Answers(part) {
			if row := outputs.Row(i); row[got] != slices.Max(row) {
				t.Errorf("of %d digits, the answer to digit %d is %d, but the outputs are %v", n, i, got, row)
			}
		}
	}
}

func TestLearnsBuiltInDigits(t *testing.T) {
	training, _, test := loadBuiltIn(t)
	for _, c := range []struct {
		hidden      []int
		least, most float64 // right after three epochs
	}{
		{[]int{30}, 0.88, 0.999},
		{[]int{20, 15}, 0.86, 0.999},
		{nil, 0.5, 0.999}, // some outputs start where σ′ is almost 0, and take long to learn anything
	} {
		rng := newRand(1)
		net := NewNetwork(append(append([]int{784}, c.hidden...), 10), rng)
		if err := net.SGD(training, Settings{Epochs: 3, MiniBatchSize: 10, Eta: 3}, nil, rng, io.Discard); err != nil {
			t.Fatal(err)
		}
		if got := float64(net.Evaluate(test)) / float64(test.Len()); got < c.least || got > c.most {
			t.Errorf("hidden %v: %.1f%% right, want %v%% to %v%%", c.hidden, 100*got, 100*c.least, 100*c.most)
		}
	}
}

func TestLearnsMNIST(t *testing.T) {
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
	// The first labels of each set, as the book's file has them.
	for name, c := range map[string]struct {
		set  *DataSet
		want []uint8
	}{
		"training":   {training, []uint8{5, 0, 4, 1, 9}},
		"validation": {validation, []uint8{3, 8, 6, 9, 6}},
		"test":       {test, []uint8{7, 2, 1, 0, 4}},
	} {
		if got := c.set.Labels[:5]; !slices.Equal(got, c.want) {
			t.Errorf("the first %s labels are %v, want %v", name, got, c.want)
		}
	}
	rng := newRand(1)
	net := NewNetwork([]int{784, 30, 10}, rng)
	if err := net.SGD(training, Settings{Epochs: 6, MiniBatchSize: 10, Eta: 3}, nil, rng, io.Discard); err != nil {
		t.Fatal(err)
	}
	want := 9400 // of 9410
	if runtime.GOARCH == "386" {
		want = 9390 // of 9398: its math.Exp rounds otherwise
	}
	if got := net.Evaluate(test); got < want {
		t.Errorf("after six epochs %d of 10000 are right, want %d", got, want)
	}
}

// A network that numpy has saved computes the same here, and is saved again
// number for number.
func TestLoadNetworkFromNumpy(t *testing.T) {
	text, err := os.ReadFile("testdata/saved.json")
	if err != nil {
		t.Fatal(err)
	}
	net, err := LoadNetwork("saved.json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := net.Sizes(), []int{12, 5, 4, 10}; !slices.Equal(got, want) || net.Cost != CrossEntropy {
		t.Errorf("sizes %v, cost %s, want %v, %s", got, net.Cost.Name, want, CrossEntropy.Name)
	}
	var numpy struct{ Inputs, Outputs [][]float64 }
	outputs, err := os.ReadFile("testdata/saved_outputs.json")
	if err == nil {
		err = json.Unmarshal(outputs, &numpy)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range numpy.Inputs {
		got := net.Feedforward(&Matrix{1, len(x), x})
		wantClose(t, fmt.Sprintf("output %d", i), []*Matrix{got}, []*Matrix{{1, 10, numpy.Outputs[i]}}, numpyTolerance)
	}

	var again bytes.Buffer
	if err := net.Save(&again); err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := errors.Join(json.Unmarshal(again.Bytes(), &got), json.Unmarshal(text, &want)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("saved again it is\n%s\nwant\n%s", again.Bytes(), text)
	}
	if err := net.Save(failingWriter{}); err != errFull {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
}

// What Save writes, LoadNetwork reads: the same bits.
func TestSave(t *testing.T) {
	for _, sizes := range [][]int{{3, 2}, {1, 1}, {7, 5, 4, 3}, {784, 100, 10}} {
		net := NewNetwork(sizes, newRand(2))
		net.Weights[0].Data[0] = math.SmallestNonzeroFloat64
		net.Biases[0].Data[0] = -math.MaxFloat64
		var file bytes.Buffer
		if err := net.Save(&file); err != nil {
			t.Fatal(err)
		}
		if got, err := LoadNetwork("file", &file); err != nil || !reflect.DeepEqual(got.Weights, net.Weights) ||
			!reflect.DeepEqual(got.Biases, net.Biases) || got.Cost != net.Cost {
			t.Errorf("sizes %v: %v, or it is another network", sizes, err)
		}
	}
}

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

// inPlace makes of f what MulAdd is given.
func inPlace(f func(float64) float64) func(numbers []float64) {
	return func(numbers []float64) {
		for i, v := range numbers {
			numbers[i] = f(v)
		}
	}
}

// checkProducts compares the three products of random matrices of the given
// shapes, zero of every five numbers exactly 0, with plain triple loops.
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
	compare := func(product string, got, want, size *Matrix, terms int) {
		t.Helper()
		for i := range want.Data {
			if !(math.Abs(got.Data[i]-want.Data[i]) <= float64(terms+4)*0x1p-52*size.Data[i]) {
				t.Errorf("%s with m, k, n = %d, %d, %d: row %d, column %d is %v, want %v",
					product, m, k, n, i/want.Cols, i%want.Cols, got.Data[i], want.Data[i])
				return
			}
		}
	}
	a, b := random(m, k), random(k, n)
	want, size := plainMul(a, b)
	d, e := random(1, n), random(m, n)
	double := func(v float64) float64 { return 2 * v }
	sum, sumSize, product, productSize := NewMatrix(m, n), NewMatrix(m, n), NewMatrix(m, n), NewMatrix(m, n)
	for i, v := range want.Data {
		sum.Data[i], sumSize.Data[i] = 2*(v+d.Data[i%n]), 2*(size.Data[i]+math.Abs(d.Data[i%n]))
		product.Data[i], productSize.Data[i] = v*2*e.Data[i], size.Data[i]*math.Abs(2*e.Data[i])
	}
	for _, p := range []struct {
		name       string
		multiply   func(c *Matrix)
		want, size *Matrix
	}{
		{"MulAdd", func(c *Matrix) { c.MulAdd(inPlace(double), a, b, d) }, sum, sumSize},
		{"MulAddSparse", func(c *Matrix) { c.MulAddSparse(inPlace(double), sparse(a), b, d, new(Space)) }, sum, sumSize},
		{"MulT", func(c *Matrix) { c.MulT(double, a, transpose(b), e) }, product, productSize},
	} {
		got := random(m, n) // these must not care what was there
		p.multiply(got)
		compare(p.name, got, p.want, p.size, k)
	}

	const s = -0.3
	before := random(m, n)
	for i, v := range before.Data { // and these must
		want.Data[i], size.Data[i] = v+s*want.Data[i], math.Abs(v)+math.Abs(s)*size.Data[i]
	}
	for _, p := range []struct {
		name string
		add  func(c *Matrix)
	}{
		{"AddTMul", func(c *Matrix) { c.AddTMul(s, transpose(a), b) }},
		{"AddTMulSparse", func(c *Matrix) { c.AddTMulSparse(s, sparse(transpose(a)), b, new(Space)) }},
	} {
		got := &Matrix{m, n, slices.Clone(before.Data)}
		p.add(got)
		compare(p.name, got, want, size, k)
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

// A number that is not finite must come out of a product, or nobody would
// notice a network that has diverged.
func TestProductsKeepNaN(t *testing.T) {
	filled := func(cols int, v float64) *Matrix {
		m := NewMatrix(1, cols)
		each(m, func(float64) float64 { return v })
		return m
	}
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

func TestShapesThatDoNotFit(t *testing.T) {
	m := func(rows, cols int) *Matrix { return NewMatrix(rows, cols) }
	data, square := dataSetOf([][]float64{{0, 1}}, []uint8{1}), &DataSet{Pixels: 4}
	backprop := func(x, y *Matrix) { gradient(NewNetwork([]int{3, 2}, newRand(1)), sparse(x), y) }
	move := func(d *DataSet, right, down int) { d.Move(SparseRow{}, SparseRow{}, right, down) }
	patience := func(validation *DataSet) {
		s := Settings{Epochs: 1, MiniBatchSize: 1, Eta: 3, Patience: 4, Validation: validation}
		NewNetwork([]int{2, 2}, newRand(1)).SGD(data, s, nil, nil, nil)
	}
	const ( // what the panics say, before the shapes
		mulAdd        = "MulAdd: shapes do not fit z = f(x·w + b): "
		mulAddSparse  = "MulAddSparse: shapes do not fit z = f(x·w + b): "
		mulT          = "MulT: shapes do not fit out = δ·wᵀ ⊙ f(a): "
		addTMul       = "AddTMul: shapes do not fit w += s·xᵀ·δ: "
		zip           = "Zip: shapes do not fit m = f(a, b): "
		addSum        = "AddSum: shapes do not fit b += s·Σ δ: "
		addTMulSparse = "AddTMulSparse: shapes do not fit w += s·xᵀ·δ: "
		badPatience   = "SGD: patience wants validation digits"
	)
	for name, c := range map[string]struct {
		call func()
		want string
	}{
		"MulAdd, inner":   {func() { m(2, 4).MulAdd(nil, m(2, 3), m(5, 4), m(1, 4)) }, mulAdd + "[2×4 2×3 5×4 1×4]"},
		"MulAdd, rows":    {func() { m(1, 4).MulAdd(nil, m(2, 3), m(3, 4), m(1, 4)) }, mulAdd + "[1×4 2×3 3×4 1×4]"},
		"MulAdd, columns": {func() { m(2, 5).MulAdd(nil, m(2, 3), m(3, 4), m(1, 5)) }, mulAdd + "[2×5 2×3 3×4 1×5]"},
		"MulAdd, d":       {func() { m(2, 4).MulAdd(nil, m(2, 3), m(3, 4), m(1, 5)) }, mulAdd + "[2×4 2×3 3×4 1×5]"},
		"MulAdd, d rows":  {func() { m(2, 4).MulAdd(nil, m(2, 3), m(3, 4), m(2, 4)) }, mulAdd + "[2×4 2×3 3×4 2×4]"},

		"MulT, inner":   {func() { m(2, 4).MulT(math.Abs, m(2, 3), m(4, 5), m(2, 4)) }, mulT + "[2×4 2×3 4×5 2×4]"},
		"MulT, rows":    {func() { m(1, 4).MulT(math.Abs, m(2, 3), m(4, 3), m(1, 4)) }, mulT + "[1×4 2×3 4×3 1×4]"},
		"MulT, columns": {func() { m(2, 5).MulT(math.Abs, m(2, 3), m(4, 3), m(2, 5)) }, mulT + "[2×5 2×3 4×3 2×5]"},
		"MulT, d rows":  {func() { m(2, 4).MulT(math.Abs, m(2, 3), m(4, 3), m(3, 4)) }, mulT + "[2×4 2×3 4×3 3×4]"},
		"MulT, d cols":  {func() { m(2, 4).MulT(math.Abs, m(2, 3), m(4, 3), m(2, 5)) }, mulT + "[2×4 2×3 4×3 2×5]"},

		"AddTMul, inner": {func() { m(3, 4).AddTMul(1, m(2, 3), m(1, 4)) }, addTMul + "[3×4 2×3 1×4]"},
		"AddTMul, rows":  {func() { m(2, 4).AddTMul(1, m(2, 3), m(2, 4)) }, addTMul + "[2×4 2×3 2×4]"},
		"AddTMul, cols":  {func() { m(3, 5).AddTMul(1, m(2, 3), m(2, 4)) }, addTMul + "[3×5 2×3 2×4]"},

		"Zip, rows":      {func() { m(2, 3).Zip(math.Pow, m(2, 3), m(1, 3)) }, zip + "[2×3 2×3 1×3]"},
		"Zip, columns":   {func() { m(2, 2).Zip(math.Pow, m(2, 3), m(2, 3)) }, zip + "[2×2 2×3 2×3]"},
		"Zip, rows of m": {func() { m(1, 3).Zip(math.Pow, m(2, 3), m(2, 3)) }, zip + "[1×3 2×3 2×3]"},
		"Zip, cols of b": {func() { m(2, 3).Zip(math.Pow, m(2, 3), m(2, 4)) }, zip + "[2×3 2×3 2×4]"},

		"AddSum, rows":    {func() { m(2, 3).AddSum(1, m(2, 3)) }, addSum + "[2×3 2×3]"},
		"AddSum, columns": {func() { m(1, 2).AddSum(1, m(2, 3)) }, addSum + "[1×2 2×3]"},

		"SetRows, many": {func() { m(2, 3).SetRows(3) }, "SetRows: 3 rows asked of a 2×3 with room for 6 numbers"},
		"SetRows, few":  {func() { m(2, 3).SetRows(-1) }, "SetRows: -1 rows asked of a 2×3 with room for 6 numbers"},

		"Feedforward": {func() { NewNetwork([]int{3, 2}, newRand(1)).Feedforward(m(5, 4)) }, mulAdd + "[5×2 5×4 3×2 1×2]"},
		"NewNetwork":  {func() { NewNetwork([]int{784}, newRand(1)) }, "NewNetwork: sizes are [784]"},
		"SGD":         {func() { new(Network).SGD(nil, Settings{Epochs: 1, MiniBatchSize: 0, Eta: 3}, nil, nil, nil) }, "SGD: mini-batches of 0"},

		"Backprop, x":    {func() { backprop(m(5, 4), m(5, 2)) }, mulAddSparse + "[5×2 5×4 3×2 1×2]"},
		"Backprop, y":    {func() { backprop(m(5, 3), m(5, 1)) }, zip + "[5×2 5×2 5×1]"},
		"Backprop, rows": {func() { backprop(m(5, 3), m(4, 2)) }, mulAddSparse + "[4×2 5×3 3×2 1×2]"},

		"Gather": {func() { data.Gather([]int{0}, &Sparse{}, m(2, 10)) }, "Gather: y is 2×10 for 1 images"},

		"MulAddSparse, inner": {func() { m(2, 4).MulAddSparse(nil, sparse(m(2, 3)), m(5, 4), m(1, 4), new(Space)) },
			mulAddSparse + "[2×4 2×3 5×4 1×4]"},
		"MulAddSparse, rows": {func() { m(1, 4).MulAddSparse(nil, sparse(m(2, 3)), m(3, 4), m(1, 4), new(Space)) },
			mulAddSparse + "[1×4 2×3 3×4 1×4]"},
		"MulAddSparse, columns": {func() { m(2, 5).MulAddSparse(nil, sparse(m(2, 3)), m(3, 4), m(1, 5), new(Space)) },
			mulAddSparse + "[2×5 2×3 3×4 1×5]"},
		"MulAddSparse, d": {func() { m(2, 4).MulAddSparse(nil, sparse(m(2, 3)), m(3, 4), m(1, 3), new(Space)) },
			mulAddSparse + "[2×4 2×3 3×4 1×3]"},
		"MulAddSparse, d rows": {func() { m(2, 4).MulAddSparse(nil, sparse(m(2, 3)), m(3, 4), m(2, 4), new(Space)) },
			mulAddSparse + "[2×4 2×3 3×4 2×4]"},
		"AddTMulSparse, inner": {func() { m(2, 4).AddTMulSparse(1, sparse(m(3, 2)), m(4, 4), new(Space)) },
			addTMulSparse + "[2×4 3×2 4×4]"},
		"AddTMulSparse, rows": {func() { m(1, 4).AddTMulSparse(1, sparse(m(3, 2)), m(3, 4), new(Space)) },
			addTMulSparse + "[1×4 3×2 3×4]"},
		"AddTMulSparse, columns": {func() { m(2, 5).AddTMulSparse(1, sparse(m(3, 2)), m(3, 4), new(Space)) },
			addTMulSparse + "[2×5 3×2 3×4]"},

		"patience, no set": {func() { patience(nil) }, badPatience},
		"patience, empty":  {func() { patience(square) }, badPatience},

		"Move, oblong": {func() { move(data, 0, 0) }, "Move: 0 to the right and 0 down, images of 2 pixels"},
		"Move, right":  {func() { move(square, 2, 0) }, "Move: 2 to the right and 0 down, images of 4 pixels"},
		"Move, left":   {func() { move(square, -2, 0) }, "Move: -2 to the right and 0 down, images of 4 pixels"},
		"Move, down":   {func() { move(square, 0, 2) }, "Move: 0 to the right and 2 down, images of 4 pixels"},
		"Move, up":     {func() { move(square, 0, -2) }, "Move: 0 to the right and -2 down, images of 4 pixels"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, c.want) {
					t.Errorf("it panicked with %q, want %q", got, c.want)
				}
			}()
			c.call()
		})
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
		"SetRows, and back": {m(2, 2, 1, 2, 3, 4), m(2, 2, 1, 2, 3, 4), func(x *Matrix) {
			x.SetRows(0)
			x.SetRows(2)
		}},
	} {
		if c.op(c.got); !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %v %v, want %v %v", name, c.got, c.got.Data, c.want, c.want.Data)
		}
	}
}

// The columns of a matrix, collected for some of them and some rows at a time,
// are all its numbers, each in its place, the rows of a column ascending: the
// order of a sum is part of its result. What was there before must not matter.
func TestColumns(t *testing.T) {
	rng := newRand(1)
	var c columns
	for _, shape := range [][2]int{{10, 784}, {11, 784}, {3, 5}, {1, 1}, {0, 4}, {7, 20}, {block, 30}, {block + 3, 785}} {
		m := randomMatrix(shape[0], shape[1], rng)
		a := sparse(m)
		got := NewMatrix(m.Rows, m.Cols)
		c.grow(m.Cols, min(m.Rows, block))
		for i := 0; i < m.Rows; i += block {
			for _, band := range [][2]int{{0, m.Cols / 3}, {m.Cols / 3, m.Cols}} {
				c.collect(a.Rows[i:min(i+block, m.Rows)], band[0], band[1])
			}
			for k := range m.Cols {
				column := c.column(k)
				for q, row := range column.Where {
					got.Row(i + int(row))[k] += float64(column.Value[q])
				}
				if !slices.IsSorted(column.Where) {
					t.Errorf("column %d of a %v has rows %v, want them ascending", k, m, column.Where)
				}
			}
		}
		if want := dense(a); !reflect.DeepEqual(got, want) {
			t.Errorf("the columns of a %v are those of another matrix: %v, want %v", m, got.Data, want.Data)
		}
	}
}

// The columns are shared out so that the first half of the parts is the first
// band, and all parts together are all columns. Of MNIST's, the bands are cut in the
// middle of row 14.
func TestColumn(t *testing.T) {
	for cols, cut := range map[int]int{784: 14*28 + 14, 5: 2, 1: 0, 0: 0, 65536: 33938} {
		x := &Sparse{Cols: cols}
		first, middle, last := x.column(0), x.column(cols), x.column(2*cols)
		if first != 0 || middle != cut || last != cols {
			t.Errorf("of %d columns, parts begin at %d, %d, %d, want 0, %d, %d", cols, first, middle, last, cut, cols)
		}
		for p := range 2 * cols {
			if x.column(p) > x.column(p+1) {
				t.Errorf("of %d columns, step %d goes back from %d to %d", cols, p, x.column(p), x.column(p+1))
			}
		}
	}
}

// The columns from … to−1 of a row, to the last column there can be.
func TestBetween(t *testing.T) {
	r := SparseRow{[]uint16{0, 3, 4, 65535}, []float32{1, 2, 3, 4}}
	for _, c := range []struct {
		from, to int
		want     []float32
	}{
		{0, 65536, []float32{1, 2, 3, 4}}, {0, 0, nil}, {0, 1, []float32{1}}, {0, 3, []float32{1}},
		{1, 4, []float32{2}}, {3, 5, []float32{2, 3}},
		{5, 65535, nil}, {5, 65536, []float32{4}}, {65536, 65536, nil},
	} {
		got := r.between(c.from, c.to)
		if !slices.Equal(got.Value, c.want) || len(got.Where) != len(got.Value) {
			t.Errorf("columns %d to %d have %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func TestArgmax(t *testing.T) {
	for want, row := range [][]float64{{3}, {1, 2, 2}, {-3, -2, -1, -1.5}, {math.Inf(-1), 0, 0.5, 0.7, 0.6}} {
		m := &Matrix{2, len(row), append(make([]float64, len(row)), row...)}
		if got := m.Argmax(1); got != want {
			t.Errorf("Argmax of %v = %d, want %d", row, got, want)
		}
	}
}

func BenchmarkProducts(b *testing.B) {
	rng := newRand(1)
	for _, nHidden := range []int{30, 300} {
		_, _, data := loadBuiltIn(b)
		var a Sparse
		space := new(Space)
		data.Gather(upTo(10), &a, NewMatrix(10, digits))
		w, z := randomMatrix(784, nHidden, rng), NewMatrix(10, nHidden)
		delta, w2 := randomMatrix(10, 10, rng), randomMatrix(nHidden, 10, rng)
		b1, b2 := randomMatrix(1, nHidden, rng), randomMatrix(1, 10, rng)
		run := func(name string, f func()) {
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					f()
				}
			})
		}
		run(fmt.Sprintf("MulAddSparse/10x784.784x%d", nHidden), func() { z.MulAddSparse(sigmoid, &a, w, b1, space) })
		run(fmt.Sprintf("AddTMulSparse/10x784T.10x%d", nHidden), func() { w.AddTMulSparse(1e-9, &a, z, space) })
		run(fmt.Sprintf("MulAdd/10x%d.%dx10", nHidden, nHidden), func() { delta.MulAdd(sigmoid, z, w2, b2) })
		run(fmt.Sprintf("MulT/10x10.%dx10T", nHidden), func() { z.MulT(sigmoidPrime, delta, w2, z) })
		run(fmt.Sprintf("AddTMul/10x%dT.10x10", nHidden), func() { w2.AddTMul(1e-9, z, delta) })
	}
}

func BenchmarkUpdateMiniBatch(b *testing.B) {
	_, _, data := loadBuiltIn(b)
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
	_, _, data := loadBuiltIn(b)
	net := NewNetwork([]int{784, 30, 10}, newRand(1))
	b.ReportAllocs()
	for range b.N {
		net.Evaluate(data)
	}
}

// ---- loader.go ----

// wantFixture fails unless the data sets are those of testdata/dataset.py:
// its formulas, with the given number of rows in each set.
func wantFixture(t *testing.T, sets [3]*DataSet, rows [3]int) {
	t.Helper()
	for s, d := range sets {
		if d.Len() != rows[s] || d.Pixels != 12 {
			t.Errorf("set %d: %d images of %d pixels, want %d of 12", s, d.Len(), d.Pixels, rows[s])
			continue
		}
		x := pixelsOf(d)
		for i := range d.Len() {
			if want := uint8((s*7 + i*3) % 10); d.Labels[i] != want {
				t.Errorf("set %d: label %d is %d, want %d", s, i, d.Labels[i], want)
			}
			for j, got := range x.Row(i) {
				want := 0.0
				if (s+i+j)%2 == 1 {
					want = float64((s*89+i*37+j*23)%256) / 256
				}
				if got != want {
					t.Fatalf("set %d: row %d, pixel %d is %v, want %v", s, i, j, got, want)
				}
			}
		}
	}
}

// loadBytes loads a file from memory.
func loadBytes(file []byte) (sets [3]*DataSet, err error) {
	sets[0], sets[1], sets[2], err = LoadData("test file", bytes.NewReader(file))
	return sets, err
}

// Files by Python 2.7 to 3.13 in protocols 1 to 5, and every kind of array:
// internal/pickle/testdata/pickles/README.md says which is which.
func TestLoadDataFromPython(t *testing.T) {
	files, err := filepath.Glob("internal/pickle/testdata/pickles/*.pkl.gz")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v, want at least 60", len(files), err)
	}
	for _, file := range files {
		base := filepath.Base(file)
		t.Run(strings.TrimSuffix(base, ".pkl.gz"), func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var sets [3]*DataSet
			sets[0], sets[1], sets[2], err = LoadData(base, iotest.OneByteReader(f))
			if strings.HasPrefix(base, "refused-") {
				var unsupported *pickle.UnsupportedError
				if !errors.As(err, &unsupported) || !strings.HasPrefix(err.Error(), base+": pickle, byte ") ||
					sets[0] != nil {
					t.Errorf("the error is %v, want an UnsupportedError with the file and the byte", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			rows := [3]int{6, 2, 3}
			if strings.Contains(base, "-large") {
				rows[0] = 2001
			}
			if strings.Contains(base, "-validation-empty") || strings.Contains(base, "-two-pairs") {
				rows[1] = 0
			}
			wantFixture(t, sets, rows)
		})
	}
}

func TestBuiltInDigits(t *testing.T) {
	training, validation, test := loadBuiltIn(t)
	if training.Len() < 10000 || validation.Len() < 2000 || test.Len() < 2000 ||
		training.Pixels != 784 || len(builtIn) > 2e6 {
		t.Errorf("%d, %d and %d digits of %d pixels in %d bytes, want 10000, 2000, 2000 of 784 in 2 MB",
			training.Len(), validation.Len(), test.Len(), training.Pixels, len(builtIn))
	}
	for name, d := range map[string]*DataSet{"training": training, "validation": validation, "test": test} {
		var count [10]int
		for _, label := range d.Labels {
			count[label]++
		}
		if share := d.Len() / 10; slices.Min(count[:]) < share/2 || slices.Max(count[:]) > 2*share {
			t.Errorf("%s digits 0 to 9 are there %v times, want about %d each", name, count, share)
		}
	}
}

func TestGather(t *testing.T) {
	d := dataSetOf([][]float64{{0, 0.5, 0}, {1, 0, 0.25}, {0, 0, 0}}, []uint8{3, 0, 9})
	x, y := sparse(randomMatrix(5, 4, newRand(1))), NewMatrix(3, 10) // left over from another mini-batch
	each(y, func(float64) float64 { return 7 })
	d.Gather([]int{1, 2, 0}, x, y)
	wantX := &Matrix{3, 3, []float64{1, 0, 0.25, 0, 0, 0, 0, 0.5, 0}}
	if got := dense(x); !reflect.DeepEqual(got, wantX) {
		t.Errorf("x is %v %v, want %v %v", got, got.Data, wantX, wantX.Data)
	}
	want := NewMatrix(3, 10)
	want.Row(0)[0], want.Row(1)[9], want.Row(2)[3] = 1, 1, 1
	if !slices.Equal(y.Data, want.Data) {
		t.Errorf("y is %v, want %v", y.Data, want.Data)
	}
}

// Moved by up to 2, an image of 4×4 with ink on every pixel comes in 25 ways,
// each of which must be it, in its place, and nothing on the other side; a
// second image moves by itself, and a third is blank. 10,000 times 1/25 is
// 400, with a standard deviation of √(400·24/25) < 20; five are allowed.
func TestShift(t *testing.T) {
	const w, n, times = 4, 2, 10_000
	ink := make([]float64, w*w)
	for k := range ink {
		ink[k] = float64(k+1) / 32
	}
	d := dataSetOf([][]float64{ink, ink, make([]float64, w*w)}, []uint8{1, 2, 3})
	offset := func(moved []float64) (right, down int) { // of a pixel that is always seen
		for k, v := range moved {
			for _, from := range []int{1*w + 1, 1*w + 2, 2*w + 1, 2*w + 2} {
				if v == ink[from] {
					return k%w - from%w, k/w - from/w
				}
			}
		}
		t.Fatalf("there is nothing of the image in %v", moved)
		return
	}
	var seen [2][2*n + 1][2*n + 1]int
	together, rng := 0, newRand(1)
	batch := NewNetwork([]int{w * w, digits}, rng).NewMiniBatch(3)
	for range times {
		batch.Load(d, upTo(3))
		batch.Shift(d, n, rng)
		moved, last := dense(batch.X), [2]int{}
		for row := range 2 {
			right, down := offset(moved.Row(row))
			for k, got := range moved.Row(row) {
				want, i, j := 0.0, k/w-down, k%w-right
				if 0 <= i && i < w && 0 <= j && j < w {
					want = ink[i*w+j]
				}
				if got != want {
					t.Fatalf("moved %d to the right and %d down: row %d, column %d is %v, want %v",
						right, down, k/w, k%w, got, want)
				}
			}
			if where := batch.X.Rows[row].Where; !slices.IsSorted(where) {
				t.Fatalf("the pixels are %v, want them ascending", where)
			}
			seen[row][right+n][down+n]++
			if row == 1 && last == [2]int{right, down} {
				together++
			}
			last = [2]int{right, down}
		}
		if slices.Max(moved.Row(2)) > 0 {
			t.Fatalf("of a blank image it made %v", moved.Row(2))
		}
	}
	for row := range seen {
		for k := range 25 {
			if got := seen[row][k%5][k/5]; math.Abs(float64(got-times/25)) > 100 {
				t.Errorf("image %d was moved %d to the right and %d down %d times of %d, want %d",
					row, k%5-n, k/5-n, got, times, times/25)
			}
		}
	}
	if math.Abs(float64(together-times/25)) > 100 {
		t.Errorf("two images were moved alike %d times of %d, want %d", together, times, times/25)
	}
}

// As far as it can be moved, only a corner is left; by 0, everything.
func TestShiftFar(t *testing.T) {
	_, _, data := loadBuiltIn(t)
	batch, least := NewNetwork([]int{784, digits}, newRand(1)).NewMiniBatch(50), 784
	batch.Load(data, upTo(50))
	want := dense(batch.X)
	if batch.Shift(data, 0, newRand(1)); !reflect.DeepEqual(dense(batch.X), want) {
		t.Error("by 0 pixels, some were moved")
	}
	batch.Shift(data, data.Width()-1, newRand(1))
	for _, image := range batch.X.Rows {
		least = min(least, len(image.Where))
	}
	if len(batch.X.Rows) != 50 || least > 0 {
		t.Errorf("by up to 27 pixels, %d images have at least %d pixels, want 50 and 0", len(batch.X.Rows), least)
	}
	batch.Load(data, upTo(50))
	if !reflect.DeepEqual(dense(batch.X), want) {
		t.Error("the images of the data set were moved themselves")
	}
}

func TestWidth(t *testing.T) {
	for pixels, want := range map[int]int{
		1: 1, 2: 0, 3: 0, 4: 2, 8: 0, 9: 3, 783: 0, 784: 28, 785: 0, 255 * 255: 255, maxPixels: 256,
	} {
		if got := (&DataSet{Pixels: pixels}).Width(); got != want {
			t.Errorf("Width of images of %d pixels = %d, want %d", pixels, got, want)
		}
	}
}

func TestLoadDataPassesOnReadErrors(t *testing.T) {
	small, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the disk is broken")
	for _, n := range []int{0, 5, 200, len(small) - 4} {
		r := io.MultiReader(bytes.NewReader(small[:n]), iotest.ErrReader(broken))
		_, _, _, err := LoadData("file", r)
		if err == nil || err.Error() != "file: the disk is broken" || !errors.Is(err, broken) {
			t.Errorf("after %d bytes: the error is %v, want %q with the file's name", n, err, broken)
		}
	}
}

// Every beginning of a good file is cut short.
func TestLoadDataTruncated(t *testing.T) {
	small, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	for n := 2; n < len(small); n++ {
		_, err := loadBytes(small[:n])
		wantLine(t, fmt.Sprintf("the first %d of %d bytes", n, len(small)), err, "cut short")
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d of %d bytes: the error is %v, want io.ErrUnexpectedEOF in it", n, len(small), err)
		}
	}
}

// A file with one wrong bit is refused as damaged, unless the bit makes no
// difference to what is in the file: in the time in gzip's header, say, or in
// which of several equal strings is to be repeated.
func TestLoadDataDamaged(t *testing.T) {
	small, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range small {
		file := slices.Clone(small)
		file[i] ^= 1 << (i % 8)
		sets, err := loadBytes(file)
		switch {
		case err == nil:
			wantFixture(t, sets, [3]int{6, 2, 3})
			continue
		case !regexp.MustCompile("damaged|cut short|not a gzip").MatchString(err.Error()):
			t.Errorf("bit %d of byte %d is wrong: the error is %v, want one about the file", i%8, i, err)
		}
		refused++
	}
	if refused < len(small)*9/10 {
		t.Errorf("%d of %d damaged files were refused, want nearly all", refused, len(small))
	}
}

// What the tests of the loader share: the objects of a pickle, without the pickle.

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
func greys(n, w int) *pickle.Array {
	return array("f4", []int{n, w}, repeat(0.5, n*w)...)
}

// repeat is n times v.
func repeat(v float64, n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = v
	}
	return all
}

// zeros are n labels.
func zeros(n int) *pickle.Array { return vector("i8", make([]float64, n)...) }

// pair is a sound data set of n digits of w pixels.
func pair(n, w int) pickle.Tuple { return pickle.Tuple{greys(n, w), zeros(n)} }

// withImages and withLabels are sound but for the training set, two digits of four pixels.
func withImages(images any) any {
	return pickle.Tuple{pickle.Tuple{images, vector("i8", 1, 2)}, pair(1, 4), pair(1, 4)}
}
func withLabels(labels any) any {
	return pickle.Tuple{pickle.Tuple{greys(2, 4), labels}, pair(1, 4), pair(1, 4)}
}

// fileOf is the gzip'd pickle of v.
func fileOf(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := pickle.Write(&b, v); err != nil {
		t.Fatal(err)
	}
	return gzipped(b.String())
}

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
		"no data sets":          {nil, "holds None, want three data sets"},
		"one data set":          {pickle.Tuple{pair(2, 4)}, "holds a tuple of 1, want three"},
		"a dict":                {&pickle.Dict{}, "holds a dict, want three data sets: training, validation, test; run: go run ./data/convert"},
		"a pair of arrays":      {pair(2, 4), "test set is an array of 1 dimensions of i8, want a pair"},
		"four data sets":        {pickle.Tuple{pair(1, 4), pair(1, 4), pair(1, 4), pair(1, 4)}, "holds a tuple of 4"},
		"a list in itself":      {inItself, "test set is a list of 3, want a pair"},
		"images without labels": {pickle.Tuple{greys(2, 4), pair(1, 4), pair(1, 4)}, "training set is an array of 2 dimensions of f4, want a pair"},
		"three in a pair": {pickle.Tuple{pair(2, 4), pickle.Tuple{greys(1, 4), zeros(1), nil}, pair(1, 4)},
			"validation set is a tuple of 3, want a pair"},
		"another width":             {pickle.Tuple{pair(2, 4), pair(1, 5), pair(1, 4)}, "validation images have 5 pixels, but test images 4"},
		"another width in training": {pickle.Tuple{pair(2, 5), pair(1, 4), pair(1, 4)}, "training images have 5 pixels, but test images 4"},
		"no training digits":        {pickle.Tuple{pair(0, 4), pair(1, 4), pair(1, 4)}, "the training set is empty"},
		"no test digits":            {pickle.Tuple{pair(2, 4), pair(1, 4), pair(0, 4)}, "the test set is empty"},

		"images None":              {withImages(nil), "training images are None"},
		"images of one dimension":  {withImages(zeros(8)), "training images are an array of 1 dimensions of i8, want an array of two dimensions"},
		"images of four":           {withImages(array("f4", []int{2, 2, 1, 1}, 1, 1, 1, 1)), "an array of 4 dimensions of f4, want an array of two"},
		"images never built":       {withImages(&pickle.Array{}), "training images are an array that was never built"},
		"images of integers":       {withImages(array("i4", []int{2, 4}, make([]float64, 8)...)), "training images are an array of 2 dimensions of i4, want 1 to"},
		"images of uint16":         {withImages(array("u2", []int{2, 8}, make([]float64, 16)...)), "of u2, want 1 to"},
		"images of no pixels":      {withImages(array("f4", []int{2, 0})), "want 1 to 65536 pixels"},
		"images of 0 times many":   {withImages(array("f8", []int{0, 1 << 30, 1 << 30})), "want 1 to 65536 pixels"},
		"images of many times 0":   {withImages(array("f8", []int{1 << 30, 0, 1 << 30})), "want 1 to 65536 pixels"},
		"images of a mile":         {withImages(array("u1", []int{1, maxPixels + 1}, mile...)), "want 1 to 65536 pixels"},
		"pixel just above 1":       {withImages(array("f8", []int{2, 1}, 1.00001, 0)), "training images, row 0, pixel 0: 1.00001 is not"},
		"pixel just below 0":       {withImages(array("f8", []int{2, 1}, 0, -0.00001)), "training images, row 1, pixel 0: -1e-05 is not"},
		"pixel NaN":                {withImages(array("f4", []int{2, 4}, 1, 1, 1, 1, 1, 1, math.NaN(), 1)), "training images, row 1, pixel 2: NaN is not from 0 to 1"},
		"pixel +Inf":               {withImages(array("f4", []int{2, 4}, 1, 1, 1, 1, 1, 1, math.Inf(1), 1)), "row 1, pixel 2: +Inf is not"},
		"pixel -Inf":               {withImages(array("f4", []int{2, 4}, 1, 1, 1, 1, 1, 1, math.Inf(-1), 1)), "row 1, pixel 2: -Inf is not"},
		"pixel 255":                {withImages(array("f4", []int{2, 4}, 1, 1, 1, 1, 1, 1, 255, 1)), "row 1, pixel 2: 255 is not"},
		"a list of nothing":        {withImages(list()), "training images are a list of 0"},
		"a tuple of images":        {withImages(pickle.Tuple{image(), image()}), "training images are a tuple of 2"},
		"a list of ints":           {withImages(list(int64(1), int64(1))), "training images, row 0: 1, want an array"},
		"a list of lists":          {withImages(list(image(), list())), "training images, row 1: a list of 0, want an array"},
		"a list of matrices":       {withImages(list(image(), greys(2, 2))), "training images, row 1: an array of 2 dimensions of f4, want an array of one"},
		"a list of no array":       {withImages(list(&pickle.Array{})), "never built, want an array of one"},
		"a list of two lengths":    {withImages(list(image(), vector("f4", 1))), "row 1: 1 pixels, but the first has 4"},
		"a list of no pixels":      {withImages(list(vector("f4"), vector("f4"))), "want 1 to 65536"},
		"a list of a pixel of 7":   {withImages(list(image(), vector("f8", 0, 1, 7, 1))), "training images, row 1, pixel 2: 7 is not from 0 to 1"},
		"a list of integers":       {withImages(list(zeros(2), zeros(2))), "of 1 dimensions of i8, want 1 to"},
		"labels among the images":  {pickle.Tuple{pickle.Tuple{list(both, both), both}, pair(1, 2), pair(1, 2)}, "training labels are an array that is among the images"},
		"fewer labels":             {withLabels(zeros(1)), "training set has 2 images but 1 labels"},
		"more labels":              {withLabels(zeros(3)), "training set has 2 images but 3 labels"},
		"fewer labels in a list":   {withLabels(list(int64(1))), "training set has 2 images but 1 labels"},
		"label 10":                 {withLabels(vector("i8", 1, 10)), "training labels, row 1: 10 is not a digit"},
		"label -1":                 {withLabels(vector("i8", -1, 1)), "training labels, row 0: -1 is not a digit"},
		"label 2⁶⁴-1":              {withLabels(vector("u8", -1, 1)), "row 0: 18446744073709551615 is not"},
		"label 10 in a list":       {withLabels(list(int64(1), int64(10))), "training labels, row 1: 10 is not a digit"},
		"label 2⁶⁴-1 in a list":    {withLabels(list(int64(1), uint64(math.MaxUint64))), "row 1: 18446744073709551615 is not"},
		"label True":               {withLabels(list(int64(1), true)), "training labels, row 1: true is not a digit"},
		"labels of floats":         {withLabels(vector("f4", 1, 0)), "training labels are an array of 1 dimensions of f4"},
		"labels one-hot":           {withLabels(array("i4", []int{2, 4}, make([]float64, 8)...)), "training labels are an array of 2 dimensions"},
		"labels None":              {withLabels(nil), "training labels are None"},
		"labels that are an image": {withLabels(vector("f4", 1, 0)), "1 dimensions of f4, want an array of one"},
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

// Data sets in other forms than MNIST's: each has two training digits, 3 and 9.
func TestDataSetsAccepts(t *testing.T) {
	shared := func() pickle.Tuple { return pickle.Tuple{greys(2, 4), vector("i8", 3, 9)} }
	one, image, labels := shared(), vector("f4", 0.25, 0, 0.5, 1), vector("u1", 3, 9)
	cases := map[string]any{
		"no validation digits": pickle.Tuple{shared(), pair(0, 4), pair(1, 4)},
		"two pairs":            list(shared(), pair(1, 4)),
		"one set, shared":      pickle.Tuple{one, one, one},
		"lists of lists":       list(list(greys(2, 4), list(int64(3), int64(9))), list(greys(1, 4), list(int64(0))), list(greys(1, 4), list(int64(0)))),
		"minus zero":           pickle.Tuple{pickle.Tuple{array("f4", []int{2, 4}, repeat(math.Copysign(0, -1), 8)...), labels}, pair(1, 4), pair(1, 4)},
		"pixels of 0 and 1":    pickle.Tuple{pickle.Tuple{array("f8", []int{2, 4}, 0, 1, 0, 1, 1, 1, 0, 0), labels}, pair(1, 4), pair(1, 4)},
		"2×2×2":                pickle.Tuple{pickle.Tuple{array("f8", []int{2, 2, 2}, 0, 1, 0, 1, 1, 1, 0, 0), labels}, pair(1, 4), pair(1, 4)},
		"an image twice":       pickle.Tuple{pickle.Tuple{list(image, image), labels}, pair(1, 4), pair(1, 4)},
		"labels of two sets":   pickle.Tuple{pickle.Tuple{greys(2, 4), labels}, pickle.Tuple{greys(2, 4), labels}, pair(1, 4)},
	}
	for _, typ := range []string{"u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"} {
		cases["labels of "+typ] = withLabels(vector(typ, 3, 9))
	}
	for name, pickled := range cases {
		training, validation, test, err := dataSets("test file", pickled)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !slices.Equal(training.Labels, []uint8{3, 9}) || len(training.Images) != 2 || test.Pixels != 4 || validation.Pixels != 4 {
			t.Errorf("%s: the labels are %v, test digits have %d pixels, want [3 9] and 4", name, training.Labels, test.Pixels)
		}
	}
}

// Images as wide as they may be: the last pixel is not lost.
func TestWideImages(t *testing.T) {
	pixels := make([]float64, maxPixels)
	pixels[maxPixels-1] = 128
	set := pickle.Tuple{array("u1", []int{1, maxPixels}, pixels...), zeros(1)}
	_, _, test, err := dataSets("test file", pickle.Tuple{set, set, set})
	if err != nil {
		t.Fatal(err)
	}
	if got := pixelsOf(test).Data[maxPixels-1]; got != 0.5 {
		t.Errorf("the last of %d pixels is %v, want 0.5", maxPixels, got)
	}
}

// What is computed to be 0 or 1 is that, in arrays and in lists, and 0 is no ink.
func TestDataSetsRound(t *testing.T) {
	values := []float64{-1e-17, 1 + 1e-7, -1e-7, 1 + 5e-7, 0.5, math.Copysign(0, -1), 1e-300, 1}
	want := SparseRow{[]uint16{1, 3, 4, 7}, []float32{1, 1, 0.5, 1}}
	for _, typ := range []string{"f4", "f8"} {
		for name, images := range map[string]any{
			"an array": array(typ, []int{1, len(values)}, values...),
			"a list":   list(vector(typ, values...)),
		} {
			set := pickle.Tuple{images, zeros(1)}
			training, _, _, err := dataSets("test file", pickle.Tuple{set, set, set})
			if err != nil {
				t.Errorf("%s of %s: %v", name, typ, err)
			} else if got := training.Images[0]; !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %s: %v, want %v", name, typ, got, want)
			}
		}
	}
}

// Ink takes room, in arrays as in lists: an image as much as imageRoom pixels of it,
// and an image that is there twice takes it twice.
func TestInkTakesRoom(t *testing.T) {
	const set = 2*imageRoom + 3 // 2 images and 3 pixels
	twice := func() *pickle.List {
		image := vector("u1", 0, 1, 2)
		return list(image, image)
	}
	for name, c := range map[string]struct {
		images func() any
		takes  int
	}{
		"an array":          {func() any { return array("u1", []int{2, 3}, 0, 1, 2, 0, 3, 0) }, set},
		"blank images":      {func() any { return array("u1", []int{2, 3}, 0, 0, 0, 0, 0, 0) }, 2 * imageRoom},
		"a list":            {func() any { return list(vector("u1", 0, 1, 2), vector("u1", 0, 3, 0)) }, set},
		"one array, twice":  {func() any { return twice() }, 2 * (imageRoom + 2)},
		"no images":         {func() any { return array("u1", []int{0, 3}) }, 0},
		"pixels just above": {func() any { return array("f4", []int{1, 2}, 1e-40, 1e-45) }, imageRoom + 2},
	} {
		for _, short := range []int{0, 1} {
			images, n := c.images(), 2
			if a, ok := images.(*pickle.Array); ok {
				n = a.Shape[0]
			}
			m := maker{made: map[*pickle.Array][]SparseRow{}, room: maxInk - c.takes + short}
			d, err := m.dataSet("test", pickle.Tuple{images, zeros(n)})
			if short == 0 && (err != nil || d.Len() != n || m.room != maxInk) {
				t.Errorf("%s, with room for it: %v, and %d of %d are taken", name, err, m.room, maxInk)
			}
			if short == 1 && c.takes > 0 && (err == nil || !strings.Contains(err.Error(), "test images, row ") ||
				!strings.Contains(err.Error(), "more than 60000000 pixels")) {
				t.Errorf("%s, without room for it: the error is %v", name, err)
			}
		}
	}
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

// Other files are named, on their own and inside a gzip, and what is to be done.
func TestLoadDataRefusesOtherFiles(t *testing.T) {
	small, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := pickle.Write(&b, pickle.Tuple{pair(2, 4), pair(1, 4), pair(1, 4)}); err != nil {
		t.Fatal(err)
	}
	good := b.String()
	badChecksum := slices.Clone(small)
	badChecksum[len(badChecksum)-8]++
	random := make([]byte, 100_000) // so that the damage lies far behind the first wrong instruction
	for i, rng := 1, newRand(1); i < len(random); i++ {
		random[i] = byte(rng.Uint32())
	}
	nonsense := gzipped(string(random))
	nonsense[len(nonsense)-8]++
	csv := gzipped("5,0,0,12\n4,0,0,0\n")
	csv[len(csv)-8]++
	object := func(module string) string { return string(gzipped("\x80\x02c" + module + "\nx\n.")) }
	const convert, trust = `; run: go run ./data/convert "test file"`, `; if you trust it, run: python3 `
	for name, c := range map[string]struct{ file, want string }{
		"an empty file":              {"", "not a gzip file but an empty file; "},
		"a web page":                 {"\n <!doctype html><html>", "web page; "},
		"a git-lfs pointer":          {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 16168813\n", "git lfs pull"},
		"a git-lfs pointer, shouted": {"VERSION https://git-lfs.github.com/spec/v1\n", "git lfs pull"},
		"a bare pickle":              {good, "not a gzip file but a bare pickle" + convert},
		"a bare pickle, protocol 1":  {"(" + good[2:len(good)-3] + "t.", "a bare pickle" + convert},
		"IDX":                        {"\x00\x00\x08\x03\x00\x00\xea\x60", "not a gzip file but images in IDX"},
		"IDX in gzip":                {string(gzipped("\x00\x00\x08\x03\x00\x00\xea\x60")), "in the gzip is no pickle but images in IDX"},
		"gzip in gzip":               {string(gzipped(string(gzipped(good)))), "in the gzip is no pickle but a gzip file" + convert},
		"two bytes of gzip":          {"\x1f\x8b", "cut short"},
		"nonsense, damaged far on":   {string(nonsense), "damaged"},
		"a table, damaged":           {string(csv), "damaged"},
		"an unknown file":            {"mnist\x00\x00", `begins "mnis"`},
		"one byte":                   {"\x1f", `begins "\x1f"`},
		"half a gzip header":         {"\x1f\x8b\x08", "cut short"},
		"a gzip method that is none": {"\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00", "damaged"},
		"a wrong checksum":           {string(badChecksum), "damaged"},
		"bytes after the gzip":       {string(small) + "0123456789", "damaged"},
		"a damaged gzip of nonsense": {string(gzipped("\xff" + good)[:60]), "cut short"},
		"gzip of half a pickle":      {string(gzipped(good[:100])), "cut short"},
		"gzip of two pickles":        {string(gzipped(good + good)), "data after the end"},

		// Nobody is told to have Python run what may be anything.
		"a dict":      {string(gzipped("\x80\x02}(U\x07x_trainNX\x06\x00\x00\x00y_testNK\x01Nu.")), `holds a dict: "x_train", "y_test", want three data sets: training, validation, test` + convert},
		"torch":       {object("torch._utils"), `"x" of module "torch._utils" is not among the names that arrays need, and was not called` + trust},
		"pandas":      {object("pandas.core.frame"), trust},
		"joblib":      {object("joblib.numpy_pickle"), trust},
		"os":          {object("os"), `module "os" is not among the names that arrays need, and was not called`},
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
	needsAll(t, "inflates 1.5 GB")
	member := gzipped(strings.Repeat("\xff", 1<<24)) // gzip files one after the other are one
	file := io.MultiReader(bytes.NewReader(bytes.Repeat(member, 92)), iotest.ErrReader(errors.New("it reads on")))
	_, _, _, err := LoadData("test file", file)
	wantLine(t, "an endless file", err, "instruction 0xff")
}

// Whatever the bytes, the pickle is refused, or it is three data sets in which
// everything is in range.
func FuzzDataSets(f *testing.F) {
	files, err := filepath.Glob("internal/pickle/testdata/pickles/*.pkl.gz")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		compressed, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		zr, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			f.Fatal(err)
		}
		pickle, err := io.ReadAll(zr)
		if err != nil {
			f.Fatal(err)
		}
		if len(pickle) < 10_000 {
			f.Add(pickle)
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

// ---- loader.go: what else is read, and what is named ----

// digitsCommand runs the command in dir and returns what it wrote and its exit status.
func digitsCommand(t *testing.T, dir string, args ...string) (stdout, stderr string, status int) {
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

// What is wrong with the command line is one line, and exit status 2; package options
// has the tests of each flag.
func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string // the beginning of the help, or of the line
	}{
		{[]string{"-h"}, 0, "usage: digits [flags] [image ...]\n\nTrains a network"},
		{[]string{"-epochs", "-1"}, 2, "digits: -epochs -1: want 0 or more (digits -h lists the flags)\n"},
		{[]string{"-hidden", "x"}, 2, `digits: -hidden "x": `},
		{[]string{"-nonsense"}, 2, "digits: flag provided but not defined: -nonsense (digits"},
		{[]string{"stray"}, 2, `digits: unexpected argument "stray": there is no such image`},
	} {
		stdout, stderr, status := digitsCommand(t, "", c.args...)
		got, other := stderr, stdout
		if c.status == 0 {
			got, other = stdout, stderr
		}
		if status != c.status || other != "" || !strings.HasPrefix(got, c.want) || c.status == 2 && strings.Count(got, "\n") != 1 {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q, want %d and %q", c.args, status, stdout, stderr, c.status, c.want)
		}
	}
	for _, name := range options.Costs {
		if Costs[name] == nil {
			t.Errorf("-cost %s: there is no such cost", name)
		}
	}
}

func TestCheckMemory(t *testing.T) {
	for name, c := range map[string]struct {
		sizes []int
		batch int
		want  string // in the error; "" for none
	}{
		"the book's":           {[]int{784, 30, 10}, 10, ""},
		"weights at the limit": {[]int{1 << 14, 1 << 14}, 0, ""},
		"weights over it":      {[]int{1 << 14, 1<<14 + 1}, 0, "memory"},
		"activations below it": {[]int{1, 1}, 1<<26 - 1, ""},
		"activations over it":  {[]int{1, 1}, 1 << 26, "memory"},
		"twice the limit": {[]int{1 << 14, 1 << 15}, 7,
			"16384-32768 neurons with mini-batches of 7 take 4.1 GB of memory; the limit is 2 GB"},
		"a little more":         {[]int{1 << 14, 1<<14 + 1}, 0, "take 2.1 GB"},
		"more than an int says": {[]int{math.MaxInt, math.MaxInt}, 0, "memory"},
	} {
		err := checkMemory(c.sizes, c.batch)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: sizes %v, mini-batches of %d: the error is %v, want %q", name, c.sizes, c.batch, err, c.want)
		}
	}
}

func TestCommandTrains(t *testing.T) {
	args := []string{"-epochs", "2", "-hidden", "12", "-seed", "7"}
	stdout, stderr, status := digitsCommand(t, t.TempDir(), args...)
	if status != 0 {
		t.Fatalf("exit status %d, stderr:\n%s", status, stderr)
	}
	if !regexp.MustCompile(`^Epoch 0: \d+ / 2000\nEpoch 1: \d+ / 2000\n$`).MatchString(stdout) {
		t.Errorf("stdout is not two lines of epochs:\n%s", stdout)
	}
	for _, want := range []string{"built in", "curl", "784-12-10", "mini-batches of 10", "η 3", "seed 7\n"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr does not mention %q:\n%s", want, stderr)
		}
	}
	closing := regexp.MustCompile(`\ntook ([\d.]+) s, ([\d.]+) s an epoch\n$`).FindStringSubmatch(stderr)
	if closing == nil {
		t.Fatalf("stderr does not end in the time it took:\n%s", stderr)
	}
	all, _ := strconv.ParseFloat(closing[1], 64)
	each, _ := strconv.ParseFloat(closing[2], 64)
	if math.Abs(all-2*each) > 0.061 { // both are rounded
		t.Errorf("2 epochs that took %v s did not take %v s each", all, each)
	}
	if again, _, _ := digitsCommand(t, t.TempDir(), args...); again != stdout {
		t.Errorf("the same command and seed printed\n%sand then\n%s", stdout, again)
	}
	args[len(args)-1] = "8"
	if other, _, _ := digitsCommand(t, t.TempDir(), args...); other == stdout {
		t.Errorf("seeds 7 and 8 both printed\n%s", stdout)
	}
}

// The command does with its flags what the library does when called by hand.
func TestCommandIsSGD(t *testing.T) {
	training, _, test := loadBuiltIn(t)
	for _, epochs := range []int{0, 1} {
		rng := newRand(1<<64 - 2) // -seed -2
		net := NewNetwork([]int{784, 8, 10}, rng)
		var want strings.Builder
		if epochs == 0 {
			fmt.Fprintf(&want, "Test: %d / %d\n", net.Evaluate(test), test.Len())
		} else if err := net.SGD(training, Settings{Epochs: epochs, MiniBatchSize: 20, Eta: 1.5}, test, rng, &want); err != nil {
			t.Fatal(err)
		}
		var stdout strings.Builder
		args := []string{"-data", builtInFile,
			"-epochs", fmt.Sprint(epochs), "-hidden", "8", "-batch", "20", "-eta", "1.5", "-seed", "-2"}
		if status := run(args, &stdout, io.Discard); status != 0 || stdout.String() != want.String() {
			t.Errorf("%q: exit status %d, stdout %q, want 0 and %q", args, status, stdout.String(), want.String())
		}
	}
}

// The same with the flags of chapter 3: what it prints is what the library
// does, and says, when it is given the same.
func TestCommandIsSGDWithExtras(t *testing.T) {
	training, validation, test := loadBuiltIn(t)
	for epochs, extra := range map[int]Settings{
		1:  {Lambda: 2, Shift: 1},
		12: {Lambda: 2, Shift: 3, Patience: 1, Validation: validation},
	} {
		rng := newRand(3)
		net := NewNetwork([]int{784, 8, 10}, rng)
		net.Cost = CrossEntropy
		net.ScaleWeights()
		ran, best := 0, 0
		extra.AfterEpoch = func(epoch int, isBest bool) error {
			ran = epoch + 1
			if isBest {
				best = epoch
			}
			return nil
		}
		var want strings.Builder
		if err := net.SGD(training, extra.with(epochs, 10, 1), test, rng, &want); err != nil {
			t.Fatal(err)
		}
		args := []string{"-data", builtInFile, "-cost", "cross-entropy", "-init", "scaled", "-lambda", "2",
			"-shift", fmt.Sprint(extra.Shift), "-patience", fmt.Sprint(extra.Patience),
			"-epochs", fmt.Sprint(epochs), "-hidden", "8", "-eta", "1", "-seed", "3"}
		var stdout, stderr strings.Builder
		if status := run(args, &stdout, &stderr); status != 0 || stdout.String() != want.String() {
			t.Errorf("%q: exit status %d, stdout\n%swant 0 and\n%s", args, status, stdout.String(), want.String())
		}
		wants := []string{", cost cross-entropy, init scaled, lambda 2", fmt.Sprintf(", shift %d\n", extra.Shift),
			fmt.Sprintf("\ncost on the training digits: %.4g\n", net.TotalCost(training, 2))}
		if extra.Patience > 0 {
			if ran == epochs || strings.Count(want.String(), "Test: ") != 1 {
				t.Fatalf("no epoch was worse than the one before, or there is not one score:\n%s", want.String())
			}
			wants = append(wants, ", patience 1,", fmt.Sprintf("\nepoch %d was the best", best))
		}
		for _, want := range wants {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%q: stderr does not mention %q:\n%s", args, want, stderr.String())
			}
		}
		var all, each float64
		closing := stderr.String()[strings.LastIndex(stderr.String(), "took"):]
		tolerance := 0.05 + 0.005*float64(ran) + 1e-9 // both are rounded
		if _, err := fmt.Sscanf(closing, "took %f s, %f s an epoch", &all, &each); err != nil ||
			math.Abs(all-float64(ran)*each) > tolerance {
			t.Errorf("%d epochs, and the last line is %q", ran, closing)
		}
	}
}

// Untrained, the network is tested, patience or not.
func TestCommandPatienceWithoutEpochs(t *testing.T) {
	var want, got strings.Builder
	args := []string{"-data", builtInFile, "-epochs", "0"}
	if run(args, &want, io.Discard) != 0 || run(append(args, "-patience", "2"), &got, io.Discard) != 0 ||
		got.String() != want.String() {
		t.Errorf("-patience 2 prints %q, want %q", got.String(), want.String())
	}
}

func TestCheckData(t *testing.T) {
	square := dataSetOf([][]float64{make([]float64, 9), make([]float64, 9)}, []uint8{1, 2})
	oblong := dataSetOf([][]float64{make([]float64, 8), make([]float64, 8)}, []uint8{1, 2})
	none := &DataSet{Pixels: 9}
	for name, c := range map[string]struct {
		o                    options.Options
		training, validation *DataSet
		want                 string // in the error; "" for none
	}{
		"nothing asked":       {options.Options{Eta: 3}, oblong, none, ""},
		"patience":            {options.Options{Eta: 3, Patience: 1}, oblong, oblong, ""},
		"nothing to judge by": {options.Options{Eta: 3, Patience: 1}, square, none, "no validation digits"},
		"shift":               {options.Options{Eta: 3, Shift: 2}, square, none, ""},
		"shift out of sight":  {options.Options{Eta: 3, Shift: 3}, square, none, "only 3 pixels wide"},
		"shift of what":       {options.Options{Eta: 3, Shift: 1}, oblong, none, "8 pixels, and only squares"},
		"λ":                   {options.Options{Eta: 3, Lambda: 0.66}, square, none, ""},
		"λ that leaves nothing": {options.Options{Eta: 3, Lambda: 2. / 3}, square, none,
			"ηλ/n is 1 for the 2 training digits"},
		"λ that turns the signs": {options.Options{Eta: 3, Lambda: 1}, square, none, "-lambda 1 with -eta 3"},
		"λ, a product too large": {options.Options{Eta: 1e200, Lambda: 1e200}, square, none, "+Inf"},
	} {
		err := (&command{Options: &c.o}).checkData(c.training, c.validation)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.want)
		}
	}
}

// What is said about a training that was hardly what its user wanted.
func TestCommandRemarks(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: it trains three networks for several epochs")
	}
	for name, c := range map[string]struct {
		args []string
		want string
		said bool
	}{
		"all layers listed": {[]string{"-hidden", "784,10", "-epochs", "0"}, "leave out 784, the inputs, and 10", true},
		"a layer like it":   {[]string{"-hidden", "10", "-epochs", "0"}, "leave out", false},
		"the inputs alone":  {[]string{"-hidden", "784,5", "-epochs", "0"}, "leave out", false},
		"at chance":         {[]string{"-hidden", "5", "-eta", "1000", "-epochs", "3"}, "try a smaller -eta", true},
		"not yet":           {[]string{"-hidden", "5", "-eta", "1000", "-epochs", "2"}, "try a smaller -eta", false},
		"it learns":         {[]string{"-hidden", "10", "-epochs", "3"}, "try a smaller -eta", false},
	} {
		var stderr strings.Builder
		if status := run(append(c.args, "-data", builtInFile), io.Discard, &stderr); status != 0 {
			t.Errorf("%s: exit status %d", name, status)
		}
		if strings.Contains(stderr.String(), c.want) != c.said {
			t.Errorf("%s: that stderr says %q is %v, want %v:\n%s", name, c.want, !c.said, c.said, &stderr)
		}
	}
}

func TestCommandRefusesData(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.pkl.gz")
	if err := os.WriteFile(broken, []byte("<!DOCTYPE html>"), 0o666); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"no/such/file": "curl",
		broken:         "web page",
		t.TempDir():    "directory",
	} {
		stdout, stderr, status := digitsCommand(t, "", "-data", file)
		if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 ||
			strings.Count(stderr, file+":") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("-data %s: exit status %d, stdout %q, stderr %q, "+
				"want 1, nothing, and one line with the file's name once, and %q", file, status, stdout, stderr, want)
		}
	}
}

// A mini-batch longer than the data takes no more memory than the data.
func TestCommandHugeBatch(t *testing.T) {
	_, stderr, status := digitsCommand(t, "", "-data", smallFile, "-epochs", "1", "-batch", fmt.Sprint(math.MaxInt))
	if status != 0 {
		t.Errorf("exit status %d, want 0; stderr:\n%s", status, stderr)
	}
	if strings.Contains(stderr, "curl") {
		t.Errorf("with -data given, stderr says where to get MNIST:\n%s", stderr)
	}
}

func TestCommandLoadsData(t *testing.T) {
	c := command{Options: &options.Options{Data: smallFile}, stderr: io.Discard}
	training, validation, test, err := c.loadData()
	if err != nil {
		t.Fatal(err)
	}
	wantFixture(t, [3]*DataSet{training, validation, test}, [3]int{6, 2, 3})
}

// Only a file that does not exist makes way for the digits built in.
func TestCommandDataNotADirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: to Windows, a file in what is no directory does not exist")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "data"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-epochs", "0"}, {"-epochs", "0", "-data", "data/x"}} {
		stdout, stderr, status := digitsCommand(t, dir, args...)
		if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 ||
			!strings.Contains(stderr, "not a directory") || strings.Contains(stderr, "curl") {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q, want 1, nothing, and one line with \"not a directory\"",
				args, status, stdout, stderr)
		}
	}
}

// Without -data, data/mnist.pkl.gz is used when it is there, and a broken one
// is not passed over in silence.
func TestCommandFindsData(t *testing.T) {
	small, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "data", "mnist.pkl.gz")
	if err := os.Mkdir(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, small, 0o666); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, status := digitsCommand(t, dir, "-epochs", "1")
	if want := "data: data/mnist.pkl.gz: 6 training, 2 validation, 3 test digits of 12 pixels\n"; status != 0 ||
		!strings.HasPrefix(stderr, want) || !strings.HasSuffix(stdout, " / 3\n") {
		t.Errorf("exit status %d, stdout %q, stderr %q, want 0, 3 test digits and %q", status, stdout, stderr, want)
	}
	if err := os.WriteFile(file, small[:100], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, stderr, status := digitsCommand(t, dir); status != 1 || !strings.Contains(stderr, "cut short") {
		t.Errorf("half a file: exit status %d, stderr %q, want 1 and \"cut short\"", status, stderr)
	}
}

func TestCommandWithoutEpochs(t *testing.T) {
	stdout, _, status := digitsCommand(t, t.TempDir(), "-epochs", "0")
	if status != 0 || !regexp.MustCompile(`^Test: \d+ / 2000\n$`).MatchString(stdout) {
		t.Errorf("exit status %d, stdout %q, want 0 and one line about the test digits", status, stdout)
	}
}

// A full disk must not look like a success.
func TestCommandReportsFailedOutput(t *testing.T) {
	for _, epochs := range []string{"0", "1"} {
		var stderr bytes.Buffer
		status := run([]string{"-epochs", epochs, "-data", smallFile}, failingWriter{}, &stderr)
		if status != 1 || !strings.Contains(stderr.String(), errFull.Error()) {
			t.Errorf("-epochs %s: exit status %d, stderr %q, want 1 and %q", epochs, status, &stderr, errFull)
		}
	}
}

var errFull = errors.New("the disk is full")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

// removing removes a folder as soon as something is written to it.
type removing string

func (dir removing) Write(p []byte) (int, error) { return len(p), os.RemoveAll(string(dir)) }

// The network cannot be kept any more: the command must not end with status 0.
func TestCommandReportsFailedSave(t *testing.T) {
	for _, epochs := range []string{"0", "1"} {
		dir := filepath.Join(t.TempDir(), "nets")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		file := filepath.Join(dir, "net.json")
		args := []string{"-data", builtInFile, "-epochs", epochs, "-hidden", "1", "-save", file}
		status := run(args, removing(dir), &stderr)
		if status != 1 || !strings.Contains(stderr.String(), "net.json") {
			t.Errorf("-epochs %s: exit status %d, stderr %q, want 1 and the name of the file",
				epochs, status, stderr.String())
		}
	}
}

// What -save has kept, -load tests, and trains on from exactly there.
func TestCommandSavesAndLoads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "net.json")
	command := func(args ...string) string {
		t.Helper()
		var stdout, stderr strings.Builder
		if status := run(append([]string{"-data", builtInFile}, args...), &stdout, &stderr); status != 0 {
			t.Fatalf("%q: exit status %d, stderr %s", args, status, stderr.String())
		}
		return stdout.String()
	}
	last := func(stdout string) string { // the score on the last line
		return stdout[strings.LastIndex(stdout, ":"):]
	}
	trained := command("-epochs", "2", "-hidden", "12", "-cost", "cross-entropy", "-eta", "0.5", "-save", file)
	if got := command("-load", file); got != "Test"+last(trained) {
		t.Errorf("-load prints %q after %q", got, trained)
	}

	training, _, test := loadBuiltIn(t)
	f, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	net, err := LoadNetwork(file, bytes.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	if err := net.SGD(training, Settings{Epochs: 1, MiniBatchSize: 10, Eta: 0.5}, test, newRand(1), &want); err != nil {
		t.Fatal(err)
	}
	if got := command("-load", file, "-epochs", "1", "-eta", "0.5", "-save", file); got != want.String() {
		t.Errorf("-load and -epochs 1 prints %q, want %q", got, want.String())
	}
	if got := command("-load", file); got != "Test"+last(want.String()) {
		t.Errorf("-load prints %q, want the score of %q", got, want.String())
	}
	if files, _ := os.ReadDir(filepath.Dir(file)); len(files) != 1 {
		t.Errorf("besides the network there is left %v", files)
	}

	command("-epochs", "0", "-hidden", "5", "-save", file) // no training: the network as it is
	if got := command("-load", file); got != command("-epochs", "0", "-hidden", "5") {
		t.Errorf("-load of an untrained network prints %q", got)
	}
}

// With -patience the file holds the best epoch, not the last.
func TestCommandSavesTheBest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "net.json")
	var trained, loaded, stderr strings.Builder
	args := []string{"-data", builtInFile, "-epochs", "40", "-hidden", "8", "-eta", "8", "-patience", "2",
		"-save", file}
	if status := run(args, &trained, &stderr); status != 0 {
		t.Fatalf("exit status %d, stderr %s", status, stderr.String())
	}
	run([]string{"-data", builtInFile, "-load", file}, &loaded, io.Discard)
	if !strings.HasSuffix(trained.String(), "\n"+loaded.String()) {
		t.Errorf("the file's network has %q, want the end of %s", loaded.String(), trained.String())
	}
}

func TestCommandRefusesFiles(t *testing.T) {
	dir := t.TempDir()
	small, saved := filepath.Join(dir, "small.json"), "testdata/saved.json"
	const oneOutput = `{"sizes":[12,1],"weights":[[[1,1,1,1,1,1,1,1,1,1,1,1]]],"biases":[[[1]]],"cost":"QuadraticCost"}`
	if err := os.WriteFile(small, []byte(oneOutput), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no file":        {[]string{"-load", filepath.Join(dir, "none")}, "none"},
		"no network":     {[]string{"-load", smallFile}, "it is a gzip file, not a network"},
		"other outputs":  {[]string{"-load", small}, "1 outputs, want 10"},
		"other digits":   {[]string{"-load", saved}, "12 inputs, but the digits have 784 pixels"},
		"images of 784":  {[]string{"-load", saved, "x.png"}, "784 pixels, but the network has 12 inputs"},
		"no such folder": {[]string{"-save", filepath.Join(dir, "no", "net.json")}, "no such file"},
		"a folder":       {[]string{"-save", dir}, "not an ordinary file"},
		"images of 784, new": {[]string{"-data", smallFile, "testdata/four.png"},
			"four.png: images have 784 pixels, but the network has 12 inputs"},
		"too large to train": {[]string{"-data", smallFile, "-hidden", "1000000000"}, "memory"},
		"squares alone":      {[]string{"-data", smallFile, "-shift", "1"}, "12 pixels, and only squares"},
		"shifted too far":    {[]string{"-data", builtInFile, "-shift", "28"}, "only 28 pixels wide"},
		"ηλ/n":               {[]string{"-data", builtInFile, "-lambda", "4000"}, "ηλ/n is 1 for the 12000"},
		"another cost":       {[]string{"-load", saved, "-cost", "quadratic"}, "is CrossEntropyCost: leave out -cost quadratic"},
		"too large to keep": {[]string{"-save", filepath.Join(dir, "large.json"), "-hidden", "30000"},
			"large.json: not a network, or one too large for a file"},
	} {
		var stdout, stderr strings.Builder
		status := run(c.args, &stdout, &stderr)
		if status != 1 || stdout.Len() > 0 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q, want 1, nothing and %q",
				name, status, stdout.String(), stderr.String(), c.want)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("in the folder there is now %v", files)
	}
}

// Where -save leads: a link stays a link, also to a file that is yet to be made;
// and what stands beside it, whatever its name, is not touched.
func TestSaveFollowsLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: on Windows not every user may make links")
	}
	for name, there := range map[string]bool{"to a file": true, "to no file yet": false} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
			t.Fatal(err)
		}
		file, link := filepath.Join(dir, "folder", "net.json"), filepath.Join(dir, "link")
		if there {
			os.WriteFile(file, []byte("old"), 0o666)
		}
		for name, to := range map[string]string{link: "link2", link + "2": filepath.Join("folder", "net.json")} {
			if err := os.Symlink(to, name); err != nil {
				t.Fatal(err)
			}
		}
		var stderr strings.Builder
		args := []string{"-data", smallFile, "-epochs", "1", "-save", link}
		if status := run(args, io.Discard, &stderr); status != 0 {
			t.Errorf("%s: exit status %d, stderr %s", name, status, &stderr)
		}
		if to, err := os.Readlink(link); err != nil || to != "link2" {
			t.Errorf("%s: the link leads to %q, error %v", name, to, err)
		}
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := LoadNetwork(file, f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		f.Close()
		if files, _ := os.ReadDir(filepath.Dir(file)); len(files) != 1 {
			t.Errorf("%s: besides the network there is left %v", name, files)
		}
	}
}

// A file that the program is to read, or the user may not write to, is not replaced.
func TestSaveRefusesToReplace(t *testing.T) {
	dir := t.TempDir()
	data, readOnly := filepath.Join(dir, "data"), filepath.Join(dir, "read-only")
	text, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(data, text, 0o666)
	os.WriteFile(readOnly, nil, 0o444)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"the data":  {[]string{"-data", data, "-save", data}, "it would replace " + data},
		"a picture": {[]string{"-data", smallFile, "-save", data, data}, "it would replace " + data},
		"read-only": {[]string{"-data", data, "-save", readOnly}, "read-only: permission denied"},
	} {
		if f, err := os.OpenFile(readOnly, os.O_WRONLY, 0); err == nil && name == "read-only" {
			f.Close()
			continue // this user may write to any file
		}
		var stderr strings.Builder
		if status := run(c.args, io.Discard, &stderr); status != 1 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: exit status %d, stderr %q, want 1 and %q", name, status, &stderr, c.want)
		}
	}
	if got, _ := os.ReadFile(data); !bytes.Equal(got, text) {
		t.Error("the data has been replaced")
	}
}

func TestShowMistakes(t *testing.T) {
	_, _, test := loadBuiltIn(t)
	answers := make([]int, test.Len())
	for i, label := range test.Labels {
		answers[i] = int(label)
	}
	shows := func(n int) string {
		var out strings.Builder
		if err := showMistakes(&out, test, answers, n); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := shows(2); strings.Contains(got, "test digit") || strings.Contains(got, "confused") {
		t.Errorf("where nothing is misread it shows\n%s", got)
	}
	for _, i := range []int{3, 7, 11} {
		answers[i] = (answers[i] + 1) % 10
	}
	for n, want := range map[int][]int{1: {3}, 2: {3, 7}, 9: {3, 7, 11}} {
		var drawn strings.Builder
		for _, i := range want {
			fmt.Fprintf(&drawn, "\ntest digit %d: %d read as %d\n", i, test.Labels[i], answers[i])
			show.Image(&drawn, pixelsOf(test).Row(i), 28)
		}
		if got := shows(n); !strings.HasSuffix(got, drawn.String()) || strings.Count(got, "test digit") != len(want) {
			t.Errorf("-show %d shows\n%s\nwant at the end\n%s", n, got, drawn.String())
		}
	}
	if err := showMistakes(failingWriter{}, test, answers, 1); err != errFull {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
}

// The rows of the confusion matrix are what is right.
func TestShowMistakesRightAndRead(t *testing.T) {
	_, _, test := loadBuiltIn(t)
	answers := make([]int, test.Len())
	for i, label := range test.Labels {
		answers[i] = int(label)
	}
	answers[3] = (answers[3] + 1) % 10
	var out strings.Builder
	if err := showMistakes(&out, test, answers, 0); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("     1 times %d read as %d\n", test.Labels[3], answers[3])
	if !strings.HasSuffix(out.String(), want) {
		t.Errorf("got\n%s\nwant at the end %s", out.String(), want)
	}
}

// readingNetwork is a network that reads the built-in digits.
var readingNetwork = sync.OnceValues(func() (*Network, error) {
	sets, err := builtInSets()
	if err != nil {
		return nil, err
	}
	rng := newRand(1)
	net := NewNetwork([]int{784, 30, 10}, rng)
	net.Cost = CrossEntropy
	net.ScaleWeights()
	return net, net.SGD(sets[0], Settings{Epochs: 4, MiniBatchSize: 10, Eta: 0.5}, nil, rng, io.Discard)
})

// pageOf returns a PNG of the digit, 28×28 pixels, ten times as large and black
// on white.
func pageOf(t *testing.T, digit []float64) []byte {
	t.Helper()
	page := image.NewGray(image.Rect(0, 0, 280, 280))
	for k := range page.Pix {
		page.Pix[k] = 255 - uint8(255*digit[k/280/10*28+k%280/10])
	}
	var file bytes.Buffer
	if err := png.Encode(&file, page); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// The README's picture is read as the 4 that it is.
func TestReadsFour(t *testing.T) {
	net, err := readingNetwork()
	if err != nil {
		t.Fatal(err)
	}
	four, err := readPicture("testdata/four.png")
	if err != nil {
		t.Fatal(err)
	}
	if output := net.Feedforward(&Matrix{1, 784, four.Pixels}); output.Argmax(0) != 4 {
		t.Errorf("got %s, want 4", show.Answer(output.Row(0)))
	}
}

// The command reads pictures, one line each, and goes on after a bad one.
func TestCommandReadsPictures(t *testing.T) {
	dir := t.TempDir()
	_, _, test := loadBuiltIn(t)
	net, err := readingNetwork()
	if err != nil {
		t.Fatal(err)
	}
	var saved bytes.Buffer
	if err := net.Save(&saved); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, data []byte) {
		if err := os.WriteFile(file(name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("net.json", saved.Bytes())
	write("bad.png", []byte("no picture"))
	write("json.png", saved.Bytes())
	var want, shown strings.Builder
	for i := range 3 {
		name := fmt.Sprintf("%d.png", i)
		write(name, pageOf(t, test.Image(i)))
		digit, err := readPicture(file(name))
		if err != nil {
			t.Fatal(err)
		}
		output := net.Feedforward(&Matrix{1, 784, digit.Pixels}).Row(0)
		line := fmt.Sprintf("%s: %s\n", file(name), show.Answer(output))
		if !strings.HasPrefix(line, fmt.Sprintf("%s: %d (%d ", file(name), test.Labels[i], test.Labels[i])) {
			t.Errorf("digit %d is a %d: %s", i, test.Labels[i], line)
		}
		want.WriteString(line)
		shown.WriteString(line)
		show.Image(&shown, digit.Pixels, 28)
	}
	args := []string{"-load", file("net.json"),
		file("0.png"), file("bad.png"), file("1.png"), file("json.png"), file("none.png"), file("2.png")}
	stdout, stderr, status := digitsCommand(t, "", args...)
	if status != 1 || stdout != want.String() {
		t.Errorf("exit status %d, stdout\n%s\nwant 1 and\n%s", status, stdout, want.String())
	}
	for _, want := range []string{file("bad.png") + ": neither PNG", "none.png: ", "3 of 6 images",
		file("json.png") + ": it is a saved network (JSON), not a picture"} {
		if strings.Count(stderr, want) != 1 {
			t.Errorf("stderr does not say %q once:\n%s", want, stderr)
		}
	}
	if strings.Contains(stderr, "data:") {
		t.Errorf("the digits were loaded though nobody asks for them:\n%s", stderr)
	}
	args = []string{"-load", file("net.json"), "-show", "1", file("0.png"), file("1.png"), file("2.png")}
	if stdout, stderr, status := digitsCommand(t, "", args...); status != 0 || stdout != shown.String() {
		t.Errorf("-show: exit status %d, stderr %s, stdout\n%s\nwant 0 and\n%s", status, stderr, stdout, shown.String())
	}
	args = []string{"-data", builtInFile, "-load", file("net.json"), "-save", file("copy.json"), file("0.png")}
	_, stderr, status = digitsCommand(t, "", args...)
	if got, err := os.ReadFile(file("copy.json")); status != 0 || err != nil || !bytes.Equal(got, saved.Bytes()) {
		t.Errorf("-load, -save and an image: exit status %d, stderr %s, error %v, and %d bytes saved, want %d",
			status, stderr, err, len(got), saved.Len())
	}
}

// failingAfter fails after so many writes.
type failingAfter int

func (n *failingAfter) Write(p []byte) (int, error) {
	if *n--; *n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestReadPicturesReportsFailedOutput(t *testing.T) {
	_, _, test := loadBuiltIn(t)
	net, err := readingNetwork()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "digit.png")
	if err := os.WriteFile(name, pageOf(t, test.Image(0)), 0o666); err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		after := failingAfter(n)
		o := &options.Options{Pictures: []string{name}, Show: n} // the line fails, then the drawing
		if err := (&command{Options: o, stdout: &after, stderr: io.Discard}).readPictures(net); err != errFull {
			t.Errorf("after %d writes: the error is %v, want %v", n, err, errFull)
		}
	}
}

// ---- the page ----

// The command writes the page of the network it has trained or loaded; where it
// cannot, it says so in one line, before any training, and leaves nothing behind.
func TestCommandWritesPage(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	run := func(args ...string) (status int, stdout, stderr string) {
		var out, errs strings.Builder
		status = run(append([]string{"-data", builtInFile}, args...), &out, &errs)
		return status, out.String(), errs.String()
	}
	origin := func() string {
		text, err := os.ReadFile(file("page.html"))
		if err != nil {
			t.Fatal(err)
		}
		_, data, _ := strings.Cut(string(text), `id="network">`)
		data, _, _ = strings.Cut(data, "</script>")
		var page struct {
			Sizes           []int
			Origin          string
			Right, Total    int
			Misread         []struct{ Digit, Read int }
			Weights, Biases [][]byte
		}
		if err := json.Unmarshal([]byte(data), &page); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s: %d / %d, %s", dashed(page.Sizes), page.Right, page.Total, page.Origin)
	}
	_, out, _ := run("-hidden", "3", "-epochs", "1", "-seed", "5", "-save", file("net.json"), "-page", file("page.html"))
	score := strings.TrimSpace(strings.TrimPrefix(out, "Epoch 0: "))
	if got, want := origin(), "784-3-10: "+score+", seed 5"; got != want {
		t.Errorf("trained: %s, want %s", got, want)
	}
	run("-load", file("net.json"), "-page", file("page.html"))
	if got, want := origin(), "784-3-10: "+score+", loaded from net.json"; got != want {
		t.Errorf("loaded: %s, want %s", got, want)
	}
	os.Remove(file("page.html"))
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"no name":          {[]string{"-page", ""}, 2, "-page wants"},
		"a folder":         {[]string{"-page", dir}, 1, "not an ordinary file"},
		"no such folder":   {[]string{"-page", file("no/page.html")}, 1, "no such file"},
		"the file of save": {[]string{"-save", file("a"), "-page", dir + "/./a"}, 1, "the file of -save"},
		"the file of load": {[]string{"-load", file("net.json"), "-page", file("net.json")}, 1, "which is to be read"},
		"the digits":       {[]string{"-page", builtInFile}, 1, "which is to be read"},
		"other digits":     {[]string{"-data", smallFile, "-page", file("b")}, 1, "784 pixels, the digits have 12"},
		"too large":        {[]string{"-hidden", "6000", "-page", file("c")}, 1, "the limit for a page"},
		"not a network":    {[]string{"-load", smallFile, "-page", file("d")}, 1, "not a network as -save writes it"},
	} {
		status, stdout, stderr := run(c.args...)
		lines := strings.Split(strings.TrimSpace(stderr), "\n")
		if last := lines[len(lines)-1]; status != c.status || stdout != "" || !strings.Contains(last, c.want) {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q, want %d, nothing and %q",
				name, status, stdout, stderr, c.status, c.want)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}
