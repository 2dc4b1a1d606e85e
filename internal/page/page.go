// Package page writes the page: one HTML file that holds a network. Whoever
// opens it in a browser draws a digit and sees how the network reads it, and how
// another one learns to. The page needs no server and asks for nothing from elsewhere.
//
// Its source is page.html. The script in it brings a drawing to 28×28 pixels, in the
// steps of package picture, and computes σ(a·w + b) layer by layer; and it does
// backpropagation. Write puts the network, and the digits that one may learn from, into one
// element of it, as JSON:
//
//	<script type="application/json" id="network">{"sizes":[784,30,10], …}</script>
package page

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// A Page is what is on the page: a network, how well it reads the test digits, how it was trained,
// and digits to learn from.
type Page struct {
	Sizes        []int       // neurons in each layer, input first
	Weights      [][]float64 // Weights[l] is Sizes[l]×Sizes[l+1], row after row
	Biases       [][]float64 // Biases[l] has Sizes[l+1] numbers
	Cost         string      // its name
	Origin       string      // where the weights come from: a seed, a file
	Right, Total int         // the network reads Right of Total test digits correctly
	Misread      []Digit     // the page shows the first MaxMisread of them
	Training     int         // how many training digits the program has
	Learn, Check []Digit     // training and test digits: a network on the page learns from them, and is tested with them
	Curves       []Curve     // of the training; those of no epoch are left out
}

// A Digit is an image, and the digit that it shows.
type Digit struct {
	Label, Read int       // the digit it is, and, if it is one of Misread, the digit the network reads
	Pixels      []float64 // 28×28, row after row, from 0, paper, to 1, ink
}

// A Curve is how many digits of some set the network has read after each epoch of a training.
type Curve struct {
	Name   string    `json:"name"`   // as in "Read correctly after each epoch: of 500 test digits"
	Values []float64 `json:"values"` // from 0, none, to 1, all
}

// Add appends the value of an epoch: so many correct digits of n.
func (c *Curve) Add(correct, n int) { c.Values = append(c.Values, float64(correct)/float64(n)) }

const (
	MaxMisread  = 12            // the page shows at most so many misread digits
	MaxLearn    = 2000          // and should have so many digits to learn from
	MaxCheck    = 500           // and so many to be tested with
	paperPixels = 28 * 28       // of a drawing, brought to the size of the digits
	maxWeights  = 1 << 22       // a page of 23 MB
	marker      = "THE NETWORK" // stands in page.html where the JSON goes
)

//go:embed page.html
var source string

// CheckSizes fails if the page cannot have a network of these sizes, input
// first: if it has not 28×28 inputs, or more than 2²² weights.
func CheckSizes(sizes []int) error {
	if sizes[0] != paperPixels {
		return fmt.Errorf("what is drawn has %d pixels, the digits have %d", paperPixels, sizes[0])
	}
	weights := 0.0 // a sum of ints might overflow
	for l, nOut := range sizes[1:] {
		weights += float64(sizes[l]) * float64(nOut)
	}
	if weights > maxWeights {
		return fmt.Errorf("the network has %.0f weights; the limit for a page is %d", weights, maxWeights)
	}
	return nil
}

// content is what the page's script is told. JSON has a []byte as base64.
type content struct {
	Sizes   []int    `json:"sizes"`
	Weights [][]byte `json:"weights"` // numbers as in float32Bytes
	Biases  [][]byte `json:"biases"`
	Cost    string   `json:"cost"`
	Origin  string   `json:"origin"`
	Right   int      `json:"right"`
	Total   int      `json:"total"`
	Misread []digit  `json:"misread"` // not nil, which JSON would have as null, as Curves

	Training int     `json:"training"`
	Learn    packed  `json:"learn"`
	Check    packed  `json:"check"`
	Curves   []Curve `json:"curves"`
}

// packed is many digits: a label of one byte for each; and of each image, how many pixels are 0, how
// many are not, these, and so on to the end of the image. Two numbers and a pixel are a byte each.
type packed struct {
	Labels []byte `json:"labels"`
	Packed []byte `json:"packed"`
}

type digit struct {
	Label  int    `json:"digit"`
	Read   int    `json:"read"`
	Pixels []byte `json:"pixels"` // as inBytes has them
}

// Write writes the page to w, and returns the error of w. It panics if the
// weights, the biases or the pixels do not fit the sizes.
func (p *Page) Write(w io.Writer) error {
	c := content{Sizes: p.Sizes, Cost: p.Cost, Origin: p.Origin, Right: p.Right, Total: p.Total, Misread: []digit{},
		Training: p.Training, Learn: p.pack(p.Learn), Check: p.pack(p.Check), Curves: []Curve{}}
	for _, curve := range p.Curves {
		if len(curve.Values) > 0 {
			c.Curves = append(c.Curves, curve)
		}
	}
	for l, nOut := range p.Sizes[1:] {
		if nW, nB := len(p.Weights[l]), len(p.Biases[l]); nW != p.Sizes[l]*nOut || nB != nOut {
			panic(fmt.Sprintf("page: Write: %d weights and %d biases from %d to %d neurons", nW, nB, p.Sizes[l], nOut))
		}
		c.Weights = append(c.Weights, float32Bytes(p.Weights[l]))
		c.Biases = append(c.Biases, float32Bytes(p.Biases[l]))
	}
	for _, m := range p.Misread[:min(len(p.Misread), MaxMisread)] {
		c.Misread = append(c.Misread, digit{m.Label, m.Read, p.inBytes(m)})
	}
	text, err := json.Marshal(c) // which escapes <, > and &: no name in it ends the element
	if err == nil && strings.Count(source, marker) != 1 {
		err = errors.New("the program was built with a page.html that has no place for a network")
	}
	if err == nil {
		_, err = io.WriteString(w, strings.Replace(source, marker, string(text), 1))
	}
	return err
}

// inBytes returns the pixels of a digit, 256 times, rounded, at most 255.
func (p *Page) inBytes(d Digit) (pixels []byte) {
	if len(d.Pixels) != p.Sizes[0] {
		panic(fmt.Sprintf("page: Write: a digit of %d pixels for %d input neurons", len(d.Pixels), p.Sizes[0]))
	}
	for _, v := range d.Pixels {
		pixels = append(pixels, byte(min(256*v+0.5, 255)))
	}
	return pixels
}

// pack packs digits.
func (p *Page) pack(digits []Digit) packed {
	all := packed{[]byte{}, []byte{}} // not nil, which JSON would have as null
	for _, d := range digits {
		all.Labels = append(all.Labels, byte(d.Label))
		for pixels := p.inBytes(d); len(pixels) > 0; {
			paper, ink := 0, 0
			for paper < min(len(pixels), 255) && pixels[paper] == 0 {
				paper++
			}
			for pixels = pixels[paper:]; ink < min(len(pixels), 255) && pixels[ink] != 0; {
				ink++
			}
			all.Packed = append(append(all.Packed, byte(paper), byte(ink)), pixels[:ink]...)
			pixels = pixels[ink:]
		}
	}
	return all
}

// IsSource reports whether text is that of page.html, not of a page that Write has written.
func IsSource(text []byte) bool { return bytes.Contains(text, []byte(marker)) }

// float32Bytes returns numbers as float32, the lowest byte first. A number too
// large for a float32 becomes the largest float32.
func float32Bytes(numbers []float64) []byte {
	out := make([]byte, 0, 4*len(numbers))
	for _, v := range numbers {
		v = min(max(v, -math.MaxFloat32), math.MaxFloat32)
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
	}
	return out
}
