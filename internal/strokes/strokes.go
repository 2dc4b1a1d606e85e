// Package strokes draws the digits 0 to 9 as people write them: as strokes of a pen,
// lines without a width.
//
// Nothing here is copied from anybody's handwriting. Each digit begins as one of the
// forms people write it in, a few points per stroke of the pen (forms.go). Chance moves
// each of these points a little, a smooth curve is laid through them, and the whole
// digit is bent, slanted and turned. So no two digits are the same, and the same chance
// draws the same digits. They can be drawn on any paper, with any pen, at any size.
package strokes

import (
	"math"
	"math/rand/v2"
)

// Point is a place on the paper: X to the right, Y downwards, in hundredths of
// the height of a digit.
type Point struct{ X, Y float64 }

// Draw returns the strokes of the digit as some hand might write it. Each of them is many
// points along a smooth curve, so close together that a pen may go straight from one to
// the next. Where the digit lies, and how large it is, is left to chance: see Bounds.
func Draw(rng *rand.Rand, digit int) [][]Point {
	return write(rng, forms[digit])
}

// DrawEuropean does what Draw does, but draws each 1, 7 and 9 in a form that is common in
// Europe and rare in MNIST: a 1 with a long upstroke, a 7 with a bar, a 9 that ends in a curl.
func DrawEuropean(rng *rand.Rand, digit int) [][]Point {
	if european[digit] == nil {
		return Draw(rng, digit)
	}
	return write(rng, european[digit])
}

// write returns the strokes of a digit in one of its forms.
func write(rng *rand.Rand, forms []form) [][]Point {
	slop := math.Exp(0.15 * rng.NormFloat64()) // a neat hand is below 1 in all it does, a sloppy one above
	var strokes [][]Point
	for _, s := range choose(rng, forms) {
		strokes = append(strokes, curve(jitter(rng, s, slop)))
	}
	bend(rng, strokes, slop)
	return strokes
}

// Bounds returns the smallest and the largest coordinates in the strokes.
func Bounds(strokes [][]Point) (low, high Point) {
	low, high = strokes[0][0], strokes[0][0]
	for _, s := range strokes {
		for _, p := range s {
			low = Point{min(low.X, p.X), min(low.Y, p.Y)}
			high = Point{max(high.X, p.X), max(high.Y, p.Y)}
		}
	}
	return low, high
}

// choose picks one of the forms, as often as its weight says, and returns its strokes.
func choose(rng *rand.Rand, forms []form) [][]Point {
	var total float64
	for _, f := range forms {
		total += f.weight
	}
	left := total * rng.Float64()
	for _, f := range forms {
		if left -= f.weight; left < 0 {
			return f.strokes
		}
	}
	return forms[0].strokes // only if rounding ate the last of the weights
}

// jitter returns the stroke with every point moved a little. The two points of
// a corner stay together, but a quick pen makes one of them and rounds it.
func jitter(rng *rand.Rand, stroke []Point, slop float64) []Point {
	const spread = 2.6 // hundredths of the height, standard deviation
	var moved []Point
	for i, p := range stroke {
		if i > 0 && p == stroke[i-1] {
			if rng.Float64() < 0.7 {
				moved = append(moved, moved[len(moved)-1])
			}
			continue
		}
		moved = append(moved, Point{
			p.X + spread*slop*rng.NormFloat64(),
			p.Y + spread*slop*rng.NormFloat64(),
		})
	}
	return moved
}

// curve returns many points along a smooth curve through the given ones, the
// Catmull-Rom spline: at each it runs parallel to the line between its two
// neighbours. Where a point is given twice it turns a corner.
func curve(through []Point) []Point {
	const steps = 12 // from one point to the next
	last := len(through) - 1
	var fine []Point
	for i := range last {
		a, b, c, d := through[max(0, i-1)], through[i], through[i+1], through[min(i+2, last)]
		for s := range steps {
			t := float64(s) / steps
			fine = append(fine, Point{spline(a.X, b.X, c.X, d.X, t), spline(a.Y, b.Y, c.Y, d.Y, t)})
		}
	}
	return append(fine, through[last])
}

// spline is one coordinate of the curve a part t, 0 to 1, of the way from b to
// c; a comes before them and d after.
func spline(a, b, c, d, t float64) float64 {
	return b + t/2*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a)))
}

// bend warps, squeezes, slants and turns the whole digit, in place.
func bend(rng *rand.Rand, strokes [][]Point, slop float64) {
	dx, dy := Wave(rng, 6*slop), Wave(rng, 6*slop)
	squeeze := 0.9 * math.Exp(0.18*rng.NormFloat64()) // of the width
	slant := 0.12 + 0.22*rng.NormFloat64()            // to the right, per unit upwards
	sin, cos := math.Sincos(0.08 * rng.NormFloat64())
	for _, s := range strokes {
		for i, p := range s {
			y := p.Y + dy(p)
			x := squeeze*(p.X+dx(p)) - slant*y
			s[i] = Point{cos*x - sin*y, sin*x + cos*y}
		}
	}
}

// Wave returns a random function of the place that varies smoothly between
// about -2·size and 2·size: the sum of two waves, each of any direction and
// mostly longer than the digit is high.
func Wave(rng *rand.Rand, size float64) func(Point) float64 {
	var fx, fy, phase [2]float64
	for i := range phase {
		fx[i] = math.Pi / 100 * rng.NormFloat64()
		fy[i] = math.Pi / 100 * rng.NormFloat64()
		phase[i] = 2 * math.Pi * rng.Float64()
	}
	return func(p Point) float64 {
		return size * (math.Sin(fx[0]*p.X+fy[0]*p.Y+phase[0]) + math.Sin(fx[1]*p.X+fy[1]*p.Y+phase[1]))
	}
}
