// This file is the book's network.py: a network of sigmoid neurons, stochastic
// gradient descent, backpropagation, in the order of chapters 1 and 2. What
// chapter 3 adds comes after it, and how a network is kept in a file is last.
//
// Numbers in brackets, like (22), and BP1 to BP4 are the book's equations. The
// letters are the book's too, but for one thing. The book multiplies a column
// vector from the left, w·a + b, one example at a time. Here a mini-batch is a
// matrix with one example per row, and the weights between two layers are
// nIn×nOut, the transpose of the book's, so that the products read from left to
// right and a whole mini-batch goes through in one:
//
//	m      examples in a mini-batch
//	nIn    neurons in a layer, nOut in the next
//	a      activations, what the neurons of a layer say: m×nIn
//	w, b   weights and biases of the next layer: nIn×nOut, 1×nOut
//	z      weighted inputs of the next layer, z = a·w + b: m×nOut; its activations are σ(z)
//	δ      errors of a layer, ∂C/∂z, shaped like its z
//
// The matrix is in matrix.go, where the loops are that all this comes down to;
// DataSet, a number of images and their labels, is in loader.go, and so are the
// errors of files. C is the sum of the cost over a mini-batch.

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// A Network is a feedforward network of sigmoid neurons.
//
// Layer 0 is the input; it has no weights and no biases. Weights[l] leads from
// layer l to layer l+1, and Biases[l] belongs to layer l+1.
type Network struct {
	Weights []*Matrix // Weights[l] is Sizes()[l] × Sizes()[l+1]
	Biases  []*Matrix // Biases[l] is 1 × Sizes()[l+1]
	Cost    *Cost     // what training makes smaller
}

// NewNetwork returns a network with sizes[l] neurons in layer l, the input
// and the output layer included: 784, 30, 10 is the book's. Every weight and
// bias is drawn from rng, from the normal distribution of mean 0 and
// variance 1. The cost is the quadratic one. It panics if there are fewer than
// two layers.
func NewNetwork(sizes []int, rng *rand.Rand) *Network {
	if len(sizes) < 2 {
		panic(fmt.Sprintf("network: NewNetwork: sizes are %v, want an input and an output layer at least", sizes))
	}
	net := &Network{Cost: Quadratic}
	for l, nOut := range sizes[1:] {
		b, w := NewMatrix(1, nOut), NewMatrix(sizes[l], nOut)
		for _, m := range []*Matrix{b, w} {
			for i := range m.Data {
				m.Data[i] = rng.NormFloat64()
			}
		}
		net.Biases, net.Weights = append(net.Biases, b), append(net.Weights, w)
	}
	return net
}

// Sizes returns the number of neurons in each layer, input first.
func (net *Network) Sizes() []int {
	sizes := []int{net.Weights[0].Rows}
	for _, w := range net.Weights {
		sizes = append(sizes, w.Cols)
	}
	return sizes
}

// Feedforward returns the output of the network (m×nOut) for the inputs a
// (m×nIn), one example per row.
func (net *Network) Feedforward(a *Matrix) *Matrix {
	for l, w := range net.Weights {
		next := NewMatrix(a.Rows, w.Cols)
		next.MulAdd(sigmoid, a, w, net.Biases[l]) // σ(z) (m×nOut), z = a (m×nIn) · w (nIn×nOut) + b (1×nOut)    (22)
		a = next
	}
	return a
}

// SGD trains the network by mini-batch stochastic gradient descent: in every
// epoch it shuffles the training data, cuts it into mini-batches of
// miniBatchSize examples (the last one may be shorter), and takes one step of
// learning rate eta with each.
//
// After each epoch it writes a line to out: "Epoch 0: 9129 / 10000", how many
// of the test digits the network now classifies correctly, or "Epoch 0 complete"
// if testData is nil. extra is what chapter 3 adds; Extras{} adds nothing.
//
// Everything random is drawn from rng, so the same network, data and state of rng
// give the same weights to the last bit, on the same type of machine. It fails if out or extra.AfterEpoch does,
// or if the weights are no longer finite numbers.
func (net *Network) SGD(trainingData *DataSet, epochs, miniBatchSize int, eta float64, testData *DataSet,
	rng *rand.Rand, out io.Writer, extra Extras) error {
	if miniBatchSize < 1 {
		panic(fmt.Sprintf("network: SGD: mini-batches of %d, want at least 1", miniBatchSize))
	}
	n := trainingData.Len()
	order := upTo(n) // the examples in the order of this epoch
	batch := net.NewMiniBatch(min(miniBatchSize, n))
	for epoch := range epochs {
		rng.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
		for k := 0; k < n; k += batch.Len() { // the length that Load gives it
			batch.Load(trainingData, order[k:min(k+miniBatchSize, n)])
			if extra.Shift > 0 {
				batch.Shift(trainingData, extra.Shift, rng)
			}
			net.UpdateMiniBatch(batch, eta, extra.Lambda, n)
			if extra.Progress != nil {
				extra.Progress(k+batch.Len(), n)
			}
		}
		if !net.finite() {
			return fmt.Errorf("epoch %d: the weights are no longer finite numbers: "+
				"the steps were too long, try a smaller learning rate than %v", epoch, eta)
		}
		if err := net.report(epoch, testData, out); err != nil {
			return err
		}
		if extra.AfterEpoch != nil {
			if err := extra.AfterEpoch(epoch, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// report writes the line of an epoch.
func (net *Network) report(epoch int, testData *DataSet, out io.Writer) error {
	line := fmt.Sprintf("Epoch %d complete\n", epoch)
	if testData != nil {
		line = fmt.Sprintf("Epoch %d: %d / %d\n", epoch, net.Evaluate(testData), testData.Len())
	}
	_, err := io.WriteString(out, line)
	return err
}

// A MiniBatch is m examples on their way through a network, one per row, with
// room for all that Backprop computes about them. The memory is used again for
// mini-batch after mini-batch.
//
// A[l] and Delta[l] belong to the layer that Weights[l] leads to, so they are m×nOut
// for Weights[l], and m×nIn for Weights[l+1].
type MiniBatch struct {
	X     *Sparse   // the inputs (m×nIn): images, most of whose pixels are 0
	Y     *Matrix   // the desired outputs, shaped like the last of A: 1 for the digit shown, 0 elsewhere
	A     []*Matrix // activations: A[0] = σ(X·Weights[0] + Biases[0]), A[1] = σ(A[0]·Weights[1] + Biases[1]), …
	Delta []*Matrix // errors δ = ∂C/∂z

	moved []SparseRow // what Shift has made of the images
}

// UpdateMiniBatch takes one step down the gradient of C, the sum of the cost
// over the m examples of the mini-batch:
//
//	w ← w − η/m · ∂C/∂w                                         (20)
//	b ← b − η/m · ∂C/∂b                                         (21)
//
// With a lambda above 0 the weights shrink a little at every step, and only
// those stay large that lower the cost by it. n is the number of all the
// training digits. The biases do not shrink:
//
//	w ← (1 − ηλ/n) · w − η/m · ∂C/∂w                            (93)
func (net *Network) UpdateMiniBatch(batch *MiniBatch, eta, lambda float64, n int) {
	net.Backprop(batch) // every δ, from the weights as they are, before any of them changes
	if lambda > 0 {
		for _, w := range net.Weights {
			w.Scale(1 - eta*lambda/float64(n))
		}
	}
	batch.AddGradient(-eta/float64(batch.Len()), net.Biases, net.Weights)
}

// Backprop sends a mini-batch through the network, and computes how the cost
// changes with the z of every neuron: the errors δ, from the last layer back.
// They are all it takes to know the gradient, see AddGradient.
func (net *Network) Backprop(batch *MiniBatch) {
	net.activate(batch)
	last := len(net.Weights) - 1
	batch.Delta[last].Zip(net.Cost.Delta, batch.A[last], batch.Y) // δ (m×nOut) = ∂C/∂a ⊙ σ′(z)        (BP1)
	for l := last - 1; l >= 0; l-- {
		// δ (m×nIn) = δ of the next layer (m×nOut) · its wᵀ (nOut×nIn) ⊙ σ′(z)                    (BP2)
		batch.Delta[l].MulT(batch.Delta[l+1], net.Weights[l+1], sigmoidPrime, batch.A[l])
	}
}

// activate computes the activations of every layer for a mini-batch: Feedforward,
// in the memory of the mini-batch, and without the pixels that are 0.
func (net *Network) activate(batch *MiniBatch) {
	for l, w := range net.Weights {
		if l == 0 {
			batch.A[0].MulAddSparse(sigmoid, batch.X, w, net.Biases[0]) // σ(a·w + b)    (22)
		} else {
			batch.A[l].MulAdd(sigmoid, batch.A[l-1], w, net.Biases[l])
		}
	}
}

// AddGradient adds s times the gradient of C, the sum of the cost over the
// mini-batch, to nablaB and nablaW, shaped like Biases and Weights. Call Backprop
// first: the activations and the errors are all that it reads.
//
// The gradient by itself, as large as all the weights, is never built: it is a
// product, and a step of learning is to add −η/m times that product to the
// weights themselves.
func (batch *MiniBatch) AddGradient(s float64, nablaB, nablaW []*Matrix) {
	for l, delta := range batch.Delta {
		nablaB[l].AddSum(s, delta) // ∂C/∂b (1×nOut) = Σ over the rows of δ (m×nOut)             (BP3)
		if l == 0 {
			nablaW[l].AddTMulSparse(s, batch.X, delta) // ∂C/∂w (nIn×nOut) = aᵀ (nIn×m) · δ (m×nOut)    (BP4)
		} else {
			nablaW[l].AddTMul(s, batch.A[l-1], delta)
		}
	}
}

// Evaluate returns how many of the test digits the network classifies correctly:
// its answer is the output neuron with the highest activation.
func (net *Network) Evaluate(testData *DataSet) int {
	correct := 0
	for i, answer := range net.Answers(testData) {
		if answer == int(testData.Labels[i]) {
			correct++
		}
	}
	return correct
}

// Answers returns the network's answer for each digit of data.
func (net *Network) Answers(data *DataSet) []int {
	answers := make([]int, data.Len())
	net.forEach(data, func(i int, batch *MiniBatch, row int) {
		answers[i] = batch.A[len(batch.A)-1].Argmax(row)
	})
	return answers
}

// forEach sends all digits of data through the network, in mini-batches, and
// calls visit with each: digit i of data is row row of batch.
func (net *Network) forEach(data *DataSet, visit func(i int, batch *MiniBatch, row int)) {
	const m = 50 // so few stay in the cache
	all, batch := upTo(data.Len()), net.NewMiniBatch(min(m, data.Len()))
	for k := 0; k < len(all); k += batch.Len() {
		batch.Load(data, all[k:min(k+m, len(all))])
		net.activate(batch)
		for row := range batch.Len() {
			visit(k+row, batch, row)
		}
	}
}

// A Cost measures how wrong an output neuron is whose activation is a, from 0 to
// 1, where y is desired. The cost of an example is the sum over its output neurons.
type Cost struct {
	Name  string                     // of the book's class in network2.py
	Value func(a, y float64) float64 // C
	Delta func(a, y float64) float64 // δ = ∂C/∂z = ∂C/∂a · σ′(z), of the output layer (BP1)
}

// Quadratic is the cost of chapter 1:
//
//	C = ½(a − y)²,   δ = (a − y)·σ′(z)
var Quadratic = &Cost{
	Name:  "QuadraticCost",
	Value: func(a, y float64) float64 { return (a - y) * (a - y) / 2 },
	Delta: func(a, y float64) float64 { return costDerivative(a, y) * sigmoidPrime(a) },
}

// costDerivative is ∂C/∂a of the quadratic cost.
func costDerivative(a, y float64) float64 { return a - y }

// sigmoid replaces every z by σ(z) = 1 / (1 + e^−z), which is between 0 and 1.
func sigmoid(z []float64) {
	for j, v := range z {
		z[j] = 1 / (1 + math.Exp(-v))
	}
}

// sigmoidPrime is the derivative of σ at z, given not z but a = σ(z), which
// is at hand wherever it is needed and saves computing e^−z again:
//
//	σ′(z) = σ(z)·(1 − σ(z)) = a·(1 − a)
func sigmoidPrime(a float64) float64 { return a * (1 - a) }

// NewMiniBatch returns a mini-batch for net with room for m examples.
func (net *Network) NewMiniBatch(m int) *MiniBatch {
	b := &MiniBatch{X: &Sparse{}, moved: make([]SparseRow, m)}
	for _, w := range net.Weights {
		b.A = append(b.A, NewMatrix(m, w.Cols))
		b.Delta = append(b.Delta, NewMatrix(m, w.Cols))
	}
	b.Y = NewMatrix(m, net.Weights[len(net.Weights)-1].Cols)
	return b
}

// Len returns m, the number of examples in the mini-batch.
func (batch *MiniBatch) Len() int { return batch.Y.Rows }

// Load fills the mini-batch with examples which[0], which[1], … of data: any
// number of them up to the number the mini-batch was made for.
func (batch *MiniBatch) Load(data *DataSet, which []int) {
	batch.Y.SetRows(len(which))
	for l := range batch.A {
		batch.A[l].SetRows(len(which))
		batch.Delta[l].SetRows(len(which))
	}
	data.Gather(which, batch.X, batch.Y)
}

// upTo returns 0, 1, …, n−1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// finite reports whether every weight and bias is a finite number.
func (net *Network) finite() bool {
	for _, m := range slices.Concat(net.Weights, net.Biases) {
		for _, v := range m.Data {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return false
			}
		}
	}
	return true
}

// Chapter 3.

// Extras are what chapter 3 adds to SGD. The zero value is chapter 1.
type Extras struct {
	Lambda float64 // λ of L2 regularization, see UpdateMiniBatch
	Shift  int     // training digits are moved by up to this many pixels, see MiniBatch.Shift

	Patience   int      // for SGDWithPatience
	Validation *DataSet // the same

	// Progress, unless nil, is called after every mini-batch with the number
	// of examples used in this epoch and the number there are.
	Progress func(done, total int)

	// AfterEpoch, unless nil, is called when the line of an epoch has been
	// written; an error ends the training. best says whether the weights are the
	// ones to keep so far: always, except in SGDWithPatience.
	AfterEpoch func(epoch int, best bool) error
}

// SGDWithPatience is SGD with early stopping. Each epoch is judged by the
// digits of extra.Validation, not by the test digits: "Epoch 0: 9129 / 10000
// validation". Training stops after extra.Patience epochs without a new best, or
// after epochs. It leaves the weights of the best epoch, the first if several are
// equal, and scores the test digits, if any, for the first time: "Test: 9804 / 10000".
func (net *Network) SGDWithPatience(trainingData *DataSet, epochs, miniBatchSize int, eta float64, testData *DataSet,
	rng *rand.Rand, out io.Writer, extra Extras) error {
	if extra.Patience < 1 || extra.Validation == nil || extra.Validation.Len() == 0 {
		panic("network: SGDWithPatience: want a patience of 1 or more, and validation digits to judge the epochs by")
	}
	enough := errors.New("enough") // AfterEpoch's way to end SGD
	bestEpoch, bestCorrect, best := 0, -1, net.clone()
	judged := extra
	judged.AfterEpoch = func(epoch int, _ bool) error {
		correct := net.Evaluate(extra.Validation)
		isBest := correct > bestCorrect
		if isBest {
			bestEpoch, bestCorrect = epoch, correct
			best.set(net)
		}
		_, err := fmt.Fprintf(out, "Epoch %d: %d / %d validation\n", epoch, correct, extra.Validation.Len())
		if err == nil && extra.AfterEpoch != nil {
			err = extra.AfterEpoch(epoch, isBest)
		}
		if err == nil && epoch-bestEpoch >= extra.Patience {
			err = enough
		}
		return err
	}
	if err := net.SGD(trainingData, epochs, miniBatchSize, eta, nil, rng, io.Discard, judged); err != nil && err != enough {
		return err
	}
	net.set(best)
	if testData == nil {
		return nil
	}
	_, err := fmt.Fprintf(out, "Test: %d / %d\n", net.Evaluate(testData), testData.Len())
	return err
}

// clone returns a network with weights and biases of its own, equal to those of net.
func (net *Network) clone() *Network {
	c := &Network{Cost: net.Cost}
	for l, w := range net.Weights {
		c.Weights = append(c.Weights, NewMatrix(w.Rows, w.Cols))
		c.Biases = append(c.Biases, NewMatrix(1, net.Biases[l].Cols))
	}
	c.set(net)
	return c
}

// set copies the weights and biases of from, a network of the same sizes.
func (net *Network) set(from *Network) {
	for l := range net.Weights {
		copy(net.Weights[l].Data, from.Weights[l].Data)
		copy(net.Biases[l].Data, from.Biases[l].Data)
	}
}

// CrossEntropy is the cost of chapter 3, made so that σ′ cancels out of δ: an
// output that is badly wrong learns fast, even where σ′ is almost 0.
//
//	C = −y ln a − (1 − y) ln(1 − a),   δ = a − y                (63), (66)
var CrossEntropy = &Cost{
	Name: "CrossEntropyCost",
	Value: func(a, y float64) float64 {
		c := 0.0
		if y != 0 { // 0 · ln 0 is 0 here, not NaN
			c -= y * math.Log(a)
		}
		if y != 1 {
			c -= (1 - y) * math.Log(1-a)
		}
		return c
	},
	Delta: func(a, y float64) float64 { return a - y },
}

// Costs has the two costs, by their names on the command line.
var Costs = map[string]*Cost{"quadratic": Quadratic, "cross-entropy": CrossEntropy}

// ScaleWeights divides the weights that lead into a neuron by √nIn, nIn being how
// many there are. Drawn from N(0,1) they are then from N(0,1/nIn), as chapter 3 and
// network2.py's default_weight_initializer want them: z starts near 0, where σ′
// is large, however many inputs a neuron has. The biases stay as they are.
func (net *Network) ScaleWeights() {
	for _, w := range net.Weights {
		w.Scale(1 / math.Sqrt(float64(w.Rows)))
	}
}

// TotalCost returns the cost that training with lambda makes smaller, the
// total_cost of network2.py: the mean over the n digits of data, and what
// large weights cost besides.
//
//	C = 1/n · Σ over the digits of their cost + λ/2n · Σ w²     (87)
//
// It is infinite if the cost of one digit is.
func (net *Network) TotalCost(data *DataSet, lambda float64) float64 {
	sum := 0.0
	net.forEach(data, func(_ int, batch *MiniBatch, row int) {
		for j, a := range batch.A[len(batch.A)-1].Row(row) {
			sum += net.Cost.Value(a, batch.Y.Row(row)[j])
		}
	})
	for _, w := range net.Weights {
		for _, v := range w.Data {
			sum += lambda / 2 * v * v
		}
	}
	return sum / float64(data.Len())
}

// Shift moves every image of the mini-batch by a distance of its own: −n … n pixels
// across and −n … n down, drawn from rng, all equally likely. data, whose images
// they are, keeps them as they were. It panics unless they are squares wider than n.
func (batch *MiniBatch) Shift(data *DataSet, n int, rng *rand.Rand) {
	for i, image := range batch.X.Rows {
		right, down := rng.IntN(2*n+1)-n, rng.IntN(2*n+1)-n
		batch.moved[i] = data.Move(batch.moved[i], image, right, down)
		batch.X.Rows[i] = batch.moved[i]
	}
}

// Networks in files.

// saved is a network as the book's network2.py keeps it in a file, as JSON.
//
// Here a row of weights belongs to a receiving neuron, as in the book:
// Weights[l][k][j] leads from neuron j of layer l to neuron k of layer l+1,
// and stands in Network at Weights[l].Row(j)[k].
type saved struct {
	Sizes   []int         `json:"sizes"`
	Weights [][][]float64 `json:"weights"`
	Biases  [][][]float64 `json:"biases"` // columns: [[b0], [b1], …] for each layer but the input
	Cost    string        `json:"cost"`   // the name of a class: Cost.Name; "" is the quadratic one
}

// What LoadNetwork reads at most. In a network's file there are about as many
// commas and opening brackets as there are weights.
const (
	maxSavedBytes = 1 << 29
	maxSavedMarks = 1 << 24 // commas and opening brackets together
)

// errSavedSize is for networks beyond these limits.
var errSavedSize = unsupportedErrorf("not a network, or one too large for a file: the limit is %d million weights",
	maxSavedMarks>>20)

// checkSavedSize fails if Save would write more than LoadNetwork reads, of a
// network of these sizes.
func checkSavedSize(sizes []int) error {
	if savedMarks(sizes) > maxSavedMarks {
		return errSavedSize
	}
	return nil
}

// savedMarks returns how many commas and opening brackets Save writes.
func savedMarks(sizes []int) int {
	marks := 4 // of sizes, weights and biases, and between the four keys, less what is counted too often below
	for l, nOut := range sizes[1:] {
		marks += (sizes[l]+3)*nOut + 3
	}
	return marks
}

// Save writes the network to w, in the form of network2.py. Every number is
// written with as many digits as it takes to read the same number back.
func (net *Network) Save(w io.Writer) error {
	s := saved{Sizes: net.Sizes(), Cost: net.Cost.Name}
	for l, m := range net.Weights {
		rows, column := make([][]float64, m.Cols), make([][]float64, m.Cols)
		for k := range rows {
			for j := range m.Rows {
				rows[k] = append(rows[k], m.Row(j)[k])
			}
			column[k] = net.Biases[l].Data[k : k+1]
		}
		s.Weights, s.Biases = append(s.Weights, rows), append(s.Biases, column)
	}
	return json.NewEncoder(w).Encode(s)
}

// LoadNetwork reads a network from r that Save or network2.py has written; what else
// a program has put beside it is passed over. name is what errors call it. A
// *FormatError says what is wrong with it, an *UnsupportedError that it is too large.
func LoadNetwork(name string, r io.Reader) (*Network, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSavedBytes+1))
	if err != nil {
		return nil, err
	}
	net, err := parseNetwork(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return net, nil
}

// parseNetwork reads a network from the text of a file.
func parseNetwork(text []byte) (*Network, error) {
	if len(text) > maxSavedBytes || bytes.Count(text, []byte(","))+bytes.Count(text, []byte("[")) > maxSavedMarks {
		return nil, errSavedSize
	}
	if bytes.HasPrefix(text, []byte("\ufeff")) { // some editors begin a file with this mark
		copy(text, "   ")
	}
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, jsonError(text, err)
	}
	if err := checkNull(text); err != nil {
		return nil, err
	}
	net := &Network{}
	for _, c := range Costs {
		if cmp.Or(s.Cost, Quadratic.Name) == c.Name {
			net.Cost = c
		}
	}
	switch {
	case net.Cost == nil:
		return nil, formatErrorf("the cost is %q, want %q or %q", s.Cost, Quadratic.Name, CrossEntropy.Name)
	case len(s.Sizes) < 2 || slices.Min(s.Sizes) < 1:
		return nil, formatErrorf("the sizes are %v, want two layers at least, of a neuron at least", s.Sizes)
	case len(s.Weights) != len(s.Sizes)-1 || len(s.Biases) != len(s.Sizes)-1:
		return nil, formatErrorf("sizes has %d layers, but weights %d and biases %d, want one less",
			len(s.Sizes), len(s.Weights), len(s.Biases))
	}
	for l, nOut := range s.Sizes[1:] {
		w, err := transposedRows(fmt.Sprintf("weights[%d]", l), s.Weights[l], s.Sizes[l], nOut)
		if err != nil {
			return nil, err
		}
		b, err := transposedRows(fmt.Sprintf("biases[%d]", l), s.Biases[l], 1, nOut)
		if err != nil {
			return nil, err
		}
		net.Weights, net.Biases = append(net.Weights, w), append(net.Biases, b)
	}
	return net, nil
}

// checkNull fails if there is null in text where a number belongs. Unmarshal takes it
// for 0.
func checkNull(text []byte) error {
	var numbers struct{ Sizes, Weights, Biases json.RawMessage }
	if !bytes.Contains(text, []byte("null")) || json.Unmarshal(text, &numbers) != nil {
		return nil
	}
	for _, part := range [][]byte{numbers.Sizes, numbers.Weights, numbers.Biases} {
		if k := bytes.Index(part, []byte("null")); k >= 0 {
			return formatErrorf("byte %d: null, where a number belongs", bytes.Index(text, part)+k)
		}
	}
	return nil
}

// transposedRows returns the matrix (nIn×nOut) whose columns are the rows of a
// saved network, one for each of nOut neurons. name is what errors call them.
func transposedRows(name string, rows [][]float64, nIn, nOut int) (*Matrix, error) {
	if len(rows) != nOut {
		return nil, formatErrorf("%s has %d rows, but its layer has %d neurons", name, len(rows), nOut)
	}
	for k, row := range rows {
		if len(row) != nIn {
			return nil, formatErrorf("%s, row %d has %d numbers, want %d", name, k, len(row), nIn)
		}
	}
	m := NewMatrix(nIn, nOut)
	for k, row := range rows {
		for j, v := range row {
			m.Row(j)[k] = v
		}
	}
	return m, nil
}

// jsonError returns what to report when text has turned out not to be the JSON
// of a network.
func jsonError(text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return &FormatError{"it is empty, not a network", io.ErrUnexpectedEOF}
	case errors.As(err, &kind) && kind.Field == "biases" && kind.Value == "number":
		return formatErrorf("byte %d: the biases of a layer are a plain list, want columns: [[b0], [b1], …]", kind.Offset)
	case errors.As(err, &kind):
		return formatErrorf("byte %d: %s where %s wants another kind of value, or it is too large", kind.Offset, kind.Value, kind.Field)
	case !errors.As(err, &syntax):
		return &FormatError{Message: err.Error()}
	case strings.HasPrefix(err.Error(), "unexpected end"):
		return &FormatError{"the file is cut short", io.ErrUnexpectedEOF}
	}
	at := max(0, int(syntax.Offset)-1)
	rest := text[min(at, len(text)):]
	if bytes.HasPrefix(rest, []byte("NaN")) || bytes.HasPrefix(rest, []byte("Infinity")) {
		// Python writes them, though JSON has no such numbers.
		return formatErrorf("byte %d: a weight or bias that is not finite: the training has failed", at)
	}
	what, _ := nameOf(text[:min(headSize, len(text))])
	if first := bytes.TrimSpace(text)[0]; what != "" && first != '{' && first != '[' {
		return formatErrorf("it is %s, not a network as -save writes it", what)
	}
	return formatErrorf("byte %d: this is not the JSON of a network (%v)", at, err)
}
