// Package page writes the page: one HTML file that holds a network. Whoever
// opens it in a browser draws a digit and sees how the network reads it. The
// page needs no server and asks for nothing from elsewhere.
//
// Its source is page.html, whose script brings a drawing to 28×28 pixels, in the
// steps of package picture, and computes σ(a·w + b) layer by layer. Write puts the
// network into one element of it, as JSON:
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

// A Page is what the page shows: a network, and how well it reads the test digits.
type Page struct {
	Sizes        []int       // neurons in each layer, input first
	Weights      [][]float64 // Weights[l] is Sizes[l]×Sizes[l+1], row after row
	Biases       [][]float64 // Biases[l] has Sizes[l+1] numbers
	Cost         string      // its name
	Origin       string      // where the weights come from: a seed, a file
	Right, Total int         // the network reads Right of Total test digits correctly
	Misread      []Digit     // the page shows the first MaxMisread of them
}

// A Digit is a test digit that the network misreads.
type Digit struct {
	Label, Read int       // the digit it is, and the digit the network reads
	Pixels      []float64 // 28×28, row after row, from 0, paper, to 1, ink
}

const (
	MaxMisread  = 12            // the page shows at most so many misread digits
	paperPixels = 28 * 28       // of a drawing, brought to the size of the digits
	maxWeights  = 1 << 22       // a page of 22 MB
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
	Misread []digit  `json:"misread"` // not nil, which JSON would have as null
}

type digit struct {
	Label  int    `json:"digit"`
	Read   int    `json:"read"`
	Pixels []byte `json:"pixels"` // 256 times the pixels, rounded, at most 255
}

// Write writes the page to w, and returns the error of w. It panics if the
// weights, the biases or the pixels do not fit the sizes.
func (p *Page) Write(w io.Writer) error {
	c := content{Sizes: p.Sizes, Cost: p.Cost, Origin: p.Origin, Right: p.Right, Total: p.Total, Misread: []digit{}}
	for l, nOut := range p.Sizes[1:] {
		if nW, nB := len(p.Weights[l]), len(p.Biases[l]); nW != p.Sizes[l]*nOut || nB != nOut {
			panic(fmt.Sprintf("page: Write: %d weights and %d biases from %d to %d neurons", nW, nB, p.Sizes[l], nOut))
		}
		c.Weights = append(c.Weights, float32Bytes(p.Weights[l]))
		c.Biases = append(c.Biases, float32Bytes(p.Biases[l]))
	}
	for _, m := range p.Misread[:min(len(p.Misread), MaxMisread)] {
		if len(m.Pixels) != p.Sizes[0] {
			panic(fmt.Sprintf("page: Write: a digit of %d pixels for %d input neurons", len(m.Pixels), p.Sizes[0]))
		}
		shown := digit{Label: m.Label, Read: m.Read}
		for _, v := range m.Pixels {
			shown.Pixels = append(shown.Pixels, byte(min(256*v+0.5, 255)))
		}
		c.Misread = append(c.Misread, shown)
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
