// Package network2 reads and writes networks as the book's network2.py keeps them in
// files. They are JSON, here of 2, 1 and 2 neurons:
//
//	{"sizes": [2, 1, 2], "weights": [[[0.1, 0.2]], [[0.3], [0.4]]],
//	 "biases": [[[0.5]], [[0.6], [0.7]]], "cost": "QuadraticCost"}
//
// In a file, a row of weights leads into one neuron: weights[l][k][j] leads from neuron
// j of layer l to neuron k of layer l+1, which has the bias biases[l][k][0].
package network2

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// A Network has the numbers of a file, but here a row of weights leads from one neuron.
type Network struct {
	Sizes   []int       // neurons in each layer, input first: two layers at least, of a neuron at least
	Weights [][]float64 // Weights[l] leads from layer l to l+1: Sizes[l]×Sizes[l+1], row after row
	Biases  [][]float64 // Biases[l] belongs to layer l+1: Sizes[l+1] numbers
	Cost    string      // the name of a class: "QuadraticCost" or "CrossEntropyCost"; "" if a file has none
}

// A FormatError says in one line what is wrong with a file.
type FormatError struct {
	Message string
	Err     error // io.ErrUnexpectedEOF if the file is empty or cut short, else nil
}

func (e *FormatError) Error() string { return e.Message }
func (e *FormatError) Unwrap() error { return e.Err }

func formatErrorf(format string, a ...any) error {
	return &FormatError{Message: fmt.Sprintf(format, a...)}
}

// Read reads at most maxBytes bytes, with at most maxMarks commas and opening brackets. A file
// has about as many of these marks as there are weights.
const maxBytes, maxMarks = 1 << 29, 1 << 24

// ErrTooLarge is the error for what is beyond these limits.
var ErrTooLarge = fmt.Errorf("not a network, or one too large for a file: the limit is %d million weights", maxMarks>>20)

// CheckSizes returns ErrTooLarge if Read would not read a network of these sizes again.
func CheckSizes(sizes []int) error {
	if marks(sizes) > maxMarks {
		return ErrTooLarge
	}
	return nil
}

// marks returns how many commas and opening brackets Write writes: one for each item of
// a list, and three between four keys. It is a float64, because huge sizes overflow an int.
func marks(sizes []int) float64 {
	sum := 3 + float64(len(sizes))
	for l := range len(sizes) - 1 {
		sum += 2 + float64(sizes[l+1])*(float64(sizes[l])+3) // two matrices; of each neuron two rows, its weights and its bias
	}
	return sum
}

// saved is what is in a file.
type saved struct {
	Sizes   []int         `json:"sizes"`
	Weights [][][]float64 `json:"weights"`
	Biases  [][][]float64 `json:"biases"`
	Cost    string        `json:"cost"`
}

// Write writes n to w, in one line. Every number has as many digits as it takes to read
// the same number back. It fails if w does or if a number is not finite. It panics if
// the weights and biases are not as many as the sizes say.
func (n *Network) Write(w io.Writer) error {
	if layers := len(n.Sizes) - 1; layers < 1 || len(n.Weights) != layers || len(n.Biases) != layers {
		panic(fmt.Sprintf("network2: Write: %d Weights and %d Biases for %v", len(n.Weights), len(n.Biases), n.Sizes))
	}
	s := saved{Sizes: n.Sizes, Cost: n.Cost}
	for l, weights := range n.Weights {
		nIn, nOut, biases := n.Sizes[l], n.Sizes[l+1], n.Biases[l]
		if len(weights) != nIn*nOut || len(biases) != nOut {
			panic(fmt.Sprintf("network2: Write: %d weights and %d biases for %d×%d", len(weights), len(biases), nIn, nOut))
		}
		rows, column := make([][]float64, nOut), make([][]float64, nOut)
		for k := range rows {
			rows[k], column[k] = make([]float64, nIn), biases[k:k+1]
			for j := range rows[k] {
				rows[k][j] = weights[j*nOut+k]
			}
		}
		s.Weights, s.Biases = append(s.Weights, rows), append(s.Biases, column)
	}
	return json.NewEncoder(w).Encode(s)
}

// Read reads a network that Write or network2.py has written, passing over other keys. It
// checks all but the cost. An error is a *FormatError, ErrTooLarge, or r's as it is.
func Read(r io.Reader) (*Network, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxBytes || bytes.Count(text, []byte(","))+bytes.Count(text, []byte("[")) > maxMarks {
		return nil, ErrTooLarge
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
	return s.network()
}

// network returns the network that s is, if its sizes, weights and biases agree.
func (s *saved) network() (*Network, error) {
	switch {
	case s.Sizes == nil:
		return nil, formatErrorf("there are no sizes in it: it is not a network as network2.py or -save writes it")
	case len(s.Sizes) < 2 || slices.Min(s.Sizes) < 1:
		return nil, formatErrorf("the sizes are %.100s, want two layers at least, of a neuron at least", fmt.Sprint(s.Sizes))
	}
	if sizes, w, b := len(s.Sizes), len(s.Weights), len(s.Biases); w != sizes-1 || b != sizes-1 {
		return nil, formatErrorf("sizes has %d layers, but weights %d and biases %d, want one less", sizes, w, b)
	}
	n := &Network{Sizes: s.Sizes, Cost: s.Cost}
	for l := range s.Weights {
		nIn, nOut := s.Sizes[l], s.Sizes[l+1]
		weights, errW := transpose(fmt.Sprintf("weights[%d]", l), s.Weights[l], nIn, nOut)
		biases, errB := transpose(fmt.Sprintf("biases[%d]", l), s.Biases[l], 1, nOut)
		if err := cmp.Or(errW, errB); err != nil {
			return nil, err
		}
		n.Weights, n.Biases = append(n.Weights, weights), append(n.Biases, biases)
	}
	return n, nil
}

// transpose returns rows (nOut×nIn), by their name in errors, as nIn×nOut numbers.
func transpose(name string, rows [][]float64, nIn, nOut int) (numbers []float64, err error) {
	if len(rows) != nOut {
		return nil, formatErrorf("%s has %d rows, but its layer has %d neurons", name, len(rows), nOut)
	}
	for k, row := range rows {
		if len(row) != nIn {
			return nil, formatErrorf("%s, row %d has %d numbers, want %d", name, k, len(row), nIn)
		}
	}
	numbers = make([]float64, nIn*nOut)
	for k, row := range rows {
		for j, v := range row {
			numbers[j*nOut+k] = v
		}
	}
	return numbers, nil
}

// checkNull fails if text has null for a number. Unmarshal takes it for 0.
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

// wanted is what the keys of a file should have.
var wanted = map[string]string{
	"sizes":   "sizes that are whole numbers: [784, 30, 10]",
	"weights": "weights that are rows of numbers, for each layer: [[[w, w, …], …], …]",
	"biases":  "biases that are columns of numbers, for each layer: [[[b], [b], …], …]",
	"cost":    `a cost that is a name: "QuadraticCost"`,
}

// jsonError says why text is not the JSON of a network, if Unmarshal fails with err.
func jsonError(text []byte, err error) error {
	var kind *json.UnmarshalTypeError
	syntax := new(json.SyntaxError) // at byte 0, unless err says where
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return &FormatError{"it is empty, not a network", io.ErrUnexpectedEOF}
	case errors.As(err, &kind) && kind.Field == "biases" && kind.Value == "number":
		return formatErrorf("byte %d: the biases of a layer are a plain list, want columns: [[b0], [b1], …]", kind.Offset)
	case errors.As(err, &kind):
		want := cmp.Or(wanted[kind.Field], `{"sizes": …, "weights": …, "biases": …}`)
		return formatErrorf("byte %d: %.100s, want %s", kind.Offset, kind.Value, want)
	case errors.As(err, &syntax) && err.Error() == "unexpected end of JSON input":
		return &FormatError{"the file is cut short", io.ErrUnexpectedEOF}
	}
	at := max(0, int(syntax.Offset)-1)
	if rest := text[at:]; bytes.HasPrefix(rest, []byte("NaN")) || bytes.HasPrefix(rest, []byte("Infinity")) {
		return formatErrorf("byte %d: a weight or bias that is not finite: the training has failed", at) // Python writes it
	}
	return formatErrorf("byte %d: this is not the JSON of a network (%v)", at, err)
}
