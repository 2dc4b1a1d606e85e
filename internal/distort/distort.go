// Package distort changes images of digits, so that a network hardly ever learns from the same
// image twice. A digit that is turned a little, slanted, or written by a less steady hand is
// still the same digit, and a network that is shown such digits learns to read them.
//
//	d := distort.New(28, 0, 1)  // images of 28×28 pixels, not shifted, distorted with strength 1
//	d.Draw(10, rng)             // draws how 10 images are going to be changed
//	image = d.Distort(3, image) // changes one of them
//
// Draw draws everything that is random, and Distort only computes. So the images of a
// mini-batch can be shared among cores, and become the same on any number of them. (A shift,
// by whole pixels, is simpler, and comes first if there are both.)
//
// # From the new image back to the old one
//
// A place is (x, y), x to the right and y down, in pixels from the centre of the image. A point
// of the old image is scaled, sheared, turned and moved, in this order:
//
//	x ← scaleX·x                    y ← scaleY·y                    scales 0.9 … 1.1
//	x ← x + shear·y                                                 shear −0.08 … 0.08
//	x ← cos·x − sin·y               y ← sin·x + cos·y               of an angle of −8° … 8°
//	x ← x + moveX                   y ← y + moveY                   moves −1 … 1
//
// An angle above 0 turns clockwise, because y is down. All these numbers are drawn for each
// image, uniformly from their ranges. A new image has to be computed pixel by pixel. So Distort
// goes the other way, and for each new pixel it looks for the point of the old image that it comes
// from. It undoes the steps, the last one first:
//
//	x ← x − moveX                   y ← y − moveY
//	x ← cos·x + sin·y               y ← cos·y − sin·x
//	x ← (x − shear·y)/scaleX        y ← y/scaleY
//
// and adds the displacement of this pixel. The point lies between four pixels of the old image.
// The new pixel is their mean, in which the nearer ones weigh more (bilinear interpolation).
// Around the old image is paper.
//
// # The displacement
//
// Each pixel is displaced by a distance of its own, differently in each image. But neighbouring
// pixels must be displaced by nearly the same distance, because otherwise strokes would fall to
// dust. So there are random numbers on a coarse grid only, 8×8 for x and 8×8 for y, 28/5 = 5.6
// pixels apart. A pixel is displaced by a weighted mean of the 4×4 numbers around it. Its weights
// change smoothly from pixel to pixel: those of the cubic B-spline, which is cheap, and whose slope
// and curvature have no jumps, so no stroke gets a kink. If t, from 0 to 1, is the way of the pixel
// from one line of the grid to the next, the four lines around it have the weights
//
//	u³/6    (3t³ − 6t² + 4)/6    (3u³ − 6u² + 4)/6    t³/6        where u = 1 − t
//
// and one of the 4×4 numbers has a weight across times a weight down. The four weights have
// the sum 1. Their squares have the sum 151/315, averaged over t; so the squares of all 16
// weights have the sum (151/315)². The variance of a sum of independent numbers is the sum of
// their variances. So if the numbers have the standard deviation σ, the displacement has
// σ·151/315, averaged over the places. For a displacement of 0.9 pixels it takes numbers of
// 0.9 · 315/151 = 1.88 pixels.
//
// # How strongly
//
// All that is for strength 1 and images of 28×28 pixels. The displacement and the moves are in
// proportion to the width of the images. Strength ½ makes half of everything: the displacement,
// the angle, the shear, the moves, and how far the scales are from 1.
//
// Simard, Steinkraus and Platt reached 99.3% in this way, with a network of 800 neurons (Best
// Practices for Convolutional Neural Networks, 2003). Their displacements were smoothed noise.
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

// How much an image of MNIST's width is changed, with strength 1. Lengths are in pixels.
const (
	mnistWidth   = 28
	displacement = 0.9                 // standard deviation
	maxAngle     = 8.0 / 180 * math.Pi // radians
	maxScale     = 0.1                 // more or less than 1
	maxShear     = 0.08                // to the side, for each pixel down
	maxMove      = 1.0
)

// grid is how many lines the grid has across, and down. One of them lies before the image and
// one behind it, so grid−2 lines, and grid−3 gaps between them, cover the image.
const grid = 8

// maxWidth is as wide as an image may be: its last pixel is number 65,535, the largest uint16.
const maxWidth = 256

// MaxStrength is the largest strength. At 5, digits are hardly ever readable.
const MaxStrength = 5

// A Distorter changes the images of mini-batches. Its memory is used again for one mini-batch
// after another.
type Distorter struct {
	width    int
	shift    int
	strength float64
	weights  []weights // of each column of an image, and of each row
	changes  []change  // what Draw has drawn: of each image of a mini-batch
}

// weights are the weights of a pixel, across or down: those of lines first … first+3 of the grid.
type weights struct {
	first int
	w     [4]float64
}

// A change is how one image is changed, and the memory for it.
type change struct {
	right, down           int                  // the shift
	gridX, gridY          [grid * grid]float64 // the numbers of the grid, row by row
	scaleX, scaleY, shear float64
	angle                 float64 // in radians
	moveX, moveY          float64
	paper                 []float32 // the old image, all pixels, and a pixel of paper around it
	shifted, distorted    Image
}

// New returns a Distorter for images of width×width pixels. It shifts each image by up to
// shift whole pixels to each side, and distorts it with this strength; 0 is not at all. It
// panics if images could be shifted out of sight, if strength is not from 0 to MaxStrength, or if
// width is not from 1 to 256.
func New(width, shift int, strength float64) *Distorter {
	if width < 1 || width > maxWidth || shift < 0 || shift >= width || !(strength >= 0 && strength <= MaxStrength) {
		panic(fmt.Sprintf("distort: New: a shift of %d and a strength of %v, images %d pixels wide", shift, strength, width))
	}
	d := &Distorter{width: width, shift: shift, strength: strength}
	for i := range width {
		at := (float64(i) + 0.5) / float64(width) * (grid - 3) // in gaps of the grid
		first := int(at)
		t := at - float64(first)
		u := 1 - t
		d.weights = append(d.weights, weights{first, [4]float64{
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
	s := d.strength
	pixel := s * float64(d.width) / mnistWidth
	for i := range d.changes[:n] {
		c := &d.changes[i]
		if d.shift > 0 {
			c.right, c.down = rng.IntN(2*d.shift+1)-d.shift, rng.IntN(2*d.shift+1)-d.shift
		}
		if s == 0 {
			continue
		}
		for k := range c.gridX {
			c.gridX[k] = pixel * displacement * 315 / 151 * rng.NormFloat64()
			c.gridY[k] = pixel * displacement * 315 / 151 * rng.NormFloat64()
		}
		c.scaleX, c.scaleY, c.shear = 1+uniform(s*maxScale), 1+uniform(s*maxScale), uniform(s*maxShear)
		c.angle = uniform(s * maxAngle)
		c.moveX, c.moveY = uniform(pixel*maxMove), uniform(pixel*maxMove)
	}
}

// Distort returns image, changed as Draw has drawn it for image i: first shifted, then
// distorted. The result may be in memory of d, which the next call with this i uses again. Calls
// with different i may run at the same time.
func (d *Distorter) Distort(i int, image Image) Image {
	c := &d.changes[i]
	if d.shift > 0 {
		image = c.shift(image, d.width)
	}
	if d.strength > 0 {
		image = c.distort(image, d.width, d.weights)
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
	where, value := c.shifted.Where[:0], c.shifted.Value[:0]
	for q, k := range image.Where {
		x, y := int(k)%width+c.right, int(k)/width+c.down
		if x >= 0 && x < width && y >= 0 && y < width {
			where, value = append(where, uint16(y*width+x)), append(value, image.Value[q])
		}
	}
	c.shifted = Image{where, value}
	return c.shifted
}

// distort returns image, distorted: for each new pixel it goes back to the old image, as the
// package's comment has it. of are the weights of each column and row.
func (c *change) distort(image Image, width int, of []weights) Image {
	c.unfold(image, width)
	// All the steps undone, but the move, are one matrix: turned back, sheared back, divided.
	// The old x is xx·x + xy·y, and the old y is yx·x + yy·y.
	sin, cos := math.Sincos(c.angle)
	xx, xy := (cos+c.shear*sin)/c.scaleX, (sin-c.shear*cos)/c.scaleX
	yx, yy := -sin/c.scaleY, cos/c.scaleY
	centre := float64(width-1) / 2
	where, value := c.distorted.Where[:width*width], c.distorted.Value[:width*width]
	n := 0                         // new pixels that are not 0
	var lineX, lineY [grid]float64 // what weighRow makes of the grids
	for row := range of {
		c.weighRow(&of[row], &lineX, &lineY)
		y := float64(row) - centre - c.moveY
		for column := range of {
			x := float64(column) - centre - c.moveX
			w := &of[column]
			oldX := xx*x + xy*y + w.mean(&lineX)
			oldY := yx*x + yy*y + w.mean(&lineY)
			v := c.at(oldX+centre, oldY+centre, width)
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
		c.distorted = Image{make([]uint16, width*width), make([]float32, width*width)}
	}
	clear(c.paper)
	for q, k := range image.Where {
		x, y := int(k)%width, int(k)/width
		c.paper[(y+1)*stride+x+1] = image.Value[q]
	}
}

// weighRow weighs the numbers of both grids down, with the weights w of a row of pixels. What is
// left is a number for each line across, to be weighed by the columns.
func (c *change) weighRow(w *weights, lineX, lineY *[grid]float64) {
	x, y := c.gridX[w.first*grid:][:4*grid], c.gridY[w.first*grid:][:4*grid] // four rows of the grid
	for k := range grid {
		lineX[k] = w.w[0]*x[k] + w.w[1]*x[k+grid] + w.w[2]*x[k+2*grid] + w.w[3]*x[k+3*grid]
		lineY[k] = w.w[0]*y[k] + w.w[1]*y[k+grid] + w.w[2]*y[k+2*grid] + w.w[3]*y[k+3*grid]
	}
}

// mean returns the mean of the four numbers of line that w has weights for.
func (w *weights) mean(line *[grid]float64) float64 {
	four := line[w.first:][:4]
	return w.w[0]*four[0] + w.w[1]*four[1] + w.w[2]*four[2] + w.w[3]*four[3]
}

// at returns the old image at a point, x and y from the upper left pixel: interpolated between
// the four pixels around it.
func (c *change) at(x, y float64, width int) float32 {
	x, y = x+1, y+1 // on the paper, whose border is one pixel wide
	if limit := float64(width + 1); !(x >= 0 && x < limit && y >= 0 && y < limit) {
		return 0
	}
	left, top := int(x), int(y)
	right, down := float32(x-float64(left)), float32(y-float64(top)) // how far from that pixel, 0 to 1
	stride := width + 2
	upper, lower := c.paper[top*stride+left:][:2], c.paper[(top+1)*stride+left:][:2]
	above := upper[0] + right*(upper[1]-upper[0])
	below := lower[0] + right*(lower[1]-lower[0])
	return above + down*(below-above)
}
