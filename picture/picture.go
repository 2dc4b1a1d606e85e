// Package picture reads a picture of one handwritten digit, a photograph, a
// scan or a drawing, and brings the digit to the form that those of MNIST
// have. It does so in steps, which stand in this order in the files named:
//
//   - The file is decoded, the picture made smaller if it is large, and turned
//     upright (file.go, exif.go).
//   - The light of a lamp is evened out (light.go).
//   - Ruling is erased: straight thin lines across the paper (ruling.go).
//   - Ink is found as water that stays on the paper: what is drawn is a hollow,
//     and what runs out at the border of the picture is none (ink.go).
//   - How dark it is is measured against the paper beside it (light.go).
//   - The ink falls into connected components. The largest are the digit, small
//     ones are dust (components.go).
//   - The digit is fitted in 20×20 pixels, its grey levels kept, and placed in
//     28×28 pixels, its centre of mass in the middle (normal.go).
//
// Draw shows the result in a terminal.
package picture

import (
	"fmt"
	"io"
	"strings"
)

// Width is how many pixels wide, and high, a digit is that Read returns.
const Width = 28

// A Digit is what Read has found in a picture.
type Digit struct {
	Pixels []float64 // Width×Width, row after row, from 0, paper, to 1, ink, as MNIST has its digits
	Done   []string  // what was done to the picture beyond fitting and centring, such as "ruling removed"; mostly nothing
}

// An Error says what is wrong with a picture: it is damaged, empty, too large,
// not a picture at all, nothing is drawn on it, or more than one digit.
type Error struct {
	Message string
	Err     error // io.ErrUnexpectedEOF if the file is empty or cut short (unless it is a GIF), image.ErrFormat if its format is unknown, else nil or the decoder's error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Read reads a picture of one digit from r, a PNG, JPEG or GIF. The error is an
// *Error, or that of r.
func Read(r io.Reader) (*Digit, error) {
	img, turned, err := decode(r)
	if err != nil {
		return nil, err
	}
	ink, done, err := findDigit(turn(colours(img), turned))
	if err != nil {
		return nil, err
	}
	if turned > 1 {
		done = append([]string{"turned as the camera says"}, done...)
	}
	return &Digit{centre(fit(crop(ink))), done}, nil
}

// A plane has a number for every pixel of a picture.
type plane struct {
	rows, cols int
	data       []float64 // row after row
}

func newPlane(rows, cols int) *plane { return &plane{rows, cols, make([]float64, rows*cols)} }

// row returns row i. It is a part of p, not a copy of it.
func (p *plane) row(i int) []float64 { return p.data[i*p.cols : (i+1)*p.cols] }

// Draw returns an image, whose pixels are from 0 to 1, drawn in characters for a
// terminal, each of them two pixels, one above the other. In colour they are half
// blocks, whose foreground is the upper pixel and whose background is the lower,
// each in one of the 24 greys of terminals; plain, a character as dark as both
// together.
func Draw(pixels []float64, width int, colour bool) string {
	const plain = " .:-=+*#%@"
	var all strings.Builder
	for i := 0; i < len(pixels); i += 2 * width {
		var line strings.Builder
		for j := i; j < i+width; j++ {
			upper, lower := pixels[j], 0.0
			if j+width < len(pixels) {
				lower = pixels[j+width]
			}
			if colour {
				fmt.Fprintf(&line, "\x1b[38;5;%dm\x1b[48;5;%dm▀", 232+int(23*upper), 232+int(23*lower))
			} else {
				line.WriteByte(plain[int((upper+lower)/2*float64(len(plain)-1)+0.5)])
			}
		}
		if colour {
			line.WriteString("\x1b[0m")
		}
		fmt.Fprintln(&all, strings.TrimRight(line.String(), " "))
	}
	return all.String()
}
