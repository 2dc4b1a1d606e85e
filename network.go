package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// A Network is a feedforward network of sigmoid neurons: chapter 1's Network.
//
// Layer 0 is the input; it has no weights and no biases. Weights[l] leads from
// layer l to layer l+1, and Biases[l] belongs to layer l+1.
//
// One thing differs from the book. The book multiplies a column vector from
// the left, w·a + b, one example at a time. Here a mini-batch is a matrix with
// one example per row, and Weights[l] is nIn×nOut, the transpose of the
// book's, so that the products read from left to right and a whole mini-batch
// goes through in one:
//
//	a (m×nIn) · w (nIn×nOut) + b (1×nOut) = z (m×nOut)        (22)
//	σ(z) = the a of the next layer
//
// Numbers in brackets, like (22), and BP1 to BP4 are the book's equations.
type Network struct {
	Weights []*Matrix // Weights[l] is Sizes()[l] × Sizes()[l+1]
	Biases  []*Matrix // Biases[l] is 1 × Sizes()[l+1]
	Cost    *Cost     // what training makes smaller
}

// NewNetwork returns a network with sizes[l] neurons in layer l, the input
// and the output layer included: 784, 30, 10 is the book's. Every weight and
// bias is drawn from rng, from the normal distribution of mean 0 and
// variance 1; see ScaleWeights. The cost is the quadratic one. It panics if
// there are fewer than two layers.
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

// ScaleWeights divides the weights into every neuron by √nIn, nIn being how many
// there are. Drawn from N(0,1) they are then from N(0,1/nIn), as chapter 3 and
// network2.py's default_weight_initializer want them: z starts near 0, where σ′
// is large, however many inputs a neuron has. The biases stay as they are.
func (net *Network) ScaleWeights() {
	for _, w := range net.Weights {
		w.Scale(1 / math.Sqrt(float64(w.Rows)))
	}
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
	b := net.NewMiniBatch(a.Rows)
	b.X.Copy(a)
	net.propagate(b, forward)
	return b.A[len(b.A)-1]
}

// SGD trains the network by mini-batch stochastic gradient descent: in every
// epoch it shuffles the training data, cuts it into mini-batches of
// miniBatchSize examples (the last one may be shorter), and takes one step of
// learning rate eta with each.
//
// After each epoch it writes a line to out: "Epoch 0: 9129 / 10000", how many
// of the test digits are now read rightly, or "Epoch 0 complete" if testData
// is nil. extra is what chapter 3 adds to that; Extras{} adds nothing.
//
// Everything random is drawn from rng, so the same network, data and rng give
// the same weights to the last bit. It fails if out or extra.AfterEpoch does,
// or if the weights are no longer finite numbers.
func (net *Network) SGD(trainingData *DataSet, epochs, miniBatchSize int, eta float64, testData *DataSet,
	rng *rand.Rand, out io.Writer, extra Extras) error {
	if miniBatchSize < 1 {
		panic(fmt.Sprintf("network: SGD: mini-batches of %d, want at least 1", miniBatchSize))
	}
	n := trainingData.Len()
	order := make([]int, n) // the examples in the order of this epoch
	for i := range order {
		order[i] = i
	}
	batch := net.NewMiniBatch(min(miniBatchSize, n))
	best := net.newBest(extra)
	for epoch := range epochs {
		rng.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
		for k := 0; k < n; k += batch.Len() {
			batch.Load(trainingData, order[k:min(k+miniBatchSize, n)])
			if extra.Shift > 0 {
				trainingData.Shift(batch.X, extra.Shift, rng)
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
		if err := net.endEpoch(epoch, testData, out, extra, best); err != nil {
			return err
		}
		if best != nil && epoch-best.epoch >= extra.Patience {
			break
		}
	}
	if best == nil {
		return nil
	}
	return net.end(testData, out, best)
}

// Extras are what SGD can do beyond chapter 1. The zero value is chapter 1.
type Extras struct {
	Lambda float64 // λ of L2 regularization, see UpdateMiniBatch
	Shift  int     // training digits are moved by up to so many pixels, see DataSet.Shift

	// Patience is early stopping, unless it is 0. Each epoch is judged by the
	// Validation digits instead of the test digits: "Epoch 0: 9129 / 10000
	// validation". Training stops after Patience epochs without a new best. It
	// leaves the weights of the best epoch, the first if several are equal, and
	// scores the test digits, if any, for the first time: "Test: 9804 / 10000".
	Patience   int
	Validation *DataSet

	// Progress, unless nil, is called after every mini-batch with the number
	// of examples used in this epoch and the number there are.
	Progress func(done, total int)

	// AfterEpoch, unless nil, is called when the line of an epoch has been
	// written; an error ends the training. best says whether the weights are
	// the ones to keep so far: always, except with Patience.
	AfterEpoch func(epoch int, best bool) error
}

// endEpoch does what is to be done after an epoch: it writes its line to out,
// keeps it if it is the best so far, and calls extra.AfterEpoch. best is nil
// without Patience.
func (net *Network) endEpoch(epoch int, testData *DataSet, out io.Writer, extra Extras, best *bestEpoch) error {
	isBest := true
	line := fmt.Sprintf("Epoch %d complete\n", epoch)
	if best != nil {
		correct := net.Evaluate(extra.Validation)
		line = fmt.Sprintf("Epoch %d: %d / %d validation\n", epoch, correct, extra.Validation.Len())
		if isBest = correct > best.correct; isBest {
			best.epoch, best.correct = epoch, correct
			best.net.set(net)
		}
	} else if testData != nil {
		line = fmt.Sprintf("Epoch %d: %d / %d\n", epoch, net.Evaluate(testData), testData.Len())
	}
	if _, err := io.WriteString(out, line); err != nil {
		return err
	}
	if extra.AfterEpoch == nil {
		return nil
	}
	return extra.AfterEpoch(epoch, isBest)
}

// end puts the weights of the best epoch back and scores the test digits.
func (net *Network) end(testData *DataSet, out io.Writer, best *bestEpoch) error {
	net.set(best.net)
	if testData == nil {
		return nil
	}
	_, err := fmt.Fprintf(out, "Test: %d / %d\n", net.Evaluate(testData), testData.Len())
	return err
}

// A bestEpoch is the epoch that read most validation digits, so far.
type bestEpoch struct {
	epoch, correct int
	net            *Network // as it was after that epoch
}

// newBest returns a bestEpoch that any epoch will beat, with room for the
// weights of one, or nil if extra does not ask for Patience.
func (net *Network) newBest(extra Extras) *bestEpoch {
	if extra.Patience == 0 {
		return nil
	}
	if extra.Validation == nil || extra.Validation.Len() == 0 {
		panic(fmt.Sprintf("network: SGD: patience of %d epochs, and no validation digits to judge them by", extra.Patience))
	}
	room := &Network{}
	for l, w := range net.Weights {
		room.Weights = append(room.Weights, NewMatrix(w.Rows, w.Cols))
		room.Biases = append(room.Biases, NewMatrix(1, net.Biases[l].Cols))
	}
	room.set(net)
	return &bestEpoch{correct: -1, net: room}
}

// set copies the weights and biases of from, a network of the same sizes.
func (net *Network) set(from *Network) {
	for l := range net.Weights {
		copy(net.Weights[l].Data, from.Weights[l].Data)
		copy(net.Biases[l].Data, from.Biases[l].Data)
	}
}

// A MiniBatch is m examples on their way through a network, one per row, with
// room for all that Backprop computes about them. The memory is used again for
// mini-batch after mini-batch: after the first few, training allocates nothing.
//
// A[l] and Delta[l] (m×nOut) belong to the layer that Weights[l] leads to.
// right (shaped like A[0]) is work space: what the right half of the pixels adds
// to X·Weights[0], see propagate.
type MiniBatch struct {
	X     *Sparse   // the input (m×nIn), a digit per row, most of whose pixels are 0
	Y     *Matrix   // the desired output, like the last of A: 1 for the right digit, 0 elsewhere
	A     []*Matrix // activations: A[0] = σ(X·Weights[0] + Biases[0]), A[1] = σ(A[0]·Weights[1] + Biases[1]), …
	Delta []*Matrix // errors δ = ∂C/∂z

	right *Matrix
	half  [2]*MiniBatch // the upper and the lower rows of all these but X: parts of them, not copies
}

// NewMiniBatch returns a mini-batch for net with room for m examples.
func (net *Network) NewMiniBatch(m int) *MiniBatch {
	b := &MiniBatch{X: &Sparse{}, right: NewMatrix(m, net.Weights[0].Cols)}
	for h := range b.half {
		b.half[h] = &MiniBatch{Y: &Matrix{}, right: &Matrix{}}
	}
	for _, w := range net.Weights {
		b.A = append(b.A, NewMatrix(m, w.Cols))
		b.Delta = append(b.Delta, NewMatrix(m, w.Cols))
		b.Y = NewMatrix(m, w.Cols)
		for _, half := range b.half {
			half.A, half.Delta = append(half.A, &Matrix{}), append(half.Delta, &Matrix{})
		}
	}
	b.setLen(m)
	return b
}

// setLen makes b a mini-batch of m examples, in the memory it has.
func (b *MiniBatch) setLen(m int) {
	set := func(whole, upper, lower *Matrix) {
		whole.SetRows(m)
		*upper, *lower = whole.half(0), whole.half(1)
	}
	upper, lower := b.half[0], b.half[1]
	set(b.Y, upper.Y, lower.Y)
	set(b.right, upper.right, lower.right)
	for l := range b.A {
		set(b.A[l], upper.A[l], lower.A[l])
		set(b.Delta[l], upper.Delta[l], lower.Delta[l])
	}
}

// Len returns m, the number of examples in the mini-batch.
func (b *MiniBatch) Len() int { return b.Y.Rows }

// Load fills the mini-batch with examples which[0], which[1], … of data: any
// number of them up to the number the mini-batch was made for.
func (b *MiniBatch) Load(data *DataSet, which []int) {
	b.setLen(len(which))
	data.Gather(which, b.X, b.Y)
}

// UpdateMiniBatch takes one step down the gradient of C, the sum of the cost
// over the m examples of the mini-batch:
//
//	w ← w − η/m · ∂C/∂w                                         (20)
//	b ← b − η/m · ∂C/∂b                                         (21)
//
// With a lambda above 0 the weights shrink a little at every step, and only
// those stay large that the cost needs large. n is the number of all the
// training digits. The biases do not shrink:
//
//	w ← (1 − ηλ/n) · w − η/m · ∂C/∂w                            (93)
func (net *Network) UpdateMiniBatch(batch *MiniBatch, eta, lambda float64, n int) {
	net.propagate(batch, forwardAndBack)
	addGradient(-eta/float64(batch.Len()), batch, net.Biases, net.Weights, 1-eta*lambda/float64(n))
}

// Backprop returns the gradient of C, the sum of the network's cost over the
// examples x (m×nIn) and their desired outputs y (m×nOut), Σ ½‖y − a‖² if it is
// the quadratic one: nablaB[l] is ∂C/∂b, shaped like Biases[l], and nablaW[l] is
// ∂C/∂w, shaped like Weights[l].
//
// Training does not call it. UpdateMiniBatch takes the same steps, but never
// holds the gradient: it adds −η/m times ∂C/∂w straight to w.
func (net *Network) Backprop(x, y *Matrix) (nablaB, nablaW []*Matrix) {
	batch := net.NewMiniBatch(x.Rows)
	batch.X.Copy(x)
	batch.Y.Add(y) // to zeros
	net.propagate(batch, forwardAndBack)
	for _, w := range net.Weights {
		nablaB = append(nablaB, NewMatrix(1, w.Cols))
		nablaW = append(nablaW, NewMatrix(w.Rows, w.Cols))
	}
	addGradient(1, batch, nablaB, nablaW, 1)
	return nablaB, nablaW
}

// feedforward computes the activations of every layer, after firstProduct:
//
//	z (m×nOut) = a (m×nIn) · w (nIn×nOut) + b (1×nOut), and σ(z) is the next a   (22)
func (net *Network) feedforward(batch *MiniBatch) {
	for l, w := range net.Weights {
		z := batch.A[l]
		if l == 0 {
			z.Add(batch.right) // the sum of the two is X·w
		} else {
			z.Mul(batch.A[l-1], w)
		}
		z.AddRow(net.Biases[l])
		z.Apply(sigmoid) // z is a from here on
	}
}

// backward computes the errors of every layer, from the last layer back, after
// feedforward has computed the activations:
//
//	last layer:     δ (m×nOut) = ∂C/∂a ⊙ σ′(z)                                (BP1)
//	layers before:  δ (m×nIn) = (next δ (m×nOut) · wᵀ (nOut×nIn)) ⊙ σ′(z)     (BP2)
func (net *Network) backward(batch *MiniBatch) {
	last := len(batch.Delta) - 1
	batch.Delta[last].Zip(net.Cost.Delta, batch.A[last], batch.Y)
	for l := last - 1; l >= 0; l-- {
		batch.Delta[l].MulT(batch.Delta[l+1], net.Weights[l+1])
		batch.Delta[l].Hadamard(sigmoidPrime, batch.A[l])
	}
}

// addGradient adds s times the gradient, summed over the mini-batch, to
// biases and weights, after backward has computed the errors:
//
//	∂C/∂b (1×nOut)   = Σ over the rows of δ (m×nOut)            (BP3)
//	∂C/∂w (nIn×nOut) = aᵀ (nIn×m) · δ (m×nOut)                  (BP4)
//
// Before that it multiplies the weights, not the biases, by shrink.
//
// biases and weights may be the network's own: every δ is known by now, and
// no layer is asked for its weights again.
func addGradient(s float64, batch *MiniBatch, biases, weights []*Matrix, shrink float64) {
	first, later := multiplications(batch.Len(), weights)
	both(task{run: addHalf, batch: batch, s: s, biases: biases, weights: weights, shrink: shrink}, first+later)
}

// addHalf is half of addGradient: half 0 is the upper half of every matrix of
// weights, and all the biases; half 1 is the lower half of the weights.
func addHalf(t task, half int) {
	for l, delta := range t.batch.Delta {
		if half == 0 {
			t.biases[l].AddSum(t.s, delta)
		}
		w := t.weights[l]
		if t.shrink != 1 {
			part := w.half(half)
			part.Scale(t.shrink)
		}
		if l == 0 {
			w.AddTMulSparse(half, t.s, t.batch.X, delta)
		} else {
			w.AddTMul(half, t.s, t.batch.A[l-1], delta)
		}
	}
}

// propagate sends a mini-batch through the network; way is forward or
// forwardAndBack. It takes two steps, and two cores share each. In the first,
// half means half of the pixels: A[0] (m×nOut) becomes what the left half of
// them adds to X·w, and right (m×nOut) what the right half adds, see MulSparse.
// In the second it means half of the examples.
func (net *Network) propagate(batch *MiniBatch, way func(t task, half int)) {
	first, later := multiplications(batch.Len(), net.Weights)
	both(task{run: firstProduct, net: net, batch: batch}, first)
	both(task{run: way, net: net, batch: batch}, later)
}

// firstProduct computes half of the first product.
func firstProduct(t task, half int) {
	product := t.batch.A[0]
	if half == 1 {
		product = t.batch.right
	}
	product.MulSparse(half, t.batch.X, t.net.Weights[0])
}

// forward computes all the rest of the activations of half of the examples.
func forward(t task, half int) { t.net.feedforward(t.batch.half[half]) }

// forwardAndBack computes their errors too.
func forwardAndBack(t task, half int) {
	t.net.feedforward(t.batch.half[half])
	t.net.backward(t.batch.half[half])
}

// multiplications returns about how many multiplications m images take with the
// first weights, and how many all that comes later takes, σ counted as 20. The
// way back is not counted.
func multiplications(m int, weights []*Matrix) (first, later int) {
	for l, w := range weights {
		if l == 0 {
			first = m * inkOf(w.Rows) * w.Cols
		} else {
			later += m * w.Rows * w.Cols
		}
		later += m * 20 * w.Cols
	}
	return first, later
}

// Evaluate returns how many of the test digits the network reads rightly.
func (net *Network) Evaluate(testData *DataSet) int {
	correct := 0
	net.each(testData, func(i int, batch *MiniBatch, row int) {
		if batch.Answer(row) == int(testData.Labels[i]) {
			correct++
		}
	})
	return correct
}

// Answers returns what the network reads each digit of data as.
func (net *Network) Answers(data *DataSet) []int {
	answers := make([]int, data.Len())
	net.each(data, func(i int, batch *MiniBatch, row int) { answers[i] = batch.Answer(row) })
	return answers
}

// Answer returns which digit the network reads in a row of the mini-batch that
// has gone through it: the output neuron with the highest activation.
func (b *MiniBatch) Answer(row int) int { return b.A[len(b.A)-1].Argmax(row) }

// each sends all digits of data through the network, in mini-batches, and
// calls visit with each: digit i of data is in this row of batch.
func (net *Network) each(data *DataSet, visit func(i int, batch *MiniBatch, row int)) {
	const m = 50 // enough rows to share the work, few enough to stay in the cache
	batch := net.NewMiniBatch(min(m, data.Len()))
	which := make([]int, 0, m)
	for k := 0; k < data.Len(); k += m {
		which = which[:0]
		for i := k; i < min(k+m, data.Len()); i++ {
			which = append(which, i)
		}
		batch.Load(data, which)
		net.propagate(batch, forward)
		for row, i := range which {
			visit(i, batch, row)
		}
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
	net.each(data, func(_ int, batch *MiniBatch, row int) {
		for i, a := range batch.A[len(batch.A)-1].Row(row) {
			sum += net.Cost.Value(a, batch.Y.Row(row)[i])
		}
	})
	for _, w := range net.Weights {
		for _, v := range w.Data {
			sum += lambda / 2 * v * v
		}
	}
	return sum / float64(data.Len())
}

// A Cost measures how wrong an output neuron is that says a, from 0 to 1, where
// y is desired. The cost of an example is the sum over its output neurons.
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

// CrossEntropy is the cost of chapter 3, made so that σ′ cancels out of δ: an
// output that is badly wrong learns fast, even where σ′ is almost 0.
//
//	C = −y ln a − (1 − y) ln(1 − a),   δ = a − y                (66)
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

// costDerivative is ∂C/∂a of the quadratic cost.
func costDerivative(a, y float64) float64 { return a - y }

// sigmoid is σ(z) = 1 / (1 + e^−z), between 0 and 1.
func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// sigmoidPrime is the derivative of σ at z, given not z but a = σ(z), which
// is at hand wherever it is needed and saves computing e^−z again:
//
//	σ′(z) = σ(z)·(1 − σ(z)) = a·(1 − a)
func sigmoidPrime(a float64) float64 { return a * (1 - a) }

// finite reports whether every weight and bias is a finite number.
func (net *Network) finite() bool {
	for l := range net.Weights {
		for _, m := range []*Matrix{net.Weights[l], net.Biases[l]} {
			for _, v := range m.Data {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return false
				}
			}
		}
	}
	return true
}

// saved is a network as the book's network2.py keeps it in a file, as JSON.
//
// Here a row of weights belongs to a receiving neuron, as in the book:
// Weights[l][k][j] leads from neuron j of layer l to neuron k of layer l+1,
// and stands in Network at Weights[l].Row(j)[k].
type saved struct {
	Sizes   []int         `json:"sizes"`
	Weights [][][]float64 `json:"weights"`
	Biases  [][][]float64 `json:"biases"` // columns: [[b0], [b1], …] for each layer but the input
	Cost    string        `json:"cost"`   // the name of a class: Cost.Name
}

// What LoadNetwork reads at most: a comma for each number, about, and two
// brackets for each neuron.
const (
	maxSavedBytes    = 1 << 29
	maxSavedCommas   = 1 << 24
	maxSavedBrackets = 1 << 20
)

// checkSaved fails if Save would write more than LoadNetwork reads, of a
// network of these sizes.
func checkSaved(sizes []int) error {
	if commas, brackets := savedSize(sizes); commas > maxSavedCommas || brackets > maxSavedBrackets {
		return UnsupportedError(fmt.Sprintf("the network is too large for a file: the limits are %d weights and %d neurons", maxSavedCommas, maxSavedBrackets/2))
	}
	return nil
}

// savedSize returns how many commas and opening brackets Save writes.
func savedSize(sizes []int) (commas, brackets int) {
	commas, brackets = 1, 3
	for l, nOut := range sizes[1:] {
		commas += (sizes[l]+1)*nOut + 1
		brackets += 2*nOut + 2
	}
	return commas, brackets
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

// LoadNetwork reads a network from r that Save or network2.py has written. name
// is what errors call it. A *FormatError says what is wrong with it, an
// UnsupportedError that it is too large.
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
	if len(text) > maxSavedBytes || bytes.Count(text, []byte(",")) > maxSavedCommas || bytes.Count(text, []byte("[")) > maxSavedBrackets {
		return nil, UnsupportedError(fmt.Sprintf("this is no network, or one of more than %d weights or %d neurons", maxSavedCommas, maxSavedBrackets/2))
	}
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, jsonError(text, err)
	}
	if k := bytes.Index(text, []byte("null")); k >= 0 { // Unmarshal would take it for 0
		return nil, &FormatError{Message: fmt.Sprintf("byte %d: null, where a number belongs", k)}
	}
	net := &Network{}
	for _, c := range []*Cost{Quadratic, CrossEntropy} {
		if s.Cost == c.Name {
			net.Cost = c
		}
	}
	switch {
	case net.Cost == nil:
		return nil, &FormatError{Message: fmt.Sprintf("the cost is %q, want %q or %q", s.Cost, Quadratic.Name, CrossEntropy.Name)}
	case len(s.Sizes) < 2 || slices.Min(s.Sizes) < 1:
		return nil, &FormatError{Message: fmt.Sprintf("the sizes are %v, want two layers at least, of a neuron at least", s.Sizes)}
	case len(s.Weights) != len(s.Sizes)-1 || len(s.Biases) != len(s.Sizes)-1:
		return nil, &FormatError{Message: fmt.Sprintf("sizes has %d layers, but weights %d and biases %d, want one less",
			len(s.Sizes), len(s.Weights), len(s.Biases))}
	}
	for l, nOut := range s.Sizes[1:] {
		if err := net.addLayer(l, s.Sizes[l], nOut, s.Weights[l], s.Biases[l]); err != nil {
			return nil, err
		}
	}
	return net, nil
}

// addLayer adds the weights and biases of nOut neurons with nIn inputs, as they
// stand at place l of a saved network.
func (net *Network) addLayer(l, nIn, nOut int, weights, biases [][]float64) error {
	for _, part := range []struct {
		name string
		rows [][]float64
		cols int
	}{{"weights", weights, nIn}, {"biases", biases, 1}} {
		if len(part.rows) != nOut {
			return &FormatError{Message: fmt.Sprintf("%s[%d] has %d rows, but layer %d has %d neurons", part.name, l, len(part.rows), l+1, nOut)}
		}
		for k, row := range part.rows {
			if len(row) != part.cols {
				return &FormatError{Message: fmt.Sprintf("%s[%d], row %d has %d numbers, want %d", part.name, l, k, len(row), part.cols)}
			}
		}
	}
	w, b := NewMatrix(nIn, nOut), NewMatrix(1, nOut)
	for k, row := range weights {
		b.Data[k] = biases[k][0]
		for j, v := range row {
			w.Row(j)[k] = v
		}
	}
	net.Weights, net.Biases = append(net.Weights, w), append(net.Biases, b)
	return nil
}

// jsonError returns what to report when text has turned out not to be the JSON
// of a network.
func jsonError(text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at := max(0, int(syntax.Offset)-1)
		rest := text[min(at, len(text)):]
		switch {
		case len(bytes.TrimSpace(text)) == 0:
			return &FormatError{"it is empty, not a network", io.ErrUnexpectedEOF}
		case strings.HasPrefix(err.Error(), "unexpected end"):
			return &FormatError{"the file is cut short", io.ErrUnexpectedEOF}
		case bytes.HasPrefix(rest, []byte("NaN")) || bytes.HasPrefix(rest, []byte("Infinity")):
			// Python writes them, though JSON has no such numbers.
			return &FormatError{Message: fmt.Sprintf("byte %d: a weight or bias that is not finite: the training has failed", at)}
		}
		return &FormatError{Message: fmt.Sprintf("byte %d: this is not the JSON of a network (%v)", at, err)}
	case errors.As(err, &kind):
		return &FormatError{Message: fmt.Sprintf("byte %d: %s where %s wants another kind of value, or it is too large", kind.Offset, kind.Value, kind.Field)}
	}
	return &FormatError{Message: err.Error()}
}
