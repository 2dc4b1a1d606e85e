// Package picture reads a picture of one handwritten digit, a photograph, a
// scan or a drawing, and brings the digit to the form that those of MNIST
// have. It does so in steps, which stand in this order below:
//
//   - The file is decoded, and the picture made smaller if it is large
//     (decode, colours).
//   - The paper is found: a smooth surface for each colour, because light is
//     seldom even (fitPaper).
//   - Ink is what differs from the paper: darker, lighter or of another colour
//     (findInk).
//   - The ink falls into connected components. The largest are the digit, small
//     ones are dust (removeDust).
//   - The digit is fitted in 20×20 pixels, its grey levels kept (crop, fit).
//   - It is placed in 28×28 pixels, its centre of mass in the middle (centre).
//
// The last two are what MNIST's makers did (http://yann.lecun.com/exdb/mnist). Draw
// shows the result in a terminal.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"math"
	"slices"
	"strings"
)

// Width is how many pixels wide, and high, a digit is that Read returns.
const Width = 28

const (
	maxBytes  = 1 << 26 // in a file
	maxPixels = 1 << 25 // in a picture
	workSize  = 280     // a picture that is wider or higher is made smaller before it is looked at
	digitSize = 20      // of the longer side of a digit
)

// An Error says what is wrong with a picture: it is damaged, empty, too large,
// not a picture at all, or nothing is drawn on it.
type Error struct {
	Message string
	Err     error // io.ErrUnexpectedEOF if the file is cut short (unless it is a GIF), else nil or the decoder's error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Read reads a picture of one digit from r, a PNG, JPEG or GIF, and returns it
// as MNIST has its digits: Width×Width pixels, row after row, from 0, paper, to
// 1, ink. The error is an *Error, or that of r.
func Read(r io.Reader) ([]float64, error) {
	img, err := decode(r)
	if err != nil {
		return nil, err
	}
	ink := findInk(colours(img))
	if ink == nil {
		return nil, &Error{Message: "nothing is drawn on it, or too faintly"}
	}
	removeDust(ink)
	return centre(fit(crop(ink))), nil
}

// A plane has a number for every pixel of a picture.
type plane struct {
	rows, cols int
	data       []float64 // row after row
}

func newPlane(rows, cols int) *plane { return &plane{rows, cols, make([]float64, rows*cols)} }

// row returns row i. It is a part of p, not a copy of it.
func (p *plane) row(i int) []float64 { return p.data[i*p.cols : (i+1)*p.cols] }

// decode reads the file, and looks at how large the picture is before it makes
// room for its pixels.
func decode(r io.Reader) (image.Image, error) {
	file, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(file) > maxBytes {
		return nil, &Error{Message: fmt.Sprintf("a picture of more than %d MB", maxBytes>>20)}
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, decodeError(file, err)
	}
	if int64(config.Width)*int64(config.Height) > maxPixels { // an int may have no more than 32 bits
		return nil, &Error{Message: fmt.Sprintf("a picture of %d×%d pixels; the limit is %d million in all",
			config.Width, config.Height, maxPixels>>20)}
	}
	img, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, decodeError(file, err)
	}
	if img.Bounds().Empty() { // as the first frame of a GIF may be
		return nil, &Error{Message: "a picture without pixels"}
	}
	return img, nil
}

// decodeError returns what to report when file cannot be decoded because of err.
func decodeError(file []byte, err error) error {
	switch {
	case len(file) == 0:
		return &Error{"it is empty, not a picture", io.ErrUnexpectedEOF}
	case errors.Is(err, image.ErrFormat):
		return &Error{Message: fmt.Sprintf("neither PNG nor JPEG nor GIF: it begins %q", file[:min(4, len(file))])}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{"the picture is cut short", io.ErrUnexpectedEOF}
	}
	return &Error{fmt.Sprintf("the picture is damaged (%v)", err), err}
}

// colours returns the red, green and blue of a picture, a plane each, from 0 to
// 1, with paper behind its transparent parts.
func colours(img image.Image) [3]*plane {
	channels := shrink(img)
	paper := paperBehind(channels)
	for k, opacity := range channels[3].data {
		for c := range 3 {
			channels[c].data[k] += (1 - opacity) * paper
		}
	}
	return [3]*plane(channels[:3])
}

// shrink returns the red, green, blue and opacity of a picture, a plane each,
// from 0 to 1; the colours are already multiplied by the opacity. If the
// picture is larger than workSize it is made smaller: every pixel becomes the
// mean of those that fall on it.
func shrink(img image.Image) [4]*plane {
	bounds := img.Bounds()
	w, h := bounds.Dx(), bounds.Dy()
	factor := max(1, float64(max(w, h))/workSize)
	rows, cols := max(1, int(float64(h)/factor)), max(1, int(float64(w)/factor))
	count := newPlane(rows, cols)
	var channels [4]*plane
	for c := range channels {
		channels[c] = newPlane(rows, cols)
	}
	for y := range h {
		i := int(int64(y) * int64(rows) / int64(h)) // y·rows may be too large for an int of 32 bits
		for x := range w {
			j := int(int64(x) * int64(cols) / int64(w))
			k := i*cols + j
			r, g, b, a := img.At(bounds.Min.X+x, bounds.Min.Y+y).RGBA()
			for c, v := range [4]uint32{r, g, b, a} {
				channels[c].data[k] += float64(v) / 0xffff
			}
			count.data[k]++
		}
	}
	for _, channel := range channels {
		for k, n := range count.data {
			channel.data[k] /= n
		}
	}
	return channels
}

// paperBehind returns the grey to put behind the transparent parts of a
// picture. If all that is opaque has one brightness, it is ink without paper,
// and white or black is put behind it, whichever differs more. Otherwise there
// is paper among the opaque pixels, and its brightness is theirs, or that of
// most of them, the median.
func paperBehind(channels [4]*plane) float64 {
	red, green, blue, opacity := channels[0], channels[1], channels[2], channels[3]
	var greys []float64 // of the pixels that are opaque, or nearly so
	for k, a := range opacity.data {
		if a > 0.9 {
			greys = append(greys, (red.data[k]+green.data[k]+blue.data[k])/3/a)
		}
	}
	if len(greys) == 0 || len(greys) == len(opacity.data) { // none are, or all
		return 1
	}
	slices.Sort(greys)
	middle := greys[len(greys)/2]
	darkest, lightest := greys[len(greys)*5/100], greys[len(greys)*95/100] // but for a few
	switch {
	case lightest-darkest > 0.3:
		return middle
	case middle > 0.5:
		return 0
	}
	return 1
}

// findInk returns how much ink is on every pixel, from 0 to 1, or nil if there
// is none. Ink is measured by how far a pixel is from the paper, in whichever
// colour that is most; differences that noise alone would make are not ink.
func findInk(colours [3]*plane) *plane {
	ink := newPlane(colours[0].rows, colours[0].cols)
	for _, colour := range colours {
		paper := fitPaper(colour)
		for k, v := range colour.data {
			ink.data[k] = max(ink.data[k], math.Abs(v-paper.data[k]))
		}
	}
	noise, full := levels(ink.data)
	if full < 0.08 || full < 2*noise {
		return nil
	}
	faint := min(0.1, 0.01+2*noise)
	for k, v := range ink.data {
		ink.data[k] = min(1, max(0, (v-noise)/(full-noise)))
		if ink.data[k] <= faint {
			ink.data[k] = 0
		}
	}
	return ink
}

// fitPaper returns the paper of a picture in one colour: the surface
//
//	p(x, y) = p₀ + p₁x + p₂y + p₃x² + p₄xy + p₅y²
//
// that lies closest to the pixels of the paper. Which these are is not known
// before the surface is, so both are found in turns: the surface is fitted to
// the pixels that are near it, then those near the new surface are taken, and
// so on. It begins level, at the median of all pixels. A few thousand of them,
// evenly spread, are enough.
func fitPaper(colour *plane) *plane {
	var samples []sample
	for k := 0; k < len(colour.data); k += 1 + len(colour.data)/4000 {
		samples = append(samples, sample{terms(colour, k), colour.data[k]})
	}
	distance := make([]float64, len(samples))
	for i, s := range samples {
		distance[i] = s.value // from 0, for the median of all
	}
	p := [6]float64{median(distance)}
	var near []sample
	for range 8 {
		for i, s := range samples {
			distance[i] = math.Abs(s.value - dot(p, s.terms))
		}
		limit := 2.5*median(distance) + 0.01 // most of the paper is nearer, ink hardly ever
		near = near[:0]
		for i, s := range samples {
			if distance[i] <= limit {
				near = append(near, s)
			}
		}
		p = leastSquares(near)
	}
	paper := newPlane(colour.rows, colour.cols)
	for k := range paper.data {
		paper.data[k] = dot(p, terms(paper, k))
	}
	return paper
}

// A sample is a pixel that a surface is fitted to.
type sample struct {
	terms [6]float64 // 1, x, y, x², xy, y²
	value float64
}

// terms returns 1, x, y, x², xy, y² for pixel k of p; x and y go from −1 to 1.
func terms(p *plane, k int) [6]float64 {
	x := (2*float64(k%p.cols)+1)/float64(p.cols) - 1
	y := (2*float64(k/p.cols)+1)/float64(p.rows) - 1
	return [6]float64{1, x, y, x * x, x * y, y * y}
}

// median returns the median of values.
func median(values []float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// dot returns p₀t₀ + … + p₅t₅, the height of the surface p where its terms are t.
func dot(p, t [6]float64) float64 {
	sum := 0.0
	for i := range p {
		sum += p[i] * t[i]
	}
	return sum
}

// leastSquares returns the surface p for which the sum over the samples of
// (value − p·terms)² is smallest. There its derivatives by p₀ … p₅ are 0, which
// makes six linear equations, the normal equations: Σ terms·termsᵀ p = Σ terms·value.
func leastSquares(samples []sample) [6]float64 {
	var a [6][7]float64 // row i is equation i, its right side last
	for _, s := range samples {
		for i, t := range s.terms {
			for j, u := range s.terms {
				a[i][j] += t * u
			}
			a[i][6] += t * s.value
		}
	}
	return solve(a)
}

// solve solves six linear equations by Gauss-Jordan elimination. An unknown
// that they leave open becomes 0.
func solve(a [6][7]float64) (p [6]float64) {
	var known [6]bool
	for i := range 6 {
		best := i // the row with the largest number in column i
		for k := i; k < 6; k++ {
			if math.Abs(a[k][i]) > math.Abs(a[best][i]) {
				best = k
			}
		}
		a[i], a[best] = a[best], a[i]
		known[i] = math.Abs(a[i][i]) > 1e-9
		if !known[i] {
			continue
		}
		for k := range 6 {
			if k == i {
				continue
			}
			factor := a[k][i] / a[i][i]
			for j := i; j < 7; j++ {
				a[k][j] -= factor * a[i][j]
			}
		}
	}
	for i := range 6 {
		if known[i] {
			p[i] = a[i][6] / a[i][i]
		}
	}
	return p
}

// levels tells paper from ink by distance, how far each pixel is from the paper:
// up to noise it may be the grain of the paper, at full it is all ink. Where all
// pixels are alike both are 0.
func levels(distance []float64) (noise, full float64) {
	threshold := otsu(distance)
	var paper, ink []float64
	for _, d := range distance {
		if d > threshold {
			ink = append(ink, d)
		} else {
			paper = append(paper, d)
		}
	}
	if len(ink) == 0 || len(paper) == 0 {
		return 0, 0
	}
	slices.Sort(ink)
	return 3 * median(paper), ink[len(ink)*9/10]
}

// otsu returns the threshold that splits values, from 0 to 1, into the two
// classes that differ most: the product of their sizes and of the square of the
// distance between their means is largest (N. Otsu, 1979).
func otsu(values []float64) float64 {
	const bins = 256
	var count [bins]float64 // a histogram
	total := 0.0            // of the bins of all values
	for _, v := range values {
		k := min(bins-1, int(v*bins))
		count[k]++
		total += float64(k)
	}
	n := float64(len(values))
	below, sum := 0.0, 0.0 // of the lower class: its size, and the total of its bins
	best, threshold := 0.0, 0.0
	for k, c := range count {
		below += c
		sum += c * float64(k)
		if below == 0 || below == n {
			continue
		}
		d := sum/below - (total-sum)/(n-below)
		if between := below * (n - below) * d * d; between > best {
			best, threshold = between, float64(k+1)/bins
		}
	}
	return threshold
}

// removeDust erases the connected components of the ink whose mass, the sum of
// their ink, is small beside that of the largest.
func removeDust(ink *plane) {
	const small = 0.05
	label := make([]int, len(ink.data)) // of each pixel, the number of its component, from 1; 0 is paper
	mass := []float64{0}                // of each component; paper has none
	for k, v := range ink.data {
		if v > 0 && label[k] == 0 {
			mass = append(mass, labelComponent(ink, label, k, len(mass)))
		}
	}
	largest := slices.Max(mass)
	for k := range ink.data {
		if mass[label[k]] < small*largest {
			ink.data[k] = 0
		}
	}
}

// labelComponent gives number n to the connected component that pixel k is in,
// and returns the mass of it. Pixels are 8-connected: the neighbours of a pixel
// are the eight around it, those that share only a corner with it among them.
func labelComponent(ink *plane, label []int, k, n int) (mass float64) {
	label[k] = n
	todo := []int{k} // pixels of the component whose neighbours are still to be looked at
	for len(todo) > 0 {
		k = todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		mass += ink.data[k]
		i, j := k/ink.cols, k%ink.cols
		for y := max(0, i-1); y <= min(ink.rows-1, i+1); y++ {
			for x := max(0, j-1); x <= min(ink.cols-1, j+1); x++ {
				if q := y*ink.cols + x; ink.data[q] > 0 && label[q] == 0 {
					label[q] = n
					todo = append(todo, q)
				}
			}
		}
	}
	return mass
}

// crop returns the smallest rectangle that has all the ink.
func crop(ink *plane) *plane {
	top, bottom, left, right := ink.rows, -1, ink.cols, -1
	for k, v := range ink.data {
		if v > 0 {
			i, j := k/ink.cols, k%ink.cols
			top, bottom, left, right = min(top, i), max(bottom, i), min(left, j), max(right, j)
		}
	}
	digit := newPlane(bottom-top+1, right-left+1)
	for i := range digit.rows {
		copy(digit.row(i), ink.row(top + i)[left:])
	}
	return digit
}

// fit makes the longer side of the digit digitSize pixels long, and the other
// in proportion. Lines that would be much thinner than MNIST's, which are two
// pixels wide, a tenth of the longer side, are first made as wide as these.
func fit(ink *plane) *plane {
	wanted := float64(max(ink.rows, ink.cols)) / 10
	if width := lineWidth(ink); width < wanted/1.6 {
		ink = thicken(ink, int((wanted-width)/2+0.5))
	}
	longer := max(ink.rows, ink.cols)
	size := func(n int) int { return max(1, (n*digitSize+longer/2)/longer) } // rounded
	small := resample(ink, size(ink.cols))
	small = transposed(resample(transposed(small), size(ink.rows)))
	darkest := slices.Max(small.data)
	for k := range small.data {
		small.data[k] /= darkest
	}
	return small
}

// lineWidth returns how wide the lines of the digit are, roughly. A line of
// length l and width w has the mass l·w and an outline of 2l, so w is twice the
// mass over the outline. The outline is the sum of how much the ink changes from
// pixel to pixel, the length of its gradient.
func lineWidth(ink *plane) float64 {
	at := func(i, j int) float64 {
		if i < 0 || i >= ink.rows || j < 0 || j >= ink.cols {
			return 0
		}
		return ink.data[i*ink.cols+j]
	}
	mass, outline := 0.0, 0.0
	for i := -1; i < ink.rows; i++ {
		for j := -1; j < ink.cols; j++ {
			v := at(i, j)
			mass += v
			outline += math.Hypot(at(i, j+1)-v, at(i+1, j)-v)
		}
	}
	return 2 * mass / max(outline, 1e-9)
}

// thicken makes lines wider by n pixels on either side: every pixel becomes as
// dark as the darkest within a circle of radius n around it.
func thicken(ink *plane, n int) *plane {
	wide := newPlane(ink.rows+2*n, ink.cols+2*n)
	for i := range ink.rows {
		for j, v := range ink.row(i) {
			if v == 0 {
				continue
			}
			for y := -n; y <= n; y++ {
				reach := int(math.Sqrt(float64(n*n - y*y)))
				chord := wide.row(i + n + y)[j+n-reach : j+n+reach+1]
				for x := range chord {
					chord[x] = max(chord[x], v)
				}
			}
		}
	}
	return wide
}

// resample makes the rows of p n pixels long. If they get shorter, a pixel is
// the mean of what it covers; if longer, it lies between two of p and is their
// mean, weighted by how near they are.
func resample(p *plane, n int) *plane {
	out := newPlane(p.rows, n)
	scale := float64(p.cols) / float64(n)
	for x := range n {
		from, to := float64(x)*scale, float64(x+1)*scale // what pixel x covers of a row of p
		if scale < 1 {
			middle := min(max((from+to)/2, 0.5), float64(p.cols)-0.5)
			from, to = middle-0.5, middle+0.5
		}
		for j := int(from); j < p.cols && float64(j) < to; j++ {
			covered := min(to, float64(j+1)) - max(from, float64(j))
			for i := range p.rows {
				out.row(i)[x] += p.row(i)[j] * covered / (to - from)
			}
		}
	}
	return out
}

// transposed returns p with its rows as columns.
func transposed(p *plane) *plane {
	t := newPlane(p.cols, p.rows)
	for i := range p.rows {
		for j, v := range p.row(i) {
			t.row(j)[i] = v
		}
	}
	return t
}

// centre places a digit of at most 20×20 pixels in Width×Width, and returns
// these. Its centre of mass gets 14 to 15 pixels from the left and from the top,
// where MNIST has it, or as near as it can without the digit leaving the picture.
func centre(digit *plane) []float64 {
	mass, x, y := 0.0, 0.0, 0.0
	for i := range digit.rows {
		for j, v := range digit.row(i) {
			mass, x, y = mass+v, x+v*(float64(j)+0.5), y+v*(float64(i)+0.5)
		}
	}
	// A centre that is 14 but for an error of rounding must not jump to 15.
	place := func(centroid float64, size int) int {
		return min(max(int(math.Ceil(Width/2-centroid-1e-9)), 0), Width-size)
	}
	left, top := place(x/mass, digit.cols), place(y/mass, digit.rows)
	whole := newPlane(Width, Width)
	for i := range digit.rows {
		copy(whole.row(top + i)[left:], digit.row(i))
	}
	return whole.data
}

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
