package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"digits/picture"
	"encoding/base64"
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
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"time"
)

// The examples come first and what the tests share second; the tests stand in
// the order of the files: network, matrix, loader, main.

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
	if err := net.SGD(training, 3, 10, 3.0, nil, rng, os.Stdout, Extras{}); err != nil {
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
	smallFile   = "testdata/pickles/py3.11-protocol4.pkl.gz" // see testdata/dataset.py
	builtInFile = "data/digits.pkl.gz"                       // for -data: without it MNIST is taken, if it is there
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

// wantGoroutines fails unless there are no more goroutines than before.
func wantGoroutines(t *testing.T, before int) {
	t.Helper()
	for range 1_000_000 { // they may need a moment to end
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
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
	a := &Sparse{Cols: m.Cols, Cut: m.Cols * 2 / 3}
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
			extra := Extras{Lambda: c.Lambda}
			if err := net.SGD(data, 3, data.Len(), c.Eta, nil, newRand(1), io.Discard, extra); err != nil {
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
		for _, extra := range []Extras{{}, {Lambda: 0.7}, {Shift: 3}, {Lambda: 0.7, Shift: 1}} {
			name := fmt.Sprintf("mini-batches of %d, λ %v, shift %d", miniBatchSize, extra.Lambda, extra.Shift)
			got, want := NewNetwork([]int{784, 4, 10}, newRand(1)), NewNetwork([]int{784, 4, 10}, newRand(1))
			var progress []int
			extra.Progress = func(done, total int) { progress = append(progress, done, total) }
			var out, wantOut strings.Builder
			if err := got.SGD(data, 2, miniBatchSize, 0.5, data, newRand(2), &out, extra); err != nil {
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
		err := net.SGDWithPatience(training, len(c.answers), 1, 1e-300, hidden, newRand(1), &out, Extras{
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
		})
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
		extra := Extras{Patience: 9, Validation: c.data(), AfterEpoch: func(epoch int, isBest bool) error {
			if isBest {
				best.set(net)
			}
			net.Biases[0].Data[0] += 1 // what is left after the last epoch is not the best
			return nil
		}}
		if err := net.SGDWithPatience(c.data(), epochs, 8, c.Eta, nil, newRand(1), &out, extra); err != nil {
			t.Fatal(err)
		}
		judged := strings.Count(out.String(), " / 8 validation\n")
		if judged != epochs || strings.Count(out.String(), "\n") != epochs {
			t.Errorf("%d epochs: it wrote\n%s", epochs, out.String())
		}
		wantClose(t, "weights", net.Weights, best.Weights, 0)
		wantClose(t, "biases", net.Biases, best.Biases, 0)
	}
	extra := Extras{Patience: 1, Validation: c.data()}
	err := c.network().SGDWithPatience(c.data(), 0, 8, c.Eta, c.data(), newRand(1), failingWriter{}, extra)
	if err != errFull {
		t.Errorf("with a full disk the error is %v, want %v", err, errFull)
	}
	extra = Extras{Patience: 9, Validation: c.data(), AfterEpoch: func(int, bool) error { return errFull }}
	err = c.network().SGDWithPatience(c.data(), 5, 8, c.Eta, nil, newRand(1), io.Discard, extra)
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
	err := c.network().SGD(c.data(), 5, 8, c.Eta, nil, newRand(1), &out, Extras{AfterEpoch: afterEpoch})
	want := "Epoch 0 complete\nafter 0: true\nEpoch 1 complete\nafter 1: true\n"
	if err != errFull || out.String() != want {
		t.Errorf("error %v and\n%swant %v and\n%s", err, out.String(), errFull, want)
	}
}

func TestSGDReports(t *testing.T) {
	c := numpyCases(t)[1]
	var out strings.Builder
	if err := c.network().SGD(c.data(), 3, 8, c.Eta, c.data(), newRand(1), &out, Extras{}); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(out.String(), "\n")
	if want := fmt.Sprintf("Epoch 2: %d / 8\n", c.CorrectAfterThree); len(lines) != 4 || lines[2] != want {
		t.Errorf("with test data it wrote\n%swant three lines, the last %q", out.String(), want)
	}
	out.Reset()
	if err := c.network().SGD(c.data(), 2, 8, c.Eta, nil, newRand(1), &out, Extras{}); err != nil {
		t.Fatal(err)
	}
	if want := "Epoch 0 complete\nEpoch 1 complete\n"; out.String() != want {
		t.Errorf("without test data it wrote\n%swant\n%s", out.String(), want)
	}
	if err := c.network().SGD(c.data(), 1, 8, c.Eta, nil, newRand(1), failingWriter{}, Extras{}); err != errFull {
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
		err := net.SGD(c.data(), 3, 1, c.Eta, c.data(), newRand(1), &out, Extras{})
		if err == nil || !strings.Contains(err.Error(), "epoch 0") ||
			!strings.Contains(err.Error(), "smaller learning rate") || out.Len() > 0 {
			t.Errorf("%s: error %v and output %q, want the epoch, the remedy and no output", name, err, out.String())
		}
		net = c.network()
		epoch := 0
		err = net.SGD(c.data(), 3, 4, c.Eta, nil, newRand(1), io.Discard, Extras{
			Progress: func(done, total int) {
				if epoch == 2 && done == total {
					spoil(net)
				}
			},
			AfterEpoch: func(e int, _ bool) error { epoch = e + 1; return nil },
		})
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
		if err := net.SGD(training, 1, 10, 3, test, rng, &out, Extras{}); err != nil {
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
		for _, cores := range []int{1, 2, 3, 5, 8, 16} {
			rng := newRand(1)
			net := NewNetwork(c.sizes, rng)
			onCores(cores, func() {
				extra := Extras{Lambda: 0.1, Shift: 1}
				if err := net.SGD(training, 2, c.m, 3, training, rng, io.Discard, extra); err != nil {
					t.Fatal(err)
				}
			})
			if want == nil {
				want = net
			} else if !reflect.DeepEqual(net.Weights, want.Weights) || !reflect.DeepEqual(net.Biases, want.Biases) {
				t.Errorf("sizes %v, mini-batches of %d: another network on %d cores than on one", c.sizes, c.m, cores)
			}
		}
	}
	wantGoroutines(t, before)
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
		if err := net.SGD(training, 3, 10, 3, nil, rng, io.Discard, Extras{}); err != nil {
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
	if err := net.SGD(training, 6, 10, 3, nil, rng, io.Discard, Extras{}); err != nil {
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

func TestLoadNetworkRefuses(t *testing.T) {
	const good = `{"sizes": [2, 1, 2], "weights": [[[1, 2]], [[3], [4]]], ` +
		`"biases": [[[5]], [[6], [7]]], "cost": "QuadraticCost"}`
	if _, err := LoadNetwork("good", strings.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"empty":          {good, "", "it is empty"},
		"no JSON":        {good, "\x02cnumpy", "byte 0: this is not the JSON"},
		"JSON, and more": {good, " \n" + good + "x", "not the JSON"},
		"a pickle":       {good, "\x80\x02cnumpy", "it is a bare pickle, not a network"},
		"a picture":      {good, "\x89PNG\r\n\x1a\n", "it is a picture (PNG), not a network"},
		"another thing":  {good, `[1, 2]`, "byte"},
		"nothing in it":  {good, `{}`, "the sizes are []"},
		"twice":          {good, good + good, "not the JSON"},
		"unknown cost": {`"QuadraticCost"`, `"Hinge"`,
			`the cost is "Hinge", want "QuadraticCost" or "CrossEntropyCost"`},
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
		"a number as weights": {"[[1, 2]]", "[1, 2]", "number where weights wants another kind"},
		"the other way":       {"[[1, 2]]", "[[1], [2]]", "weights[0] has 2 rows, but its layer has 1 neurons"},
		"NaN":                 {"[7]", "[NaN]", "byte 81: a weight or bias that is not finite"},
		"Infinity":            {"[7]", "[Infinity]", "byte 81: a weight or bias that is not finite"},
		"minus Infinity":      {"[7]", "[-Infinity]", "byte 82: a weight or bias that is not finite"},
		"too large":           {"[7]", "[1e999]", "too large"},
		"null":                {"[7]", "[null]", "byte 81: null"},
		"null, a weight":      {"[3]", "[null]", "byte 45: null"},
		"null, a size":        {"[2, 1, 2]", "[2, null, 2]", "byte 14: null"},
		"null, a layer":       {"[[1, 2]]", "null", "byte 33: null"},
		"text":                {"[7]", `["7"]`, "byte"},
		"a huge layer":        {"[2, 1, 2]", "[1000000000, 1, 2]", "weights[0], row 0 has 2 numbers"},
		"huge nonsense":       {good, strings.Repeat("[", maxSavedMarks+1), "not a network"},
		"too many numbers":    {good, strings.Repeat("1,", maxSavedMarks+1), "not a network"},
	} {
		_, err := LoadNetwork("file", strings.NewReader(strings.Replace(good, c.old, c.new, 1)))
		kind := "FormatError"
		if c.want == "not a network" {
			kind = "UnsupportedError"
		}
		if kindOf(err) != kind || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "file: ") {
			t.Errorf("%s: the error is %v, want a %s with %q", name, err, kind, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error has more than one line: %v", name, err)
		}
	}
	for n := range len(good) - 1 {
		if _, err := LoadNetwork("file", strings.NewReader(good[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d bytes: the error is %v, want io.ErrUnexpectedEOF", n, err)
		}
	}
	if _, err := LoadNetwork("file", iotest.ErrReader(errFull)); err != errFull {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
}

// What other programs make of such a file is read.
func TestLoadNetworkAccepts(t *testing.T) {
	const good = `{"sizes": [2, 1], "weights": [[[1, 2]]], "biases": [[[5]]], "cost": "CrossEntropyCost"}`
	for name, c := range map[string]struct {
		old, new string
		want     *Cost
	}{
		"as it is":          {"", "", CrossEntropy},
		"a byte order mark": {good, "\ufeff" + good, CrossEntropy},
		"further keys":      {`"cost"`, `"by": null, "null": [null, {"weights": null}], "cost"`, CrossEntropy},
		"no cost":           {`, "cost": "CrossEntropyCost"`, "", Quadratic},
		"null for a cost":   {`"CrossEntropyCost"`, "null", Quadratic},
		"an empty cost":     {`"CrossEntropyCost"`, `""`, Quadratic},
	} {
		net, err := LoadNetwork(name, strings.NewReader(strings.Replace(good, c.old, c.new, 1)))
		if err != nil || net.Cost != c.want || !slices.Equal(net.Weights[0].Data, []float64{1, 2}) {
			t.Errorf("%s: got %+v, error %v, want cost %s and weights 1, 2", name, net, err, c.want.Name)
		}
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

// A network whose file could not be loaded is refused before it is trained.
func TestCheckSavedSize(t *testing.T) {
	for _, c := range []struct {
		sizes []int
		fits  bool
	}{
		{[]int{784, 30, 10}, true},
		{[]int{1 << 12, 1<<12 - 3}, true}, // n·n weights and, for each neuron, a bias and two brackets
		{[]int{1 << 12, 1<<12 - 2}, false},
		{[]int{1, 1<<22 - 2}, true},
		{[]int{1, 1<<22 - 1}, false},
	} {
		if err := checkSavedSize(c.sizes); (err == nil) != c.fits || err != nil && kindOf(err) != "UnsupportedError" {
			t.Errorf("sizes %v: the error is %v, want none: %v", c.sizes, err, c.fits)
		}
	}
	for _, sizes := range [][]int{{3, 2}, {1, 1}, {7, 5, 4, 3}} {
		var file strings.Builder
		if err := NewNetwork(sizes, newRand(2)).Save(&file); err != nil {
			t.Fatal(err)
		}
		got, want := savedMarks(sizes), strings.Count(file.String(), ",")+strings.Count(file.String(), "[")
		if got != want {
			t.Errorf("sizes %v: savedMarks = %d, but Save writes %d commas and brackets", sizes, got, want)
		}
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
		{"MulAddSparse", func(c *Matrix) { c.MulAddSparse(inPlace(double), sparse(a), b, d) }, sum, sumSize},
		{"MulT", func(c *Matrix) { c.MulT(a, transpose(b), double, e) }, product, productSize},
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
		{"AddTMulSparse", func(c *Matrix) { c.AddTMulSparse(s, sparse(transpose(a)), b) }},
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
		"MulAddSparse":        {1, func(c, a, b *Matrix) { c.MulAddSparse(same, sparse(a), b, NewMatrix(1, 1)) }},
		"MulT":                {1, func(c, a, b *Matrix) { c.MulT(a, b, math.Abs, filled(1, 1)) }},
		"AddTMul":             {1, func(c, a, b *Matrix) { c.AddTMul(1, a, b) }},
		"AddTMulSparse":       {1, func(c, a, b *Matrix) { c.AddTMulSparse(1, sparse(a), b) }},
		"AddTMulSparse, wide": {wide, func(c, a, b *Matrix) { c.AddTMulSparse(1, sparse(a), b) }},
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
	patience := func(extra Extras) {
		NewNetwork([]int{2, 2}, newRand(1)).SGDWithPatience(data, 1, 1, 3, nil, nil, nil, extra)
	}
	const ( // what the panics say, before the shapes
		mulAdd        = "MulAdd: shapes do not fit c = f(a·b + d): "
		mulAddSparse  = "MulAddSparse: shapes do not fit c = f(a·b + d): "
		mulT          = "MulT: shapes do not fit c = a·bᵀ ⊙ f(d): "
		addTMul       = "AddTMul: shapes do not fit c += s·aᵀ·b: "
		zip           = "Zip: shapes do not fit m = f(a, b): "
		addSum        = "AddSum: shapes do not fit b += s·Σ a: "
		addTMulSparse = "AddTMulSparse: shapes do not fit c += s·aᵀ·b: "
		badPatience   = "SGDWithPatience: want a patience of 1 or more"
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

		"MulT, inner":   {func() { m(2, 4).MulT(m(2, 3), m(4, 5), math.Abs, m(2, 4)) }, mulT + "[2×4 2×3 4×5 2×4]"},
		"MulT, rows":    {func() { m(1, 4).MulT(m(2, 3), m(4, 3), math.Abs, m(1, 4)) }, mulT + "[1×4 2×3 4×3 1×4]"},
		"MulT, columns": {func() { m(2, 5).MulT(m(2, 3), m(4, 3), math.Abs, m(2, 5)) }, mulT + "[2×5 2×3 4×3 2×5]"},
		"MulT, d rows":  {func() { m(2, 4).MulT(m(2, 3), m(4, 3), math.Abs, m(3, 4)) }, mulT + "[2×4 2×3 4×3 3×4]"},
		"MulT, d cols":  {func() { m(2, 4).MulT(m(2, 3), m(4, 3), math.Abs, m(2, 5)) }, mulT + "[2×4 2×3 4×3 2×5]"},

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
		"SGD":         {func() { new(Network).SGD(nil, 1, 0, 3, nil, nil, nil, Extras{}) }, "SGD: mini-batches of 0"},

		"Backprop, x":    {func() { backprop(m(5, 4), m(5, 2)) }, mulAddSparse + "[5×2 5×4 3×2 1×2]"},
		"Backprop, y":    {func() { backprop(m(5, 3), m(5, 1)) }, zip + "[5×2 5×2 5×1]"},
		"Backprop, rows": {func() { backprop(m(5, 3), m(4, 2)) }, mulAddSparse + "[4×2 5×3 3×2 1×2]"},

		"Gather": {func() { data.Gather([]int{0}, &Sparse{}, m(2, 10)) }, "Gather: y is 2×10 for 1 images"},

		"MulAddSparse, inner": {func() { m(2, 4).MulAddSparse(nil, sparse(m(2, 3)), m(5, 4), m(1, 4)) },
			mulAddSparse + "[2×4 2×3 5×4 1×4]"},
		"MulAddSparse, rows": {func() { m(1, 4).MulAddSparse(nil, sparse(m(2, 3)), m(3, 4), m(1, 4)) },
			mulAddSparse + "[1×4 2×3 3×4 1×4]"},
		"MulAddSparse, columns": {func() { m(2, 5).MulAddSparse(nil, sparse(m(2, 3)), m(3, 4), m(1, 5)) },
			mulAddSparse + "[2×5 2×3 3×4 1×5]"},
		"MulAddSparse, d": {func() { m(2, 4).MulAddSparse(nil, sparse(m(2, 3)), m(3, 4), m(1, 3)) },
			mulAddSparse + "[2×4 2×3 3×4 1×3]"},
		"MulAddSparse, d rows": {func() { m(2, 4).MulAddSparse(nil, sparse(m(2, 3)), m(3, 4), m(2, 4)) },
			mulAddSparse + "[2×4 2×3 3×4 2×4]"},
		"AddTMulSparse, inner": {func() { m(2, 4).AddTMulSparse(1, sparse(m(3, 2)), m(4, 4)) },
			addTMulSparse + "[2×4 3×2 4×4]"},
		"AddTMulSparse, rows": {func() { m(1, 4).AddTMulSparse(1, sparse(m(3, 2)), m(3, 4)) },
			addTMulSparse + "[1×4 3×2 3×4]"},
		"AddTMulSparse, columns": {func() { m(2, 5).AddTMulSparse(1, sparse(m(3, 2)), m(3, 4)) },
			addTMulSparse + "[2×5 3×2 3×4]"},

		"patience, none":   {func() { patience(Extras{Validation: data}) }, badPatience},
		"patience, no set": {func() { patience(Extras{Patience: 4}) }, badPatience + ", and validation digits"},
		"patience, empty": {func() { patience(Extras{Patience: 4, Validation: square}) },
			badPatience + ", and validation digits"},

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
				column := c.at(k, c.count[k])
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

// A part of a row has the numbers of its columns, to the last column there can be.
func TestPart(t *testing.T) {
	r := SparseRow{[]uint16{0, 3, 4, 65535}, []float32{1, 2, 3, 4}}
	for _, c := range []struct {
		from, to int
		want     []float32
	}{
		{0, 65536, []float32{1, 2, 3, 4}}, {0, 0, nil}, {0, 1, []float32{1}}, {0, 3, []float32{1}},
		{1, 4, []float32{2}}, {3, 5, []float32{2, 3}},
		{5, 65535, nil}, {5, 65536, []float32{4}}, {65536, 65536, nil},
	} {
		got := r.part(c.from, c.to)
		if !slices.Equal(got.Value, c.want) || len(got.Where) != len(got.Value) {
			t.Errorf("columns %d to %d have %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

// The columns are shared out so that the first half of the parts is the first
// band, and all parts together are all columns.
func TestColumn(t *testing.T) {
	for _, c := range []struct{ cols, cut int }{{784, 406}, {5, 1}, {5, 0}, {5, 5}, {1, 0}, {0, 0}, {65536, 30000}} {
		a := &Sparse{Cols: c.cols, Cut: c.cut}
		first, middle, last := a.column(0), a.column(c.cols), a.column(2*c.cols)
		if first != 0 || middle != c.cut || last != c.cols {
			t.Errorf("of %d columns cut at %d, parts begin at %d, %d, %d, want 0, %d, %d",
				c.cols, c.cut, first, middle, last, c.cut, c.cols)
		}
		for p := range 2 * c.cols {
			if a.column(p) > a.column(p+1) {
				t.Errorf("of %d columns cut at %d, step %d goes back from %d to %d",
					c.cols, c.cut, p, a.column(p), a.column(p+1))
			}
		}
	}
}

// onCores runs f as on a machine with so many cores, and when the helpers of
// other tests have ended.
func onCores(cores int, f func()) {
	for n := 0; helpers.Load() > 0 && n < 100_000_000; n++ {
		runtime.Gosched()
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	defer func(n int) { processors = n }(processors)
	processors = cores
	alone.Store(0)
	f()
	alone.Store(0)
}

// Every row is computed once and whole when share returns, whoever does it, also
// when several ask for help at once; and nobody is left behind.
func TestShare(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, cores := range []int{1, 2, 3, 5, 8, 16} {
		onCores(cores, func() {
			var callers sync.WaitGroup
			for caller := range 3 {
				callers.Add(1)
				go func() {
					defer callers.Done()
					for k := range 300 {
						n := k % 40
						done, calls := make([]int32, n), make([]int32, n)
						share(n, worthSharing-k%2, func(from, to int) {
							for i := from; i < to; i++ {
								done[i]++
								calls[from]++
							}
						})
						for i, times := range done {
							if times != 1 {
								t.Errorf("%d cores, caller %d: row %d of %d was computed %d times",
									cores, caller, i, n, times)
								return
							}
						}
					}
				}()
			}
			callers.Wait()
		})
	}
	wantGoroutines(t, before)
}

// How many parts there are: one for each core, unless there is too little to do
// or helpers were late.
func TestShareParts(t *testing.T) {
	for name, c := range map[string]struct {
		cores, n, work int
		alone          int64
		want           int
	}{
		"one core":            {1, 100, 1 << 30, 0, 1},
		"eight":               {8, 100, worthSharing, 0, 8},
		"too little to share": {8, 100, worthSharing - 1, 0, 1},
		"fewer rows":          {8, 3, worthSharing, 0, 3},
		"one row":             {8, 1, worthSharing, 0, 1},
		"late just now":       {8, 100, worthSharing, math.MaxInt64, 1},
	} {
		onCores(c.cores, func() {
			alone.Store(c.alone)
			var parts atomic.Int32
			share(c.n, c.work, func(from, to int) {
				parts.Add(1)
				if to-from < c.n/c.want || to-from > (c.n+c.want-1)/c.want {
					t.Errorf("%s: one of %d parts of %d rows is %d to %d", name, c.want, c.n, from, to)
				}
			})
			if int(parts.Load()) != c.want {
				t.Errorf("%s: %d parts, want %d", name, parts.Load(), c.want)
			}
		})
	}
}

// A helper that takes long is waited for, in sleep.
func TestShareWaits(t *testing.T) {
	stack := func(all bool) string {
		text := make([]byte, 1<<20)
		return string(text[:runtime.Stack(text, all)])
	}
	onCores(2, func() {
		var byHelper, asleep atomic.Bool
		share(2, worthSharing, func(from, to int) {
			if strings.Contains(stack(false), ".help(") {
				byHelper.Store(true)
				for n := 0; !asleep.Load() && n < 10_000; n++ {
					asleep.Store(strings.Contains(stack(true), "sync.(*WaitGroup).Wait"))
				}
				return
			}
			for n := 0; !byHelper.Load() && n < 10_000_000; n++ { // give it time to come
				runtime.Gosched()
			}
		})
		if !byHelper.Load() || !asleep.Load() {
			t.Errorf("a helper did one of two parts: %v; the caller slept until it was done: %v",
				byHelper.Load(), asleep.Load())
		}
	})
}

// After a loss, jobs are done alone, 100 multiplications for every nanosecond,
// unless more has been gained since the last one.
func TestLose(t *testing.T) {
	parts := func(work int) (n int) {
		var calls atomic.Int32
		share(2, work, func(from, to int) { calls.Add(1) })
		return int(calls.Load())
	}
	for name, c := range map[string]struct {
		shared, work int // multiplications before a loss of 1,000 ns, and of each job after it
		want         []int
	}{
		"at once":            {0, 50_000, []int{1, 2}},
		"a little more":      {0, 49_999, []int{1, 1, 2}},
		"had gained less":    {10_000, 50_000, []int{1, 2}},
		"had gained more":    {10_001, 50_000, []int{2, 2}},
		"had shared nothing": {worthSharing - 1, 50_000, []int{1, 2}},
	} {
		onCores(2, func() {
			parts(c.shared)
			lose(1000)
			for k, want := range c.want {
				if got := parts(c.work); got != want {
					t.Errorf("%s: job %d after the loss: %d parts, want %d", name, k, got, want)
				}
			}
		})
	}
	onCores(2, func() {
		parts(10_001)
		lose(1000)
		lose(1000)
		if parts(50_000) != 1 {
			t.Error("what was gained before one loss is set against the next")
		}
	})
	onCores(2, func() {
		long := func(from, to int) {
			for began := time.Now(); time.Since(began) < time.Millisecond; {
			}
		}
		share(2, 5_000_000, long)
		if alone.Load() > 0 {
			t.Error("a job of 1 ms, which may take 20 ms, is a loss")
		}
		alone.Store(0)
		share(2, worthSharing, long)
		if alone.Load() < 100*time.Millisecond.Nanoseconds() {
			t.Error("a job of 1 ms, which should take less than 0.1 ms, is not a loss")
		}
	})
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
		run(fmt.Sprintf("MulAddSparse/10x784.784x%d", nHidden), func() { z.MulAddSparse(sigmoid, &a, w, b1) })
		run(fmt.Sprintf("AddTMulSparse/10x784T.10x%d", nHidden), func() { w.AddTMulSparse(1e-9, &a, z) })
		run(fmt.Sprintf("MulAdd/10x%d.%dx10", nHidden, nHidden), func() { delta.MulAdd(sigmoid, z, w2, b2) })
		run(fmt.Sprintf("MulT/10x10.%dx10T", nHidden), func() { z.MulT(delta, w2, sigmoidPrime, z) })
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
// testdata/pickles/README.md says which is which.
func TestLoadDataFromPython(t *testing.T) {
	files, err := filepath.Glob("testdata/pickles/*.pkl.gz")
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
				var unsupported *UnsupportedError
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

// Instruction by instruction: what each one leaves on the stack.
func TestUnpickle(t *testing.T) {
	text := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		pickle string
		want   string // what describe says of the result
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
		"EMPTY_TUPLE":          {").", "a tuple of 0"},
		"frames in a row": {"\x95\x01\x00\x00\x00\x00\x00\x00\x00N" +
			"\x95\x02\x00\x00\x00\x00\x00\x00\x00\x85.", "a tuple of 1"},
		"a frame of a frame": {"\x95\x09\x00\x00\x00\x00\x00\x00\x00\x95\x02\x00\x00\x00\x00\x00\x00\x00N.", "None"},
		"a frame of nothing": {"\x95\x00\x00\x00\x00\x00\x00\x00\x00N.", "None"},
	} {
		got, err := unpickle(strings.NewReader(c.pickle))
		if err != nil || describe(got) != c.want {
			t.Errorf("%s: unpickle(%.40q) = %s, %v, want %s", name, c.pickle, describe(got), err, c.want)
		}
	}
}

// Each pickle puts 1 and 2 into the memo, and then a pair of what it finds
// there on the stack; no two numbers may mean the same memo.
func TestUnpickleMemo(t *testing.T) {
	for name, pickle := range map[string]string{
		"BINPUT and BINGET 128": "K\x01q\x00K\x02q\x80h\x00h\x80\x86\x87.",
		"LONG_BINPUT and LONG_BINGET 256": "K\x01r\x00\x00\x00\x00K\x02r\x00\x01\x00\x00" +
			"j\x00\x00\x00\x00j\x00\x01\x00\x00\x86\x87.",
		"LONG_BINPUT and LONG_BINGET 2¹⁶": "K\x01r\x00\x00\x00\x00K\x02r\x00\x00\x01\x00" +
			"j\x00\x00\x00\x00j\x00\x00\x01\x00\x86\x87.",
		"BINPUT and LONG_BINGET 0 and 255": "K\x01q\x00K\x02q\xffj\x00\x00\x00\x00j\xff\x00\x00\x00\x86\x87.",
		"MEMOIZE":                          "K\x01\x94K\x02\x94h\x00h\x01\x86\x87.",
	} {
		got, err := unpickle(strings.NewReader(pickle))
		if want := (tuple{int64(1), int64(2), tuple{int64(1), int64(2)}}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
}

// Opcode by opcode: what Python's pickle module writes for the parts of an
// MNIST pickle in protocol 2, to be put together and spoiled by the tests.

func pyGlobal(module, name string) string { return "c" + module + "\n" + name + "\n" }      // GLOBAL
func pyStr(s string) string               { return "U" + string([]byte{byte(len(s))}) + s } // SHORT_BINSTRING
func pyInt(n int) string { // BININT
	return "J" + string(binary.LittleEndian.AppendUint32(nil, uint32(n)))
}
func pyBytes(s string) string { // BINSTRING
	return "T" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

const (
	pyProto2 = "\x80\x02"     // PROTO 2
	pyPair   = "\x86"         // TUPLE2
	pyTriple = "\x87"         // TUPLE3
	pyFalse  = "\x89"         // NEWFALSE
	pyCall   = "R"            // REDUCE
	pyFloat4 = "<f4"          // for pyDtype
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

// pyFloats is the bytes of floats, "<f4" or "<f8".
func pyFloats(d string, values ...float64) string {
	var data []byte
	for _, v := range values {
		if d == "<f4" {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		} else {
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
		}
	}
	return pyBytes(string(data))
}

// pyImages is an n×w array of float32; value(k) is pixel k.
func pyImages(n, w int, value func(k int) float32) string {
	var data []byte
	for k := range n * w {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(value(k)))
	}
	return pyArray(pyShape(n, w), pyDtype(pyFloat4), pyBytes(string(data)))
}

// pyLabels is an array of labels, int64.
func pyLabels(labels ...int) string {
	var data []byte
	for _, v := range labels {
		data = binary.LittleEndian.AppendUint64(data, uint64(v))
	}
	return pyArray(pyShape(len(labels)), pyDtype("<i8"), pyBytes(string(data)))
}

func grey(int) float32 { return 0.5 }

// pySet is a sound data set of n digits of w pixels.
func pySet(n, w int) string {
	return pyImages(n, w, grey) + pyLabels(make([]int, n)...) + pyPair
}

// pyFile is a pickle of three data sets.
func pyFile(training, validation, test string) string {
	return pyProto2 + training + validation + test + pyTriple + "."
}

// pyWith is a pickle that is sound but for its training images.
func pyWith(images string) string {
	return pyFile(images+pyLabels(1, 2)+pyPair, pySet(1, 4), pySet(1, 4))
}

// pyWithLabels is a pickle that is sound but for its training labels.
func pyWithLabels(labels string) string {
	return pyFile(pyImages(2, 4, grey)+labels+pyPair, pySet(1, 4), pySet(1, 4))
}

// gzipped returns s as a gzip file.
func gzipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.Bytes()
}

func TestLoadDataRefusesPickles(t *testing.T) {
	data32, f4 := pyBytes(strings.Repeat("\x00", 32)), pyDtype(pyFloat4)
	good := pyFile(pySet(2, 4), pySet(1, 4), pySet(1, 4))
	const format, unsupported = "FormatError", "UnsupportedError"
	encode, numpyDtype := pyProto2+pyGlobal("_codecs", "encode"), pyProto2+pyGlobal("numpy", "dtype")
	fromBuffer := pyProto2 + pyGlobal("numpy.core.numeric", "_frombuffer")
	reconstruct := pyProto2 + pyGlobal("numpy.core.multiarray", "_reconstruct")
	newArray := pyProto2 + pyNewArray
	withArray := func(shape, dtype, data string) string { return pyWith(pyArray(shape, dtype, data)) }
	withLabelArray := func(shape, dtype, data string) string { return pyWithLabels(pyArray(shape, dtype, data)) }
	tests := []struct{ name, pickle, kind, want string }{
		{"nothing in it", "", format, "byte 0: the file is cut short"},
		{"data after the end", good + "x", format, fmt.Sprintf("byte %d: data after the end", len(good))},
		{"two pickles", good + good, format, "data after the end"},
		{"cut short, where", pyProto2 + "T\x09\x00\x00\x00abc", format, "pickle, byte 2: the file is cut short"},
		{"cut short in a length", pyProto2 + "NT\x09\x00", format, "pickle, byte 3: the file is cut short"},
		{"unknown instruction", pyProto2 + "\xff.", format, "byte 2: instruction 0xff"},
		{"instruction 0", "\x00", format, "byte 0: instruction 0x00"},
		{"protocol 6", "\x80\x06N.", unsupported, "byte 0: protocol 6; re-save"},
		{"protocol 0", "(lp0\n.", unsupported, "is text"},
		{"protocol 0's integer", "I7\n.", unsupported, "is text"},
		{"protocol 0's unicode", "Vabc\n.", unsupported, "is text"},
		{"protocol 0's string", "S'abc'\n.", unsupported, "is text"},
		{"protocol 0's float", "F1.5\n.", unsupported, "is text"},
		{"protocol 0's long", "L1L\n.", unsupported, "is text"},
		{"protocol 0's memo", "g0\n.", unsupported, "is text"},

		// What unpickling such a file would run, in Python.
		{"os.system", pyProto2 + pyGlobal("os", "system") + pyStr("true") + "\x85R.",
			unsupported, `byte 2: "system" of module "os" is not`},
		{"eval", pyProto2 + pyGlobal("__builtin__", "eval") + pyStr("1") + "\x85R.", unsupported, `"eval"`},
		{"a name from the stack", pyProto2 + pyStr("posix") + pyStr("system") + "\x93.",
			unsupported, `"system" of module "posix"`},
		{"a name split elsewhere", pyProto2 + pyStr("numpy ndarray") + pyStr("") + "\x93.",
			unsupported, `"" of module "numpy ndarray"`},
		{"a name in the terminal's language", pyProto2 + pyGlobal("\x1b[2J", "x"), unsupported, `"\x1b[2J"`},
		{"a name with more to it", pyProto2 + pyGlobal("numpy.core.multiarray", "_reconstruct2"),
			unsupported, "_reconstruct2"},
		{"a name of 100 bytes", pyProto2 + pyStr("numpy") + pyStr(strings.Repeat("x", 100)) + "\x93.",
			unsupported, "is not among the names"},
		{"a name of 101 bytes", pyProto2 + pyStr("numpy") + pyStr(strings.Repeat("x", 101)) + "\x93.",
			format, "a string of 101 bytes where a short string belongs"},
		{"a line of 254 bytes", pyProto2 + pyGlobal(strings.Repeat("x", 254), "y"),
			unsupported, "is not among the names"},
		{"a line without end", pyProto2 + "c" + strings.Repeat("x", 1000), format, "a line of more than"},

		{"REDUCE of no function", pyProto2 + "K\x01K\x02\x85R.", format, "REDUCE without"},
		{"REDUCE without arguments", numpyDtype + "NR.", format, "REDUCE without"},
		{"ndarray called", pyProto2 + pyGlobal("numpy", "ndarray") + "K\x01\x85R.", format, "1 arguments"},
		{"_reconstruct of a dtype", reconstruct + pyGlobal("numpy", "dtype") + "NN\x87R.", format, "3 arguments"},
		{"_reconstruct of too little", reconstruct + pyGlobal("numpy", "ndarray") + "\x85R.", format, "1 arguments"},
		{"dtype of four", numpyDtype + "(" + pyStr("f4") + "K\x00K\x01NtR.", format, "4 arguments"},
		{"dtype of too little", numpyDtype + pyStr("f4") + "\x85R.", format, "1 arguments"},
		{"dtype of an int", numpyDtype + "K\x01K\x00K\x01\x87R.", format, "1 where a short string belongs"},
		{"dtype object", withArray(pyShape(2, 4), pyDtype("|O8"), data32), unsupported, `dtype "O8"`},
		{"dtype float16", withArray(pyShape(2, 4), pyDtype("<f2"), data32), unsupported, `dtype "f2"`},
		{"dtype without order",
			withArray(pyShape(2, 4), pyGlobal("numpy", "dtype")+pyStr("f4")+"K\x00K\x01\x87R", data32),
			format, "whose dtype is a dtype"},
		{"dtype of no order", withArray(pyShape(2, 4), pyDtype("|f4"), data32), format, `byte order "|"`},
		{"dtype of order for a byte", withArray(pyShape(2, 4), pyDtype("<u1"), data32), format, `byte order "<"`},
		{"dtype of order =", withArray(pyShape(2, 4), pyDtype("=f4"), data32), format, `byte order "="`},
		{"dtype of version 4", pyProto2 + strings.Replace(pyDtype(pyFloat4), "(K\x03", "(K\x04", 1),
			unsupported, "version 3"},
		{"dtype of a long state", pyProto2 + strings.Replace(pyDtype(pyFloat4), "NNN", "NNNN", 1),
			unsupported, "version 3"},
		{"dtype of a short state", pyProto2 + strings.Replace(pyDtype(pyFloat4), "NNN", "NN", 1),
			unsupported, "version 3"},
		{"_frombuffer in order K", fromBuffer + "(" + data32 + f4 + pyShape(2, 4) + pyStr("K") + "tR.",
			unsupported, `order "K"`},
		{"_frombuffer of too little", fromBuffer + ")R.", format, "0 arguments"},
		{"_frombuffer of three", fromBuffer + data32 + f4 + pyShape(2, 4) + "\x87R.", format, "3 arguments"},
		{"encode of too little", encode + ")R.", format, "0 arguments"},
		{"encode of three", encode + "X\x01\x00\x00\x00a" + pyStr("latin1") + "N\x87R.", format, "3 arguments"},
		{"bytes of something", pyProto2 + pyGlobal("__builtin__", "bytes") + "K\x07\x85R.", format, "1 arguments"},
		{"encode as utf-8", encode + "X\x01\x00\x00\x00a" + pyStr("utf-8") + "\x86R.", unsupported, `"utf-8"`},
		{"encode of bytes", encode + pyStr("a") + pyStr("latin1") + "\x86R.", format, "where text belongs"},
		{"latin1 past 0xff", encode + "X\x02\x00\x00\x00\xc4\x80" + pyStr("latin1") + "\x86R.", format, "not latin1"},
		{"latin1 with half a character", encode + "X\x02\x00\x00\x00\xc3a" + pyStr("latin1") + "\x86R.",
			format, "not latin1"},
		{"latin1 in two bytes for one", encode + "X\x02\x00\x00\x00\xc1\x81" + pyStr("latin1") + "\x86R.",
			format, "not latin1"},
		{"latin1 of two first bytes", encode + "X\x02\x00\x00\x00\xc3\xc3" + pyStr("latin1") + "\x86R.",
			format, "not latin1"},
		{"a text encoded twice",
			encode + "q\x00X\x0a\x00\x00\x000123456789" + pyStr("latin1") + "\x86q\x01Rh\x00h\x01R\x86.",
			format, "a string that is used twice"},
		{"latin1 cut off", encode + "X\x01\x00\x00\x00\xc3" + pyStr("latin1") + "\x86R.",
			format, "middle of a character"},

		{"BUILD of an int", pyProto2 + "K\x01(tb.", format, "BUILD of 1"},
		{"array of version 2", newArray + "(K\x02" + pyShape(2, 4) + f4 + pyFalse + data32 + "tb.",
			unsupported, "version 1"},
		{"array of a short state", newArray + "(K\x01" + pyShape(2, 4) + f4 + pyFalse + "tb.",
			unsupported, "version 1"},
		{"array of a long state", newArray + "(K\x01" + pyShape(2, 4) + f4 + pyFalse + data32 + "Ntb.",
			unsupported, "version 1"},
		{"array of order 7", newArray + "(K\x01" + pyShape(2, 4) + f4 + "K\x07" + data32 + "tb.", format, "order is 7"},
		{"array of None", withArray(pyShape(2, 4), f4, "N"), format, "elements are None"},
		{"array of a list", withArray(pyShape(2, 4), f4, "]"), format, "elements are a list of 0"},
		{"array of text", withArray(pyShape(2, 4), f4, "X\x01\x00\x00\x00a"), format, "elements are a text of 1 bytes"},
		{"array without dtype", withArray(pyShape(2, 4), "N", data32), format, "whose dtype is None"},
		{"array built twice",
			pyProto2 + pyArray(pyShape(2, 4), f4, data32) + "(K\x01" + pyShape(2, 4) + f4 + pyFalse + data32 + "tb.",
			format, "built twice"},
		{"bytes in two arrays",
			pyProto2 + pyArray(pyShape(2, 4), f4, data32+"q\x05") + pyArray(pyShape(2, 4), f4, "h\x05"),
			format, "a string that is used twice"},
		{"array of too little", withArray(pyShape(3, 4), f4, data32), format, "needs 3×4×4 bytes, but has 32"},
		{"array of too much", withArray(pyShape(1, 4), f4, data32), format, "needs 1×4×4 bytes, but has 32"},
		{"array of negative shape", withArray(pyShape(-2, -4), f4, data32), format, "a shape with -2 in it"},
		{"array whose size overflows",
			withArray("("+"\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x40"+pyInt(4)+"t", f4, data32),
			format, "a shape with 4611686018427387904"},
		{"array whose product overflows", withArray(pyShape(1<<30, 1<<30), pyDtype("<f8"), data32),
			format, "needs 1073741824×1073741824×8 bytes"},
		{"array of nothing that overflows", withArray(pyShape(1<<30, 1<<30), pyDtype("<f8"), pyBytes("")),
			format, "needs 1073741824×1073741824×8 bytes"},
		{"array of four dimensions", withArray(pyShape(2, 2, 2, 1), f4, data32),
			unsupported, "images.reshape(len(images), -1)"},
		{"array of no dimensions", withArray(pyShape(), f4, data32), unsupported, "a tuple of 0"},
		{"shape of text", withArray("("+pyStr("2")+"K\x04t", f4, data32), format, "a shape with a string"},

		{"POP, which no array needs", pyProto2 + "N0.", format, "byte 3: instruction 0x30"},
		{"STOP on nothing", pyProto2 + ".", format, "left over"},
		{"STOP on two", pyProto2 + "NN.", format, "1 objects and 0 marks are left over"},
		{"STOP on a mark", pyProto2 + "N(.", format, "0 objects and 1 marks are left over"},
		{"TUPLE1 of nothing", pyProto2 + "\x85.", format, "the stack is empty"},
		{"TUPLE3 of two", pyProto2 + "NN\x87.", format, "the stack is empty"},
		{"TUPLE2 across a mark", pyProto2 + "N(N\x86.", format, "the stack is empty"},
		{"TUPLE without a mark", pyProto2 + "NNt.", format, "no mark"},
		{"APPENDS to a tuple", pyProto2 + "N\x85(Ne.", format, "append to a tuple"},
		{"APPEND to nothing", pyProto2 + "Na.", format, "the stack is empty"},
		{"BINPUT of nothing", pyProto2 + "q\x00.", format, "the stack is empty"},
		{"BINPUT of a mark", pyProto2 + "N(q\x00.", format, "the stack is empty"},
		{"MEMOIZE of nothing", pyProto2 + "\x94.", format, "the stack is empty"},
		{"BINGET of nothing", pyProto2 + "h\x05.", format, "nothing was stored in the memo as number 5"},
		{"LONG_BINGET of nothing", pyProto2 + "j\xff\xff\xff\xff.", format, "number 4294967295"},
		{"BINGET past the memo", pyProto2 + "Nq\x01h\x00.", format, "number 0"},
		{"STACK_GLOBAL of an int", pyProto2 + "K\x01K\x02\x93.", format, "2 where a short string belongs"},
		{"LONG1 of nine bytes", pyProto2 + "\x8a\x09123456789.", format, "an integer of 9 bytes"},

		{"LONG1 of 255 bytes", pyProto2 + "\x8a\xff" + strings.Repeat("1", 255) + ".",
			format, "an integer of 255 bytes"},

		{"negative length", pyProto2 + "T\xff\xff\xff\xff", unsupported, "a string of 18446744073709551615 bytes"},
		{"length of 4 GB", pyProto2 + "B\xff\xff\xff\xff", unsupported, "a string of 4294967295 bytes"},
		{"length of 2⁶³", "\x80\x05\x96\x00\x00\x00\x00\x00\x00\x00\x80",
			unsupported, "a string of 9223372036854775808 bytes"},
		{"length of 1 GB and nothing", pyProto2 + "B\x00\x00\x00\x40abc", format, "cut short"},
		{"strings of 1 GB and a bit together",
			pyProto2 + "B\x00\x00\x01\x00" + strings.Repeat("a", 1<<16) + "B\x00\x00\x00\x40",
			unsupported, "a string of 1073741824 bytes; the limit for all together"},
		{"texts of 1 GB and a bit together",
			pyProto2 + "X\x00\x00\x01\x00" + strings.Repeat("a", 1<<16) + "X\x00\x00\x00\x40",
			unsupported, "a string of 1073741824 bytes; the limit for all together"},
		{"frame of 1 GB", "\x80\x04\x95\x00\x00\x00\x40\x00\x00\x00\x00N", format, "cut short"},
		{"frame of 1 GB and a byte", "\x80\x04\x95\x01\x00\x00\x40\x00\x00\x00\x00N",
			unsupported, "a frame of 1073741825"},
		{"frame of 2⁶³", "\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x80",
			unsupported, "a frame of 9223372036854775808"},
		{"frame in a frame", "\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00\x95\x01\x00\x00\x00\x00\x00\x00\x00N.",
			format, "a frame begins before"},
		{"frame too long", "\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00N.", format, "stops 1 bytes before its frame"},
		{"frame too short", "\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x03abc.",
			format, "cross the end of their frame"},
		{"the last instruction allowed", strings.Repeat("N", minInstructions-1) + ".", format, "left over"},
		{"instructions without end", pyProto2 + strings.Repeat("N", 2*minInstructions),
			unsupported, "more than 342857 instructions"}, // 8/7 of the first 300000

		{"no data sets", pyProto2 + "N.", format, "holds None, want three data sets"},
		{"one data set", pyProto2 + pySet(2, 4) + "\x85.", format, "holds a tuple of 1, want three"},
		{"a pair of arrays", pyProto2 + pySet(2, 4) + ".", format, "test set is an array of 1 dimensions of i8, want a pair"},
		{"four data sets", pyProto2 + "(" + strings.Repeat(pySet(1, 4), 4) + "t.", format, "holds a tuple of 4"},
		{"a list in itself", pyProto2 + "]q\x00(h\x00h\x00h\x00e.", format, "test set is a list of 3, want a pair"},
		{"images without labels", pyFile(pyImages(2, 4, grey), pySet(1, 4), pySet(1, 4)),
			format, "training set is an array of 2 dimensions of f4, want a pair"},
		{"three in a pair", pyFile(pySet(2, 4), pyImages(1, 4, grey)+pyLabels(1)+"N"+pyTriple, pySet(1, 4)),
			format, "validation set is a tuple of 3, want a pair"},
		{"images None", pyWith("N"), format, "training images are None"},
		{"images of one dimension", withArray(pyShape(8), f4, data32),
			format, "training images are an array of 1 dimensions"},
		{"images never built", pyWith(pyNewArray), format, "training images are an array that was never built"},
		{"images of integers", withArray(pyShape(2, 4), pyDtype("<i4"), data32),
			unsupported, "training images are an array of 2 dimensions of i4, want"},
		{"images of uint16", withArray(pyShape(2, 8), pyDtype("<u2"), data32), unsupported, "of u2, want"},
		{"images of no pixels", withArray(pyShape(2, 0), f4, pyBytes("")), unsupported, "want 1 to 65536 pixels"},
		{"images of a mile", withArray(pyShape(2, 65537), pyDtype("|u1"), pyBytes(strings.Repeat("\x00", 2*65537))),
			unsupported, "want 1 to 65536 pixels"},
		{"pixel above 1 in float64", withArray(pyShape(2, 1), pyDtype("<f8"), pyFloats("<f8", 1.00001, 0)),
			format, "training images, row 0, pixel 0: 1.00001 is not"},
		{"fewer labels", pyWithLabels(pyLabels(1)), format, "training set has 2 images but 1 labels"},
		{"more labels", pyWithLabels(pyLabels(1, 2, 3)), format, "training set has 2 images but 3 labels"},
		{"label 10", pyWithLabels(pyLabels(1, 10)), format, "training labels, row 1: 10 is not a digit"},
		{"label -1", pyWithLabels(pyLabels(-1, 1)), format, "training labels, row 0: -1 is not a digit"},
		{"label 2⁶⁴-1", withLabelArray(pyShape(2), pyDtype("<u8"), pyBytes(strings.Repeat("\xff", 16))),
			format, "row 0: 18446744073709551615 is not"},
		{"label 10 in a list", pyWithLabels("](K\x01K\x0ae"), format, "training labels, row 1: 10 is not a digit"},
		{"label True", pyWithLabels("](K\x01\x88e"), format, "training labels, row 1: true is not a digit"},
		{"labels of floats", withLabelArray(pyShape(8), f4, data32),
			format, "training labels are an array of 1 dimensions of f4"},
		{"labels one-hot", withLabelArray(pyShape(2, 4), pyDtype("<i4"), data32),
			format, "training labels are an array of 2 dimensions"},
		{"labels None", pyWithLabels("N"), format, "training labels are None"},
		{"another width", pyFile(pySet(2, 4), pySet(1, 5), pySet(1, 4)),
			format, "validation images have 5 pixels, but test images 4"},
		{"another width in training", pyFile(pySet(2, 5), pySet(1, 4), pySet(1, 4)),
			format, "training images have 5 pixels, but test images 4"},
		{"no training digits", pyFile(pySet(0, 4), pySet(1, 4), pySet(1, 4)), format, "the training set is empty"},
		{"no test digits", pyFile(pySet(2, 4), pySet(1, 4), pySet(0, 4)), format, "the test set is empty"},
	}
	for value, want := range map[float32]string{
		float32(math.NaN()): "NaN", float32(math.Inf(1)): "+Inf", float32(math.Inf(-1)): "-Inf",
		1.5: "1.5", -0.5: "-0.5", 255: "255",
	} {
		images := pyImages(2, 4, func(k int) float32 {
			if k == 6 {
				return value
			}
			return 1
		})
		tests = append(tests, struct{ name, pickle, kind, want string }{"pixel " + want, pyWith(images),
			format, "training images, row 1, pixel 2: " + want + " is not from 0 to 1"})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sets, err := loadBytes(gzipped(test.pickle))
			if err == nil {
				t.Fatalf("it was accepted")
			}
			if kind := kindOf(err); kind != test.kind || !strings.Contains(err.Error(), test.want) ||
				!strings.HasPrefix(err.Error(), "test file: ") {
				t.Errorf("the error is a %s, %q, want a %s with the file's name and %q",
					kind, err, test.kind, test.want)
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 600 {
				t.Errorf("the error is no short line of text: %q", err)
			}
			if strings.Contains(test.want, "cut short") != errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("io.ErrUnexpectedEOF is in %q: %v", err, errors.Is(err, io.ErrUnexpectedEOF))
			}
			if sets != [3]*DataSet{} {
				t.Error("there are data sets beside the error")
			}
		})
	}
}

// kindOf names the type of an error of LoadData.
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

// The table above is only worth something if its building blocks are sound.
func TestLoadDataAcceptsTheTestsOwnPickles(t *testing.T) {
	set := pySet(2, 4)
	for name, pickle := range map[string]string{
		"three sets":           pyFile(set, pySet(1, 4), pySet(1, 4)),
		"no validation digits": pyFile(set, pySet(0, 4), pySet(1, 4)),
		"one set, shared":      pyProto2 + set + "q\x07h\x07h\x07" + pyTriple + ".",
		"long memo numbers": pyProto2 + set + "r\xff\xff\xff\xff" +
			"j\xff\xff\xff\xffj\xff\xff\xff\xff" + pyTriple + ".",
		"uint64 labels in range": pyWithLabels(pyArray(pyShape(2), pyDtype(">u8"),
			pyBytes("\x00\x00\x00\x00\x00\x00\x00\x09"+"\x00\x00\x00\x00\x00\x00\x00\x00"))),
		"protocol 1, no PROTO": pyFile(set, set, set)[2:],
		"minus zero":           pyWith(pyImages(2, 4, func(int) float32 { return float32(math.Copysign(0, -1)) })),
		"pixels of 0 and 1":    pyWith(pyImages(2, 4, func(k int) float32 { return float32(k % 2) })),
	} {
		sets, err := loadBytes(gzipped(pickle))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if sets[0].Len() != 2 || sets[2].Pixels != 4 {
			t.Errorf("%s: %d training digits, test digits of %d pixels, want 2 and 4",
				name, sets[0].Len(), sets[2].Pixels)
		}
	}
}

func TestLoadDataReadsEveryTypeOfLabels(t *testing.T) {
	for _, name := range []string{
		"|u1", "<u2", "<u4", "<u8", "|i1", "<i2", "<i4", "<i8", ">u2", ">u4", ">u8", ">i2", ">i4", ">i8",
	} {
		var data []byte
		for _, v := range []byte{3, 9} {
			element := make([]byte, name[2]-'0')
			if element[0] = v; name[0] == '>' {
				slices.Reverse(element)
			}
			data = append(data, element...)
		}
		sets, err := loadBytes(gzipped(pyWithLabels(pyArray(pyShape(2), pyDtype(name), pyBytes(string(data))))))
		if err != nil || !slices.Equal(sets[0].Labels, []uint8{3, 9}) {
			t.Errorf("labels of %s: %v, want [3 9]", name, err)
		}
	}
}

// Images as wide as they may be: the last pixel is not lost.
func TestLoadDataReadsWideImages(t *testing.T) {
	pixels := pyBytes(strings.Repeat("\x00", maxPixels-1) + "\x80")
	set := pyArray(pyShape(1, maxPixels), pyDtype("|u1"), pixels) + pyLabels(3) + pyPair
	sets, err := loadBytes(gzipped(pyFile(set, set, set)))
	if err != nil {
		t.Fatal(err)
	}
	if got := pixelsOf(sets[2]).Data[maxPixels-1]; got != 0.5 {
		t.Errorf("the last of %d pixels is %v, want 0.5", maxPixels, got)
	}
}

// A string longer than a piece is the same string, wherever its pieces end.
func TestLoadDataReadsPieces(t *testing.T) {
	const w = 1000 // no divisor of pieceSize
	const n = 2*pieceSize/w + 7
	data, columns := make([]byte, n*w), make([]byte, n*w) // row after row, column after column
	for k := range data {
		data[k] = byte(k*7 + k/w)
		columns[k%w*n+k/w] = data[k]
	}
	var text []byte // the same as Python 3 writes it in protocol 2, in UTF-8
	for _, c := range data {
		text = append(text, string(rune(c))...)
	}
	length := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
	encoded := pyGlobal("_codecs", "encode") + "X" + string(length) + string(text) + pyStr("latin1") + pyPair + pyCall
	images := func(data string) string { return pyArray(pyShape(n, w), pyDtype("|u1"), data) }
	for name, images := range map[string]string{
		"bytes":           images(pyBytes(string(data))),
		"text":            images(encoded),
		"Fortran's order": strings.Replace(images(pyBytes(string(columns))), pyFalse+"T", "\x88T", 1),
	} {
		set := images + pyLabels(make([]int, n)...) + pyPair
		sets, err := loadBytes(gzipped(pyFile(set, pySet(0, w), pySet(1, w))))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		x := pixelsOf(sets[0])
		for k, c := range data {
			if want := float64(c) / 256; x.Data[k] != want {
				t.Errorf("%s: row %d, pixel %d is %v, want %v", name, k/w, k%w, x.Data[k], want)
				break
			}
		}
	}
}

func TestLoadDataRefusesOtherFiles(t *testing.T) {
	small, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	pickle := pyFile(pySet(2, 4), pySet(1, 4), pySet(1, 4))
	badChecksum := slices.Clone(small)
	badChecksum[len(badChecksum)-8]++
	random := make([]byte, 100_000) // so that the damage lies far behind the first wrong instruction
	for i, rng := 1, newRand(1); i < len(random); i++ {
		random[i] = byte(rng.Uint32())
	}
	nonsense := gzipped(string(random))
	nonsense[len(nonsense)-8]++
	for name, c := range map[string]struct {
		file string
		want string
	}{
		"an empty file": {"", "empty"},
		"a web page":    {"\n <!doctype html><html>", "web page"},
		"a git-lfs pointer": {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 16168813\n",
			"git lfs pull"},
		"a bare pickle":              {pickle, "a bare pickle; to make digits.pkl.gz of it"},
		"a bare pickle, protocol 1":  {"(" + pickle[2:len(pickle)-2] + "t.", "a bare pickle; to make digits.pkl.gz of it"},
		"a bare pickle of a list":    {"](K\x01e.", "would not do either: the pickle holds a list of 1"},
		"a git-lfs pointer, shouted": {"VERSION https://git-lfs.github.com/spec/v1\n", "git lfs pull"},
		"two bytes of gzip":          {"\x1f\x8b", "cut short"},
		"nonsense, damaged far on":   {string(nonsense), "damaged"},
		"a tar file":                 {"mnist/\x00\x00", `begins "mnis"`},
		"one byte":                   {"\x1f", `begins "\x1f"`},
		"half a gzip header":         {"\x1f\x8b\x08", "cut short"},
		"a gzip method that is none": {"\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00", "damaged"},
		"a wrong checksum":           {string(badChecksum), "damaged"},
		"bytes after the gzip":       {string(small) + "0123456789", "damaged"},
		"a damaged gzip of nonsense": {string(gzipped("\xff" + pickle)[:60]), "cut short"},
	} {
		_, err := loadBytes([]byte(c.file))
		if kindOf(err) != "FormatError" || !strings.Contains(err.Error(), c.want) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is %v, want a FormatError in one line with %q", name, err, c.want)
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
		if !errors.Is(err, broken) || kindOf(err) == "FormatError" || !strings.HasPrefix(err.Error(), "file: ") {
			t.Errorf("after %d bytes: the error is %v, want %q with the file's name", n, err, broken)
		}
	}
}

// What goes wrong while a pickle is read: damage is reported as damage, an
// error of the disk as it is.
func TestUnpickleReadErrors(t *testing.T) {
	broken := errors.New("the disk is broken")
	for name, c := range map[string]struct {
		err        error
		kind, want string
		is         error
	}{
		"the disk": {broken, "*errors.errorString", "the disk is broken", broken},
		"the end": {io.ErrUnexpectedEOF, "FormatError",
			"pickle, byte 2: the file is cut short", io.ErrUnexpectedEOF},
		"deflate":     {flate.CorruptInputError(7), "FormatError", "the file is damaged", flate.CorruptInputError(7)},
		"gzip header": {gzip.ErrHeader, "FormatError", "the file is damaged", gzip.ErrHeader},
		"checksum":    {gzip.ErrChecksum, "FormatError", "the file is damaged", gzip.ErrChecksum},
	} {
		_, err := unpickle(io.MultiReader(strings.NewReader(pyProto2), iotest.ErrReader(c.err)))
		if kindOf(err) != c.kind || !strings.Contains(err.Error(), c.want) || !errors.Is(err, c.is) {
			t.Errorf("%s: the error is a %s, %v, want a %s with %q that is %v",
				name, kindOf(err), err, c.kind, c.want, c.is)
		}
	}
	if err := gzipError(io.EOF); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("gzipError(io.EOF) = %v, want io.ErrUnexpectedEOF in it", err)
	}
}

// Every beginning of a good file is cut short, whether it is the gzip file
// that ends early or the pickle in it.
func TestLoadDataTruncated(t *testing.T) {
	wantCutShort := func(file []byte, where string, n, of int) {
		t.Helper()
		if _, err := loadBytes(file); kindOf(err) != "FormatError" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: the first %d of %d bytes: the error is %v, want io.ErrUnexpectedEOF in a FormatError",
				where, n, of, err)
		}
	}
	for _, file := range []string{
		smallFile,
		"testdata/pickles/py2.7-cPickle-protocol2.pkl.gz",
		"testdata/pickles/py3.11-protocol1.pkl.gz",
	} {
		small, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		zr, err := gzip.NewReader(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		pickle, err := io.ReadAll(zr)
		if err != nil {
			t.Fatal(err)
		}
		for n := 2; n < len(small); n++ {
			wantCutShort(small[:n], file, n, len(small))
		}
		for n := range pickle {
			wantCutShort(gzipped(string(pickle[:n])), file+", the pickle", n, len(pickle))
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
		case kindOf(err) != "FormatError" ||
			!regexp.MustCompile("damaged|cut short|not a gzip").MatchString(err.Error()):
			t.Errorf("bit %d of byte %d is wrong: the error is %v, want a FormatError about the file", i%8, i, err)
		}
		refused++
	}
	if refused < len(small)*9/10 {
		t.Errorf("%d of %d damaged files were refused, want nearly all", refused, len(small))
	}
}

// What a file declares must cost nothing until it is there.
func TestLoadDataAllocatesWhatItReads(t *testing.T) {
	for name, c := range map[string]struct{ pickle, want string }{
		"a string of 1 GB": {pyProto2 + "B\x00\x00\x00\x40abc", "cut short"},
		"an array of 8 EB": {pyWith(pyArray(pyShape(1<<30, 1<<30), pyDtype("<f8"), pyBytes(""))), "but has 0"},
		"a frame of 1 GB":  {"\x80\x04\x95\x00\x00\x00\x40\x00\x00\x00\x00N", "cut short"},
		"100,000 texts":    {pyProto2 + strings.Repeat("X\x00\x00\x00\x00", 100_000), "cut short"},
		"100,000 encodings": {pyProto2 + pyGlobal("_codecs", "encode") +
			"q\x00X\x09\x00\x00\x00123456789U\x06latin1\x86q\x01" + strings.Repeat("h\x00h\x01R", 99_000), "used twice"},
		"100,000 empty lists": {pyProto2 + strings.Repeat("]", 100_000), "cut short"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := loadBytes(gzipped(c.pickle)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.want)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 50e6 {
			t.Errorf("%s: %d bytes were allocated, want at most 50 MB", name, got)
		}
	}
}

// All strings together may have 1 GB, and those that _codecs.encode makes
// count as well: a text remembered once can be encoded many times.
func TestPayloadIsLimited(t *testing.T) {
	m := &machine{payload: maxPayload - 4}
	if got := m.latin1(utf8string{[]byte("abc")}); got.len() != 3 || m.payload != maxPayload-1 {
		t.Fatalf("latin1 made %d bytes, and the payload is %d, want 3 and %d", got.len(), m.payload, maxPayload-1)
	}
	m.spend(1)
	for name, spend := range map[string]func(){
		"spend":  func() { m.spend(1) },
		"latin1": func() { m.latin1(utf8string{[]byte("a")}) },
	} {
		func() {
			defer func() {
				if e, ok := recover().(failure); !ok || kindOf(e.error) != "UnsupportedError" {
					t.Errorf("%s, one byte over the limit: %v, want an UnsupportedError", name, e)
				}
			}()
			spend()
		}()
	}
}

// All arrays together may have 2²⁸ elements.
func TestElementsAreLimited(t *testing.T) {
	fill := func(already int) (err error) {
		defer func() {
			if e, ok := recover().(failure); ok {
				err = e.error
			}
		}()
		m := &machine{elements: already}
		m.fillArray(&array{}, tuple{int64(2), int64(3)}, &dtype{'u', 1, '|'}, false, bytestring{make([]byte, 6)})
		return nil
	}
	if err := fill(maxElements - 6); err != nil {
		t.Errorf("the last 6 elements: %v", err)
	}
	if err := fill(maxElements - 5); kindOf(err) != "UnsupportedError" {
		t.Errorf("one element too many: the error is %v, want an UnsupportedError", err)
	}
}

// Ink takes room: an image as much as imageRoom pixels of it.
func TestReadInkTakesRoom(t *testing.T) {
	images := func(data ...byte) *array {
		return &array{dims: 2, rows: 2, cols: 3, dtype: dtype{'u', 1, '|'}, data: bytestring{data}}
	}
	const set = 2*imageRoom + 3 // 2 images and 3 pixels
	room := 2*set + 2*imageRoom
	for _, want := range []int{set + 2*imageRoom, 2 * imageRoom} {
		if err := images(0, 1, 2, 0, 3, 0).readInk("test", &room); err != nil || room != want {
			t.Fatalf("%v, and room is %d, want %d", err, room, want)
		}
	}
	if err := images(0, 0, 0, 0, 0, 0).readInk("test", &room); err != nil || room != 0 {
		t.Errorf("where there is room for two empty images: %v, and room is %d, want 0", err, room)
	}
	err := images(0, 0, 0, 0, 0, 0).readInk("test", &room)
	want := "test images, row 0: more than 60000000 pixels"
	if kindOf(err) != "UnsupportedError" || !strings.Contains(err.Error(), want) {
		t.Errorf("where there is no room: the error is %v, want an UnsupportedError with %q", err, want)
	}
}

// The three sets share the room: 21 million pixels of ink each are too many.
func TestDataSetsShareTheRoom(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: takes 0.3 GB")
	}
	const rows, w = 320, maxPixels
	black := bytes.Repeat([]byte{255}, pieceSize)
	set := func() tuple {
		var data bytestring
		for range rows * w / pieceSize {
			data = append(data, black) // the same piece many times
		}
		images := &array{dims: 2, rows: rows, cols: w, dtype: dtype{'u', 1, '|'}, data: data}
		labels := &array{dims: 1, rows: rows, cols: 1, dtype: dtype{'u', 1, '|'}, data: bytestring{make([]byte, rows)}}
		return tuple{images, labels}
	}
	_, _, _, err := dataSets(tuple{set(), set(), set()})
	if kindOf(err) != "UnsupportedError" || !strings.Contains(err.Error(), "training images") {
		t.Errorf("the error is %v, want an UnsupportedError about the training images", err)
	}
}

// A file of nonsense that inflates without end is not read to its end.
func TestLoadDataStopsReading(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: inflates 1 GB")
	}
	member := gzipped(strings.Repeat("\xff", maxPayload/64)) // gzip files one after the other are one
	file := io.MultiReader(bytes.NewReader(bytes.Repeat(member, 66)), iotest.ErrReader(errors.New("it reads on")))
	_, _, _, err := LoadData("endless", file)
	if kindOf(err) != "FormatError" || !strings.Contains(err.Error(), "instruction 0xff") {
		t.Errorf("the error is %v, want one about the instruction", err)
	}
}

// Whatever the bytes, the pickle is refused with one of the two errors, or it
// is three data sets in which everything is in range.
func FuzzLoadData(f *testing.F) {
	files, err := filepath.Glob("testdata/pickles/*.pkl.gz")
	if err != nil {
		f.Fatal(err)
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
	f.Fuzz(func(t *testing.T, pickle []byte) {
		if what, recipe := nameOf(pickle[:min(len(pickle), headSize)]); (what == "") != (recipe == "") {
			t.Errorf("nameOf: it is %q, but the recipe is %q", what, recipe)
		}
		v, err := unpickle(bytes.NewReader(pickle))
		var sets [3]*DataSet
		if err == nil {
			sets[0], sets[1], sets[2], err = dataSets(v)
		}
		if err != nil {
			if kind := kindOf(err); kind != "FormatError" && kind != "UnsupportedError" {
				t.Errorf("the error is a %s: %v", kind, err)
			}
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

// pyListOf is a list, pyVector an array of one dimension.
func pyListOf(items ...string) string { return "](" + strings.Join(items, "") + "e" }
func pyVector(d string, values ...float64) string {
	return pyArray(pyShape(len(values)), pyDtype(d), pyFloats(d, values...))
}

// What is computed to be 0 or 1 is that, in arrays and in lists, and 0 is no ink.
func TestLoadDataRounds(t *testing.T) {
	values := []float64{-1e-17, 1 + 1e-7, -1e-7, 1 + 5e-7, 0.5, math.Copysign(0, -1), 1e-300, 1}
	want := SparseRow{[]uint16{1, 3, 4, 7}, []float32{1, 1, 0.5, 1}}
	for _, d := range []string{"<f4", "<f8"} {
		for name, images := range map[string]string{
			"an array": pyArray(pyShape(1, len(values)), pyDtype(d), pyFloats(d, values...)),
			"a list":   pyListOf(pyVector(d, values...)),
		} {
			set := images + pyLabels(3) + pyPair
			sets, err := loadBytes(gzipped(pyFile(set, set, set)))
			if err != nil {
				t.Errorf("%s of %s: %v", name, d, err)
			} else if got := sets[0].Images[0]; !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %s: %v, want %v", name, d, got, want)
			}
		}
	}
}

// One array may be in a list twice, or be images and labels at once; numpy 1.16.0
// had a name of its own for what makes arrays; all strings of one byte are one.
func TestLoadDataReadsMore(t *testing.T) {
	image := pyVector("<f4", 0.25, 0, 0.5, 1)
	digit := pyArray(pyShape(1, 1), pyDtype("|u1"), pyBytes("\x07")) + pyLabels(7) + pyPair
	for name, c := range map[string]struct {
		pickle string
		labels []uint8
	}{
		"an image twice": {pyFile(pyListOf(image+"q\x07", "h\x07")+pyLabels(1, 2)+pyPair, pySet(1, 4), pySet(1, 4)),
			[]uint8{1, 2}},
		"bytes that are image and label": {pyFile("]"+pyArray(pyShape(1), pyDtype("|u1"), pyBytes("\x07"))+
			"q\x07a"+"h\x07"+pyPair, digit, digit), []uint8{7}},
		"a byte that is in an image and a label": {pyFile(pyArray(pyShape(1, 1), pyDtype("|u1"), pyBytes("\x07")+"q\x09")+
			pyArray(pyShape(1), pyDtype("|u1"), "h\x09")+pyPair, digit, digit), []uint8{7}},
		"numpy 1.16.0": {strings.ReplaceAll(pyWithLabels(pyLabels(1, 2)), "numpy.core.multiarray",
			"numpy.core._multiarray_umath"), []uint8{1, 2}},
		"numpy 2": {strings.ReplaceAll(pyWithLabels(pyLabels(1, 2)), "numpy.core.", "numpy._core."), []uint8{1, 2}},
	} {
		sets, err := loadBytes(gzipped(c.pickle))
		if err != nil || !slices.Equal(sets[0].Labels, c.labels) {
			t.Errorf("%s: labels %v, %v, want %v", name, sets[0], err, c.labels)
		}
	}
}

// Arguments that numpy does not write, lists that are no images, and shapes whose
// product is too long for an int of 32 bits, or of 64.
func TestLoadDataRefusesMorePickles(t *testing.T) {
	const format, unsupported = "FormatError", "UnsupportedError"
	f4, none := pyDtype(pyFloat4), pyBytes("")
	newArray := func(args string) string {
		return pyProto2 + pyGlobal("numpy.core.multiarray", "_reconstruct") + pyGlobal("numpy", "ndarray") + args + "\x87R."
	}
	scalar := func(args string) string {
		return pyProto2 + pyGlobal("numpy.core.multiarray", "scalar") + args + "\x86R."
	}
	ten := strings.TrimSuffix(strings.TrimPrefix(scalar(pyDtype("|u1")+pyBytes("\x0a")), pyProto2), ".")
	dtypeOf := func(args string) string { return pyProto2 + pyGlobal("numpy", "dtype") + args + "\x87R." }
	dtypeState := func(old, new string) string { return pyProto2 + strings.Replace(f4, old, new, 1) + "." }
	long := func(n int64) string { return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }
	withShape := func(shape, d string) string { return pyWith(pyArray(shape, pyDtype(d), none)) }
	withList := func(items ...string) string { return pyWith(pyListOf(items...)) }
	twoMB := strings.Repeat("\x00", 2*pieceSize)
	image := pyVector("<f4", 0, 1, 0, 1)
	for _, test := range []struct{ name, pickle, kind, want string }{
		{"_reconstruct of shape 2⁴⁰", newArray(long(1<<40) + "\x85" + pyStr("b")), format, "a new array of shape"},
		{"_reconstruct of no shape", newArray("NU\x01b"), format, "a new array of shape None"},
		{"_reconstruct of two dimensions", newArray("K\x00K\x00\x86U\x01b"), format, "a new array"},
		{"_reconstruct of type d", newArray("K\x00\x85" + pyStr("d")), format, "want (0,) and type 'b'"},
		{"_reconstruct of type None", newArray("K\x00\x85N"), format, "None where a short string"},
		{"dtype with gaps", dtypeOf(pyStr("f4") + "\x88\x88"), format, "a dtype with true and true"},
		{"dtype without a copy", dtypeOf(pyStr("f4") + "K\x00K\x00"), format, "a dtype with 0 and 0"},
		{"dtype of another size", dtypeState("J\xff\xff\xff\xffJ", "K\x08J"), format, "elements of another size"},
		{"dtype of another alignment", dtypeState("J\xff\xff\xff\xffK\x00", "K\x08K\x00"), format, "elements of another"},
		{"dtype with flags", dtypeState("\xffK\x00tb", "\xffK\x01tb"), format, "elements of another"},
		{"dtype with fields", dtypeState("NNN", "NN)"), format, "a dtype with fields"},
		{"dtype built twice", pyProto2 + f4 + "(K\x03" + pyStr(">") + pyState + "tb.", format, `byte order ">"`},
		{"PROTO in the middle", "\x80\x02N\x80\x02.", format, "byte 3: PROTO in the middle"},
		{"PROTO twice", "\x80\x02\x80\x02N.", format, "byte 2: PROTO in the middle"},

		{"scalar of a float", scalar(f4 + pyFloats("<f4", 1)), format, "want one of numpy's integers"},
		{"scalar of three bytes", scalar(pyDtype("<i4") + pyBytes("abc")), format, "a string of 3 bytes, want"},
		{"scalar of five bytes", scalar(pyDtype("<i4") + pyBytes("abcde")), format, "a string of 5 bytes, want"},
		{"scalar of text", scalar(pyDtype("|u1") + "X\x01\x00\x00\x00a"), format, "a text of 1 bytes, want"},
		{"scalar without a type", scalar("N" + pyBytes("a")), format, "None and a string"},
		{"scalar of too little", pyProto2 + pyGlobal("numpy.core.multiarray", "scalar") + ")R.", format, "0 arguments"},
		{"label 10 as numpy's", pyWithLabels(pyListOf(ten, "K\x01")), format, "training labels, row 0: 10 is not a digit"},

		{"a list of nothing", withList(), format, "training images are a list of 0"},
		{"a tuple of images", pyWith("(" + image + image + "t"), format, "training images are a tuple of 2"},
		{"a list of ints", withList("K\x01", "K\x01"), format, "training images, row 0: 1, want an array"},
		{"a list of lists", withList(image, "]"), format, "training images, row 1: a list of 0, want an array"},
		{"a list of matrices", withList(image, pyImages(2, 2, grey)), format,
			"training images, row 1: an array of 2 dimensions of f4, want an array of one"},
		{"a list of an array never built", withList(pyNewArray), format, "never built, want an array of one"},
		{"a list of two lengths", withList(image, pyVector("<f4", 1)), format, "row 1: 1 pixels, but the first has 4"},
		{"a list of images of no pixels", withList(pyVector("<f4"), pyVector("<f4")), unsupported, "want 1 to 65536"},
		{"a list of a pixel of 7", withList(image, pyVector("<f8", 0, 1, 7, 1)), format,
			"training images, row 1, pixel 2: 7 is not from 0 to 1"},
		{"a list of integers", withList(pyLabels(1, 2), pyLabels(1, 2)), unsupported, "of 1 dimensions of i8, want 1 to"},
		{"labels that are an image", pyWithLabels(pyVector("<f4", 1, 0)), format, "1 dimensions of f4, want an array of one"},

		{"shape 65536×65536", withShape(pyShape(1<<16, 1<<16), "|u1"), format, "needs 65536×65536×1 bytes, but has 0"},
		{"shape 65536×65536, float64", withShape(pyShape(1<<16, 1<<16), "<f8"), format, "needs 65536×65536×8"},
		{"shape 65536×256×256", withShape(pyShape(1<<16, 1<<8, 1<<8), "|u1"), format, "needs 65536×65536×1"},
		{"shape 1×65536×65536", withShape(pyShape(1, 1<<16, 1<<16), "|u1"), format, "needs 1×1073741825×1"},
		{"shape 2³⁰×2³⁰×2³⁰", withShape(pyShape(1<<30, 1<<30, 1<<30), "<f8"), format, "but has 0"},
		{"shape 0×2³⁰×2³⁰", withShape(pyShape(0, 1<<30, 1<<30), "<f8"), unsupported, "want 1 to 65536 pixels"},
		{"shape 2³⁰×0×2³⁰", withShape(pyShape(1<<30, 0, 1<<30), "<f8"), unsupported, "want 1 to 65536 pixels"},

		{"two pieces used twice", pyProto2 + pyArray(pyShape(2*pieceSize), pyDtype("|u1"), pyBytes(twoMB)+"q\x05") +
			pyArray(pyShape(pieceSize), pyDtype("|u1"), "h\x05") + ".", format, "a string that is used twice"},
		{"a text of two pieces used twice", pyProto2 + pyGlobal("_codecs", "encode") + "q\x00X\x00\x00\x20\x00" + twoMB +
			pyStr("latin1") + "\x86q\x01Rh\x00h\x01R\x86.", format, "a string that is used twice"},
		{"an image used twice", pyProto2 + pyArray(pyShape(3), f4, pyFloats("<f4", 0, 1, 0)+"q\x05") +
			pyArray(pyShape(3), f4, "h\x05") + "\x86.", format, "a string that is used twice"},
		{"SETITEM of a list", pyProto2 + "]NNs.", format, "2 keys and values for a list of 0"},
		{"SETITEMS without a value", pyProto2 + "}(Nu.", format, "1 keys and values for a dict"},
		{"SETITEM of nothing", pyProto2 + "}Ns.", format, "the stack is empty"},
	} {
		sets, err := loadBytes(gzipped(test.pickle))
		if err == nil {
			t.Errorf("%s: it was accepted", test.name)
		} else if kind := kindOf(err); kind != test.kind || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is a %s, %q, want a %s with %q", test.name, kind, err, test.kind, test.want)
		}
		if sets != [3]*DataSet{} {
			t.Errorf("%s: there are data sets beside the error", test.name)
		}
	}
}

// What is held is counted: an image counts by its ink once that is found, and a text
// no longer once it is bytes. The more is read, the more instructions there may be,
// but each takes room of its own.
func TestInstructionsTakeRoom(t *testing.T) {
	run := func(pickle string) *machine {
		m := &machine{r: bufio.NewReader(strings.NewReader(pickle)), memo: map[uint32]any{}}
		for !m.step() {
		}
		return m
	}
	const n = 1000
	image := make([]float64, n)
	image[7], image[9] = 1, 0.5
	got, want := run(pyProto2+pyVector("<f4", image...)+".").payload, int64(6*(2+imageRoom))
	if got > want+20 || got < want {
		t.Errorf("an image of %d pixels, 2 of ink, counts as %d bytes, want about %d", n, got, want)
	}
	text := pyProto2 + pyGlobal("_codecs", "encode") + "X\xe8\x03\x00\x00" + strings.Repeat("a", n) +
		pyStr("latin1") + "\x86R."
	if got := run(text).payload; got > n+20 || got < n {
		t.Errorf("a text of %d bytes that is encoded counts as %d bytes, want about %d", n, got, n)
	}
	read := pyBytes(strings.Repeat("a", 8_000_000))
	if got, want := run(read+"\x85"+strings.Repeat("\x85", 1_200_000)+".").payload, int64(8e6+900_000*instructionRoom); got < want ||
		got > want+1000 {
		t.Errorf("8 MB and 1.2 million instructions count as %d bytes, want %d", got, want)
	}
	for name, m := range map[string]*machine{
		"instructions":      {instructions: minInstructions + 1000, offset: 8 * 1000},
		"room":              {instructions: minInstructions, offset: 1e6, payload: maxPayload - instructionRoom + 1},
		"bytes of a string": {offset: maxRead - 10},
	} {
		func() {
			defer func() {
				if e, ok := recover().(failure); !ok || kindOf(e.error) != "UnsupportedError" {
					t.Errorf("too many %s: %v, want an UnsupportedError", name, e)
				}
			}()
			m.r = bufio.NewReader(strings.NewReader("U\x10"))
			m.step()
		}()
	}
}

// Images in a list take room as those in an array do, and an image of an odd number
// of pixels has nothing of a wider one before it.
func TestListOfImages(t *testing.T) {
	bytesOf := func(b ...byte) *array {
		return &array{dims: 1, rows: len(b), cols: 1, dtype: dtype{'u', 1, '|'}, data: bytestring{b}}
	}
	var r inkReader
	for _, a := range []*array{bytesOf(1, 2, 3, 4, 5), bytesOf(0, 128, 0)} {
		image, err := r.readWhole(a)
		if err != nil || a.rows == 3 && !reflect.DeepEqual(image, SparseRow{[]uint16{1}, []float32{0.5}}) {
			t.Errorf("%v: %v, %v, want its own ink", a.data, image, err)
		}
	}
	room := 2*imageRoom + 3
	list := &pyList{[]any{bytesOf(0, 1, 2), bytesOf(3, 0, 0)}}
	if images, pixels, err := readImages("test", list, &room); err != nil || len(images) != 2 || pixels != 3 || room != 0 {
		t.Errorf("%d images of %d pixels, %v, room %d, want 2 of 3 and none", len(images), pixels, err, room)
	}
	if _, _, err := readImages("test", list, &room); kindOf(err) != "UnsupportedError" {
		t.Errorf("where there is no room: the error is %v, want an UnsupportedError", err)
	}
}

// Zeros behind the gzip are no damage, if there is nothing but zeros and an end to
// them.
func TestLoadDataPadding(t *testing.T) {
	small, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	zeros := func(n int) string { return strings.Repeat("\x00", n) }
	for name, c := range map[string]struct{ behind, want string }{
		"one zero":              {zeros(1), ""},
		"a block":               {zeros(512), ""},
		"as many as there may":  {zeros(maxPadding), ""},
		"too many":              {zeros(maxPadding + 1), "damaged"},
		"zeros and a byte":      {zeros(512) + "x", "damaged"},
		"zeros and a gzip file": {zeros(512) + string(small), "damaged"},
	} {
		sets, err := loadBytes([]byte(string(small) + c.behind))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want == "":
			wantFixture(t, sets, [3]int{6, 2, 3})
		case kindOf(err) != "FormatError" || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: the error is %v, want a FormatError with %q", name, err, c.want)
		}
	}
}

// Every kind of file by its first bytes: named on its own, and inside a gzip.
func TestNameOf(t *testing.T) {
	for name, c := range map[string]struct{ head, what, recipe string }{
		"IDX images":          {"\x00\x00\x08\x03\x00\x00\xea\x60", "images in IDX", fromIDX},
		"IDX labels":          {"\x00\x00\x08\x01\x00\x00\xea\x60", "labels in IDX", fromIDX},
		"CSV":                 {"5,0,0,12\n4,0,0,0\n", "(CSV)", fromCSV},
		"CSV, a header":       {"label,1x1,1x2\r\n5,0,0\r\n", "(CSV)", fromCSV},
		"CSV, a quoted one":   {"\"label\",\"pixel0\"\n", "(CSV)", fromCSV},
		"CSV, by Excel":       {"\ufefflabel,1x1\n", "(CSV)", fromCSV},
		"npz":                 {"PK\x03\x04" + strings.Repeat("\x00", 26) + "x_test.npy", "(.npz)", fromNPZ},
		"npy":                 {"\x93NUMPY\x01\x00", "(.npy)", fromNPY},
		"zip":                 {"PK\x03\x04\x14\x00", "a zip archive", kinds[3].recipe},
		"HDF5":                {"\x89HDF\r\n\x1a\n\x00", "HDF5", fromHDF5},
		"MATLAB":              {"MATLAB 5.0 MAT-file, Platform: GLNXA64", "MATLAB", fromMATLAB},
		"xz":                  {"\xfd7zXZ\x00\x00\x04", "by xz", fromXZ},
		"bzip2":               {"BZh91AY&SY", "by bzip2", fromBzip2},
		"gzip":                {"\x1f\x8b\x08", "a gzip file", gunzip},
		"parquet":             {"PAR1\x15\x04", "parquet", getMNIST},
		"JSON":                {" {\"images\": [[0", "JSON", fromJSON},
		"a JSON list":         {"[[[0, 1", "JSON", fromJSON},
		"a saved network":     {`{"sizes": [784, 30, 10], "weights"`, "a saved network", `go run . -load "FILE"`},
		"PNG":                 {"\x89PNG\r\n\x1a\n\x00", "a picture (PNG)", nameAsPicture},
		"JPEG":                {"\xff\xd8\xff\xe0", "a picture (JPEG)", nameAsPicture},
		"GIF":                 {"GIF89a", "a picture (GIF)", nameAsPicture},
		"git-lfs":             {"version https://git-lfs.github.com/spec/v1\n", "git-lfs", "git lfs pull"},
		"a web page":          {"\n<!DOCTYPE html>", "a web page", getMNIST},
		"nothing":             {"", "an empty file", getMNIST},
		"blank lines":         {"\n \r\n\t\n", "blank lines", getMNIST},
		"joblib":              {"\x80\x04\x95\x01\x00\x00\x8c\x13joblib.numpy_pickle", "by joblib.dump", fromJoblib},
		"joblib, compressed":  {"x\x9c\x00", "by zlib", fromJoblib},
		"a pickle":            {pyFile(pySet(1, 4), pySet(1, 4), pySet(1, 4)), "a bare pickle", gzipIt},
		"a pickle of text":    {"(lp0\n", "a bare pickle", gzipIt},
		"a protocol 1 list":   {"]q\x00(", "a bare pickle", gzipIt},
		"a protocol 1 dict":   {"}q\x00(", "a bare pickle", gzipIt},
		"text":                {"digits, digits", "(CSV)", fromCSV},
		"text without commas": {"digits and digits", "", ""},
		"commas in no text":   {"a,\x00\x01", "", ""},
		"one x":               {"x", "", ""},
	} {
		what, recipe := nameOf([]byte(c.head))
		if !strings.Contains(what, c.what) || (what == "") != (c.what == "") || recipe != c.recipe {
			t.Errorf("%s: nameOf(%q) = %q, %.40q, want %q, %.40q", name, c.head, what, recipe, c.what, c.recipe)
		}
		if what == "" || c.recipe == gzipIt {
			continue
		}
		where := map[string]string{"in the gzip is no pickle but ": string(gzipped(c.head))}
		if c.recipe != gunzip {
			where["not a gzip file but "] = c.head
		}
		if c.head == "" {
			delete(where, "in the gzip is no pickle but ") // it is cut short
		}
		for prefix, file := range where {
			_, err := loadBytes([]byte(file))
			want := "test file: " + prefix + what + strings.ReplaceAll(advice(c.recipe), "FILE", "test file")
			if kindOf(err) != "FormatError" || err.Error() != want {
				t.Errorf("%s: the error is %v, want a FormatError, %s", name, err, want)
			}
		}
	}
	for _, name := range []string{"a\".gz", "$(reboot).gz", "`reboot`.gz", "a\nb", "%PATH%", "!!"} {
		_, _, _, err := LoadData(name, strings.NewReader("BZh91AY"))
		if want := name + ": not a gzip"; !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), ` "FILE"`) {
			t.Errorf("the error is %q, want %q, and FILE in the line", err, want)
		}
	}
}

// A damaged file is called damaged, whatever is in it.
func TestNamedAndDamaged(t *testing.T) {
	file := gzipped("5,0,0,12\n4,0,0,0\n")
	file[len(file)-8]++
	if _, err := loadBytes(file); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("the error is %v, want damage", err)
	}
}

// Pickles that are sound but hold no arrays: what is in them is said, and what
// to do; but nobody is told to have Python run what may be anything.
func TestLoadDataNamesObjects(t *testing.T) {
	for name, c := range map[string]struct{ pickle, want, recipe string }{
		"a dict": {pyProto2 + "}(" + pyStr("x_train") + "NX\x06\x00\x00\x00y_testNK\x01Nu.",
			`holds a dict: "x_train", "y_test", want three`, fromDict},
		"a dict, item by item": {pyProto2 + "}" + pyStr("a") + "Ns" + pyStr("b") + "Ns.", `a dict: "a", "b", want`, fromDict},
		"a dict of nothing":    {pyProto2 + "}.", "holds a dict, want three", fromDict},
		"a dict of long keys":  {pyProto2 + "}" + pyStr(strings.Repeat("x", 21)) + "Ns.", "holds a dict, want", fromDict},
		"a torch tensor": {pyProto2 + pyGlobal("torch._utils", "_rebuild_tensor_v2"),
			`"_rebuild_tensor_v2" of module "torch._utils"`, fromObjects},
		"pandas": {pyProto2 + pyGlobal("pandas.core.frame", "DataFrame"), "if you trust the file", fromObjects},
		"joblib": {pyProto2 + pyGlobal("joblib.numpy_pickle", "NumpyArrayWrapper"), "joblib", fromJoblib},
		"os":     {pyProto2 + pyGlobal("os", "system"), "was not called", ""},
		"numpy's own": {pyProto2 + pyGlobal("numpy.testing._private.utils", "runstring"),
			"was not called", ""},
		"protocol 0": {"(lp0\n.", "-shift 1 does the same without a file", inBinary},
	} {
		file := gzipped(c.pickle)
		_, err := loadBytes(file)
		recipe := strings.ReplaceAll(advice(c.recipe), "FILE", "test file")
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasSuffix(err.Error(), recipe) ||
			recipe == "" && strings.Contains(err.Error(), "python") {
			t.Errorf("%s: the error is %v, want %q and %q", name, err, c.want, recipe)
		}
	}
}

// Python has the last word: what the program says of each file in testdata/kinds is
// the line in testdata/recipes, and makes a file of the same digits of it.
func TestRecipes(t *testing.T) {
	bin := pythonWithNumpy(t)
	for name, needs := range map[string]string{
		"dict.pkl": "", "dict.pkl.gz": "", "dump.joblib": "joblib", "dump.joblib.z": "joblib", "header.csv": "",
		"idx/t10k-images-idx3-ubyte": "", "idx/train-labels-idx1-ubyte": "", "idx/train-images-idx3-ubyte.gz": "",
		"idx/t10k-labels-idx1-ubyte.gz": "", "keras.h5": "h5py", "keras.npz": "", "masked.pkl.gz": "",
		"npy/images.npy": "", "original.mat": "scipy", "pairs.json": "", "pandas.pkl.gz": "pandas", "pickle.bz2": "",
		"pickle.pkl": "", "pickle.xz": "", "pickle.zip": "", "plain.csv.gz": "", "protocol0.pkl.gz": "",
		"twice.pkl.gz.gz": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := path.Base(name)
			script, err := os.ReadFile("testdata/recipes/" + base + ".sh")
			if err != nil {
				t.Fatal(err)
			}
			file, err := os.Open("testdata/kinds/" + name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			_, _, _, err = LoadData(base, file)
			if err == nil || !strings.HasSuffix(err.Error()+"\n", ": "+string(script)) {
				t.Fatalf("the error is %v, want the line in testdata/recipes/%s.sh at its end", err, base)
			}
			if testing.Short() || bin == "" {
				t.Skip("skipped: with -short, or without sh and a Python that has numpy, the line is not run")
			}
			runRecipe(t, bin, needs, path.Dir("testdata/kinds/"+name), string(script))
		})
	}
}

// pythonWithNumpy returns a folder in which python3 has numpy, or "", also where there is
// no shell to run it.
func pythonWithNumpy(t *testing.T) string {
	if _, err := exec.LookPath("sh"); err != nil {
		return ""
	}
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		python, err := exec.LookPath(name)
		if err != nil || exec.Command(python, "-c", "import numpy").Run() != nil {
			continue
		}
		bin := t.TempDir()
		run := "#!/bin/sh\nexec '" + python + "' \"$@\"\n"
		if err := os.WriteFile(filepath.Join(bin, "python3"), []byte(run), 0o777); err != nil {
			t.Fatal(err)
		}
		return bin
	}
	return ""
}

// runRecipe runs a line with the python3 in bin, in a copy of folder, and looks at
// the digits.pkl.gz that it makes: the digits of testdata/make_kinds.py.
func runRecipe(t *testing.T, bin, needs, folder, line string) {
	if needs != "" && exec.Command(filepath.Join(bin, "python3"), "-c", "import "+needs).Run() != nil {
		t.Skipf("skipped: this Python has no %s", needs)
	}
	dir := t.TempDir()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if content, err := os.ReadFile(filepath.Join(folder, e.Name())); err == nil { // no folder
			if err := os.WriteFile(filepath.Join(dir, e.Name()), content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	sh := exec.Command("sh", "-c", line)
	sh.Dir, sh.Env = dir, append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := sh.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	made, err := os.ReadFile(filepath.Join(dir, "digits.pkl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	sets, err := loadBytes(made)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for s, n := range []int{10, 2, 2} {
		if sets[s].Len() != n || sets[s].Pixels != 12 {
			t.Fatalf("set %d: %d digits of %d pixels, want %d of 12", s, sets[s].Len(), sets[s].Pixels, n)
		}
		for row := range n {
			if got, want := sets[s].Labels[row], uint8(i*3%10); got != want {
				t.Errorf("digit %d is labelled %d, want %d", i, got, want)
			}
			for j, got := range sets[s].Image(row) {
				if want := float64((i*37+j*23)%256*((i+j)%2)) / 255; math.Abs(got-want) > 1e-6 {
					t.Errorf("digit %d, pixel %d is %v, want %v", i, j, got, want)
				}
			}
			i++
		}
	}
}

// ---- main.go ----

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

func TestParse(t *testing.T) {
	book := options{hidden: []int{30}, epochs: 30, batch: 10, eta: 3, seed: 1, cost: "quadratic", init: "normal"}
	with := func(change func(o *options)) options {
		o := book
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		args []string
		want options
	}{
		"the book's":         {nil, book},
		"one at a time":      {[]string{"-batch", "1"}, with(func(o *options) { o.batch = 1 })},
		"one neuron":         {[]string{"-hidden", "1"}, with(func(o *options) { o.hidden = []int{1} })},
		"two layers, spaces": {[]string{"-hidden", " 60, 30 "}, with(func(o *options) { o.hidden = []int{60, 30} })},
		"spaces for none":    {[]string{"-hidden", " "}, with(func(o *options) { o.hidden = nil })},
		"all": {[]string{"-data", "f", "-hidden", "", "-epochs", "0", "-batch", "2", "-eta", "0.5", "-seed", "-7"},
			options{data: "f", epochs: 0, batch: 2, eta: 0.5, seed: -7, cost: "quadratic", init: "normal"}},
		"chapter 3": {[]string{"-cost", "cross-entropy", "-init", "scaled", "-lambda", "5",
			"-patience", "10", "-shift", "1"},
			with(func(o *options) {
				o.cost, o.init, o.lambda, o.patience, o.shift = "cross-entropy", "scaled", 5, 10, 1
			})},
		"files":           {[]string{"-save", "a", "-show", "3"}, with(func(o *options) { o.save, o.show = "a", 3 })},
		"loaded":          {[]string{"-load", "b"}, with(func(o *options) { o.load, o.epochs = "b", 0 })},
		"trained further": {[]string{"-load", "b", "-epochs", "30"}, with(func(o *options) { o.load = "b" })},
		"to be read": {[]string{"-load", "b", "x", "y"}, with(func(o *options) {
			o.load, o.epochs, o.pictures = "b", 0, []string{"x", "y"}
		})},
	} {
		got, err := parse(c.args)
		if err != nil {
			t.Errorf("%s: parse(%q) failed: %v", name, c.args, err)
			continue
		}
		if got.flags = nil; !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: parse(%q) = %+v, want %+v", name, c.args, *got, c.want)
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
		} else if err := net.SGD(training, epochs, 20, 1.5, test, rng, &want, Extras{}); err != nil {
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
	for epochs, extra := range map[int]Extras{
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
		sgd := net.SGD
		if extra.Patience > 0 {
			sgd = net.SGDWithPatience
		}
		if err := sgd(training, epochs, 10, 1, test, rng, &want, extra); err != nil {
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
		o                    options
		training, validation *DataSet
		want                 string // in the error; "" for none
	}{
		"nothing asked":       {options{eta: 3}, oblong, none, ""},
		"patience":            {options{eta: 3, patience: 1}, oblong, oblong, ""},
		"nothing to judge by": {options{eta: 3, patience: 1}, square, none, "no validation digits"},
		"shift":               {options{eta: 3, shift: 2}, square, none, ""},
		"shift out of sight":  {options{eta: 3, shift: 3}, square, none, "only 3 pixels wide"},
		"shift of what":       {options{eta: 3, shift: 1}, oblong, none, "8 pixels, and only squares"},
		"λ":                   {options{eta: 3, lambda: 0.66}, square, none, ""},
		"λ that leaves nothing": {options{eta: 3, lambda: 2. / 3}, square, none,
			"ηλ/n is 1 for the 2 training digits"},
		"λ that turns the signs": {options{eta: 3, lambda: 1}, square, none, "-lambda 1 with -eta 3"},
		"λ, a product too large": {options{eta: 1e200, lambda: 1e200}, square, none, "+Inf"},
	} {
		err := c.o.checkData(c.training, c.validation)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.want)
		}
	}
}

func TestCommandRefusesFlags(t *testing.T) {
	tests := []struct {
		args []string
		want string // in the one line on standard error
	}{
		{[]string{"-epochs", "-1"}, "-epochs -1"},
		{[]string{"-epochs", "x"}, "-epochs"},
		{[]string{"-show", "-1"}, "-show -1"},
		{[]string{"-save", ""}, "-save"},
		{[]string{"-load", ""}, "-load"},
		{[]string{"-load", "testdata/saved.json", "-hidden", "30"}, "-hidden beside -load"},
		{[]string{"-load", "testdata/saved.json", "-init", "normal"}, "-init beside -load"},
		{[]string{"-load", "testdata/saved.json", "x.png", "-show", "1"}, "flags come first"},
		{[]string{"-epochs", "1", "testdata"}, "testdata is a folder, not an image"},
		{[]string{"-load", "testdata/saved.json", "-"}, "standard input is not read"},
		{[]string{"-load", "-"}, "- is not standard input"},
		{[]string{"-save", "-"}, "- is not standard input"},
		{[]string{"-batch", "0"}, "-batch 0"},
		{[]string{"-batch", "-5"}, "-batch -5"},
		{[]string{"-eta", "NaN"}, "-eta NaN"},
		{[]string{"-eta", "0"}, "-eta 0"},
		{[]string{"-eta", "-1"}, "-eta -1"},
		{[]string{"-eta", "Inf"}, "-eta +Inf"},
		{[]string{"-hidden", "30,x"}, `"x" is not a number`},
		{[]string{"-hidden", "30,"}, `"" is not a number`},
		{[]string{"-hidden", "0"}, `"0" is not a number`},
		{[]string{"-cost", "linear"}, `-cost "linear": want quadratic or cross-entropy`},
		{[]string{"-cost", ""}, `-cost ""`},
		{[]string{"-init", "zero"}, `-init "zero": want normal or scaled`},
		{[]string{"-lambda", "-0.1"}, "-lambda -0.1"},
		{[]string{"-lambda", "NaN"}, "-lambda NaN"},
		{[]string{"-lambda", "Inf"}, "-lambda +Inf"},
		{[]string{"-patience", "-1"}, "-patience -1"},
		{[]string{"-patience", "x"}, "-patience"},
		{[]string{"-shift", "-1"}, "-shift -1"},
		{[]string{"-shift", "0.5"}, "-shift"},
		{[]string{"-seed", "1.5"}, "-seed"},
		{[]string{"-nonsense"}, "-nonsense"},
		{[]string{"-epochs"}, "-epochs"},
		{[]string{"stray"}, `"stray"`},
	}
	for _, test := range tests {
		stdout, stderr, status := digitsCommand(t, "", test.args...)
		if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "digits: ") || strings.Count(stderr, "\n") != 1 ||
			!strings.Contains(stderr, test.want) || !strings.HasSuffix(stderr, " (digits -h lists the flags)\n") {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q, want 2, nothing, and one line with %q",
				test.args, status, stdout, stderr, test.want)
		}
	}
}

// The names of images: a shell that leaves *.png as it is, and names with a dash.
func TestCommandExpandsNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"-a.png", "b.png", "c.png", "[c].png", "d.gif"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	back, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(back)
	if err := os.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ names, want []string }{
		"a pattern":         {[]string{"*.png"}, []string{"-a.png", "[c].png", "b.png", "c.png"}},
		"names in brackets": {[]string{"[c].png"}, []string{"[c].png"}},
		"nothing like that": {[]string{"*.jpg", "b.png"}, []string{"*.jpg", "b.png"}},
		"no pattern":        {[]string{"d.gif", "[", "none"}, []string{"d.gif", "[", "none"}},
	} {
		o, err := parse(append([]string{"-load", "x", "--"}, c.names...))
		if err != nil || !slices.Equal(o.pictures, c.want) {
			t.Errorf("%s: %q becomes %q, error %v, want %q", name, c.names, o.pictures, err, c.want)
		}
	}
	if _, err := parse([]string{"-load", "x", "b.png", "-a.png"}); err == nil {
		t.Error("a flag behind the name of an image is read as an image")
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

func TestCommandHelp(t *testing.T) {
	stdout, stderr, status := digitsCommand(t, "", "-h")
	if status != 0 || stderr != "" {
		t.Errorf("exit status %d, stderr %q, want 0 and nothing", status, stderr)
	}
	for _, want := range []string{"usage: digits [flags] [image ...]",
		"-data FILE", "-hidden LIST", "-epochs N", "-batch N", "-eta η", "-seed N",
		"-cost NAME", "-init NAME", "-lambda λ", "-patience N", "-shift N", "-save FILE", "-load FILE", "-show N",
		"-page FILE"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the help does not mention %q:\n%s", want, stdout)
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
	training, validation, test, err := loadData(smallFile, io.Discard)
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
	if err := net.SGD(training, 1, 10, 0.5, test, newRand(1), &want, Extras{}); err != nil {
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
	if err := checkReplaceable(os.DevNull); err == nil || !strings.Contains(err.Error(), "not an ordinary file") {
		t.Errorf("checkReplaceable(%s): the error is %v, want \"not an ordinary file\"", os.DevNull, err)
	}
}

// A file is replaced whole or not at all.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	put := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			io.WriteString(w, text)
			if got, e := os.ReadFile(file); e == nil && string(got) == text {
				t.Errorf("%q is in the file while it is being written", text)
			}
			return err
		}
	}
	if err := replaceFile(file, put("one", nil)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(file, put("two", nil)); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(file, put("three", errFull)); err != errFull {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
	if got, _ := os.ReadFile(file); string(got) != "two" {
		t.Errorf("the file holds %q, want what was there before", got)
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("the file's mode is %v, want 0640", info.Mode())
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

// A new file has the mode that the system gives to new files.
func TestReplaceFileMode(t *testing.T) {
	dir := t.TempDir()
	ordinary, file := filepath.Join(dir, "ordinary"), filepath.Join(dir, "file")
	if err := os.WriteFile(ordinary, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(file, func(io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	want, _ := os.Stat(ordinary)
	if got, err := os.Stat(file); err != nil || got.Mode() != want.Mode() {
		t.Errorf("the new file is %v, error %v, want %v", got, err, want.Mode())
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
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if _, err := followLinks(loop); err == nil || !strings.Contains(err.Error(), "leads to itself") {
		t.Errorf("of a link to itself, the error is %v", err)
	}
}

// The temporary file is a new one: not a link that somebody has put there, nor the
// temporary file of another program on the same disk.
func TestCreateBeside(t *testing.T) {
	dir := t.TempDir()
	file, victim := filepath.Join(dir, "file"), filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, file+".0.tmp"); err != nil {
		t.Skip("skipped: no links can be made here: ", err)
	}
	if err := os.Symlink(filepath.Join(dir, "none"), file+".1.tmp"); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{file + ".0.tmp": true, file + ".1.tmp": true}
	for range 3 {
		f, err := createBeside(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if seen[f.Name()] || filepath.Dir(f.Name()) != dir {
			t.Errorf("%s is not new, or not beside %s", f.Name(), file)
		}
		seen[f.Name()] = true
	}
	if got, _ := os.ReadFile(victim); string(got) != "precious" {
		t.Errorf("what the link leads to holds %q now", got)
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

// Files that cannot be written, or cannot have the name; errors are without names.
func TestReplaceFileFails(t *testing.T) {
	dir := t.TempDir()
	text := func(w io.Writer) error {
		_, err := io.WriteString(w, "text")
		return err
	}
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"a folder":  folder,
		"in a file": filepath.Join("network_test.go", "file"),
		"nowhere":   filepath.Join(dir, "no", "file"),
	} {
		if err := replaceFile(file, text); err == nil || strings.Contains(err.Error(), "file.") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	full := &fs.PathError{Op: "write", Path: "file.1.tmp", Err: syscall.ENOSPC}
	if err := replaceFile(filepath.Join(dir, "file"), func(io.Writer) error { return full }); err != syscall.ENOSPC {
		t.Errorf("on a full disk the error is %v, want %v", err, syscall.ENOSPC)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func TestWriteConfusion(t *testing.T) {
	var count [digits][digits]int
	for d := range digits {
		count[d][d] = 900 + d
	}
	count[4][9], count[9][4], count[5][3], count[3][5], count[7][2], count[2][7], count[1][7] = 25, 13, 25, 1, 9, 2, 3
	var out strings.Builder
	if err := writeConfusion(&out, &count); err != nil {
		t.Fatal(err)
	}
	want := `
right \ read     0     1     2     3     4     5     6     7     8     9
           0   900     .     .     .     .     .     .     .     .     .
           1     .   901     .     .     .     .     .     3     .     .
           2     .     .   902     .     .     .     .     2     .     .
           3     .     .     .   903     .     1     .     .     .     .
           4     .     .     .     .   904     .     .     .     .    25
           5     .     .     .    25     .   905     .     .     .     .
           6     .     .     .     .     .     .   906     .     .     .
           7     .     .     9     .     .     .     .   907     .     .
           8     .     .     .     .     .     .     .     .   908     .
           9     .     .     .     .    13     .     .     .     .   909

most often confused:
    25 times 4 read as 9
    25 times 5 read as 3
    13 times 9 read as 4
     9 times 7 read as 2
     3 times 1 read as 7
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestShowMistakes(t *testing.T) {
	_, _, test := loadBuiltIn(t)
	answers := make([]int, test.Len())
	for i, label := range test.Labels {
		answers[i] = int(label)
	}
	show := func(n int) string {
		var out strings.Builder
		if err := showMistakes(&out, test, answers, n); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := show(2); strings.Contains(got, "test digit") || strings.Contains(got, "confused") {
		t.Errorf("where nothing is misread it shows\n%s", got)
	}
	for _, i := range []int{3, 7, 11} {
		answers[i] = (answers[i] + 1) % 10
	}
	for n, want := range map[int][]int{1: {3}, 2: {3, 7}, 9: {3, 7, 11}} {
		var drawn strings.Builder
		for _, i := range want {
			fmt.Fprintf(&drawn, "\ntest digit %d: %d read as %d\n", i, test.Labels[i], answers[i])
			drawn.WriteString(picture.Draw(pixelsOf(test).Row(i), 28, false))
		}
		if got := show(n); !strings.HasSuffix(got, drawn.String()) || strings.Count(got, "test digit") != len(want) {
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

func TestRanking(t *testing.T) {
	got := ranking([]float64{0.1, 0, 0.1, 0.976, 0, 0, 0.2, 0, 0.03, 0})
	if want := "3 (3 0.98, 6 0.20, 0 0.10, 2 0.10, 8 0.03, 1 0.00, 4 0.00, 5 0.00, 7 0.00, 9 0.00)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMeter(t *testing.T) {
	var w bytes.Buffer
	clock := time.Unix(0, 0)
	show := meter(&w, func() time.Time { return clock })
	at := func(seconds float64, done int, want string) {
		t.Helper()
		clock = time.Unix(0, int64(seconds*1e9))
		w.Reset()
		show(done, 200)
		if w.String() != want {
			t.Errorf("after %v s and %d of 200: wrote %q, want %q", seconds, done, w.String(), want)
		}
	}
	at(0, 10, "")
	at(0.9, 20, "")
	at(1.1, 50, "\r 25%")
	at(1.2, 60, "") // not more than five times a second
	at(1.4, 100, "\r 50%")
	at(1.5, 200, "\r       \r") // gone before the line of the epoch
	at(1.6, 10, "")             // the next epoch is timed afresh
	at(2.5, 20, "")
	at(2.55, 200, "") // an epoch that showed nothing has nothing to wipe out
}

func TestMeterOnTerminalAlone(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if newMeter(file) != nil || newMeter(new(bytes.Buffer)) != nil {
		t.Error("progress would be shown on a file or in memory")
	}
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if newMeter(device) != nil {
		t.Errorf("progress would be shown on %s", os.DevNull)
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("skipped: no terminal can be made here: ", err)
	}
	defer terminal.Close()
	for term, want := range map[string]bool{"xterm": true, "dumb": false} {
		if t.Setenv("TERM", term); isTerminal(terminal) != want {
			t.Errorf("TERM=%s: that it is a terminal is %v, want %v", term, !want, want)
		}
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
	return net, net.SGD(sets[0], 4, 10, 0.5, nil, rng, io.Discard, Extras{})
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
		t.Errorf("got %s, want 4", ranking(output.Row(0)))
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
		line := fmt.Sprintf("%s: %s%s\n", file(name), ranking(output), unsure(output))
		if !strings.HasPrefix(line, fmt.Sprintf("%s: %d (%d ", file(name), test.Labels[i], test.Labels[i])) {
			t.Errorf("digit %d is a %d: %s", i, test.Labels[i], line)
		}
		want.WriteString(line)
		shown.WriteString(line)
		shown.WriteString(picture.Draw(digit.Pixels, 28, false))
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

func TestUnsure(t *testing.T) {
	for _, c := range []struct {
		name   string
		output []float64
		want   string
	}{
		{"sure", []float64{0.1, 0.9, 0.2}, ""},
		{"just sure", []float64{0.25, 0.51, 0.1}, ""},
		{"no output above one half", []float64{0.1, 0.5, 0.0}, ", unsure"},
		{"two close", []float64{0.1, 0.9, 0.5}, ", unsure"},
	} {
		if got := unsure(c.output); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
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
		o := &options{pictures: []string{name}, show: n} // the line fails, then the drawing
		if err := o.readPictures(net, &after, io.Discard); err != errFull {
			t.Errorf("after %d writes: the error is %v, want %v", n, err, errFull)
		}
	}
}

// ---- the page ----

// pageText returns the page of net, with these test digits.
func pageText(t *testing.T, net *Network, test *DataSet, origin string) string {
	t.Helper()
	var page strings.Builder
	if err := writePage(&page, net, test, origin); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// onPage returns what the JSON in a page says.
func onPage(t *testing.T, page string) pageData {
	t.Helper()
	_, text, found := strings.Cut(page, `<script type="application/json" id="network">`)
	text, _, closed := strings.Cut(text, "</script>")
	var data pageData
	if err := json.Unmarshal([]byte(text), &data); !found || !closed || err != nil {
		t.Fatalf("the network's element is found %v, closed %v, its JSON: %v", found, closed, err)
	}
	return data
}

// networkOnPage returns the network that a page has.
func networkOnPage(data pageData) *Network {
	floats := func(b []byte, rows, cols int) *Matrix {
		m := NewMatrix(rows, cols)
		for i := range m.Data {
			m.Data[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		}
		return m
	}
	net := &Network{}
	for l, nOut := range data.Sizes[1:] {
		net.Weights = append(net.Weights, floats(data.Weights[l], data.Sizes[l], nOut))
		net.Biases = append(net.Biases, floats(data.Biases[l], 1, nOut))
	}
	return net
}

// The page has the network, to the bits that a float32 has, with outputs that
// are the program's to 1e-5, how many test digits
// it reads correctly, and the first that it misreads.
func TestPageHasNetwork(t *testing.T) {
	_, _, test := loadBuiltIn(t)
	reading, err := readingNetwork()
	if err != nil {
		t.Fatal(err)
	}
	for name, net := range map[string]*Network{
		"trained":           reading,
		"two hidden layers": NewNetwork([]int{784, 7, 5, 10}, newRand(3)),
		"no hidden layer":   NewNetwork([]int{784, 10}, newRand(4)),
	} {
		data := onPage(t, pageText(t, net, test, "seed 1"))
		got := networkOnPage(data)
		wantClose(t, name+": weights", got.Weights, net.Weights, 1e-6)
		wantClose(t, name+": biases", got.Biases, net.Biases, 1e-6)
		x := pixelsOf(firstOf(test, 200))
		wantClose(t, name+": outputs", []*Matrix{got.Feedforward(x)}, []*Matrix{net.Feedforward(x)}, 1e-5)
		if !slices.Equal(data.Sizes, net.Sizes()) || data.Cost != net.Cost.Name || data.Origin != "seed 1" {
			t.Errorf("%s: %v, %s, %s", name, data.Sizes, data.Cost, data.Origin)
		}
		if right := net.Evaluate(test); data.Right != right || data.Total != test.Len() {
			t.Errorf("%s: %d of %d are right, want %d of %d", name, data.Right, data.Total, right, test.Len())
		}
		wantMisread(t, name, data.Misread, net, test)
	}
}

// wantMisread wants the first twelve of the test digits that net misreads.
func wantMisread(t *testing.T, name string, got []pageDigit, net *Network, test *DataSet) {
	t.Helper()
	var want []pageDigit
	for i, answer := range net.Answers(test) {
		if answer != int(test.Labels[i]) && len(want) < 12 {
			want = append(want, pageDigit{Digit: test.Labels[i], Read: answer})
			for k, v := range test.Image(i) {
				if n := len(want) - 1; n < len(got) && math.Abs(float64(got[n].Pixels[k])/256-v) > 1.0/256 {
					t.Fatalf("%s: misread digit %d, pixel %d is %d, want 256 times %v", name, n, k, got[n].Pixels[k], v)
				}
			}
		}
	}
	for i := range got {
		got[i].Pixels = nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: misread %v, want %v", name, got, want)
	}
}

// A network that misreads nothing has an empty list, which is not JSON's null;
// and weights beyond float32 stay finite.
func TestPageEdges(t *testing.T) {
	net := NewNetwork([]int{784, 10}, newRand(1))
	test := dataSetOf([][]float64{make([]float64, 784)}, []uint8{0})
	test.Labels[0] = uint8(net.Answers(test)[0])
	net.Weights[0].Data[0], net.Weights[0].Data[1] = 1e300, -1e300
	page := pageText(t, net, test, "")
	if !strings.Contains(page, `"misread":[]`) {
		t.Error("the list of misread digits is not []")
	}
	w := networkOnPage(onPage(t, page)).Weights[0].Data
	if w[0] != math.MaxFloat32 || w[1] != -math.MaxFloat32 {
		t.Errorf("1e300 and −1e300 are %v and %v, want the largest float32", w[0], w[1])
	}
	if err := writePage(failingWriter{}, net, test, ""); err != errFull {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
}

// Whatever a name says, it is a string in the JSON and nothing else.
func TestPageEscapes(t *testing.T) {
	test := dataSetOf([][]float64{make([]float64, 784)}, []uint8{0})
	plain := NewNetwork([]int{784, 10}, newRand(1))
	for _, name := range []string{"</script><script>alert(1)</script>", "<!--<script>", "]]>&lt;&quot;'\"\\",
		"\u2028\u2029", pageMarker, "%s%d", "\xff\x00"} {
		net := plain.clone()
		net.Cost = &Cost{Name: name}
		page := pageText(t, net, test, name)
		if want := strings.ToValidUTF8(name, "\ufffd"); onPage(t, page).Origin != want || onPage(t, page).Cost != want {
			t.Errorf("%q is on the page as %q", name, onPage(t, page).Origin)
		}
		for _, tag := range []string{"<script", "</script", "<!--"} {
			if got, want := strings.Count(page, tag), strings.Count(pageSource, tag); got != want {
				t.Errorf("%q: %d times %s on the page, want %d", name, got, tag, want)
			}
		}
	}
	if n := strings.Count(pageSource, pageMarker); n != 1 {
		t.Errorf("data/page.html has the place of the network %d times, want once", n)
	}
}

// A page is small enough to be sent to a friend.
func TestPageSize(t *testing.T) {
	_, _, test := loadBuiltIn(t)
	for _, c := range []struct{ hidden, limit int }{{30, 250_000}, {300, 2_000_000}} {
		page := pageText(t, NewNetwork([]int{784, c.hidden, 10}, newRand(1)), test, "seed 1")
		if len(page) > c.limit {
			t.Errorf("784-%d-10: %d bytes, want at most %d", c.hidden, len(page), c.limit)
		}
	}
}

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
		data := onPage(t, string(text))
		return fmt.Sprintf("%s: %d / %d, %s", dashed(data.Sizes), data.Right, data.Total, data.Origin)
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

// A browser is a headless Chromium that shows one page. It is spoken to in the
// DevTools protocol, JSON messages that end in a 0 byte, through two pipes.
type browser struct {
	t        *testing.T
	commands io.Writer     // descriptor 3 of the browser
	messages *bufio.Reader // descriptor 4
	last     int           // the id of the last command
	session  string        // of the page
	wrong    []string      // what the page has asked for or complained of
}

// message is what the browser says: the answer to a command, or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// openBrowser starts a browser, has it show the file, and stops it when the test
// is over. It skips the test where there is no Chromium.
func openBrowser(t *testing.T, file string) *browser {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" || runtime.GOOS == "windows" { // where a process cannot be given descriptors
		t.Skip("the page is not opened: chromium is not installed, or cannot be given pipes here")
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute) // should it hang
	// Without its sandbox, which root cannot have: it shows nothing but our own page.
	cmd := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-dev-shm-usage", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	theirIn, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	messages, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, commands: commands, messages: bufio.NewReader(messages)}
	t.Cleanup(func() {
		io.WriteString(commands, `{"id": 0, "method": "Browser.close"}`+"\x00")
		io.Copy(io.Discard, messages) // until its end of the pipe is closed
		cmd.Wait()
		stop()
		commands.Close()
		messages.Close()
	})
	b.show(file)
	return b
}

// show has the browser open the file, and waits until it is there.
func (b *browser) show(file string) {
	b.t.Helper()
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	b.call("Target.getTargets", "{}", &targets)
	var attached struct{ SessionID string }
	for _, target := range targets.TargetInfos {
		if target.Type == "page" {
			b.call("Target.attachToTarget", fmt.Sprintf(`{"targetId": %q, "flatten": true}`, target.TargetID), &attached)
		}
	}
	b.session = attached.SessionID
	for _, domain := range []string{"Runtime", "Log", "Network", "Page"} {
		b.call(domain+".enable", "{}", nil)
	}
	b.call("Page.navigate", fmt.Sprintf(`{"url": %q}`, "file://"+filepath.ToSlash(file)), nil)
	for b.next().Method != "Page.loadEventFired" {
	}
}

// call sends a command and waits for its result.
func (b *browser) call(method, params string, result any) {
	b.t.Helper()
	b.last++
	session := ""
	if b.session != "" {
		session = fmt.Sprintf(`, "sessionId": %q`, b.session)
	}
	fmt.Fprintf(b.commands, `{"id": %d, "method": %q, "params": %s%s}`+"\x00", b.last, method, params, session)
	m := b.next()
	for m.ID != b.last {
		m = b.next()
	}
	if m.Error != nil {
		b.t.Fatalf("%s %s: %s", method, params, m.Error)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(m.Result, result); err != nil {
		b.t.Fatalf("%s: %v in %s", method, err, m.Result)
	}
}

// next returns the next message, and remembers it if it is of a request or an error.
func (b *browser) next() (m message) {
	b.t.Helper()
	text, err := b.messages.ReadBytes(0)
	if err == nil {
		err = json.Unmarshal(text[:len(text)-1], &m)
	}
	if err != nil {
		b.t.Fatalf("the browser says no more: %v", err)
	}
	request := m.Method == "Network.requestWillBeSent" && !bytes.Contains(m.Params, []byte(`"type":"Document"`))
	said := slices.Contains([]string{"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}, m.Method)
	if request || said {
		b.wrong = append(b.wrong, m.Method+" "+string(m.Params))
	}
	return m
}

// evaluate returns in value what an expression of the page's script is; of a
// promise, what it becomes.
func (b *browser) evaluate(expression string, value any) {
	b.t.Helper()
	quoted, err := json.Marshal(expression)
	if err != nil {
		b.t.Fatal(err)
	}
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate",
		fmt.Sprintf(`{"expression": %s, "awaitPromise": true, "returnByValue": true}`, quoted), &answer)
	if answer.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	if value == nil {
		return
	}
	if err := json.Unmarshal(answer.Result.Value, value); err != nil {
		b.t.Fatalf("%s: %v in %s", expression, err, answer.Result.Value)
	}
}

// A reading is what the page makes of what is drawn on it.
type reading struct {
	PNG            string // of the paper, as a data URL
	Pixels, Output []float64
}

// thought is the reading of the page now, in the page's words.
const thought = `({PNG: find('#paper').toDataURL(), Pixels: [...input],
	Output: [...feedforward(input).a.slice(-1)[0]]})`

// wantAgrees wants the page's pixels and outputs to be the program's for the same
// paper, and returns the digit that the program reads. It returns −1 if the program
// took the drawing for more than that: for several digits, or for one with ruling.
func (r reading) wantAgrees(t *testing.T, name string, net *Network) int {
	t.Helper()
	_, file, _ := strings.Cut(r.PNG, "base64,")
	digit, err := picture.Read(base64.NewDecoder(base64.StdEncoding, strings.NewReader(file)))
	if err != nil || len(digit.Done) > 0 {
		return -1
	}
	input, output := &Matrix{1, 784, digit.Pixels}, net.Feedforward(&Matrix{1, 784, digit.Pixels})
	wantClose(t, name+": pixels", []*Matrix{{1, 784, r.Pixels}}, []*Matrix{input}, 1e-3)
	wantClose(t, name+": outputs", []*Matrix{{1, 10, r.Output}}, []*Matrix{output}, 1e-3)
	return output.Argmax(0)
}

// In a real browser the page reads as the program does: strokes of every width,
// with dust, and digits of the data set set on the paper. The page knows what the
// program must find out: that all there is on the paper was drawn. So they differ
// where a stroke reaches the border, as a shadow would, or is as straight and as long
// as ruling; of these drawings, a few are.
func TestPageReadsAsProgram(t *testing.T) {
	t.Parallel()
	_, _, test := loadBuiltIn(t)
	net, err := readingNetwork()
	if err != nil {
		t.Fatal(err)
	}
	b := openPage(t, net, test)
	rng := newRand(1)
	var compared sync.WaitGroup // while the browser reads the next drawing
	var apart atomic.Int32
	drawings := 100
	if testing.Short() {
		drawings = 20
	}
	for i := range drawings {
		// A second stroke, lest the test digit be alone and shown to the network as it is.
		drawing := fmt.Sprintf("[{pixels: [%s]}, {pixels: []}]", bytesOf(test.Image(i)))
		if i%2 == 0 || onBorder(test.Image(i)) {
			drawing = randomStrokes(rng)
		}
		var r reading
		b.evaluate("strokes = "+drawing+"; think(); "+thought, &r)
		compared.Add(1)
		go func() {
			defer compared.Done()
			if r.wantAgrees(t, fmt.Sprintf("drawing %d", i), net) < 0 {
				apart.Add(1)
			}
		}()
	}
	compared.Wait()
	if n := int(apart.Load()); n*20 > drawings {
		t.Errorf("of %d drawings the program takes %d for more than a digit", drawings, n)
	}
}

// onBorder reports whether there is ink on the border of an image of 28×28 pixels.
func onBorder(pixels []float64) bool {
	for k, v := range pixels {
		if v > 0 && (k < 28 || k >= 27*28 || k%28 == 0 || k%28 == 27) {
			return true
		}
	}
	return false
}

// bytesOf writes pixels from 0 to 1 as bytes with commas between them.
func bytesOf(pixels []float64) string {
	text := make([]string, len(pixels))
	for k, v := range pixels {
		text[k] = strconv.Itoa(int(256*v) - int(v))
	}
	return strings.Join(text, ",")
}

// randomStrokes returns one to four strokes for the page's script, and a dot, off the border.
func randomStrokes(rng *rand.Rand) string {
	var all []string
	for range 1 + rng.IntN(4) {
		x, y := 60+160*rng.Float64(), 60+160*rng.Float64()
		var points []string
		for range 2 + rng.IntN(8) {
			points = append(points, fmt.Sprintf("[%.2f, %.2f]", x, y))
			x, y = min(max(x+60*rng.NormFloat64(), 20), 260), min(max(y+60*rng.NormFloat64(), 20), 260)
		}
		all = append(all, fmt.Sprintf("{width: %d, points: [%s]}", 4+4*rng.IntN(7), strings.Join(points, ", ")))
	}
	all = append(all, fmt.Sprintf("{width: %d, points: [[%d, %d]]}", 4+rng.IntN(30), 20+rng.IntN(240), 20+rng.IntN(240)))
	return "[" + strings.Join(all, ", ") + "]"
}

// openPage opens the page of net in a browser; when the test is over, the page
// must have asked for nothing and complained of nothing.
func openPage(t *testing.T, net *Network, test *DataSet) *browser {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(pageText(t, net, test, "seed 1")), 0o666); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, file)
	t.Cleanup(func() {
		for _, wrong := range b.wrong {
			t.Errorf("the page has asked or complained: %s", wrong)
		}
	})
	return b
}

// mouse has the browser move, press or release the mouse over an element: at x
// and y, from 0 to 1, of it.
func (b *browser) mouse(kind, selector string, x, y float64) {
	b.t.Helper()
	params := `{"type": %q, "x": %f, "y": %f, "button": "left", "buttons": 1, "clickCount": 1}`
	if kind == "mouseMoved" {
		params = `{"type": %q, "x": %f, "y": %f, "buttons": 1}`
	}
	left, top := b.at(selector, x, y)
	b.call("Input.dispatchMouseEvent", fmt.Sprintf(params, kind, left, top), nil)
}

// touch is mouse for a finger.
func (b *browser) touch(kind, selector string, x, y float64) {
	b.t.Helper()
	points := ""
	if kind != "touchEnd" {
		left, top := b.at(selector, x, y)
		points = fmt.Sprintf(`{"x": %f, "y": %f}`, left, top)
	}
	b.call("Input.dispatchTouchEvent", fmt.Sprintf(`{"type": %q, "touchPoints": [%s]}`, kind, points), nil)
}

// at returns where on the screen a point of an element is, and has it be there.
func (b *browser) at(selector string, x, y float64) (left, top float64) {
	b.t.Helper()
	var box struct{ Left, Top, Width, Height float64 }
	b.evaluate(fmt.Sprintf("find(%q).scrollIntoView({block: 'center'})", selector), nil)
	b.evaluate(fmt.Sprintf("find(%q).getBoundingClientRect().toJSON()", selector), &box)
	return box.Left + x*box.Width, box.Top + y*box.Height
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.mouse("mousePressed", selector, 0.5, 0.5)
	b.mouse("mouseReleased", selector, 0.5, 0.5)
}

// key has the browser press a key.
func (b *browser) key(name string) {
	b.t.Helper()
	b.call("Input.dispatchKeyEvent", fmt.Sprintf(`{"type": "keyDown", "key": %q}`, name), nil)
	b.call("Input.dispatchKeyEvent", fmt.Sprintf(`{"type": "keyUp", "key": %q}`, name), nil)
}

// text returns the text of an element once the next picture of the screen is drawn.
func (b *browser) text(selector string) (text string) {
	b.t.Helper()
	b.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))", nil)
	b.evaluate(fmt.Sprintf("find(%q).textContent", selector), &text)
	return text
}

// A hand draws a seven, undoes it, draws a one by keyboard, looks at a neuron, and
// clicks on the digits that the network misreads.
func TestPageInHand(t *testing.T) {
	t.Parallel()
	_, _, test := loadBuiltIn(t)
	net, err := readingNetwork()
	if err != nil {
		t.Fatal(err)
	}
	b := openPage(t, net, test)
	b.mouse("mousePressed", "#paper", 0.25, 0.2)
	b.mouse("mouseMoved", "#paper", 0.75, 0.2)
	b.mouse("mouseMoved", "#paper", 0.7, 0.3)
	b.mouse("mouseMoved", "#paper", 0.5, 0.85)
	b.wantRead("a seven, before the pen is lifted", net, "7", "")
	b.mouse("mouseReleased", "#paper", 0.5, 0.85)
	b.wantRead("a seven", net, "7", "The network reads 7.")
	b.wantAdded(net)
	b.click("#undo")
	b.wantRead("undone", net, "–", "Nothing is drawn.")
	b.evaluate("find('#paper').focus()", nil)
	b.key(" ")
	for range 16 {
		b.key("ArrowDown")
	}
	b.wantRead("a one, before the pen is lifted", net, "1", "The pen is down.")
	b.key(" ")
	b.wantRead("a one", net, "1", "The network reads 1.")
	b.click("#clear")
	b.wantRead("cleared", net, "–", "Nothing is drawn.")
	b.click("#thicker")
	b.touch("touchStart", "#paper", 0.55, 0.2)
	b.touch("touchMove", "#paper", 0.5, 0.5)
	b.touch("touchMove", "#paper", 0.45, 0.8)
	b.touch("touchEnd", "#paper", 0, 0)
	b.wantRead("a one by finger", net, "1", "The network reads 1.")
	var touch string
	if b.evaluate("getComputedStyle(find('#paper')).touchAction", &touch); touch != "none" {
		t.Errorf("touch-action is %s: a finger scrolls the page, where it should draw", touch)
	}
	for i, misread := range onPage(t, pageText(t, net, test, "")).Misread {
		b.click(fmt.Sprintf("#misread button:nth-child(%d)", i+1))
		if got, want := b.text("#answer b"), strconv.Itoa(misread.Read); got != want {
			t.Errorf("misread digit %d, a %d: the page reads %s, want %s", i, misread.Digit, got, want)
		}
	}
}

// wantRead wants the page to show this digit, and to say this; and the digit, if
// it is one, to be what the program reads.
func (b *browser) wantRead(name string, net *Network, digit, said string) {
	b.t.Helper()
	if got, saying := b.text("#answer b"), b.text("#said"); got != digit || saying != said {
		b.t.Errorf("%s: the page reads %s and says %q, want %s and %q", name, got, saying, digit, said)
	}
	if digit == "–" {
		return
	}
	var r reading
	b.evaluate(thought, &r)
	if got := strconv.Itoa(r.wantAgrees(b.t, name, net)); got != digit {
		b.t.Errorf("%s: the program reads %s, want %s", name, got, digit)
	}
}

// wantAdded wants the page to show what a neuron of the first hidden layer adds to
// each z, when it is pointed at: the neuron with the highest activation, and another.
// It is how much lower z is in a network in which nothing listens to the neuron.
func (b *browser) wantAdded(net *Network) {
	b.t.Helper()
	var r reading
	b.evaluate(thought, &r)
	x := &Matrix{1, 784, r.Pixels}
	z := func(net *Network, digit int) float64 { // σ, backwards
		a := net.Feedforward(x).Data[digit]
		return math.Log(a / (1 - a))
	}
	hidden := &Network{net.Weights[:1], net.Biases[:1], nil}
	for _, k := range []int{hidden.Feedforward(x).Argmax(0), 3} {
		without := net.clone()
		clear(without.Weights[1].Row(k))
		b.mouse("mouseMoved", fmt.Sprintf(".neurons button:nth-child(%d)", k+1), 0.5, 0.5)
		for digit := range 10 {
			text := b.text(fmt.Sprintf("#adds li:nth-child(%d) small", digit+1))
			got, err := strconv.ParseFloat(strings.Replace(text, "−", "-", 1), 64)
			if want := z(net, digit) - z(without, digit); err != nil || math.Abs(got-want) > 0.0051 {
				b.t.Errorf("neuron %d adds %s to the z of %d, want %.2f", k, text, digit, want)
			}
		}
	}
}

// Networks with two hidden layers and with none have pages too.
func TestPageOfOtherLayers(t *testing.T) {
	t.Parallel()
	_, _, test := loadBuiltIn(t)
	for _, sizes := range [][]int{{784, 7, 5, 10}, {784, 10}} {
		net := NewNetwork(sizes, newRand(1))
		net.ScaleWeights()
		b := openPage(t, net, test)
		neuron := ".neurons button:nth-child(3)"
		b.mouse("mouseMoved", neuron, 0.5, 0.5)
		b.mouse("mousePressed", "#paper", 0.5, 0.2)
		b.mouse("mouseMoved", "#paper", 0.5, 0.8)
		b.mouse("mouseReleased", "#paper", 0.5, 0.8)
		var r reading
		b.evaluate(thought, &r)
		digit := strconv.Itoa(r.wantAgrees(t, dashed(sizes), net))
		b.wantRead(dashed(sizes), net, digit, "The network reads "+digit+".")
		if len(sizes) > 2 {
			b.wantAdded(net)
		}
	}
}
