// Package distort changes images of digits, so that a network never learns from the same
// image twice. A digit that is a little turned, slanted, thinner or written with a less steady
// hand is still the same digit. A network that is shown such images learns that from them.
// So do Simard, Steinkraus and Platt, Best Practices for Convolutional Neural Networks
// (2003), who reach 99.3% with a network like this one.
//
//	d := distort.New(28, 0, 1) // images of 28×28 pixels, not shifted, distorted as strongly as 1
//	d.Draw(10, rng)            // draws how 10 images are going to be changed
//	image = d.Distort(3, image)
//
// # From a pixel back to the old image
//
// Draw draws everything random, Distort only computes. So the images of a mini-batch can be
// shared out among cores, and are the same on any number of them.
//
// A place is (x, y), x to the right and y down, in pixels, (0, 0) the centre of the image. A
// point of the old image is scaled, then sheared, then turned, then moved:
//
//	x ← sx·x                    y ← sy·y                      sx, sy  0.9 … 1.1
//	x ← x + k·y                                               k      −0.08 … 0.08
//	x ← cos t·x − sin t·y       y ← sin t·x + cos t·y         t      −8° … 8°
//	x ← x + mx                  y ← y + my                    mx, my −1 … 1 pixel
//
// All of them are uniform: every value in its range is equally likely. But a new image has to be
// computed pixel by pixel, so Distort goes the other way. For each new pixel it undoes these
// steps, the last one first, adds a displacement of this pixel, and is at a point of the
// old image. This point lies between four pixels. Of these it takes the mean, in which the near
// ones weigh more (bilinear interpolation). Outside the old image is paper.
//
// # The displacement
//
// The displacement of neighbouring pixels must be nearly the same, because otherwise strokes would
// be torn to dust. And no digit may be displaced like another one. So there are random numbers
// at the points of a coarse grid, 8×8 of them, 5.6 pixels apart, and between them a smooth curve.
// Of all smooth curves a cubic B-spline is the cheapest good one: its value and its first
// two derivatives have no jumps, so no stroke gets a kink, and at any place it is the mean of the
// nearest 4×4 numbers only, with weights that depend on the place alone:
//
//	(1−t)³/6   (3t³−6t²+4)/6   (3u³−6u²+4)/6   t³/6      u = 1−t
//
// down and the same across, t from 0 to 1 being the way from one line of the grid to the
// next. Their sum is 1. The sum of their squares is 151/315 in the mean over t, and so that of
// the 16 products is (151/315)² = 0.23 in the mean. A mean of independent numbers of standard
// deviation σ, with such weights, has one of σ·151/315. A displacement of 0.9 pixels each way,
// standard deviation, takes numbers of 0.9·315/151 = 1.88 pixels.
//
// All these lengths are for images of 28×28 pixels, and they grow with the images. A strength
// other than 1 multiplies them, the angle, the shear, and how far the scales may be from 1. What 1
// is was measured on MNIST, with networks of 784-300-100-10 neurons: they read most of the
// validation digits if their training digits were distorted as strongly as that.
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

// distort returns image, distorted: for each pixel of the result it goes back to the old image.
func (c *change) distort(image Image, width int, splines []spline) Image {
	c.unfold(image, width)
	where, value := c.changed.Where[:width*width], c.changed.Value[:width*width]
	n := 0 // pixels of the result that are not 0
	sin, cos := math.Sincos(c.t)
	xx, xy := (cos+c.k*sin)/c.sx, (sin-c.k*cos)/c.sx
	yx, yy := -sin/c.sy, cos/c.sy
	centre := float64(width-1) / 2
	var dx, dy [grid]float64 // the displacement at the lines of the grid, in one row of pixels
	for y, s := range splines {
		c.alongRow(s, &dx, &dy)
		Y := float64(y) - centre - c.my
		for x := range splines {
			X := float64(x) - centre - c.mx
			s := &splines[x]
			v := c.at(xx*X+xy*Y+centre+s.mean(&dx), yx*X+yy*Y+centre+s.mean(&dy), width)
			where[n], value[n] = uint16(y*width+x), v
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
