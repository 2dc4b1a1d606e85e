// This file is the book's network.py: a network of sigmoid neurons, stochastic
// gradient descent, backpropagation, in the order of chapters 1 and 2. What
// chapter 3 adds comes after it, and how a network is kept in a file is last.
//
// Numbers in brackets, like (22), and BP1 to BP4 are the book's equations. The
// letters are the book's too, but for two things. First, C is a sum, where the book has
// a mean. Second, the book multiplies a column vector from the left, w·a + b, one example
// at a time. Here a mini-batch is a matrix with one example per row, and the weights
// between two layers are nIn×nOut, the transpose of the book's. So the products read
// from left to right, and a whole mini-batch goes through in one:
//
//	m      examples in a mini-batch
//	nIn    neurons in a layer, nOut in the next
//	a      activations of a layer, the outputs of its neurons: m×nIn
//	w, b   weights and biases of the next layer: nIn×nOut, 1×nOut
//	z      weighted inputs of the next layer, z = a·w + b: m×nOut; its activations are σ(z)
//	C      the cost, summed over the examples of a mini-batch and their output neurons
//	δ      errors of a layer, ∂C/∂z, shaped like its z
//
// Matrix, and Sparse, a matrix of images, are in matrix.go; DataSet is in loader.go.

package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"

	"digits/internal/network2"
)

// A Network is a feedforward network of sigmoid neurons.
//
// Layer 0 is the input; it has no weights and no biases. Weights[l] leads from
// layer l to layer l+1, and Biases[l] belongs to layer l+1. (The book counts layers
// from 1, the input.)
type Network struct {
	Weights []*Matrix // Weights[l] is Sizes()[l] × Sizes()[l+1]
	Biases  []*Matrix // Biases[l] is 1 × Sizes()[l+1]
	Cost    *Cost     // training makes it smaller
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
	for l := range len(sizes) - 1 {
		nIn, nOut := sizes[l], sizes[l+1]
		b, w := NewMatrix(1, nOut), NewMatrix(nIn, nOut)
		for _, numbers := range [][]float64{b.Data, w.Data} {
			for i := range numbers {
				numbers[i] = rng.NormFloat64()
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

// Settings say how SGD trains. If the fields after Eta are left out, it is chapter 1's:
//
//	net.SGD(trainingData, Settings{Epochs: 30, MiniBatchSize: 10, Eta: 3}, testData, rng, os.Stdout)
type Settings struct {
	Epochs        int     // passes through the training data
	MiniBatchSize int     // examples in a mini-batch
	Eta           float64 // the learning rate η

	Lambda   float64 // λ of L2 regularization, see UpdateMiniBatch
	Patience int     // training stops after so many epochs without a new best, see sgdWithPatience
	Halve    int     // but up to so many times it halves η instead, and goes on

	// Change, unless nil, changes the images of every mini-batch before the network learns from
	// them. It may put other rows in their places, but must not write into a row: it is the image
	// of the training data. What is random is drawn from rng.
	Change func(images []SparseRow, rng *rand.Rand)

	// Progress, unless nil, is called after every mini-batch with the number
	// of examples used in this epoch and the number there are.
	Progress func(done, total int)

	// AfterEpoch, unless nil, is called when the line of an epoch has been written, with the
	// number of correct digits in it. Its error ends the training. isBest says whether the network
	// is now better than ever before; without Patience it is always true.
	AfterEpoch func(epoch, correct int, isBest bool) error
}

// SGD trains the network by mini-batch stochastic gradient descent: in every
// epoch it shuffles the training data, cuts it into mini-batches (the last one may be
// shorter), and takes one step with each.
//
// After each epoch it writes a line to out: "Epoch 0: 9129 / 10000", how many digits of
// testData the network now classifies correctly, or "Epoch 0 complete" if testData is nil.
// (With Patience they are validation digits, see sgdWithPatience.)
//
// Everything random is drawn from rng, so the same network, data and state of rng
// give the same weights to the last bit, if the program is built for the same type of
// machine. (For some, Go fuses a multiplication and an addition, and rounds once.) SGD
// fails if out or s.AfterEpoch does, or if the weights are no longer finite numbers. It panics
// if s does not fit the data, as with patience and no validation digits.
func (net *Network) SGD(trainingData *DataSet, s Settings, testData *DataSet, rng *rand.Rand, out io.Writer) error {
	if s.Patience > 0 {
		return net.sgdWithPatience(trainingData, s, testData, rng, out)
	}
	t := net.newTraining(trainingData, s, rng)
	for epoch := range s.Epochs {
		if err := t.run(epoch); err != nil {
			return err
		}
		correct, line := 0, fmt.Sprintf("Epoch %d complete\n", epoch)
		if testData != nil {
			correct = net.Evaluate(testData)
			line = fmt.Sprintf("Epoch %d: %d / %d\n", epoch, correct, testData.Len())
		}
		if _, err := io.WriteString(out, line); err != nil {
			return err
		}
		if s.AfterEpoch != nil {
			if err := s.AfterEpoch(epoch, correct, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// A training is the state of SGD, which one epoch hands on to the next.
type training struct {
	net   *Network
	data  *DataSet
	s     Settings
	rng   *rand.Rand
	order []int // the examples, in the order of this epoch
	batch *MiniBatch
}

// newTraining returns the training of net, before its first epoch.
func (net *Network) newTraining(data *DataSet, s Settings, rng *rand.Rand) *training {
	if s.MiniBatchSize < 1 {
		panic(fmt.Sprintf("network: SGD: mini-batches of %d, want at least 1", s.MiniBatchSize))
	}
	return &training{net, data, s, rng, upTo(data.Len()), net.NewMiniBatch(min(s.MiniBatchSize, data.Len()))}
}

// run is one epoch: a step with each mini-batch of the data, shuffled. It fails if the
// weights are no longer finite numbers.
func (t *training) run(epoch int) error {
	n := len(t.order)
	t.rng.Shuffle(n, func(i, j int) { t.order[i], t.order[j] = t.order[j], t.order[i] })
	for from := 0; from < n; from += t.s.MiniBatchSize {
		to := min(from+t.s.MiniBatchSize, n)
		t.batch.Load(t.data, t.order[from:to])
		if t.s.Change != nil {
			t.s.Change(t.batch.X.Rows, t.rng)
		}
		t.net.UpdateMiniBatch(t.batch, t.s.Eta, t.s.Lambda, n)
		if t.s.Progress != nil {
			t.s.Progress(to, n)
		}
	}
	if !t.net.finite() {
		return fmt.Errorf("epoch %d: the weights are no longer finite numbers: "+
			"the steps were too long, try a smaller learning rate than %v", epoch, t.s.Eta)
	}
	return nil
}

// A MiniBatch is m examples on their way through a network, one per row, with
// room for everything that Backprop computes about them. The memory is used again for
// mini-batch after mini-batch.
//
// A[l] and Delta[l] belong to the layer that Weights[l] leads to. In 784-30-10, A[0] and
// Delta[0] belong to the 30, A[1] and Delta[1] to the 10.
type MiniBatch struct {
	X     *Sparse   // the inputs (m×nIn): images, most of whose pixels are 0
	Y     *Matrix   // the desired outputs, shaped like the last of A: 1 for the digit shown, 0 elsewhere
	A     []*Matrix // activations: A[0] = σ(X·Weights[0] + Biases[0]), A[1] = σ(A[0]·Weights[1] + Biases[1]), …
	Delta []*Matrix // errors δ = ∂C/∂z

	space Space // for the products of X
}

// NewMiniBatch returns a mini-batch for net with room for m examples.
func (net *Network) NewMiniBatch(m int) *MiniBatch {
	batch := &MiniBatch{X: &Sparse{}}
	for _, w := range net.Weights {
		batch.A = append(batch.A, NewMatrix(m, w.Cols))
		batch.Delta = append(batch.Delta, NewMatrix(m, w.Cols))
	}
	batch.Y = NewMatrix(m, net.Weights[len(net.Weights)-1].Cols)
	return batch
}

// Len returns m, the number of examples in the mini-batch.
func (batch *MiniBatch) Len() int { return batch.Y.Rows }

// Load fills the mini-batch with examples which[0], which[1], … of data: any
// number of them up to the number the mini-batch was made for. The images are those of
// data, not copies.
func (batch *MiniBatch) Load(data *DataSet, which []int) {
	batch.Y.SetRows(len(which))
	for l := range batch.A {
		batch.A[l].SetRows(len(which))
		batch.Delta[l].SetRows(len(which))
	}
	data.Gather(which, batch.X, batch.Y)
}

// UpdateMiniBatch takes one step down the gradient of C, the sum of the cost
// over the m examples of the mini-batch:
//
//	w ← w − η/m · ∂C/∂w                                         (20)
//	b ← b − η/m · ∂C/∂b                                         (21)
//
// With a lambda above 0 the weights shrink a little at every step, and a weight stays
// large only if that lowers the cost. The biases do not shrink:
//
//	w ← (1 − ηλ/n) · w − η/m · ∂C/∂w                            (93)
//
// where n is the number of all the training digits.
func (net *Network) UpdateMiniBatch(batch *MiniBatch, eta, lambda float64, n int) {
	net.Backprop(batch) // every δ, from the weights as they are, before any of them changes
	if lambda > 0 {
		for _, w := range net.Weights {
			w.Scale(1 - eta*lambda/float64(n))
		}
	}
	batch.AddGradient(-eta/float64(batch.Len()), net.Biases, net.Weights) // the step
}

// Backprop sends a mini-batch through the network, and computes how the cost
// changes with the z of every neuron: the errors δ, from the last layer back.
// The activations and the errors give the gradient, see AddGradient.
func (net *Network) Backprop(batch *MiniBatch) {
	net.activate(batch)
	last := len(net.Weights) - 1
	batch.Delta[last].Zip(net.Cost.Delta, batch.A[last], batch.Y) // δ (m×nOut) = ∂C/∂z, by the formula of the cost      (BP1)
	for l := last - 1; l >= 0; l-- {
		// δ (m×nIn) = δ of the next layer (m×nOut) · wᵀ of the weights to it (nOut×nIn) ⊙ σ′(z)    (BP2)
		batch.Delta[l].MulT(sigmoidPrime, batch.Delta[l+1], net.Weights[l+1], batch.A[l])
	}
}

// activate computes the activations of every layer for a mini-batch: Feedforward,
// in the memory of the mini-batch, and without the pixels that are 0.
func (net *Network) activate(batch *MiniBatch) {
	for l, w := range net.Weights {
		if l == 0 {
			batch.A[0].MulAddSparse(sigmoid, batch.X, w, net.Biases[0], &batch.space) // σ(a·w + b)    (22)
		} else {
			batch.A[l].MulAdd(sigmoid, batch.A[l-1], w, net.Biases[l]) // σ(a·w + b)    (22)
		}
	}
}

// AddGradient adds s times the gradient of C, the sum of the cost over the
// mini-batch, to toB and toW, shaped like Biases and Weights. Call Backprop
// first: AddGradient reads only the inputs, the activations and the errors.
//
// A step of learning adds −η/m times the gradient to the weights themselves. So the
// gradient, which is a product as large as all the weights, is never built. That is
// safe: BP2 reads the weights, but Backprop has computed every δ before the first
// weight changes.
func (batch *MiniBatch) AddGradient(s float64, toB, toW []*Matrix) {
	for l, delta := range batch.Delta {
		toB[l].AddSum(s, delta) // ∂C/∂b (1×nOut) = Σ over the rows of δ (m×nOut)    (BP3)
		// ∂C/∂w (nIn×nOut) = aᵀ (nIn×m) · δ (m×nOut)                                (BP4)
		if l == 0 {
			toW[l].AddTMulSparse(s, batch.X, delta, &batch.space) // pixels of 0 add nothing
		} else {
			toW[l].AddTMul(s, batch.A[l-1], delta)
		}
	}
}

// Evaluate returns how many digits of data the network classifies correctly:
// its answer is the output neuron with the highest activation.
func (net *Network) Evaluate(data *DataSet) int { return data.Correct(net.Answers(data)) }

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
	const m = 50 // the activations of 50 digits, 300 neurons each, fit in a core's own cache
	all, batch := upTo(data.Len()), net.NewMiniBatch(min(m, data.Len()))
	for from := 0; from < len(all); from += m {
		batch.Load(data, all[from:min(from+m, len(all))])
		net.activate(batch)
		for row := range batch.Len() {
			visit(from+row, batch, row)
		}
	}
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

// A Cost measures how wrong one output neuron is. Its activation is a, from 0 to 1, and
// y is desired. C is the sum of such costs.
type Cost struct {
	Name  string                     // of the book's class in network2.py
	Value func(a, y float64) float64 // the cost of one output neuron
	Delta func(a, y float64) float64 // its δ = ∂C/∂z = ∂C/∂a · σ′(z) (BP1)
}

// Quadratic is the cost of chapter 1:
//
//	½(a − y)²,   δ = (a − y)·σ′(z)
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

// Chapter 3.

// CrossEntropy is the cost of chapter 3, made so that σ′ cancels out of δ: an
// output that is badly wrong learns fast, even where σ′ is almost 0.
//
//	−y ln a − (1 − y) ln(1 − a),   δ = a − y                    (63), (66)
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
// total_cost of network2.py: the mean over the n digits of data, and the
// price of large weights.
//
//	1/n · Σ over the digits of their cost + λ/2n · Σ w²         (87)
//
// It is infinite if the cost of one digit is: the cross-entropy of an output that is
// exactly 0 where it should be 1, or 1 where it should be 0.
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

// sgdWithPatience is SGD with early stopping. Each epoch is judged by validation digits,
// which the caller gives instead of test digits: "Epoch 0: 9129 / 10000 validation". The
// network is judged before epoch 0, too: a loaded one may be better than every epoch.
// Training stops after s.Patience epochs without a new best, or after s.Epochs. Then the
// network takes the best weights, the first if several are equally good.
//
// Where it would stop, it halves the learning rate instead, s.Halve times in all, and goes on,
// with patience for s.Patience epochs again. Long steps learn fast, but jump to and fro about a
// minimum; short ones come nearer to it. That is an exercise of chapter 3, which ends with η
// at 1/128 of what it was: with Halve 7.
func (net *Network) sgdWithPatience(trainingData *DataSet, s Settings, validation *DataSet, rng *rand.Rand, out io.Writer) error {
	if validation == nil || validation.Len() == 0 {
		panic("network: SGD: patience wants validation digits to judge the epochs by")
	}
	t := net.newTraining(trainingData, s, rng)
	kept, bestCorrect := net.clone(), net.Evaluate(validation) // before epoch 0
	waited, halved := 0, 0                                     // epochs without a new best; how often η was halved
	for epoch := range s.Epochs {
		if err := t.run(epoch); err != nil {
			return err
		}
		correct := net.Evaluate(validation)
		isBest := correct > bestCorrect
		waited++
		if isBest {
			kept.set(net)
			bestCorrect, waited = correct, 0
		}
		if _, err := fmt.Fprintf(out, "Epoch %d: %d / %d validation\n", epoch, correct, validation.Len()); err != nil {
			return err
		}
		if s.AfterEpoch != nil {
			if err := s.AfterEpoch(epoch, correct, isBest); err != nil {
				return err
			}
		}
		if waited < s.Patience {
			continue
		}
		if halved >= s.Halve {
			break
		}
		t.s.Eta /= 2
		waited, halved = 0, halved+1
		if _, err := fmt.Fprintf(out, "η is now %v\n", t.s.Eta); err != nil {
			return err
		}
	}
	net.set(kept)
	return nil
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

// Networks in files.

// Save writes the network to w, in the form of the book's network2.py. Every number
// is written with as many digits as it takes to read the same number back.
func (net *Network) Save(w io.Writer) error {
	saved := &network2.Network{Sizes: net.Sizes(), Cost: net.Cost.Name}
	for l := range net.Weights {
		saved.Weights = append(saved.Weights, net.Weights[l].Data)
		saved.Biases = append(saved.Biases, net.Biases[l].Data)
	}
	return saved.Write(w)
}

// LoadNetwork reads a network from r that Save or network2.py has written. Errors
// begin with name. If the file names no cost, it is the given one.
func LoadNetwork(name string, r io.Reader, cost *Cost) (*Network, error) {
	saved, err := network2.Read(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	net := &Network{}
	for l, w := range saved.Weights {
		net.Weights = append(net.Weights, &Matrix{saved.Sizes[l], saved.Sizes[l+1], w})
		net.Biases = append(net.Biases, &Matrix{1, saved.Sizes[l+1], saved.Biases[l]})
	}
	for _, c := range Costs {
		if cmp.Or(saved.Cost, cost.Name) == c.Name {
			net.Cost = c
		}
	}
	if net.Cost == nil {
		return nil, fmt.Errorf("%s: the cost is %q, want %q or %q", name, saved.Cost, Quadratic.Name, CrossEntropy.Name)
	}
	return net, nil
}
