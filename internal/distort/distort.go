// Package distort changes images of digits, so that a network never learns from the same
// image twice. A digit that is turned a little, slanted, or written by a less steady hand is
// still the same digit, and a network that is shown such digits learns to read them.
//
//	d := distort.New(28, 0, 1)  // images of 28×28 pixels, not shifted, distorted as strongly as 1
//	d.Draw(10, rng)             // draws how 10 images are going to be changed
//	image = d.Distort(3, image) // changes one of them
//
// Draw draws everything that is random, and Distort only computes. So the images of a
// mini-batch can be shared among cores, and become the same on any number of them.
//
// # From the new image back to the old one
//
// A place is (x, y), x to the right and y down, in pixels from the centre of the image. A point
// of the old image is scaled, sheared, turned and moved, in this order:
//
//	x ← sx·x                    y ← sy·y                      sx, sy  0.9 … 1.1
//	x ← x + k·y                                               k       −0.08 … 0.08
//	x ← cos t·x − sin t·y       y ← sin t·x + cos t·y         t       −8° … 8°
//	x ← x + mx                  y ← y + my                    mx, my  −1 … 1
//
// The numbers on the right are drawn for each image; all values in their ranges are equally
// likely. A new image has to be computed pixel by pixel. So Distort goes the other way, and for
// each new pixel it looks for the point of the old image that it comes from. It undoes the
// steps, the last one first:
//
//	x ← x − mx                  y ← y − my
//	x ← cos t·x + sin t·y       y ← cos t·y − sin t·x
//	x ← (x − k·y)/sx            y ← y/sy
//
// and adds the displacement of this pixel. The point lies between four pixels of the old image.
// The new pixel is their mean, in which the nearer ones weigh more (bilinear interpolation).
// Around the old image is paper.
//
// # The displacement
//
// Each pixel has a displacement of its own, and no two images have the same. But neighbouring
// pixels must have nearly the same displacement, because otherwise strokes would fall to dust. So
// there are random numbers on a coarse grid only, 8×8 for x and 8×8 for y, 5.6 pixels from one to
// the next, and a smooth surface between them, a cubic B-spline. Its slopes and their slopes have
// no jumps, so no stroke gets a kink. It is cheap, because at any place it is a weighted
// mean of the nearest 4×4 numbers only. If t, from 0 to 1, is the way from one line of the
// grid to the next, the four lines around it have the weights
//
//	u³/6    (3t³ − 6t² + 4)/6    (3u³ − 6u² + 4)/6    t³/6        where u = 1 − t
//
// and the weight of one of the 4×4 numbers is a weight across times a weight down. The four
// weights have the sum 1. Their squares have the sum 151/315, averaged over t; so the squares
// of all 16 weights have the sum (151/315)². Independent numbers of standard deviation σ
// have a mean of standard deviation σ·151/315. So for a displacement of 0.9 pixels the numbers
// have 0.9 · 315/151 = 1.88 pixels.
//
// # How strongly
//
// The numbers above are for strength 1 and images of 28×28 pixels. The displacement and mx and my
// are in proportion to the width of the images. A strength of ½ makes half of everything: the
// displacement, t, k, mx and my, and how far sx and sy are from 1.
//
// That is how Simard, Steinkraus and Platt reach 99.3% with a network of 800 neurons (Best
// Practices for Convolutional Neural Networks, 2003); their displacements are smoothed noise.
package distort

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// An Image is the pixels of a square that are not 0: pixel Where[q] has the value Value[q].
// Pixel 0 is the upper left one, then come the others of the first row. Where ascends.
type Image struct {
	Where []uint16
	Value []float32
}

// At strength 1, how much an image of standard pixels each way is changed. Lengths are in pixels.
const (
	standard = 28

	displacement = 0.9                 // standard deviation, each way
	turn         = 8.0 / 180 * math.Pi // at most, as all that follow; in radians
	scale        = 0.1                 // more or less than 1
	shear        = 0.08                // to the side, per pixel down
	move         = 1.0                 // each way
)

// grid is how many numbers the displacement has each way. A spline needs one line of them
// before the image and one after it, so grid−3 gaps between lines cover the image.
const grid = 8

// MaxStrength is the largest strength. At 5, digits are hardly ever readable.
const MaxStrength = 5

// A Distorter changes the images of mini-batches. Its memory is used again for one after
// another.
type Distorter struct {
	width    int
	shift    int
	strength float64
	splines  []spline // of each column of an image, and of each row
	changes  []change // what Draw has drawn: of each image of a mini-batch
}

// A spline says what the displacement at a place is made of, in one direction: numbers
// first … first+3 of the grid, with these weights.
type spline struct {
	first  int
	weight [4]float64
}

// A change is how one image is changed, and the memory for it. The names are those of the
// package's comment; dx and dy are the grids of the displacement, row by row.
type change struct {
	right, down    int
	dx, dy         [grid * grid]float64
	sx, sy, k      float64
	t              float64
	mx, my         float64
	paper          []float32 // the old image, all pixels, and a pixel of paper around it
	moved, changed Image
}

// New returns a Distorter for images of width×width pixels. It shifts each image by as many
// as shift whole pixels, each way, and distorts it as strongly as strength; 0 is not at all.
// It panics if the images would be shifted out of sight, or if strength is not from 0 to MaxStrength.
func New(width, shift int, strength float64) *Distorter {
	if width < 1 || shift < 0 || shift >= width || !(strength >= 0 && strength <= MaxStrength) {
		panic(fmt.Sprintf("distort: New: a shift of %d and a strength of %v, images %d pixels wide", shift, strength, width))
	}
	d := &Distorter{width: width, shift: shift, strength: strength}
	for i := range width {
		at := (float64(i) + 0.5) / float64(width) * (grid - 3) // in gaps of the grid
		first := int(at)
		t := at - float64(first)
		u := 1 - t
		d.splines = append(d.splines, spline{first, [4]float64{
			u * u * u / 6, (3*t*t*t - 6*t*t + 4) / 6, (3*u*u*u - 6*u*u + 4) / 6, t * t * t / 6,
		}})
	}
	return d
}

// Draw draws from rng how n images are going to be changed, each in a way of its own.
func (d *Distorter) Draw(n int, rng *rand.Rand) {
	for len(d.changes) < n {
		d.changes = append(d.changes, change{})
	}
	uniform := func(limit float64) float64 { return limit * (2*rng.Float64() - 1) } // −limit … limit
	pixel := d.strength * float64(d.width) / standard
	for i := range d.changes[:n] {
		c := &d.changes[i]
		if d.shift > 0 {
			c.right, c.down = rng.IntN(2*d.shift+1)-d.shift, rng.IntN(2*d.shift+1)-d.shift
		}
		if d.strength == 0 {
			continue
		}
		for n := range c.dx {
			c.dx[n] = displacement * 315 / 151 * pixel * rng.NormFloat64()
			c.dy[n] = displacement * 315 / 151 * pixel * rng.NormFloat64()
		}
		c.sx, c.sy, c.k = 1+uniform(d.strength*scale), 1+uniform(d.strength*scale), uniform(d.strength*shear)
		c.t = uniform(d.strength * turn)
		c.mx, c.my = uniform(pixel*move), uniform(pixel*move)
	}
}

// Distort returns image, changed as Draw has drawn it for image i: first shifted, then
// distorted. The result is in memory of d, until Distort is called with this i again. Calls with
// different i may run at the same time.
func (d *Distorter) Distort(i int, image Image) Image {
	c := &d.changes[i]
	if d.shift > 0 {
		image = c.shift(image, d.width)
	}
	if d.strength > 0 {
		image = c.distort(image, d.width, d.splines)
	}
	return image
}

// Work returns how many multiplications would take as long as Distort of n images, about.
func (d *Distorter) Work(n int) int {
	perPixel := 1
	if d.strength > 0 {
		perPixel = 40
	}
	return n * d.width * d.width * perPixel
}

// shift returns image, moved by c.right and c.down whole pixels. Pixels that leave the
// image are lost, and those that enter it are paper.
func (c *change) shift(image Image, width int) Image {
	where, value := c.moved.Where[:0], c.moved.Value[:0]
	for q, k := range image.Where {
		x, y := int(k)%width+c.right, int(k)/width+c.down
		if x >= 0 && x < width && y >= 0 && y < width {
			where, value = append(where, uint16(y*width+x)), append(value, image.Value[q])
		}
	}
	c.moved = Image{where, value}
	return c.moved
}

// distort returns image, distorted: for each new pixel it goes back to the old image, as the
// package's comment has it.
func (c *change) distort(image Image, width int, splines []spline) Image {
	c.unfold(image, width)
	// The steps undone are one matrix: old x = xx·x + xy·y, old y = yx·x + yy·y.
	sin, cos := math.Sincos(c.t)
	xx, xy := (cos+c.k*sin)/c.sx, (sin-c.k*cos)/c.sx
	yx, yy := -sin/c.sy, cos/c.sy
	centre := float64(width-1) / 2
	where, value := c.changed.Where[:width*width], c.changed.Value[:width*width]
	n := 0                   // new pixels that are not 0
	var dx, dy [grid]float64 // the displacements at the lines of the grid, in one row of pixels
	for row, s := range splines {
		c.alongRow(s, &dx, &dy)
		y := float64(row) - centre - c.my
		for column := range splines {
			x := float64(column) - centre - c.mx
			s := &splines[column]
			v := c.at(xx*x+xy*y+centre+s.mean(&dx), yx*x+yy*y+centre+s.mean(&dy), width)
			where[n], value[n] = uint16(row*width+column), v
			if v != 0 {
				n++
			}
		}
	}
	return Image{where[:n], value[:n]}
}

// unfold puts all pixels of image on paper, which is 0, and makes room for the result.
func (c *change) unfold(image Image, width int) {
	stride := width + 2
	if len(c.paper) < stride*stride {
		c.paper = make([]float32, stride*stride)
		c.changed = Image{make([]uint16, width*width), make([]float32, width*width)}
	}
	clear(c.paper)
	for q, k := range image.Where {
		x, y := int(k)%width, int(k)/width
		c.paper[(y+1)*stride+x+1] = image.Value[q]
	}
}

// alongRow sets dx and dy to the displacements in a row of pixels, at each line of the grid that
// crosses it. s is the spline of this row.
func (c *change) alongRow(s spline, dx, dy *[grid]float64) {
	w := &s.weight
	x, y := c.dx[s.first*grid:][:4*grid], c.dy[s.first*grid:][:4*grid]
	for n := range grid {
		dx[n] = w[0]*x[n] + w[1]*x[n+grid] + w[2]*x[n+2*grid] + w[3]*x[n+3*grid]
		dy[n] = w[0]*y[n] + w[1]*y[n+grid] + w[2]*y[n+2*grid] + w[3]*y[n+3*grid]
	}
}

// mean returns the weighted mean of four of the numbers of a row of the grid.
func (s *spline) mean(row *[grid]float64) float64 {
	four := row[s.first:][:4]
	return s.weight[0]*four[0] + s.weight[1]*four[1] + s.weight[2]*four[2] + s.weight[3]*four[3]
}

// at returns the old image at a point, interpolated between four pixels.
func (c *change) at(x, y float64, width int) float32 {
	x, y = x+1, y+1 // on the paper, whose border is one pixel wide
	if limit := float64(width + 1); !(x >= 0 && x < limit && y >= 0 && y < limit) {
		return 0
	}
	i, j := int(y), int(x) // the pixel above and to the left
	right, down := float32(x-float64(j)), float32(y-float64(i))
	stride := width + 2
	upper, lower := c.paper[i*stride+j:][:2], c.paper[(i+1)*stride+j:][:2]
	above := upper[0] + right*(upper[1]-upper[0])
	below := lower[0] + right*(lower[1]-lower[0])
	return above + down*(below-above)
}
